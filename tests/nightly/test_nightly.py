"""A part of the night that fails and takes the others with it: nobody is told in the morning."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import DONE, FAULT, PERSON
from agent.locks import account_lock
from flows import nightly
from flows.nightly import night
from flows.runs import history
from tests.conftest import Run
from tests.flows.conftest import Desk
from tests.nightly.provider import Provider


def test_a_night_that_needs_a_person_ends_by_telling_so(desk: Desk, robot: Provider, run: Run[Any]) -> None:
    desk.ctx.vault.forget("coupang:main")
    report = run(night(desk.ctx))
    assert report.exit_code == PERSON
    assert report.tidied["cases"] == 0
    assert sum(line.startswith("#") and "wants a person" in line for line in robot.lines) == 1
    [only] = history(desk.ctx)
    assert (only.state, only.exit_code, only.accounts[0].errors) == ("finished", PERSON, ("SignedOut",))
    assert not only.accounts[0].complete, "nothing was read"
    run(night(desk.ctx))
    assert sum(line.startswith("#") and "wants a person" in line for line in robot.lines) == 1


def test_the_hourly_look_leaves_an_account_to_the_night(desk: Desk, robot: Provider, run: Run[Any]) -> None:
    with account_lock(desk.ctx.home, "coupang:main"):
        report = run(night(desk.ctx, hourly=True))
    assert report.exit_code == DONE
    assert report.sync.channels == []
    assert history(desk.ctx)[0].options == {"full": False, "short": True}


def test_people_are_told_although_tidying_up_fails(
    desk: Desk, robot: Provider, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ctx.vault.forget("coupang:main")

    def broken(*_: object) -> None:
        raise ValueError("disk")

    monkeypatch.setattr(nightly, "prune", broken)
    report = run(night(desk.ctx))
    assert FAULT in report.codes
    assert any("wants a person" in line for line in robot.lines)
