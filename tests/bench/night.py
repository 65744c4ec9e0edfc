"""The night: memory after 2,000 pages against that after 200, and how much a killed night repeats."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
from typing import Any

import psutil

from agent.home import Home
from flows.context import Context
from flows.sync import sync
from tests.bench.portal import served, signed_in

PAGES, EARLY = 2_000, 200
_EVERY = 20
_WINDOW = 100


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """Both measures."""
    pages = max(300, int(PAGES * scale))
    return [_memory(pages), _killed(max(100, pages // 4))]


class Sampled:
    """A progress display that weighs this process and all below it at every so many pages."""

    def __init__(self) -> None:
        self.samples: dict[int, int] = {}
        self._pages = 0

    def task(self, label: str, total: int | None = None) -> Sampled:
        """Itself, counting anew where cases begin."""
        return self

    def total(self, total: int) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""

    def step(self, said: str = "", count: int = 1) -> None:
        """One page more; rows of lists name their filter and count."""
        if "/" in said:
            return
        self._pages += count
        if self._pages % _EVERY == 0:
            self.samples[self._pages] = weight()

    def around(self, first: int) -> float:
        """The median weight over `_WINDOW` pages from `first` on."""
        return statistics.median(size for page, size in self.samples.items() if first <= page <= first + _WINDOW)


def weight() -> int:
    """Bytes that this process and all below it have for themselves; the mock is not counted."""
    total = 0
    me = psutil.Process()
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            if "fixtures" not in process.cmdline():
                total += int(process.memory_full_info().uss)
    return total


def _memory(pages: int) -> dict[str, Any]:
    sampled = Sampled()
    with served(pages) as mocks, signed_in(mocks) as ctx:
        ctx.progress = sampled
        report = asyncio.run(sync(ctx, ctx.settings.account))
        assert report.channels[0].new == pages, report.public()
    early, late = sampled.around(EARLY), sampled.around(pages - _WINDOW)
    return {
        "what": f"memory after {pages} pages / after {EARLY}",
        "ratio": late / early,
        "goal": 1.1,
        "how": f"one night; {early / 2**20:.0f} and {late / 2**20:.0f} MB unique set size, medians over {_WINDOW} pages",
    }


def _killed(pages: int) -> dict[str, Any]:
    """Killed at a random page and started again: pages visited twice, of all."""
    chance = random.Random()
    at = chance.randrange(pages // 10, pages * 9 // 10)
    with served(pages) as mocks, signed_in(mocks) as ctx:
        there = _cut_off(ctx, at)
        report = asyncio.run(sync(ctx, ctx.settings.account, full=True))
        visited = next(c.visited for c in report.channels if c.channel == "refund_disputes")
    # The page that was under way when the process ended may have been visited and not kept.
    twice = visited + there + 1 - pages
    return {
        "what": "pages visited twice after a kill / all",
        "ratio": twice / pages,
        "goal": 0.02,
        "how": f"{pages} cases, killed once {there} were read (drawn: {at})",
    }


def _cut_off(ctx: Context, at: int) -> int:
    """Run a sync in a process of its own, end it by force once `at` cases are there; how many are."""
    home: Home = ctx.home
    child = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "--home", str(home.path), "sync", "--full"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while _count(home) < at and child.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.02)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return _count(home)


def _count(home: Home) -> int:
    try:
        with contextlib.closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as conn:
            return int(conn.execute("SELECT count(*) FROM cases WHERE channel = 'refund_disputes'").fetchone()[0])
    except sqlite3.Error:
        return 0
