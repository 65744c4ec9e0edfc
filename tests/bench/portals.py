"""Several portals in one run: a full sync of three at once against the same three one after another, on two cores."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from typing import Any

from agent.settings import AccountSettings
from flows.context import Context
from flows.sync import sync
from tests.bench.portal import Mock, served, signed_in

PORTALS = ("aliexpress", "coupang", "ozon")
CASES = 60
ROUNDS = 3
LATENCY_MS = 300
"""What a portal takes to answer; real ones take longer (facts: first screen 3–8 s, calls 0.5–3 s)."""
CORES = 2


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """The time of one run over three portals, as a part of their times one after another."""
    cases, rounds = max(6, int(CASES * scale)), max(1, round(ROUNDS * scale))
    kept = _two_cores()
    try:
        with served(cases, ",".join(PORTALS), LATENCY_MS) as mocks:
            with signed_in(mocks) as first:
                state = {f"{name}:main": first.vault.load(f"{name}:main") or {} for name in PORTALS}
            apart, together = [], []
            for _ in range(rounds):
                apart.append(sum(_synced(mocks, state, (name,)) for name in PORTALS))
                together.append(_synced(mocks, state, PORTALS))
    finally:
        if kept is not None:
            os.sched_setaffinity(0, kept)
    return [
        {
            "what": "full sync of three portals at once / one after another",
            "ratio": statistics.median(together) / statistics.median(apart),
            "goal": 0.6,
            "how": f"{cases} cases each (Coupang: and its other channels), {LATENCY_MS} ms of latency, {CORES} cores,"
            f" medians of {rounds}; one after another {statistics.median(apart):.1f} s",
        }
    ]


def _two_cores() -> set[int] | None:
    """Keep this process, its browser and the mocks to two cores, where the system can; gives what there was."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:CORES]))
    return before


def _synced(mocks: dict[str, Mock], state: dict[str, Any], names: tuple[str, ...]) -> float:
    """Seconds of a full sync of these portals into a fresh home."""
    with signed_in(mocks, state) as ctx:
        accounts = _accounts(ctx, names)
        begun = time.perf_counter()
        report = asyncio.run(sync(ctx, accounts))
        spent = time.perf_counter() - begun
    assert report.exit_code == 0 and all(channel.complete for channel in report.channels), report.public()
    return spent


def _accounts(ctx: Context, names: tuple[str, ...]) -> tuple[AccountSettings, ...]:
    return tuple(account for account in ctx.settings.account if account.portal in names)
