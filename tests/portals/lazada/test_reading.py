"""One field read wrongly and a seller answers the wrong item, or lets Lazada's clock run out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Mismatch
from agent.portal import Listing
from agent.reading.labels import load_labels
from agent.reading.seen import Seen
from flows.frozen import load
from flows.visit import browsers, visiting
from portals.lazada import PORTAL
from portals.lazada.read import card_of
from portals.lazada.shown import answer_by, market_of
from tests.portals.lazada.conftest import Shop
from tests.truth import differences

API = "/h5/mtop.lazada.seller."
PAGES = Path(__file__).parents[3] / "fixtures" / "pages" / "lazada" / "request"


def wrong(shop: Shop) -> dict[str, Any]:
    """Every field that is not the mock's truth."""
    told = {case.case_id: json.loads(json.dumps(case.public())) for case in shop.cases()}
    truth = {case["case_id"]: case for case in shop.mock.truth()}
    assert told.keys() == truth.keys()
    return {name: found for name, case in truth.items() if (found := differences(told[name], case))}


@pytest.mark.mock(portal="lazada", seed=2, cases=22)
def test_all_rows_of_both_pages_are_read_under_a_notice_and_another_tab(shop: Shop) -> None:
    async def pages() -> list[Listing]:
        async with browsers() as shared, visiting(shop.ctx, shared, shop.account, "reading") as visit:
            list_of, tab = visit.portal.channel("reverse_orders"), visit.tab
            return [list_of.read_listing(await list_of.listing(tab, "all", n), "all", n) for n in (1, 2, 1)]

    first, second, again = shop.run(pages())
    assert (first.total, second.total, len(first.rows), len(second.rows)) == (22, 22, 20, 2)
    assert (first.last, second.last, again) == (False, True, first)
    truth = {case["case_id"]: case for case in shop.mock.truth()}
    assert {row.case_id: row.url for row in (*first.rows, *second.rows)} == {n: c["url"] for n, c in truth.items()}


@pytest.mark.mock(portal="lazada", seed=1, cases=2)
def test_two_items_of_one_request_are_two_cases_with_their_own_state(shop: Shop) -> None:
    assert shop.sync().exit_code == 0
    one, other = shop.cases()
    assert one.details["request"] == other.details["request"] and one.order_id == other.order_id
    assert one.items != other.items and one.messages != other.messages
    shop.mock.event("cancel", case_id=one.case_id)
    assert shop.sync().exit_code == 0
    assert (shop.again(one).status.is_, shop.again(other).status.is_) == ("withdrawn", "action_needed")
    assert wrong(shop) == {}


@pytest.mark.mock(portal="lazada", seed=1, cases=2)
def test_resolve_issue_is_seen_in_the_chat_and_only_the_buyers_cancelling_withdraws(shop: Shop) -> None:
    shop.sync()
    case = shop.cases()[0]
    shop.mock.event("message", case_id=case.case_id, text="It works after all, I will close this.")
    shop.mock.event("resolve", case_id=case.case_id)
    assert shop.sync().exit_code == 0, "no row changed, and what is open is read again all the same"
    now = shop.again(case)
    assert ("buyer_resolved" in now.flags, now.status.is_, now.decided_at) == (True, case.status.is_, None)
    assert now.deadlines == case.deadlines, "the buyer's word stops no clock"
    assert any("Resolve Issue" in message.text and message.from_ == "buyer" for message in now.messages)
    shop.mock.event("cancel", case_id=case.case_id)
    shop.sync()
    assert (shop.again(case).status.is_, shop.again(case).actions) == ("withdrawn", ())
    assert wrong(shop) == {}


@pytest.mark.mock(portal="lazada", seed=1, cases=1)
def test_a_refusal_a_dispute_and_its_ruling_are_followed_to_the_end(shop: Shop) -> None:
    made = shop.mock.event("new_case", state="rejected")["case_id"]
    for event, status in (({}, "waiting"), ({"type": "dispute"}, "in_review"), ({"type": "rule"}, "lost")):
        if event:
            shop.mock.event(event["type"], case_id=made, winner="buyer")
        assert shop.sync().exit_code == 0
        assert shop.known("reverse_orders", made).status.is_ == status
    case = shop.known("reverse_orders", made)
    assert case.decision is not None and case.decision.responsible is not None and "disputed" in case.flags
    assert wrong(shop) == {}


@pytest.mark.mock(portal="lazada", seed=1, cases=1)
def test_a_day_that_no_clock_makes_agree_with_the_time_left_is_not_stored(shop: Shop) -> None:
    shop.mock.fault("late_clock", f"{API}reverse.detail", count="all")
    assert shop.sync().exit_code == 11 and shop.cases() == []
    shop.mock.clear_faults()
    shop.mock.fault("rename_label", f"{API}reverse.detail", count="all", **{"from": "Respond by", "to": "Your turn by"})
    assert shop.sync().exit_code == 11 and shop.cases() == [], "a deadline under a label nobody knows"


def asked() -> Seen:
    """A frozen page with a day to answer and the time left."""
    frozen = load(PAGES / "action-needed-asked")
    return Seen(frozen.page, load_labels("lazada", PORTAL.folder))


@pytest.mark.parametrize("zone", ["Asia/Manila", "Asia/Shanghai", "Asia/Bangkok"])
def test_the_clock_of_the_day_is_proved_by_the_time_left_beside_it(zone: str) -> None:
    seen = asked()
    market = market_of(seen).zone
    card = card_of(seen, str(seen.page.subject))
    due = answer_by(seen, card, "reply")
    assert due is not None and (due.zone, due.zone_basis) == (market, "page")
    moved = Seen(seen.page.model_copy(update={"server_at": seen.page.server_at - timedelta(hours=9)}), seen.labels)  # type: ignore[operator]
    with pytest.raises(Mismatch):
        answer_by(moved, card_of(moved, str(seen.page.subject)), "reply")
    own = Seen(seen.page.model_copy(update={"zone": zone, "zone_basis": "account"}), seen.labels)
    again = answer_by(own, card_of(own, str(seen.page.subject)), "reply")
    assert again is not None and again.at == due.at, "a wrong zone in the settings is not believed"


@pytest.mark.mock(portal="lazada", seed=1, cases=2)
def test_another_requests_page_or_chat_is_not_taken_for_the_one_asked_for(shop: Shop) -> None:
    shop.mock.event("new_case", state="asked")
    for fault, path in (("wrong_case", f"{API}reverse.detail"), ("wrong_chat", f"{API}im.thread")):
        shop.mock.fault(fault, path, count="all")
        assert shop.sync().exit_code in (10, 11, 14), fault
        assert shop.cases() == [], fault
        shop.mock.clear_faults()


@pytest.mark.mock(portal="lazada", seed=2, cases=2)
def test_rows_under_a_tab_that_cannot_be_proved_are_not_taken_for_all(shop: Shop) -> None:
    shop.mock.fault("tab_blind", "/apps/reverse/list", count="all")
    assert shop.sync().exit_code == 11 and shop.cases() == []
