"""What a seller approved reaches eBay once, as approved; what pays the buyer needs the setting for it."""

from __future__ import annotations

import pytest

from agent.errors import NotApproved
from agent.records import Action
from flows.approve import approve
from flows.packet import look
from flows.submit import submit
from tests.portals.ebay.conftest import Shop

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="ebay", seed=4, cases=12)]

SENT: dict[tuple[str, Action], tuple[str, str]] = {
    ("payment_disputes", "appeal"): ("/dispute/{}/contest", "in_review"),
    ("payment_disputes", "accept"): ("/dispute/{}/accept", "closed"),
    ("cases", "appeal"): ("/rcw/case/{}/appeal", "in_review"),
    ("requests", "provide_tracking"): ("/rcw/request/{}/tracking", "waiting"),
    ("requests", "propose_solution"): ("/rcw/request/{}/partialrefund", "waiting"),
    ("requests", "reply"): ("/rcw/request/{}/message", "waiting"),
    ("requests", "escalate"): ("/rcw/request/{}/escalate", "closed"),
    ("requests", "accept"): ("/rcw/request/{}/resolve", "closed"),
}
"""Where each action goes, and how the case stands afterwards."""
FIELDS = {
    "statement": "comments", "explanation": "comments", "message": "comments", "full_name": "fullName", "phone": "phone",
    "street": "addressLine1", "city": "city", "postal_code": "postalCode", "country": "country", "response": "response",
    "new_information": "newInformation", "carrier": "carrier", "number": "trackingNumber", "decision": "decision",
    "amount": "refundAmount", "reason": "escalationReason",
}  # fmt: skip


def test_each_action_arrives_once_and_as_approved(paying: Shop) -> None:
    shop = paying
    for (channel, action), (path, status) in SENT.items():
        before = len(shop.writes())
        case = shop.first(channel, action)
        values, files = shop.answer(case, action)
        report = shop.draft(case, action, values, *files)
        assert report.packet is not None, (channel, action, [str(one.words) for one in report.blocked])
        result = shop.send(case, report)
        assert result.outcome == "confirmed", (channel, action, result.public())
        (one,) = shop.writes()[before:]
        assert (one["path"], one["accepted"], one["answer"]) == (path.format(case.case_id), True, 303), action
        for key, value in values.items():
            assert one["fields"][FIELDS[key]][0].replace("\r\n", "\n") == value, (action, key)
        assert [(f["name"], f["sha256"], f["size"]) for f in one["files"]] == [
            (f.upload_name, f.sha256, f.size) for f in report.packet.files
        ], action
        assert result.receipt is not None and result.receipt["number"].isdigit()
        really = shop.really(case)
        assert really["status"]["is"] == status, (channel, action, really["status"])
        assert shop.again(case).status.is_ == status, (channel, action)


def test_what_pays_the_buyer_is_not_approved_while_the_setting_forbids_it(shop: Shop) -> None:
    for channel in ("payment_disputes", "requests"):
        case = shop.first(channel, "accept")
        report = shop.draft(case, "accept", shop.answer(case, "accept")[0])
        assert report.packet is not None
        assert look(shop.ctx, case.key.ref).pays == case.amount
        with pytest.raises(NotApproved, match="pays the buyer"):
            approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    assert shop.run(submit(shop.ctx, (case.key.ref,))).results[0].outcome == "not_sent"
    assert shop.writes() == []


def test_a_payment_dispute_that_ends_the_return_stops_the_approved_answer(shop: Shop) -> None:
    """Opening one closes every running request of the same order (E5)."""
    case = shop.first("requests", "propose_solution")
    report = shop.draft(case, "propose_solution", shop.answer(case, "propose_solution")[0])
    assert report.packet is not None
    approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    made = shop.mock.event("open_dispute", case_id=case.case_id)["payment_dispute"]
    (result,) = shop.run(submit(shop.ctx, (case.key.ref,))).results
    assert (result.outcome, result.error) == ("not_sent", "CaseMoved"), result.public()
    assert shop.writes() == []
    assert shop.sync().exit_code == 0
    ended, dispute = shop.again(case), shop.known("payment_disputes", made)
    assert (ended.status.is_, ended.actions, ended.details["payment_dispute"]) == ("closed", (), made)
    assert "ended_by_dispute" in ended.flags
    assert dispute.details["ended_request"] == case.case_id and dispute.actions == ("appeal", "accept")


def test_a_dispute_that_changed_between_form_and_click_is_refused_and_told(shop: Shop) -> None:
    """The revision that the form was opened with must still be the dispute's: 409 otherwise (facts §12)."""
    case = shop.case("payment_disputes", "appeal")
    values, files = shop.answer(case, "appeal")
    report = shop.draft(case, "appeal", values, *files)
    assert report.packet is not None
    approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")

    def step(name: str) -> None:
        if name == "arm":
            shop.mock.event("revise", case_id=case.case_id)

    (result,) = shop.run(submit(shop.ctx, (case.key.ref,), step=step)).results
    assert result.outcome == "refused" and "has changed since you opened it" in str(result.said), result.public()
    assert [one["accepted"] for one in shop.writes()] == [False]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("fault", ["second_submit", "no_rows", "wrong_case"])
@pytest.mark.mock(portal="ebay", seed=4, cases=8)
def test_a_form_that_is_not_the_one_approved_stops_before_the_click(fresh: Shop, fault: str) -> None:
    assert fresh.sync("payment_disputes").exit_code == 0
    case = fresh.case("payment_disputes", "appeal")
    values, files = fresh.answer(case, "appeal")
    report = fresh.draft(case, "appeal", values, *files)
    fresh.mock.fault(fault, "/dispute/\\d+/contest", count="all")
    result = fresh.send(case, report)
    assert (result.outcome, fresh.writes()) == ("not_sent", []), result.public()


@pytest.mark.mock(portal="ebay", seed=4, cases=4)
def test_a_page_that_sends_twice_lets_one_out(fresh: Shop) -> None:
    assert fresh.sync("cases").exit_code == 0
    case = fresh.case("cases", "appeal")
    values, files = fresh.answer(case, "appeal")
    fresh.mock.fault("double_submit", "/rcw/", count="all")
    result = fresh.send(case, fresh.draft(case, "appeal", values, *files))
    assert result.outcome in ("confirmed", "unknown"), result.public()
    assert [one["accepted"] for one in fresh.writes()] == [True]
