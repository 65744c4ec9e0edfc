"""Bringing a database to the version of this program: made at once when new, migrated after a backup, or refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select

from agent.errors import StoreFault
from agent.store import schema
from agent.store.blobs import sync_folder
from agent.store.engine import BUSY_S, fault_of, reading, writing
from agent.words import say

SCRIPTS = Path(__file__).parent / "migrations"


def look(engine: Engine, path: Path, blobs: Path) -> None:
    """Look at an SQLite file before anything may change it; `StoreFault` when it is not ours or not whole."""
    kept = blobs.is_dir() and any(blobs.iterdir())
    if not path.exists() or path.stat().st_size == 0:
        if kept:
            raise StoreFault(
                say(
                    "The database {path} is gone, though files belonging to it are still in {blobs}.",
                    path=path,
                    blobs=blobs,
                ),
                say("Put it back from the last backup: what was sent before stands only there."),
            )
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_S)) as conn:
            tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            mark = conn.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.Error as fault:
        raise fault_of(fault, engine.url) from fault
    if tables and mark != schema.APPLICATION_ID:
        raise StoreFault(
            say("{path} is a database of another program; it was left as it is.", path=path),
            say("Name another file."),
        )


def prepare(
    engine: Engine,
    path: Path | None,
    *,
    clock: Callable[[], datetime],
    scripts: Path = SCRIPTS,
    head: str = schema.HEAD,
) -> None:
    """Make or migrate the database. `path`: the SQLite file, of which a copy is made before it is migrated."""
    with reading(engine) as conn:
        found = _version(conn)
    if found == head:
        return
    if found is None:
        with writing(engine) as conn:
            _alone(conn)
            if _version(conn) is None:  # another process may have been quicker
                _make(conn, head)
        return
    if found > head:
        raise StoreFault(
            say(
                "The database was made by a newer Rebuttal (version {found}; this one knows {head}).",
                found=found,
                head=head,
            ),
            say("Install the newer Rebuttal again; nothing was changed."),
        )
    if path is not None:
        _backup(path, found, clock())
    with writing(engine) as conn:
        _alone(conn)
        if _version(conn) == found:
            _migrate(conn, scripts)


def _alone(conn: Connection) -> None:
    """PostgreSQL lets two make the same table at once, until one of them fails; SQLite has locked everything."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({schema.APPLICATION_ID})")


def _version(conn: Connection) -> str | None:
    """The schema version, or None for a database with nothing in it."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(select(schema.version.c.version_num)).scalar()


def _make(conn: Connection, head: str) -> None:
    """A new database in one go; a test proves that the migrations lead to the very same tables."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
    schema.metadata.create_all(conn, checkfirst=False)
    schema.version.create(conn)
    conn.execute(insert(schema.version).values(version_num=head))
    conn.execute(insert(schema.audit_head).values(id=1, seq=0, hash="0" * 64))


def _migrate(conn: Connection, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _backup(path: Path, found: str, at: datetime) -> Path:
    """A whole copy beside the database, on the disk before the migration begins."""
    target = path.with_name(f"{path.name}.v{found}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.bak")
    partial = target.with_name(target.name + ".part")
    try:
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as source, closing(sqlite3.connect(partial)) as copy:
            copy.execute("PRAGMA synchronous=FULL").close()
            source.backup(copy)
        partial.replace(target)
        sync_folder(target.parent)
    except (sqlite3.Error, OSError) as fault:
        raise StoreFault(
            say("The backup before the update could not be made: {why}", why=fault),
            say("Free some space beside {path}; the database was not changed.", path=path),
        ) from fault
    return target
