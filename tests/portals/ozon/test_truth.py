"""One wrong field and a seller answers the wrong case, or too late: the export is the portal's truth.

Three worlds by default; `OZON_SEEDS=20` runs the first twenty, for a release.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.portal import Portal
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.sync import SyncReport, sync
from tests.conftest import KEY, Run, nothing_sent, settings_text
from tests.portals.ozon.conftest import session_cookies
from tests.portals.ozon.truth import differences, exported

CASES = 30
SEEDS = range(1, int(os.environ.get("OZON_SEEDS", "3")) + 1)
CHANNELS = {"refund_disputes": 15, "returns": 8, "tickets": 7}
AT_ONCE = 5


@pytest.mark.parametrize("seeds", [SEEDS[n : n + AT_ONCE] for n in range(0, len(SEEDS), AT_ONCE)], ids=str)
def test_every_field_of_every_case_is_the_truth(
    seeds: range, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        shops = [a_shop(stack, seed, tmp_path) for seed in seeds]
        reports = run(_all(shops))
        for seed, (mock, ctx), report in zip(seeds, shops, reports, strict=True):
            assert report.exit_code == 0, (seed, report.public())
            for channel in report.channels:
                assert (channel.complete, channel.portal_total) == (True, CHANNELS[channel.channel]), seed
            told, truth = exported(ctx), mock.truth()
            assert len(told) == len(truth) == CASES
            wrong = {
                case["case_id"]: found
                for case in truth
                if (found := differences(told[case["channel"], case["case_id"]], case))
            }
            assert wrong == {}, f"seed {seed}"
            nothing_sent(mock)


def a_shop(stack: ExitStack, seed: int, folder: Path, cases: int = CASES) -> tuple[Served, Context]:
    """A mock of its own with a home of its own, signed in."""
    mock = stack.enter_context(serving(("ozon",), seed=seed, cases=cases))["ozon"]
    home = Home(folder / str(seed)).create()
    home.settings_file.write_text(settings_text(mock), encoding="utf-8")
    ctx = stack.enter_context(opened(home))
    ctx.vault.save("ozon:main", {"cookies": session_cookies(mock), "origins": []})
    return mock, ctx


async def _all(shops: list[tuple[Served, Context]]) -> list[SyncReport]:
    """All shops at the same time: most of a sync is waiting for pages."""
    return await asyncio.gather(*(sync(ctx, ctx.settings.account) for _, ctx in shops))


@pytest.mark.parametrize(("locale", "language"), [("zh-Hans", "zh"), ("en", "en")])
def test_an_operators_own_language_reads_the_same_facts(
    locale: str, language: str, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        mock, ctx = a_shop(stack, 4, tmp_path, cases=24)
        portal = ctx.portal("ozon")
        cookies = ({"name": "x-o3-language", "value": locale},)
        monkeypatch.setattr(
            Context, "portal", lambda self, name: dataclasses.replace(portal, language=language, cookies=cookies)
        )
        assert isinstance(ctx.portal("ozon"), Portal)
        report = run(sync(ctx, ctx.settings.account))
        assert report.exit_code == 0, [error for channel in report.public()["channels"] for error in channel["errors"]]
        told = exported(ctx)
        wrong = {
            case["case_id"]: found
            for case in mock.truth()
            if (found := differences(told[case["channel"], case["case_id"]], case, shown=False))
        }
        assert wrong == {}


def test_a_page_in_a_language_that_was_not_asked_for_is_not_read(
    run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        mock, ctx = a_shop(stack, 1, tmp_path, cases=8)
        mock.event("language", to="en")
        report = run(sync(ctx, ctx.settings.account))
        assert report.exit_code == 11
        assert exported(ctx) == {}
