"""`rebuttal backup` and `restore`: a whole home in one file, checked before it counts, brought back on any machine.

Passwords, the vault's key and the sessions do not go into it: whoever has the file can read cases, and can't walk into
a store. After a restore each account signs in once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from agent.errors import UsageFault
from agent.home import PRIVATE_FILE, Home
from agent.records import iso
from agent.words import Words, say
from flows.context import Context

FORM = 1
_DATABASE, _MANIFEST = "rebuttal.db", "manifest.json"


@dataclass(frozen=True)
class BackupReport:
    """A backup that was made, or brought back."""

    path: str
    files: int
    bytes: int
    said: tuple[Words, ...]

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"path": self.path, "files": self.files, "bytes": self.bytes, "said": [str(one) for one in self.said]}


def backup(ctx: Context, out: Path) -> BackupReport:
    """Write the home into the file `out`: settings, own labels and rules, the database as of one moment, all files.

    Raises `UsageFault` for a database on a server, and for a place that can't be written; `out` is whole or not there.
    """
    source = _database(ctx)
    if out.exists():
        raise UsageFault(say("{path} is there already.", path=out), say("Name another file."))
    ctx.store.audit.head()  # opened, so that a migration is over before the copy begins
    partial = out.with_name(f".{out.name}.part")
    hashes: dict[str, str] = {}
    total = 0
    try:
        with tempfile.TemporaryDirectory(dir=ctx.home.path) as folder:
            copy = Path(folder) / _DATABASE
            _copy_database(source, copy)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                for name, path in (*_files(ctx.home), (_DATABASE, copy)):
                    # Files that are compressed already are not compressed again.
                    how = zipfile.ZIP_STORED if name.startswith("blobs/") else zipfile.ZIP_DEFLATED
                    hashes[name] = _packed(packed, name, path, how)
                    total += path.stat().st_size
                number, head = ctx.store.audit.head()
                facts = {"form": FORM, "made_at": iso(ctx.clock()), "audit": [number, head], "files": hashes}
                packed.writestr(_MANIFEST, json.dumps(facts, indent=1))
        partial.replace(out)
    except OSError as fault:
        raise UsageFault(
            say("{path} can't be written: {why}.", path=out, why=fault.strerror or fault), say("Name another file.")
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    said = (
        say("{path}: {count} files, {size} MB.", path=out, count=len(hashes), size=f"{total / 2**20:.1f}"),
        say("Passwords and sessions are not in it; the audit head is {number} {head}.", number=number, head=head),
    )
    return BackupReport(str(out.absolute()), len(hashes), total, said)


def restore(home: Home, file: Path) -> BackupReport:
    """Bring a backup back into an empty home: everything is unpacked beside it and checked before it takes its place."""
    if home.path.exists() and any(home.path.iterdir()):
        raise UsageFault(
            say("{path} is not empty: nothing there is overwritten.", path=home.path),
            say("Name another folder with --home, or move that one away."),
        )
    home.path.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=home.path.parent, prefix=f".{home.path.name}."))
    try:
        facts = _unpack(file, fresh)
        _check_database(fresh / _DATABASE, facts["audit"])
        Home(fresh).create()
        if home.path.exists():
            home.path.rmdir()
        fresh.replace(home.path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    size = sum(path.stat().st_size for path in home.path.rglob("*") if path.is_file())
    said = (
        say("{path} holds the backup of {when}, whole and checked.", path=home.path, when=facts["made_at"]),
        say("Put the passwords into .env again and sign each account in: `rebuttal login`."),
    )
    return BackupReport(str(home.path), len(facts["files"]), size, said)


def _database(ctx: Context) -> Path:
    named = ctx.settings.database
    if named and "://" in named:
        raise UsageFault(
            say("The database of the settings is on a server."), say("Back it up with its own tool, such as pg_dump.")
        )
    return Path(named) if named else ctx.home.database


def _files(home: Home) -> Iterator[tuple[str, Path]]:
    """Everything that belongs into a backup but the database; no secret, no session, no lock, no log."""
    for path in (home.settings_file,):
        if path.exists():
            yield path.name, path
    for folder in (home.blobs, home.portals):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(home.path).as_posix(), path


def _copy_database(source: Path, copy: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(copy)) as new:
        old.backup(new)


def _packed(packed: zipfile.ZipFile, name: str, path: Path, how: int) -> str:
    data = path.read_bytes()
    packed.writestr(name, data, compress_type=how)
    return hashlib.sha256(data).hexdigest()


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Every file of the backup, each held against the manifest; raises `UsageFault` at the first that is not whole."""
    broken = say("Take another copy of it: nothing was restored.")
    try:
        with zipfile.ZipFile(file) as packed:
            facts: dict[str, Any] = json.loads(packed.read(_MANIFEST))
            if facts.get("form") != FORM:
                raise UsageFault(
                    say("{path} was made by a newer Rebuttal.", path=file), say("Install the newer Rebuttal.")
                )
            for name, wanted in facts["files"].items():
                place = PurePosixPath(name)
                if place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name:
                    raise UsageFault(
                        say("{path} names a file outside of the home: {name}.", path=file, name=name), broken
                    )
                data = packed.read(name)
                if hashlib.sha256(data).hexdigest() != wanted:
                    raise UsageFault(say("{path} is damaged: {name}.", path=file, name=name), broken)
                target = folder.joinpath(*place.parts)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
                with os.fdopen(handle, "wb") as out:
                    out.write(data)
    except FileNotFoundError:
        raise UsageFault(say("There is no file {path}.", path=file), say("Name the backup.")) from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError) as fault:
        raise UsageFault(
            say("{path} is no whole backup of Rebuttal: {why}.", path=file, why=type(fault).__name__), broken
        ) from None
    return facts


def _check_database(path: Path, audit: list[Any]) -> None:
    """Is the database whole, and does its chain end where it did when the backup was made?"""
    try:
        with contextlib.closing(sqlite3.connect(path)) as conn:
            whole = conn.execute("PRAGMA quick_check(1)").fetchone()
            head = conn.execute("SELECT seq, hash FROM audit_head WHERE id = 1").fetchone()
    except sqlite3.Error as fault:
        whole, head = (str(fault),), None
    if (
        whole != ("ok",)
        or head is None
        or int(head[0]) > int(audit[0])
        or (head[0] == audit[0] and head[1] != audit[1])
    ):
        raise UsageFault(
            say("The database in the backup is damaged."), say("Take another copy of it: nothing was restored.")
        )
