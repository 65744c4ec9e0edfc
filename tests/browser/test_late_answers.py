"""A portal that takes seconds to answer must not make a countdown end later than it does: the slot would be lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.browser.tab import Tab
from fixtures.kernel.serving import Served
from flows.context import Context
from tests.conftest import Run
from tests.portals.shop import Shop

LATE_MS = 2_000


def told_late(shop: Shop) -> dict[str, timedelta]:
    """By how much each countdown that the records have ends after it really does; nothing when none is late."""
    truth = {case["case_id"]: case for case in shop.mock.truth()}
    late = {}
    for case in shop.cases():
        true = {due["kind"]: due for due in truth[case.case_id]["deadlines"]}
        for due in case.deadlines:
            by = due.at - datetime.fromisoformat(true[due.kind]["at"])
            if due.basis == "countdown" and by > timedelta():
                late[f"{case.case_id} {due.kind}"] = by
    return late


@pytest.fixture
def slow_shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """A shop whose portal answers every detail page late."""
    mock.fault("delay", "/m_apps/dispute-management/detail", count="all", ms=LATE_MS)
    return Shop(signed_in, mock, run, tmp_path / "evidence")


@pytest.mark.mock(portal="aliexpress", seed=2, cases=3)
def test_no_countdown_ends_later_because_the_answer_was_slow(slow_shop: Shop) -> None:
    assert slow_shop.sync().exit_code == 0
    assert any(due.basis == "countdown" for case in slow_shop.cases() for due in case.deadlines)
    assert told_late(slow_shop) == {}


@pytest.mark.mock(portal="aliexpress", seed=2, cases=3)
def test_a_clock_that_runs_on_while_the_answer_is_awaited_would_tell_them_late(
    slow_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(self: Tab, got: dict[str, Any]) -> datetime | None:
        now = self.server_now
        return now and now + timedelta(milliseconds=LATE_MS)

    monkeypatch.setattr(Tab, "_seen_clock", too_late)
    slow_shop.sync()
    assert told_late(slow_shop), "the comparison would see a late countdown"


def test_while_the_machine_slept_the_portals_clock_went_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A click is taken for no older than it is, and a countdown for no longer, whichever clock stood still."""
    tab, heard = object.__new__(Tab), datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
    tab._date = (heard, 100.0, 5_000.0)
    monkeypatch.setattr("agent.browser.tab.time.monotonic", lambda: 103.4)
    monkeypatch.setattr("agent.browser.tab.time.time", lambda: 5_900.0)
    assert tab.server_now == heard + timedelta(seconds=3)
    assert tab.server_now_at_most == heard + timedelta(seconds=900)
