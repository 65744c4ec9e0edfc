"""What a seller approved reaches AliExpress once, as approved; what pays the buyer needs the setting for it."""

from __future__ import annotations

import pytest

from agent.errors import NotApproved
from agent.records import Action, Case
from flows.approve import approve
from flows.submit import submit
from tests.portals.aliexpress.answers import ADDRESS
from tests.portals.aliexpress.conftest import Shop

pytestmark = pytest.mark.sends

CALL = "/h5/mtop.aliexpress.seller.reverse.{}/1.0/"
VERBS: dict[Action, str] = {
    "propose_solution": "saveSolution",
    "apply_withdrawal": "applyWithdrawal",
    "escalate": "submitArbitration",
    "cancel_escalation": "cancelArbitration",
    "provide_tracking": "fillReturnLogistics",
    "appeal": "submitAppeal",
    "accept": "agreeSolution",
}
STATUS = {
    "propose_solution": "waiting", "apply_withdrawal": "waiting", "escalate": "in_review",
    "cancel_escalation": "action_needed", "provide_tracking": "action_needed", "appeal": "in_review",
    "accept": "closed",
}  # fmt: skip
FIELDS = {"text": "content", "message": "content", "explanation": "content", "cancel_reason": "content",
          "statement": "content", "type": "solutionType", "amount": "refundAmount", "carrier": "company",
          "number": "number", "appeal_type": "appealType", "solution": "solution",
          "return_address": "returnAddressId"}  # fmt: skip
ADDRESSES = {ADDRESS: "50012"}


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


