"""One account, one process: an operating system's lock that a crash can't leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from agent.errors import Busy
from agent.home import Home, file_name, write_private
from agent.records.base import iso
from agent.words import say


@contextlib.contextmanager
def account_lock(home: Home, account: str) -> Iterator[None]:
    """Hold `account` (`coupang:main`) for this process; `Busy` at once when another one does.

    Who holds it stands in a file beside the lock, because Windows lets nobody read a locked file. That file only
    informs: the lock itself is the system's, and is gone the moment its holder is.
    """
    lock = FileLock(home.locks / f"{file_name(account)}.lock", timeout=0, thread_local=False, preserve_lock_file=True)
    holder = home.locks / f"{file_name(account)}.holder"
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise _busy(account, _read(holder)) from None
    try:
        mark = {"pid": os.getpid(), "machine": platform.node(), "since": iso(datetime.now(UTC))}
        write_private(holder, json.dumps(mark).encode())
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _read(holder: Path) -> dict[str, Any]:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _busy(account: str, told: dict[str, Any]) -> Busy:
    todo = say("Wait until it is done, or end that process.")
    if "pid" not in told:
        return Busy(say("Another process works on {account} just now.", account=account), todo, account=account)
    return Busy(
        say(
            "Process {pid} on {machine} works on {account} since {since}.",
            account=account,
            pid=told["pid"],
            machine=told.get("machine", "?"),
            since=told.get("since", "?"),
        ),
        todo,
        account=account,
        **{name: told[name] for name in ("pid", "machine", "since") if name in told},
    )
