"""What the reading guard costs: the same full sync with it and without it, by turns."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

from agent.browser.guard import ReadingGuard
from flows.sync import sync
from tests.bench.portal import Mock, disputes_only, served, signed_in

ROUNDS = 7
CASES = 100


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """The guard's cost, as a ratio of two syncs of the same cases."""
    cases, rounds = max(10, int(CASES * scale)), max(5, int(ROUNDS * scale))
    spent: dict[bool, list[float]] = {True: [], False: []}
    with served(cases) as mocks, disputes_only():
        with signed_in(mocks) as first:
            state = {"coupang:main": first.vault.load("coupang:main") or {}}
        for turn in range(rounds):
            for guarded in (turn % 2 == 0, turn % 2 == 1):
                spent[guarded].append(_sync(mocks, state, cases, guarded=guarded))
    return [
        {
            "what": "full sync with the reading guard / without it",
            "ratio": statistics.median(spent[True]) / statistics.median(spent[False]),
            "goal": 1.05,
            "how": f"{cases} cases, medians of {rounds} by turns; {statistics.median(spent[False]):.2f} s without",
        }
    ]


@contextlib.contextmanager
def _without() -> Iterator[None]:
    async def no_guard(self: ReadingGuard, *args: object) -> None:
        return None

    with mock.patch.object(ReadingGuard, "attach", no_guard):
        yield


def _sync(mocks: dict[str, Mock], state: dict[str, Any], cases: int, *, guarded: bool) -> float:
    with signed_in(mocks, state) as ctx, contextlib.nullcontext() if guarded else _without():
        begun = time.perf_counter()
        report = asyncio.run(sync(ctx, ctx.settings.account))
        spent = time.perf_counter() - begun
    assert report.exit_code == 0 and sum(channel.new for channel in report.channels) >= cases, report.public()
    return spent
