"""A machine in memory's world: its clock, its disk, and programs that die at any step without a word.

A program that dies unwinds with `Killed`, and from that moment its store does nothing any more: no `finally` can write
what a killed process could not have written. A loss of power also takes the commits that were not forced to the disk.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import greenlet
from sqlalchemy import URL, Connection, Engine, QueuePool

from agent.errors import StoreFault
from agent.home import Home
from agent.settings import Settings
from agent.store import Store
from agent.store import engine as engines
from agent.words import say
from tests.torture import memory_page
from tests.torture.memory_page import MemoryContext, Weather
from tests.torture.memory_portal import MemoryPortal


class Killed(BaseException):
    """The program is no more. Nothing that catches errors catches this."""


@dataclass
class World:
    """The time that is true, and the portal."""

    rng: random.Random
    at: datetime
    skew: timedelta
    """How far the portal's clock is from the true time."""
    portal: MemoryPortal = field(init=False)
    scheduler: Scheduler | None = None

    def __post_init__(self) -> None:
        self.portal = MemoryPortal(self.rng, lambda: self.at + self.skew)

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Machine:
    """One computer with a home. Two may share a database; `name` is what it calls itself."""

    world: World
    home: Home
    settings: Settings
    name: str
    offset: timedelta = timedelta()
    """How far this machine's clock is off."""

    def clock(self) -> datetime:
        """What this machine takes for the time."""
        return self.world.at + self.offset

    @property
    def database(self) -> Path:
        """The database that it uses."""
        return Path(self.settings.database) if self.settings.database else self.home.database


@dataclass
class Death:
    """When a program dies: at its `step`-th step. `power`: the whole machine loses its power."""

    step: int
    power: bool = False
    delivers: bool = False
    """A request that is on the wire at that moment reaches the portal nevertheless."""


@dataclass
class DiskTrouble:
    """From the `first`-th transaction on, `count` of them meet a full disk or a locked database."""

    kind: str
    first: int
    count: int


class Engines:
    """Engines and their connections, used again by the next program on the same database file.

    Opening one costs as much as all that a program writes. A program that is killed leaves its database as an idle
    connection does: nothing of an open transaction, everything committed still in the log. One that ends in order
    closes its connections, which empties the log into the database: `put_away` is for that, and for the moment at
    which the file itself is exchanged.
    """

    def __init__(self) -> None:
        self._make = engines.connect
        self._free: dict[tuple[str, bool], list[Engine]] = {}
        self._lent: dict[int, tuple[str, bool]] = {}

    def connect(self, url: URL, *, durable: bool) -> Engine:
        """In place of `agent.store.engine.connect`."""
        key = (str(url.database), durable)
        free = self._free.setdefault(key, [])
        engine = free.pop() if free else self._make(url, durable=durable)
        self._lent[id(engine)] = key
        return engine

    def give_back(self, store: Store) -> None:
        """In place of `Store.close`; a second time nothing happens."""
        for engine in (store._engine, store._durable_engine):
            if key := self._lent.pop(id(engine), None):
                self._free[key].append(engine)

    def put_away(self) -> None:
        """Close every connection that is not in use; what has been compiled is kept."""
        for free in self._free.values():
            for engine in free:
                if cast(QueuePool, engine.pool).checkedin():
                    engine.dispose()


ENGINES = Engines()


