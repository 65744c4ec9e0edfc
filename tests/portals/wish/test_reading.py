"""What an operator is told of a ticket or refund is what Wish has, in Chinese too, and never a minute late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.portals.wish.conftest import Shop
from tests.truth import differences, exported, named

pytestmark = pytest.mark.mock(portal="wish", seed=1, cases=0, now=datetime(2026, 3, 13, 22, 40, tzinfo=UTC))
ZH = pytest.mark.mock(portal="wish", seed=4, cases=12, options={"language": "zh", "zone_shown": "no", "page_size": "3"})


def wrong(shop: Shop) -> dict[str, object]:
    told, truth = exported(shop.ctx), {named(case): case for case in shop.mock.truth()}
    assert told.keys() == truth.keys()
    return {name: found for name, case in truth.items() if (found := differences(told[name], case))}


@ZH
def test_a_chinese_dashboard_of_several_pages_is_read_like_an_english_one(fresh: Shop) -> None:
    report = fresh.sync()
    assert report.exit_code == 0, report.public()
    assert wrong(fresh) == {}
    assert {channel.complete for channel in report.channels} == {True}


def test_two_days_to_answer_run_through_the_weekend_however_the_page_tells_them(fresh: Shop) -> None:
    """A Friday evening's ticket is due on Sunday evening, UTC (WI1)."""
    for shows in ("moment", "count", "nothing"):
        fresh.mock.event("new_case", channel="tickets", state="awaiting_merchant", shows=shows)
    assert fresh.sync("tickets").exit_code == 0
    assert wrong(fresh) == {}
    assert {case.deadlines[0].basis for case in fresh.cases()} == {"instant", "countdown", "rule"}
    for case in fresh.cases():
        (due,) = case.deadlines
        assert case.opened_at is not None
        early = case.opened_at + timedelta(hours=48) - due.at
        assert timedelta() <= early <= timedelta(minutes=2) and due.kind == "reply"


def test_after_two_days_wish_decides_and_nothing_is_offered(fresh: Shop) -> None:
    made = fresh.mock.event("new_case", channel="tickets", state="awaiting_merchant")["case_id"]
    assert fresh.sync("tickets").exit_code == 0
    fresh.mock.advance(48 * 3600)
    assert fresh.sync("tickets").exit_code == 0
    case = fresh.known("tickets", made)
    assert (case.status.is_, case.actions, case.deadlines) == ("in_review", (), ())


def test_a_second_message_of_the_customer_gives_no_more_time(fresh: Shop) -> None:
    made = fresh.mock.event("new_case", channel="tickets", state="awaiting_merchant", shows="nothing")["case_id"]
    assert fresh.sync("tickets").exit_code == 0
    before = fresh.known("tickets", made).deadlines[0].at
    fresh.mock.event("message", case_id=made, text="Is anybody there?")
    assert fresh.sync("tickets").exit_code == 0
    case = fresh.known("tickets", made)
    assert case.messages[-1].text == "Is anybody there?"
    assert case.deadlines[0].at == before


def test_that_the_customer_pressed_resolve_issue_is_read_and_nobody_presses_it_for_him(fresh: Shop) -> None:
    """WD6: the button stands on the page; reading leaves it alone, and sees in the conversation that it was pressed."""
    made = fresh.mock.event("new_case", channel="tickets", state="awaiting_user")["case_id"]
    assert fresh.sync("tickets").exit_code == 0
    assert fresh.known("tickets", made).status.is_ == "waiting"
    fresh.mock.event("resolve", case_id=made)
    assert fresh.sync("tickets").exit_code == 0
    case = fresh.known("tickets", made)
    assert (case.status.is_, case.actions) == ("withdrawn", ())
    assert (case.messages[-1].from_, case.messages[-1].text) == ("buyer", "Pressed Resolve Issue")
    assert case.outcome is not None and case.outcome.at == case.messages[-1].at


@pytest.mark.parametrize(("days", "open_"), [(89, True), (91, False)])
def test_ninety_days_after_the_refund_it_can_no_longer_be_disputed(fresh: Shop, days: int, open_: bool) -> None:
    made = fresh.mock.event("new_case", channel="refund_disputes", state="none")["case_id"]
    refunded = datetime.fromisoformat(fresh.mock.truth()[0]["opened_at"])
    fresh.mock.control("POST", "clock", {"now": (refunded + timedelta(days=days)).isoformat()})
    assert fresh.sync("refund_disputes").exit_code == 0
    case = fresh.known("refund_disputes", made)
    assert (case.actions, case.status.is_) == ((("appeal",), "action_needed") if open_ else ((), "expired"))
    assert wrong(fresh) == {}


def test_the_third_rejection_is_the_last(fresh: Shop) -> None:
    made = fresh.mock.event("new_case", channel="refund_disputes", state="spent")["case_id"]
    assert fresh.sync("refund_disputes").exit_code == 0
    case = fresh.known("refund_disputes", made)
    assert case.appeals is not None and (case.appeals.used, case.appeals.allowed) == (3, 3)
    assert (case.status.is_, case.actions) == ("lost", ())
