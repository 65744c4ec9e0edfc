"""A `rebuttal submit` in a process of its own, to which a `Plan` happens.

It tells each step as it is taken, then the report as JSON. From outside it may be killed at any moment besides.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loguru import logger

from agent.browser import form, guard
from agent.home import Home
from agent.store import engine
from flows.context import Context, opened
from flows.submit import submit


@dataclass(frozen=True)
class Plan:
    """What happens to the process. Steps count from 1; 0 means never."""

    home: str
    ref: str
    last: int = 0
    """The step at which it kills itself with SIGKILL."""
    jump: int = 0
    """The step at which the clock jumps, by `jump_s` seconds."""
    jump_s: float = 0
    full: int = 0
    """The step from which no file on the disk can grow any more, for `full_steps` steps."""
    full_steps: int = 1_000
    disk: str = ""
    """Where to keep what the disk holds after each commit, so that its power can be cut; "" keeps nothing."""


def hurry(*, calm: bool = False) -> None:
    """Where a page is made to keep still, or a database is locked, nobody waits for a minute."""
    rows, answer = (20_000, 20_000) if calm else (5_000, 8_000)
    for module, name, ms in (
        (form, "LOOK_MS", 1_000),
        (form, "ROWS_MS", rows),
        (form, "ANSWER_MS", answer + 2_000),
        (guard, "ANSWER_MS", answer),
    ):
        setattr(module, name, ms)
    engine.BUSY_S = 5 if calm else 2


class Child:
    """The running process: its steps, its clock, its disk."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.taken = 0
        self.ahead = timedelta()
        self.commits = 0

    def clock(self) -> datetime:
        """What this computer takes for the time."""
        return datetime.now(UTC) + self.ahead

    def step(self, name: str) -> None:
        """What the plan has for this step."""
        self.taken += 1
        _limit(False)  # what it says goes to a file too
        print(f"step {self.taken} {name}", flush=True)
        if self.taken == self.plan.jump:
            self.ahead += timedelta(seconds=self.plan.jump_s)
        if self.plan.full:
            _limit(self.plan.full <= self.taken < self.plan.full + self.plan.full_steps)
        if self.taken == self.plan.last:
            if sys.platform != "win32":
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(137)

    def watch(self, ctx: Context) -> None:
        """After each commit keep a copy of what a loss of power may leave: see `tests.torture.machine`."""
        store, database = ctx.store, Path(ctx.settings.database or ctx.home.database)
        folder = Path(self.plan.disk)

        def committed(durable: bool) -> None:
            self.commits += 1
            kept = folder / f"{self.commits:04d}-{'forced' if durable else 'late'}"
            making = folder / "making"
            making.mkdir(parents=True)
            for name in ("", "-wal"):
                file = database.with_name(database.name + name)
                if file.exists():
                    _copy(file, making / f"rebuttal.db{name}")
            making.rename(kept)

        store.on_commit = committed
        store.blobs.on_put = lambda sha, durable: None if durable else _note(folder, store.blobs.path(sha))
        committed(True)


def _copy(file: Path, to: Path) -> None:
    """A copy of a database file, made by another process where closing a file drops this process's locks on it."""
    if sys.platform == "win32":
        shutil.copyfile(file, to)
    else:
        subprocess.run(["cp", file, to], check=True)


def _note(folder: Path, blob: Path) -> None:
    """One file whose bytes may be lost with the power."""
    with (folder / "unforced").open("a", encoding="utf-8") as out:
        out.write(f"{blob}\n")


def _limit(full: bool) -> None:
    """A disk that takes nothing more; only where the system can be told so."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0 if full else most, most))


def run(plan: Plan, told: str) -> None:
    """Submit one case, or die; everything said goes to the file `told`. Leads a group of processes of its own."""
    if sys.platform != "win32":
        os.setsid()
    out = os.open(told, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(out, stream)
    logger.remove()
    hurry()
    child = Child(plan)
    with opened(Home(Path(plan.home)), clock=child.clock) as ctx:
        if plan.disk:
            child.watch(ctx)
        report = asyncio.run(submit(ctx, (plan.ref,), step=child.step))
        _limit(False)
        print("report " + json.dumps(report.public()), flush=True)
