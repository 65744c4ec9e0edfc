"""The portal's language is the operator's own choice there: the same facts are read in each, and none in an unasked one."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.portal import Portal
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.sync import sync
from tests.conftest import KEY, Run, settings_text, sign_in
from tests.truth import differences, exported, named


def a_shop(stack: ExitStack, seed: int, folder: Path, run: Run[Any], cases: int) -> tuple[Served, Context]:
    """A mock of its own with a home of its own, signed in."""
    mock = stack.enter_context(serving(("ozon",), seed=seed, cases=cases))["ozon"]
    home = Home(folder / str(seed)).create()
    home.settings_file.write_text(settings_text(mock), encoding="utf-8")
    ctx = stack.enter_context(opened(home))
    sign_in(ctx, mock, run)
    return mock, ctx


@pytest.mark.parametrize(("locale", "language"), [("zh-Hans", "zh"), ("en", "en")])
def test_an_operators_own_language_reads_the_same_facts(
    locale: str, language: str, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        mock, ctx = a_shop(stack, 4, tmp_path, run, cases=18)
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
            if (found := differences(told[named(case)], case, shown=False))
        }
        assert wrong == {}


def test_a_page_in_a_language_that_was_not_asked_for_is_not_read(
    run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        mock, ctx = a_shop(stack, 1, tmp_path, run, cases=4)
        mock.event("language", to="en")
        report = run(sync(ctx, ctx.settings.account))
        assert report.exit_code == 11
        assert exported(ctx) == {}
