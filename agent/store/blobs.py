"""Files by the hash of their content, compressed, each written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard
from sqlalchemy import Connection, bindparam, insert, select

from agent.errors import StoreFault
from agent.store import schema
from agent.words import say

if TYPE_CHECKING:
    from agent.store.store import Store

# Made once: every file is looked up.
_LISTED = select(schema.blobs.c.sha256).where(schema.blobs.c.sha256 == bindparam("of"))
_LIST = insert(schema.blobs)


class Blobs:
    """`blobs/ab/cdef…`: seen pages, documents and screenshots."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self.folder = folder
        self.on_put: Callable[[str, bool], None] | None = None
        """For fault simulations: told the hash of each file newly written, and whether it was forced to the disk."""

    def put(self, data: bytes, kind: str, *, durable: bool = False) -> str:
        """Keep `data` (`kind`: "page", "document", "evidence", …), give its SHA-256. The same bytes are kept once.

        `durable`: on the disk when this returns. Raises `StoreFault` when it can't be written.
        """
        sha256 = self.write(data, durable=durable)
        with self._store.writing(durable=durable) as conn:
            self.note(conn, sha256, kind, len(data), self._store.clock())
        return sha256

    def write(self, data: bytes, *, durable: bool = False) -> str:
        """Only the file, for callers that note it within a transaction of their own."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if self._read(path) == data:
            return sha256
        try:
            _folder(path.parent)
            _write_whole(path, zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data), durable=durable)
        except OSError as fault:
            raise _unwritable(path, fault) from fault
        if self.on_put:
            self.on_put(sha256, durable)
        return sha256

    def note(self, conn: Connection, sha256: str, kind: str, size: int, at: datetime) -> None:
        """List a file in the database, within the caller's transaction."""
        if conn.execute(_LISTED, {"of": sha256}).first() is None:
            conn.execute(_LIST, {"sha256": sha256, "kind": kind, "size": size, "at": at})

    def get(self, sha256: str) -> bytes:
        """The bytes. Raises `StoreFault` when the file is not there or not what its name says."""
        path = self.path(sha256)
        if not path.exists():
            raise StoreFault(
                say("The stored file {sha256} is missing.", sha256=sha256),
                say("Put the folder {folder} back from the last backup.", folder=self.folder),
            )
        data = self._read(path)
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            raise StoreFault(
                say("The stored file {path} is damaged.", path=path),
                say("Put it back from the last backup, or read the case again."),
            )
        return data

    def path(self, sha256: str) -> Path:
        """Where a file lies."""
        return self.folder / sha256[:2] / sha256[2:]

    def _read(self, path: Path) -> bytes | None:
        """The content, or None where there is none that can be read."""
        try:
            return zstandard.ZstdDecompressor().decompress(path.read_bytes())
        except (OSError, zstandard.ZstdError):
            return None


def _folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_whole(path: Path, data: bytes, *, durable: bool) -> None:
    """Write beside the place and move it there, so that no half file is ever seen."""
    temporary = path.with_name(f".{path.name[:16]}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        for folder in (path.parent, path.parent.parent):
            sync_folder(folder)


def sync_folder(path: Path) -> None:
    """Force a folder's list of names to the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, fault: OSError) -> StoreFault:
    if fault.errno == errno.ENOSPC:
        return StoreFault(
            say("The disk is full, nothing was written to {where}.", where=path.parent),
            say("Free some space and run the same command again."),
        )
    return StoreFault(
        say("{where} can't be written: {why}", where=path.parent, why=fault.strerror or fault),
        say("Check the rights of the folder, or choose another home."),
    )