class Program(memory_page.Process):
    """One run of the program on a machine: opens the store from what is on the disk, and may die."""

    def __init__(
        self,
        machine: Machine,
        weather: Weather,
        objection: Callable[..., str | None],
        *,
        death: Death | None = None,
        trouble: DiskTrouble | None = None,
    ) -> None:
        super().__init__(machine.world.portal, weather, machine.name, self.take_step, self._may_deliver, objection)
        self.machine = machine
        self.death = death
        self.disk_trouble = trouble
        self.dead = False
        self.steps = 0
        self.transactions = 0
        self.armed = False
        """Whether it has come so far that there may be an attempt of its own."""
        self._inside = False
        self._disk: list[dict[Path, bytes]] = []
        self._fresh: list[Path] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[MemoryContext]:
        """The program's context; its death ends the block silently."""
        ctx = MemoryContext(self.machine.home, self.machine.settings, self.machine.clock)
        ctx.process = self
        # Now and then the version of the database is looked at, and its log emptied at the end: both cost much.
        slowly = self.machine.world.rng.random() < 0.1
        store = ctx.store if slowly else ctx.open_quickly()
        try:
            with contextlib.suppress(Killed), ctx._closing:
                self._watch(store)
                yield ctx
        finally:
            self.dead = True
            ENGINES.give_back(store)
            cut = self.death and self.death.power and self.steps >= self.death.step
            if slowly or cut:
                ENGINES.put_away()
            if cut:
                self._lose_power()

    # -- steps -----------------------------------------------------------------------------------------------------

    def take_step(self, name: str) -> None:
        """Every boundary at which a program may be stopped: time goes by, others may run, it may die."""
        if self.dead:
            raise Killed
        self.steps += 1
        self.armed = self.armed or name == "arm"
        self.machine.world.wait(self.machine.world.rng.random() * 2)
        if self.death is not None and self.steps >= self.death.step:
            self.dead = True
            raise Killed
        if not self._inside and self.machine.world.scheduler:
            self.machine.world.scheduler.maybe_switch()

    def _may_deliver(self) -> bool:
        return self.death is not None and self.death.delivers

    # -- the disk --------------------------------------------------------------------------------------------------

    def _watch(self, store: Store) -> None:
        store.writing = self._writing(store.writing)  # type: ignore[method-assign]
        store.reading = self._reading(store.reading)  # type: ignore[method-assign]
        store.blobs.write = self._blob(store.blobs.write)  # type: ignore[method-assign]
        if self.death and self.death.power:
            store.on_commit = self._committed
            store.blobs.on_put = lambda sha, durable: None if durable else self._fresh.append(store.blobs.path(sha))
            self._committed(True)

    def _reading(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def reading() -> Iterator[Connection]:
            if self.dead:
                raise Killed
            with original() as conn:
                yield conn

        return reading

    def _writing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def writing(*, durable: bool = False) -> Iterator[Connection]:
            self.take_step("transaction")
            self.transactions += 1
            trouble = self._trouble()
            self._inside = True
            try:
                held = self._locked() if trouble == "locked" else contextlib.nullcontext()
                with held, original(durable=durable) as conn:
                    yield conn
                    if trouble == "full":
                        raise sqlite3.OperationalError("database or disk is full")
            finally:
                self._inside = False
            self.take_step("transaction: done")

        return writing

    def _blob(self, original: Callable[..., str]) -> Callable[..., str]:
        def write(data: bytes, *, durable: bool = False) -> str:
            self.take_step("file")
            if self._trouble() == "full":
                raise StoreFault(say("The disk is full."))
            return original(data, durable=durable)

        return write

    def _trouble(self) -> str | None:
        one = self.disk_trouble
        return one.kind if one and one.first <= self.transactions < one.first + one.count else None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Another program holds the write lock, and does not let go in time."""
        other = sqlite3.connect(self.machine.database, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            yield
        finally:
            other.close()

    def _committed(self, durable: bool) -> None:
        """Keep what the disk holds now: what may be left after a loss of power."""
        if durable:
            self._disk.clear()
        wal = self.machine.database.with_name(self.machine.database.name + "-wal")
        self._disk.append({one: one.read_bytes() for one in (self.machine.database, wal) if one.exists()})

    def _lose_power(self) -> None:
        """Put back a state of the disk between the last forced commit and the last commit."""
        kept = self.machine.world.rng.choice(self._disk) if self._disk else {}
        for name in ("", "-wal", "-shm"):
            file = self.machine.database.with_name(self.machine.database.name + name)
            file.unlink(missing_ok=True)
            if file in kept:
                file.write_bytes(kept[file])
        for file in self._fresh:
            if self.machine.world.rng.random() < 0.5:
                file.write_bytes(b"")


class Scheduler:
    """Two programs that run by turns, switched at step boundaries, in bursts of random length."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._burst = 0
        self._main = greenlet.getcurrent()

    def run(self, works: list[Callable[[], None]]) -> None:
        """Run all to their end."""
        waiting = [greenlet.greenlet(work, self._main) for work in works]
        self._world.scheduler = self
        try:
            while waiting:
                self._burst = self._world.rng.choice([1, 3, 10, 1000])
                chosen = self._world.rng.choice(waiting)
                if self._world.rng.random() < 0.1:
                    self._world.wait(self._world.rng.choice([30, 1000]))  # the other one slept through its lease
                chosen.switch()
                waiting = [one for one in waiting if not one.dead]
        finally:
            self._world.scheduler = None

    def maybe_switch(self) -> None:
        """At the end of the burst another one goes on."""
        self._burst -= 1
        if self._burst <= 0:
            self._main.switch()
