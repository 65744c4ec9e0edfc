"""What a seller approved reaches Shopee once, as approved, in the modules it was meant for."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import UsageFault
from agent.records import Case
from flows.reconcile import reconcile
from portals.shopee.read import EVIDENCE_WANTED
from tests.portals.shopee.conftest import Shop

API = "/api/v4/seller_center/return/"
pytestmark = pytest.mark.sends


def images_of(shop: Shop, since: int, name: str) -> list[dict[str, Any]]:
    """The images that went before the one request of that name that arrived since then."""
    writes = shop.writes()[since:]
    (one,) = [write for write in writes if write["path"] == API + name]
    images = [write for write in writes if write["path"] == API + "upload_image"]
    assert len(writes) == 1 + len(images), [write["path"] for write in writes]
    assert one["accepted"] and all(image["accepted"] for image in images)
    return images


@pytest.mark.mock(portal="shopee", seed=4, cases=3)
def test_dispute_evidence_and_message_arrive_once_and_as_approved(shop: Shop) -> None:
    def sent(case: Case, action: Any, name: str) -> Case:
        before = len(shop.writes())
        values, files = shop.answer(case, action)
        report = shop.draft(case, action, values, *files)
        result = shop.send(case, report)
        assert result.outcome == "confirmed", result.public()
        assert report.packet is not None and result.receipt is not None and result.receipt["number"].isdigit()
        images = images_of(shop, before, name)
        got = [(f["name"], f["sha256"]) for image in images for f in image["files"]]
        assert sorted(got) == sorted((f.upload_name, f.sha256) for f in report.packet.files)
        truth = shop.really(case)["messages"][-1]
        assert truth["from"] == "seller" and values["text"].replace("\n", " ") in truth["text"].replace("\n", " ")
        assert sorted(a["name"] for a in truth["attachments"]) == sorted(f.upload_name for f in report.packet.files)
        return shop.again(case)

    now = sent(shop.first("reply"), "reply", "send_message")
    assert (now.status.is_, now.actions) == ("waiting", ("reply",))
    now = sent(shop.first("appeal"), "appeal", "dispute")
    assert (now.status.is_, now.actions, now.appeals and now.appeals.used) == ("in_review", (), 1)
    now = sent(shop.first("appeal", evidence=True), "appeal", "upload_evidence")
    assert (now.status.is_, now.actions, now.deadlines, EVIDENCE_WANTED in now.flags) == ("in_review", (), (), False)


@pytest.mark.mock(portal="shopee", seed=2, cases=2)
def test_a_dispute_may_be_followed_by_a_second_one_where_the_page_offers_it(shop: Shop) -> None:
    case = shop.first("appeal")
    for round_ in (1, 2):
        values, files = shop.answer(case, "appeal")
        result = shop.send(case, shop.draft(case, "appeal", values, *files))
        assert result.outcome == "confirmed", (round_, result.public())
        shop.mock.event("settle", case_id=case.case_id, result="rejected")
        if round_ == 1:
            shop.mock.event("second", case_id=case.case_id)
        shop.sync()
        case = shop.again(case)
    assert (case.status.is_, case.actions, case.appeals and case.appeals.used) == ("lost", (), 2)
    assert "second_dispute" in case.flags
    assert sum(write["path"] == API + "dispute" for write in shop.writes()) == 2


@pytest.mark.mock(portal="shopee", seed=2, cases=2)
def test_what_the_list_does_not_show_is_read_by_the_sync_after_a_refusal(shop: Shop) -> None:
    """Else the record stays behind, and every new approval is refused like the first."""
    case = shop.first("appeal")
    values, files = shop.answer(case, "appeal")
    shop.mock.event("message", case_id=case.case_id, text="Where is it?")
    assert shop.send(case, shop.draft(case, "appeal", values, *files)).error == "CaseMoved"
    assert shop.sync().exit_code == 0
    case = shop.again(case)
    assert case.messages[-1].text == "Where is it?"
    assert shop.send(case, shop.draft(case, "appeal", values, *files)).outcome == "confirmed"


@pytest.mark.mock(portal="shopee", seed=2, cases=2)
def test_a_picture_in_another_module_or_a_second_button_stops_before_the_click(shop: Shop) -> None:
    case = shop.first("appeal")
    for fault, error in (("swapped_modules", "PacketAltered"), ("second_submit", "PageDrift")):
        values, files = shop.answer(case, "appeal")
        report = shop.draft(case, "appeal", values, *files)
        shop.mock.fault(fault, "/portal/sale/return/", count="all")
        result = shop.send(case, report)
        assert (result.outcome, result.error) == ("not_sent", error), result.public()
        shop.mock.clear_faults()
    assert not any(write["path"] == API + "dispute" for write in shop.writes())


@pytest.mark.mock(portal="shopee", seed=2, cases=3)
def test_answers_that_were_lost_are_settled_by_reading(shop: Shop) -> None:
    assert shop.sync().exit_code == 0
    arrived, lost = [case for case in shop.cases() if "appeal" in case.actions and EVIDENCE_WANTED not in case.flags]
    for case, fault in ((arrived, "drop_after"), (lost, "drop_before")):
        values, files = shop.answer(case, "appeal")
        report = shop.draft(case, "appeal", values, *files)
        shop.mock.fault(fault, API + "dispute", method="POST")
        assert shop.send(case, report).outcome == "unknown"
    settled = {one.ref: one.outcome for one in shop.run(reconcile(shop.ctx, (shop.account,))).results}
    assert settled == {arrived.key.ref: "confirmed", lost.key.ref: "unknown"}
    shop.mock.advance(780)
    (one,) = shop.run(reconcile(shop.ctx, (shop.account,))).results
    assert (one.ref, one.outcome) == (lost.key.ref, "cleared"), one.public()
    assert sum(write["path"] == API + "dispute" for write in shop.writes()) == 2


@pytest.mark.mock(portal="shopee", seed=2, cases=2)
def test_the_buyers_own_button_is_none_of_ours(shop: Shop) -> None:
    case = shop.first("reply")
    for action in ("request_close", "apply_withdrawal", "accept"):
        with pytest.raises(UsageFault, match="has no action"):
            shop.draft(case, action, {})
    assert shop.writes() == []
