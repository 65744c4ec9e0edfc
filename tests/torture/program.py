"""A submitting process seen from outside: started with a plan, listened to, killed, and its disk after a loss of power."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.torture import child
from tests.torture.child import Plan

LONG_S = 120
"""After so long a submission is taken to hang."""


PRELOADED = ("tests.torture.child", "agent.sending.ledger", "agent.store.upgrade", "agent.vault")
"""What a new process has loaded already where the system can fork: it would cost as much as the submission."""


def _kind(portal: str) -> Any:
    """How processes are made: forked off a clean one where that is possible."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    kind = multiprocessing.get_context("forkserver")
    kind.set_forkserver_preload([*PRELOADED, f"portals.{portal}"])
    return kind


class Program:
    """One submitting process; it speaks into `told`. Used as a context it is gone at the end, with all it started."""

    def __init__(self, plan: Plan, told: Path) -> None:
        self._told = told
        self.hung = False
        told.touch()
        self._process = _kind(plan.ref.partition(":")[0]).Process(target=child.run, args=(plan, str(told)))
        self._process.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(group=True)
        self._process.kill()
        self._process.join()
        self._process.close()

    @property
    def lines(self) -> list[str]:
        """What it has said so far."""
        return self._told.read_text(encoding="utf-8", errors="replace").splitlines()

    @property
    def ended(self) -> bool:
        """Is it gone?"""
        return self._process.exitcode is not None

    def wait(self) -> None:
        """Until it ends; one that does not is ended."""
        self._process.join(LONG_S)
        if not self.ended:
            self.kill(group=True)
            self._process.join()
            self.hung = True

    def took(self, step: str) -> bool:
        """Has it come to a step of that name?"""
        return any(line.endswith(f" {step}") for line in self.lines)

    def kill(self, *, group: bool) -> None:
        """SIGKILL to it, or to it and its helpers at once."""
        if group and sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def kill_after(self, step: str, wait_s: float, *, group: bool) -> None:
        """At a moment: so many seconds after that step, if it lives that long."""
        until = time.monotonic() + LONG_S
        while time.monotonic() < until and not self.ended and not self.took(step):
            self._process.join(0.02)
        self._process.join(wait_s)
        self.kill(group=group)

    def results(self) -> list[dict[str, Any]]:
        """What it reported; nothing where it did not live to."""
        told = [line.removeprefix("report ") for line in self.lines if line.startswith("report ")]
        return [result for line in told for result in json.loads(line)["results"]]

    @property
    def crashed(self) -> bool:
        """Did it end by a fault of its own, neither killed nor with a report?"""
        return self.hung or self._process.exitcode not in (0, -9, 137)

    def summary(self) -> str:
        """Its end in a line."""
        lines = self.lines
        return f"{'hung' if self.hung else 'exit'} {self._process.exitcode}, {lines[-1] if lines else 'not a word'}"


def lose_power(database: Path, disk: Path, rng: random.Random) -> str:
    """Put back a state of the disk between the last forced commit and the last commit; gives which."""
    kept = sorted(one for one in disk.iterdir() if one.is_dir() and one.name != "making")
    forced = max((n for n, one in enumerate(kept) if one.name.endswith("forced")), default=0)
    chosen = rng.choice(kept[forced:])
    for name in ("", "-wal", "-shm"):
        file, old = database.with_name(database.name + name), chosen / f"rebuttal.db{name}"
        file.unlink(missing_ok=True)
        if old.exists():
            shutil.copyfile(old, file)
    unforced = disk / "unforced"
    for line in unforced.read_text(encoding="utf-8").splitlines() if unforced.exists() else []:
        if rng.random() < 0.5:
            Path(line).write_bytes(b"")
    return f"{chosen.name} of {len(kept)}"


@contextlib.contextmanager
def locked(database: Path, after_s: float, for_s: float) -> Iterator[None]:
    """Another program holds the database's write lock for a while."""

    def hold() -> None:
        time.sleep(after_s)
        other = sqlite3.connect(database, isolation_level=None, timeout=5)
        try:
            with contextlib.suppress(sqlite3.OperationalError):
                other.execute("BEGIN IMMEDIATE")
                time.sleep(for_s)
        finally:
            other.close()

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    try:
        yield
    finally:
        holder.join()
