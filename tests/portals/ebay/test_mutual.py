"""Closing by mutual agreement is offered only where the page has it, and asked for only after the buyer's word (WD6, WD7)."""

from __future__ import annotations

import pytest

from tests.portals.ebay.conftest import Shop

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="ebay", seed=4, cases=8, options={"mutual": "yes"})]


@pytest.mark.mock(portal="ebay", seed=4, cases=8)
def test_without_the_variant_only_the_buyer_closes(fresh: Shop) -> None:
    assert fresh.sync("requests").exit_code == 0
    assert not any("request_close" in case.actions for case in fresh.cases())
    case = fresh.first("requests", "reply") if any("reply" in c.actions for c in fresh.cases()) else fresh.cases()[0]
    fresh.mock.event("buyer_close", case_id=case.case_id)
    assert fresh.sync("requests").exit_code == 0
    assert fresh.again(case).status.is_ == "withdrawn"


def test_both_ticks_close_the_request_and_ours_needs_the_buyers_word_first(fresh: Shop) -> None:
    assert fresh.sync("requests").exit_code == 0
    case = next(c for c in fresh.cases() if "request_close" in c.actions and c.status.is_ == "waiting")
    early = fresh.draft(case, "request_close", {"agree": "yes"})
    assert "WD7.unconfirmed" in {one.code for one in early.blocked}
    claim = fresh.draft(case, "request_close", {"agree": "yes", "buyer_confirmation": "1"})
    assert "WD7.too_early" in {one.code for one in claim.blocked}
    fresh.mock.event("message", case_id=case.case_id, text="It arrived today, all good now. You can close this.")
    assert fresh.sync("requests").exit_code == 0
    case = fresh.again(case)
    values, _ = fresh.answer(case, "request_close")
    result = fresh.send(case, fresh.draft(case, "request_close", values))
    assert result.outcome == "confirmed", result.public()
    assert [one["fields"]["sellerAgrees"] for one in fresh.writes()] == [["on"]]
    assert fresh.again(case).status.is_ == "waiting" and "request_close" not in fresh.again(case).actions
    fresh.mock.event("buyer_agree", case_id=case.case_id)
    assert fresh.sync("requests").exit_code == 0
    assert fresh.again(case).status.is_ == "withdrawn"
