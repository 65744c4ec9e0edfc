"""One wrong field in the export and a seller answers the wrong case, or too late: the export is each portal's truth.

Walks the registry, so that a portal joins by being there. `make truth` reads twenty worlds of each.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from fixtures import serving
from fixtures.kernel.serving import Served
from flows import registry
from flows.context import Context, opened
from flows.sync import SyncReport, sync
from tests.conftest import KEY, Run, nothing_sent, settings_text, sign_in
from tests.truth import SEEDS, differences, exported, named

CASES = int(os.environ.get("TRUTH_CASES", "12"))
"""Cases of a world; `make truth` has thirty."""
TOGETHER = 2
"""Worlds that are read at the same time: most of a sync is waiting for pages."""
WORLDS: dict[str, list[tuple[int, dict[str, str] | None]]] = {
    "coupang": [(CASES, {"others": "0"}), (1, {"others": str(CASES)})]
}
"""Cases and options of the worlds, where one world does not do: Coupang's disputes, and all its other channels."""


@pytest.mark.truth
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", SEEDS[::TOGETHER])
@pytest.mark.parametrize(
    ("portal", "cases", "options"),
    [(name, *world) for name in registry.names() for world in WORLDS.get(name, [(CASES, None)])],
)
def test_every_field_of_every_case_is_the_truth(
    portal: str,
    cases: int,
    options: dict[str, str] | None,
    first: int,
    run: Run[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seeds = [seed for seed in SEEDS if first <= seed < first + TOGETHER]
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        shops = [_shop(stack, portal, seed, cases, options, tmp_path, run) for seed in seeds]
        for seed, (mock, ctx), report in zip(seeds, shops, run(_all(shops)), strict=True):
            told, truth = exported(ctx), {named(case): case for case in mock.truth()}
            assert report.exit_code == 0, (seed, report.public())
            assert len(truth) >= CASES
            for channel in report.channels:
                there = sum(case["channel"] == channel.channel for case in truth.values())
                assert (channel.complete, channel.new) == (True, there), (seed, channel)
            assert told.keys() == truth.keys(), seed
            wrong = {name: found for name, case in truth.items() if (found := differences(told[name], case))}
            assert wrong == {}, f"seed {seed}: {json.dumps(wrong, ensure_ascii=False)}"
            nothing_sent(mock)
        for seed, again in zip(seeds, run(_all(shops)), strict=True):
            assert sum(channel.changed + channel.new + channel.gone for channel in again.channels) == 0, (seed, again)


def _shop(
    stack: ExitStack,
    portal: str,
    seed: int,
    cases: int,
    options: dict[str, str] | None,
    folder: Path,
    run: Run[Any],
) -> tuple[Served, Context]:
    """A mock of its own with a home of its own, signed in."""
    mock = stack.enter_context(serving((portal,), seed=seed, cases=cases, options=options))[portal]
    home = Home(folder / str(seed)).create()
    home.settings_file.write_text(settings_text(mock), encoding="utf-8")
    ctx = stack.enter_context(opened(home))
    sign_in(ctx, mock, run)
    return mock, ctx


async def _all(shops: list[tuple[Served, Context]]) -> list[SyncReport]:
    """All shops at the same time."""
    done = await asyncio.gather(*(sync(ctx, ctx.settings.account) for _, ctx in shops), return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return [one for one in done if isinstance(one, SyncReport)]