@pytest.fixture
def paying(shared: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The same, with settings that allow actions that pay the buyer."""
    monkeypatch.setattr(shared.ctx, "settings", shared.ctx.settings.model_copy(update={"allow_money_actions": True}))
    return shared


def chosen(shop: Shop, action: Action) -> Case:
    """A case for the action: one whose buyer has confirmed for a withdrawal (WD7), a plan of money alone to accept."""
    if action == "apply_withdrawal":
        made = str(shop.mock.event("new_case", state="wait_buyer")["case_id"])
        shop.mock.event("message", case_id=made, text="The parcel came today, thank you. I close the dispute.")
        assert shop.sync().exit_code == 0
        return shop.by_id(made)
    found = shop.one_for(action)
    while action == "accept" and found.offers[0].kind != "refund":
        found = shop.one_for(action)
    return found


def test_each_of_the_seven_actions_arrives_once_and_as_approved(paying: Shop) -> None:
    shop = paying
    for action, verb in VERBS.items():
        before = len(shop.writes())
        case = chosen(shop, action)
        values, files = shop.answer(case, action)
        report = shop.draft(case, action, values, *files)
        assert report.packet is not None, (action, [str(one.words) for one in report.blocked])
        result = shop.send(case, report)
        assert result.outcome == "confirmed", (action, result.public())
        (one,) = shop.writes()[before:]
        assert (one["path"], one["accepted"], one["answer"]) == (CALL.format(verb), True, 200), action
        assert one["fields"]["reverseOrderLineId"] == [case.case_id]
        typed = {FIELDS[key]: value for key, value in values.items() if key != "buyer_confirmation"}
        for name, value in typed.items():
            arrived = one["fields"][name][0].replace("\r\n", "\n")
            assert arrived in (value, value.upper(), ADDRESSES.get(value)), (action, name)
        assert [(f["name"], f["sha256"], f["size"]) for f in one["files"]] == [
            (f.upload_name, f.sha256, f.size) for f in report.packet.files
        ], action
        now = shop.by_id(case.case_id)
        assert now.status.is_ == STATUS[action], (action, now.status)
        assert result.receipt is not None and result.receipt["number"].isdigit()


def test_goods_that_come_back_go_to_the_address_that_was_approved(paying: Shop) -> None:
    shop = paying
    case = shop.one_for("accept")
    while case.offers[0].kind != "return_and_refund":
        case = shop.one_for("accept")
    without = shop.draft(case, "accept", {"solution": "buyer"})
    assert "AE2.missing" in {one.code for one in without.blocked}
    unknown = shop.draft(case, "accept", {"solution": "buyer", "return_address": "杭州仓"})
    assert unknown.packet is not None
    before = len(shop.writes())
    refused = shop.send(case, unknown)
    assert (refused.outcome, shop.writes()[before:]) == ("not_sent", [])
    assert "“杭州仓” is offered 0 times" in str(refused.said)
    report = shop.draft(case, "accept", {"solution": "buyer", "return_address": ADDRESS})
    assert report.packet is not None
    assert shop.send(case, report).outcome == "confirmed"
    assert shop.writes()[-1]["fields"]["returnAddressId"] == ["50012"]
    assert shop.by_id(case.case_id).details["return_address"] == ADDRESS


def test_an_address_beside_a_plan_without_a_return_is_taken_out(shop: Shop) -> None:
    values, files = shop.answer(shop.one_for("propose_solution"), "propose_solution")
    case = shop.one_for("propose_solution")
    report = shop.draft(case, "propose_solution", values | {"type": "refund"}, *files)
    assert "AE2.out_of_place" in {one.code for one in report.blocked}


def test_accepting_a_plan_is_not_approved_while_the_setting_forbids_it(shop: Shop) -> None:
    case = shop.one_for("accept")
    report = shop.draft(case, "accept", shop.answer(case, "accept")[0])
    assert report.packet is not None
    with pytest.raises(NotApproved, match="pays the buyer"):
        approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    assert shop.run(submit(shop.ctx, (case.key.ref,))).results[0].outcome == "not_sent"
    assert shop.writes() == []


def test_an_approval_to_pay_dies_when_the_setting_is_taken_back(paying: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    case = paying.one_for("accept")
    report = paying.draft(case, "accept", paying.answer(case, "accept")[0])
    assert report.packet is not None
    approve(paying.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    forbidden = paying.ctx.settings.model_copy(update={"allow_money_actions": False})
    monkeypatch.setattr(paying.ctx, "settings", forbidden)
    (result,) = paying.run(submit(paying.ctx, (case.key.ref,))).results
    assert (result.outcome, result.error) == ("not_sent", "NotApproved")
    assert paying.writes() == []


def test_an_error_on_cancelling_the_arbitration_is_told_as_harmless(shop: Shop) -> None:
    case = shop.one_for("cancel_escalation")
    values, files = shop.answer(case, "cancel_escalation")
    shop.mock.fault("cancel_error", "/", count="all")
    report = shop.draft(case, "cancel_escalation", values, *files)
    assert report.packet is not None
    approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    told = shop.run(submit(shop.ctx, (case.key.ref,)))
    (result,) = told.results
    assert (result.outcome, told.exit_code) == ("refused", 0)
    assert "harmless (AE5)" in str(result.said) and "取消仲裁失败" in str(result.said)
    assert shop.really(case)["status"]["is"] == "in_review"


def test_a_refusal_of_anything_else_is_no_harmless_one(shop: Shop) -> None:
    case = shop.one_for("escalate")
    values, files = shop.answer(case, "escalate")
    report = shop.draft(case, "escalate", values, *files)
    assert report.packet is not None
    approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    shop.mock.fault("session_expired", CALL.format("submitArbitration"), method="POST")
    told = shop.run(submit(shop.ctx, (case.key.ref,)))
    assert told.exit_code != 0


def test_a_second_button_in_the_dialog_stops_before_the_click(shop: Shop) -> None:
    case = shop.one_for("provide_tracking")
    values, files = shop.answer(case, "provide_tracking")
    report = shop.draft(case, "provide_tracking", values, *files)
    shop.mock.fault("second_submit", "/m_apps/dispute-management/detail", count="all")
    result = shop.send(case, report)
    assert (result.outcome, result.error) == ("not_sent", "PageDrift")
    assert shop.writes() == []


def test_a_reason_that_is_not_greyed_out_any_more_stops_before_the_click(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = shop.one_for("escalate")
    values, files = shop.answer(case, "escalate")
    report = shop.draft(case, "escalate", values, *files)
    shop.mock.fault(
        "rename_label", "/h5/", count="all", **{"from": 'name=\\"reason\\" disabled', "to": 'name=\\"reason\\"'}
    )
    result = shop.send(case, report)
    assert (result.outcome, result.error) == ("not_sent", "PageDrift"), result.public()
    assert shop.writes() == []
