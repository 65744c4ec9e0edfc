"""A database that can't be trusted is refused with one sentence, and is left as it was."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from agent.errors import Busy, StoreFault
from agent.records import Message, Status
from agent.store import Store, schema, upgrade
from agent.store import engine as connections
from tests.store.made import NOON, Clock, case, open_store


def _made(folder: Path) -> Path:
    """A database with a case in it, closed."""
    with open_store(folder) as store:
        store.cases.save(case(), "run")
        store.blobs.put(b"page", "page")
    return folder / "rebuttal.db"


def _refused(folder: Path) -> str:
    """The sentence with which a home is refused; the database must be the same, byte by byte."""
    path = folder / "rebuttal.db"
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(StoreFault) as fault:
        open_store(folder)
    assert fault.value.todo is not None
    assert (path.read_bytes() if path.exists() else None) == before
    return str(fault.value.said)


def test_what_was_saved_is_there_after_opening_again(tmp_path: Path) -> None:
    """Also through another path object."""
    _made(tmp_path)
    with Store.open(str(tmp_path / "rebuttal.db"), tmp_path / "blobs", clock=Clock()) as store:
        assert store.cases.get(case().key) == case()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """An older program would drop what it does not know."""
    path = _made(tmp_path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.commit()
    assert "newer Rebuttal" in _refused(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A letter put in the database's place stays a letter."""
    (tmp_path / "rebuttal.db").write_bytes(b"Dear seller, " * 500)
    assert "not a database" in _refused(tmp_path)


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_a_truncated_database_is_refused(tmp_path: Path, keep: float) -> None:
    """Half a database would forget what was sent."""
    path = _made(tmp_path)
    os.truncate(path, int(path.stat().st_size * keep) // 4096 * 4096)
    assert "damaged" in _refused(tmp_path)


@pytest.mark.parametrize("gone", ["emptied", "deleted"])
def test_a_lost_database_is_not_silently_replaced(tmp_path: Path, gone: str) -> None:
    """A new empty one beside the stored files would allow every appeal a second time."""
    path = _made(tmp_path)
    path.unlink() if gone == "deleted" else os.truncate(path, 0)
    assert "is gone" in _refused(tmp_path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """The path in the settings may be wrong."""
    with closing(sqlite3.connect(tmp_path / "rebuttal.db")) as conn:
        conn.execute("CREATE TABLE accounts (id INTEGER)")
        conn.commit()
    assert "another program" in _refused(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Not a stack trace."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreFault, match="can't be made"):
        open_store(tmp_path / "home" / "inner")


def test_a_folder_whose_name_no_disk_takes_is_told(tmp_path: Path) -> None:
    """It binds every user, root too, whom rights do not bind."""
    with pytest.raises(StoreFault, match="can't be made"):
        open_store(tmp_path / ("x" * 300))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is tried. The system's answer is given for it: root is told yes whatever the rights."""
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(StoreFault, match="can't be written"):
        open_store(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the system has no such rights")
def test_only_the_owner_may_enter(tmp_path: Path) -> None:
    """Case files hold people's addresses."""
    with open_store(tmp_path / "home") as store:
        sha256 = store.blobs.put(b"page", "page")
        for folder in (tmp_path / "home", store.blobs.folder, store.blobs.path(sha256).parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_two_processes_that_start_at_once_make_one_database(tmp_path: Path) -> None:
    """Neither fails."""
    faults: list[BaseException] = []

    def start() -> None:
        try:
            open_store(tmp_path).close()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_migrations_lead_to_the_tables_of_a_new_database(tmp_path: Path) -> None:
    """A new database does not run them; were they to differ, old and new homes would behave differently."""
    old = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    new = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with old.begin() as conn:
        upgrade._migrate(conn, upgrade.SCRIPTS)
        assert compare_metadata(MigrationContext.configure(conn), schema.metadata) == []
        assert conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == schema.HEAD
    with new.begin() as conn:
        upgrade._make(conn, schema.HEAD)
    texts = []
    for engine in (old, new):
        with engine.connect() as conn:
            texts.append(
                {
                    (name, tuple(sorted(re.findall(r"[\w']+", sql))))
                    for name, sql in conn.exec_driver_sql(
                        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
                    )
                }
            )
            assert conn.exec_driver_sql("SELECT id, seq FROM audit_head").all() == [(1, 0)]
        engine.dispose()
    assert texts[0] == texts[1]


def test_an_older_home_knows_when_the_seller_was_asked(tmp_path: Path) -> None:
    """Else its house deadlines (WD3) would be gone until each case changes."""
    path = tmp_path / "rebuttal.db"
    asked = NOON - timedelta(hours=3)
    owed = case(
        status=Status(shown="접수", is_="action_needed"),
        actions=("reply",),
        flags=("withdrawable:yes",),
        opened_at=asked - timedelta(days=1),
        messages=(Message(at=asked, from_="buyer", text="?"),),
    )
    with open_store(tmp_path) as store:
        store.cases.save(owed, "run")
        (known,) = store.cases.rows()
        assert known.asked_at == asked
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("ALTER TABLE cases DROP COLUMN asked_at; UPDATE alembic_version SET version_num = '0003'")
    with open_store(tmp_path) as store:
        assert store.cases.rows() == [known]


_NEXT = """
import sqlalchemy as sa
from alembic import op
revision = "0900"
down_revision = "{before}"
def upgrade():
    op.add_column("cases", sa.Column("mood", sa.String(10)))
    {fault}
"""


def _next_version(folder: Path, fault: str = "") -> Path:
    scripts = folder / "scripts"
    shutil.copytree(upgrade.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "0900_next.py").write_text(_NEXT.format(fault=fault, before=schema.HEAD))
    return scripts


def test_an_update_migrates_after_a_backup(tmp_path: Path) -> None:
    """The backup opens with the old program."""
    path, scripts = _made(tmp_path), _next_version(tmp_path)
    engine = connections.connect(connections.locate(path), durable=True)
    upgrade.prepare(engine, path, clock=Clock(), scripts=scripts, head="0900")
    with engine.connect() as conn:
        assert "mood" in {c["name"] for c in inspect(conn).get_columns("cases")}
        assert conn.exec_driver_sql("SELECT ref FROM cases").scalars().all() == [case().key.ref]
    engine.dispose()
    (backup,) = tmp_path.glob("*.bak")
    with Store.open(backup, tmp_path / "blobs", clock=Clock()) as store:
        assert store.cases.get(case().key) == case()


def test_a_failing_update_changes_nothing(tmp_path: Path) -> None:
    """The old program still opens the database."""
    path, scripts = _made(tmp_path), _next_version(tmp_path, "op.execute('SELECT nonsense FROM nowhere')")
    engine = connections.connect(connections.locate(path), durable=True)
    with pytest.raises(StoreFault):
        upgrade.prepare(engine, path, clock=Clock(), scripts=scripts, head="0900")
    engine.dispose()
    with open_store(tmp_path) as store:
        assert store.cases.get(case().key) == case()


def test_ledger_writes_are_forced_to_the_disk(tmp_path: Path) -> None:
    """`synchronous`: 2 is FULL, 1 is NORMAL; both in WAL."""
    with open_store(tmp_path) as store:
        for durable, level in ((True, 2), (False, 1)):
            with store.writing(durable=durable) as conn:
                assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == level
                assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_the_hook_tells_durable_commits_from_others(tmp_path: Path) -> None:
    """What a simulated loss of power may take."""
    told: list[bool] = []
    with open_store(tmp_path) as store:
        store.on_commit = told.append
        store.cases.save(case(), "run")
        store.leases.take("coupang:main", "me", 60)
        with pytest.raises(ZeroDivisionError), store.writing():
            _ = 1 / 0
    assert told == [False, True]


def test_a_locked_database_is_busy_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process writes for too long."""
    monkeypatch.setattr(connections, "BUSY_S", 0)
    with open_store(tmp_path) as store, closing(sqlite3.connect(tmp_path / "rebuttal.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            store.cases.save(case(), "run")
        other.rollback()
        assert store.cases.save(case(), "run") == "new"


def test_a_full_disk_is_told_and_nothing_lost(tmp_path: Path) -> None:
    """SQLite reports it at any write; a limit on pages stands for the disk."""
    with open_store(tmp_path) as store:
        store.cases.save(case(), "run")
        with store.writing() as conn:
            conn.exec_driver_sql("PRAGMA max_page_count=1")
        with pytest.raises(StoreFault, match="disk is full"):
            store.cases.save(case("C2", url="x" * 100_000), "run")
        assert store.cases.get(case().key) == case()
        assert store.cases.get(case("C2").key) is None


def test_opening_does_not_load_alembic(tmp_path: Path) -> None:
    """It costs a third of a second at every start."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom datetime import UTC, datetime\nfrom agent.store import Store\n"
        "Store.open(Path(sys.argv[1]), Path(sys.argv[2]), clock=lambda: datetime.now(UTC)).close()\n"
        "assert not any(name.startswith('alembic') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "a.db", tmp_path / "blobs"], check=True)
