"""Connections: two engines on one database, one of which returns from a commit only when it is on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from agent.errors import Busy, RebuttalError, StoreFault
from agent.words import say

BUSY_S = 20
"""How long a writer waits for another one, in seconds; the one place where this is set."""

MODE = "rebuttal_begin"
"""Execution option that names how a transaction begins on SQLite."""


def locate(url_or_path: str | Path) -> URL:
    """A database address from a URL or the path of an SQLite file."""
    if isinstance(url_or_path, str) and "://" in url_or_path:
        url = make_url(url_or_path)
        return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url
    return URL.create("sqlite", database=str(Path(url_or_path).absolute()))


def connect(url: URL, *, durable: bool) -> Engine:
    """An engine. `durable`: every commit is forced to the disk (SQLite `synchronous=FULL`)."""
    if url.get_backend_name() != "sqlite":
        return _postgres(url, durable=durable)
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})
    level = "FULL" if durable else "NORMAL"

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own begins too late to lock
        for pragma in ("journal_mode=WAL", f"synchronous={level}", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)  # all else asks more than SQLite does
        driver.execute(connection.get_execution_options().get(MODE, "BEGIN")).close()

    return engine


def _postgres(url: URL, *, durable: bool) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ImportError:
        raise StoreFault(
            say("A PostgreSQL database is set, and its driver is not installed."),
            say("Install Rebuttal with the extra `postgres`, or set the path of an SQLite file."),
        ) from None

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.execute(text("SET LOCAL synchronous_commit = " + ("on" if durable else "off")))
        connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_S}s'"))

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A snapshot to read from."""
    with faults(engine.url), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its start; commits at the end, rolls back on any error."""
    with faults(engine.url), engine.connect() as connection:
        connection = connection.execution_options(**{MODE: "BEGIN IMMEDIATE"})
        with connection.begin():
            yield connection


@contextmanager
def faults(url: URL) -> Iterator[None]:
    """Turn the driver's errors into ours; `IntegrityError` passes, because the caller knows what it means."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as fault:
        raise fault_of(fault.orig or fault, url) from fault
    except sqlite3.Error as fault:
        raise fault_of(fault, url) from fault


def fault_of(fault: BaseException, url: URL) -> RebuttalError:
    """Our error, with its sentence, for a driver's error."""
    why = str(fault).strip().partition("\n")[0]
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    low = why.lower()
    if "locked" in low or "lock timeout" in low:
        return Busy(
            say("Another process is writing to the database {where} and did not finish in time.", where=where),
            say("Wait until it is done and try again."),
        )
    if "full" in low:
        return StoreFault(
            say("The disk is full, nothing was written to {where}.", where=where),
            say("Free some space and run the same command again."),
        )
    if "not a database" in low:
        return StoreFault(
            say("{where} is not a database; it was left as it is.", where=where),
            say("Name another file, or put the last backup in its place."),
        )
    if "malformed" in low or "corrupt" in low:
        return StoreFault(
            say("The database {where} is damaged; it was left as it is.", where=where),
            say("Keep a copy of it and put the last backup in its place."),
        )
    if "readonly" in low or "read-only" in low or "unable to open" in low:
        return StoreFault(
            say("The database {where} can't be opened for writing.", where=where),
            say("Check the rights of the file and its folder, or choose another home."),
        )
    return StoreFault(
        say("The database {where} does not answer: {why}", where=where, why=why),
        say("Check the database and try again."),
    )
