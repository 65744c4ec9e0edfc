"""The store: one database and one folder of files, opened once per process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import URL, Connection

from agent.errors import StoreFault
from agent.store import engine as connections
from agent.store import upgrade
from agent.store.alarms import Alarms
from agent.store.blobs import Blobs
from agent.store.cases import Cases
from agent.store.leases import Leases
from agent.store.listing import Listing
from agent.store.metrics import Metrics
from agent.store.outbox import Outbox
from agent.store.pages import Pages
from agent.store.people import People
from agent.store.runs import Runs
from agent.words import say

if TYPE_CHECKING:
    from agent.audit import Audit
    from agent.sending.ledger import Ledger


class Store:
    """All that is kept. `clock` gives the aware now of this computer.

    What was committed with `durable=True` survives a loss of power; other commits survive a killed process, and after
    a loss of power may be missing from the end, never from the middle: a durable commit takes all earlier ones with
    it. `on_commit` is called after each commit with that flag, so that a simulation can tell the two apart.
    """

    def __init__(self, url: URL, blobs: Path, *, clock: Callable[[], datetime]) -> None:
        self.url = url
        self.clock = clock
        self.on_commit: Callable[[bool], None] | None = None
        self._engine = connections.connect(url, durable=False)
        self._durable_engine = connections.connect(url, durable=True)
        self.blobs = Blobs(self, blobs)
        self.cases = Cases(self)
        self.listing = Listing(self)
        self.pages = Pages(self)
        self.runs = Runs(self)
        self.alarms = Alarms(self)
        self.metrics = Metrics(self)
        self.leases = Leases(self)
        self.outbox = Outbox(self)
        self.people = People(self)

    @classmethod
    def open(cls, url_or_path: str | Path, blobs: Path, *, clock: Callable[[], datetime]) -> Store:
        """Open the database at an SQLite path or a URL, making or migrating it first.

        Raises `StoreFault` for a database that is newer, damaged, of another program or not writable; it is then left
        as it was. An existing SQLite database is copied beside itself before it is migrated.
        """
        url = connections.locate(url_or_path)
        path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        for folder in (path.parent if path else None, blobs):
            if folder is not None:
                _folder(folder)
        store = cls(url, blobs, clock=clock)
        try:
            if path is not None:
                upgrade.look(store._durable_engine, path, blobs)
            upgrade.prepare(store._durable_engine, path, clock=clock)
        except BaseException:
            store.close()
            raise
        return store

    @cached_property
    def audit(self) -> Audit:
        """The audit chain."""
        from agent.audit import Audit

        return Audit(self)

    @cached_property
    def ledger(self) -> Ledger:
        """Drafts, packets, approvals and attempts."""
        from agent.sending.ledger import Ledger

        return Ledger(self)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot of the database to read from."""
        with connections.reading(self._engine) as conn:
            yield conn

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction, alone in writing; `durable`: on the disk when it ends. Not to be nested."""
        with connections.writing(self._durable_engine if durable else self._engine) as conn:
            yield conn
        if self.on_commit:
            self.on_commit(durable)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
        self._durable_engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _folder(path: Path) -> None:
    """Make a folder that only its owner may enter; check that it can be written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
    except OSError as fault:
        raise StoreFault(
            say("The folder {path} can't be made: {why}", path=path, why=fault.strerror or fault),
            say("Choose another home with --home."),
        ) from fault
    if not writable:
        raise StoreFault(
            say("The folder {path} can't be written.", path=path),
            say("Correct its rights, or choose another home with --home."),
        )
