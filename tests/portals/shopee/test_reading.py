"""One field read wrongly and a seller answers the wrong request, or loses a dispute for want of evidence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.portal import Listing
from flows.cases import listing
from flows.visit import browsers, visiting
from portals.shopee.read import EVIDENCE_WANTED
from portals.shopee.shown import born
from tests.portals.shopee.conftest import Shop
from tests.truth import differences

PAGE = "/api/v4/seller_center/return/return_list/"
DETAIL = "/api/v4/seller_center/return/return_detail/"


def wrong(shop: Shop) -> dict[str, Any]:
    """Every field that is not the mock's truth."""
    told = {case.case_id: json.loads(json.dumps(case.public())) for case in shop.cases()}
    truth = {case["case_id"]: case for case in shop.mock.truth()}
    assert told.keys() == truth.keys()
    return {name: found for name, case in truth.items() if (found := differences(told[name], case))}


@pytest.mark.mock(portal="shopee", seed=2, cases=1)
def test_the_day_for_evidence_that_stands_in_the_row_alone_is_the_first_thing_to_do(shop: Shop) -> None:
    made = shop.mock.event("new_case", state="disputing")["case_id"]
    shop.sync()
    assert (shop.known("returns", made).status.is_, shop.known("returns", made).deadlines) == ("in_review", ())
    shop.mock.event("ask_evidence", case_id=made, hours=20, on_page=False)
    assert shop.sync().exit_code == 0, "a row that changed is read again"
    case = shop.known("returns", made)
    (due,) = case.deadlines
    assert (due.kind, due.basis, due.precision_s) == ("evidence", "instant", 86_400)
    assert "otherwise dispute will be withdrawn" in due.shown
    assert due.at <= shop.ctx.clock() + timedelta(hours=20)
    assert EVIDENCE_WANTED in case.flags and case.status.is_ == "action_needed" and case.actions == ("appeal",)
    rows = listing(shop.ctx)
    assert next(row.next_deadline_kind for row in rows if row.case_id == made) == "evidence"
    assert EVIDENCE_WANTED in shop.known("returns", rows[0].case_id).flags, "the most urgent of all"
    assert wrong(shop) == {}
    # a sentence that is not known may hold a day: nothing is stored over what is known, and nobody is told all is well
    shop.mock.fault(
        "rename_label", PAGE, count="all", **{"from": "otherwise dispute will be withdrawn", "to": "or else"}
    )
    assert shop.sync(full=True).exit_code == 11
    assert shop.known("returns", made).deadlines == case.deadlines


@pytest.mark.mock(portal="shopee", seed=2, cases=45)
def test_all_rows_of_both_pages_are_read_under_a_guided_tour(shop: Shop) -> None:
    async def pages() -> list[Listing]:
        async with browsers() as shared, visiting(shop.ctx, shared, shop.account, "reading") as visit:
            list_of, tab = visit.portal.channel("returns"), visit.tab
            numbers = (1, 2, 1)
            return [
                list_of.read_listing(await list_of.listing(tab, "return_refund", n), "return_refund", n)
                for n in numbers
            ]

    first, second, again = shop.run(pages())
    assert (first.total, second.total, len(first.rows), len(second.rows)) == (45, 45, 40, 5)
    assert (first.last, second.last, again) == (False, True, first)
    truth = {case["case_id"]: case for case in shop.mock.truth()}
    assert {row.case_id: row.url for row in (*first.rows, *second.rows)} == {n: c["url"] for n, c in truth.items()}


@pytest.mark.mock(portal="shopee", seed=2, cases=4)
def test_two_requests_of_one_order_are_two_cases(shop: Shop) -> None:
    assert shop.sync().exit_code == 0
    assert len(shop.cases()) == 4 and len({case.order_id for case in shop.cases()}) == 3
    for case in shop.cases():
        made = born(case.details["return_id"])
        assert made is not None and case.opened_at is not None
        assert timedelta() <= made - case.opened_at < timedelta(minutes=1)
    assert wrong(shop) == {}


@pytest.mark.mock(portal="shopee", seed=9, cases=4, options={"region": "MX", "clock": "beijing"})
def test_the_cross_border_hosts_clock_is_proved_by_the_requests_own_id(shop: Shop) -> None:
    assert shop.sync().exit_code == 0
    zones = {deadline.zone for case in shop.cases() for deadline in case.deadlines}
    assert zones == {"Asia/Shanghai"}, "Mexican time would be fourteen hours late"
    assert {deadline.zone_basis for case in shop.cases() for deadline in case.deadlines} == {"page"}
    assert wrong(shop) == {}


@pytest.mark.mock(portal="shopee", seed=2, cases=2)
def test_resolve_issue_is_seen_and_only_the_buyers_cancelling_withdraws(shop: Shop) -> None:
    shop.sync()
    case = next(case for case in shop.cases() if "reply" in case.actions)
    shop.mock.event("resolve", case_id=case.case_id)
    shop.sync(full=True)
    now = shop.again(case)
    assert ("buyer_resolved" in now.flags, now.status.is_, now.decided_at) == (True, case.status.is_, None)
    assert any("Resolve Issue" in message.text and message.from_ == "buyer" for message in now.messages)
    shop.mock.event("cancel", case_id=case.case_id)
    shop.sync()
    assert (shop.again(case).status.is_, shop.again(case).actions) == ("withdrawn", ())
    assert wrong(shop) == {}


@pytest.mark.mock(portal="shopee", seed=3, cases=2, options={"tabs": "new"})
def test_rows_under_a_tab_that_cannot_be_proved_are_not_taken_for_all(shop: Shop) -> None:
    shop.mock.fault("tab_blind", "/portal/sale/returnrefundcancel", count="all")
    assert shop.sync().exit_code == 11 and shop.cases() == []
    shop.mock.clear_faults()
    shop.mock.fault("tab_stuck", PAGE, count="all")
    assert shop.sync().exit_code == 11 and shop.cases() == []


@pytest.mark.mock(portal="shopee", seed=2, cases=1)
def test_a_history_that_was_not_scrolled_to_its_beginning_is_not_stored(shop: Shop) -> None:
    long = shop.mock.event("new_case", state="cancelled")["case_id"]
    if len(shop.mock.truth()[-1]["messages"]) < 13:
        long = shop.mock.event("new_case", state="cancelled")["case_id"]
    assert len(shop.mock.truth()[-1]["messages"]) > 20, "it loads in pieces of twelve"
    shop.mock.fault("history_short", DETAIL + "get_discussion_history", count="all")
    assert shop.sync().exit_code == 11
    assert long not in {case.case_id for case in shop.cases()}
    shop.mock.clear_faults()
    assert shop.sync().exit_code == 0
    assert wrong(shop) == {}


def test_an_internal_id_tells_when_its_request_was_made() -> None:
    assert born("249000000000123") == datetime(2019, 1, 1, tzinfo=UTC) + timedelta(milliseconds=249_000_000_000)
    assert born("2606220PN1D6X06") is None
