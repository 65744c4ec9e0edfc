"""What a seller approved reaches Lazada once, as approved, for the one item it was meant for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.errors import NotApproved, UsageFault
from agent.records import Action, Case
from flows.reconcile import reconcile
from tests.portals.lazada.conftest import Shop

API = "/h5/mtop.lazada.seller."
CALLS: dict[Action, str] = {
    "appeal": "reverse.refuse", "accept": "reverse.agree", "escalate": "reverse.forward", "reply": "im.message.send",
}  # fmt: skip
pytestmark = pytest.mark.sends


def carried(write: dict[str, Any]) -> dict[str, Any]:
    """What a call carried."""
    found: dict[str, Any] = json.loads(write["fields"]["data"][0])
    return found


def sent(shop: Shop, case: Case, action: Action) -> dict[str, Any]:
    """Draft, packet, approval, sending; gives what the one call carried."""
    before = len(shop.writes())
    values, files = shop.answer(case, action)
    report = shop.draft(case, action, values, *files)
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    assert report.packet is not None and result.receipt is not None and result.receipt["number"].isdigit()
    writes = shop.writes()[before:]
    (one,) = [write for write in writes if write["path"] == f"{API}{CALLS[action]}/1.0/"]
    images = [write for write in writes if write["path"] == f"{API}reverse.image.upload/1.0/"]
    assert len(writes) == 1 + len(images) and all(write["accepted"] for write in writes)
    got = [(file["name"], file["sha256"]) for image in images for file in image["files"]]
    assert got == [(file.upload_name, file.sha256) for file in report.packet.files]
    return carried(one)


@pytest.mark.mock(portal="lazada", seed=1, cases=4)
def test_refusal_agent_and_message_arrive_once_and_as_approved(shop: Shop) -> None:
    """Seed 1: the first item shares its request with another; the dialog must be its own."""
    case = shop.first("appeal")
    got = sent(shop, case, "appeal")
    assert (got["reverseOrderLineId"], got["reverseOrderId"]) == (case.case_id, case.details["request"])
    assert got["comment"] == shop.answer(case, "appeal")[0]["comment"] and len(got["images"]) == 3
    now, truth = shop.again(case), shop.really(case)
    assert (now.status.is_, now.actions, now.appeals and now.appeals.used) == ("waiting", ("reply",), 1)
    assert truth["messages"][-1]["text"] == now.messages[-1].text and now.messages[-1].from_ == "seller"
    case = shop.first("escalate")
    got = sent(shop, case, "escalate")
    assert got["reverseOrderLineId"] == case.case_id and len(got["images"]) == 1
    assert (shop.again(case).status.is_, shop.again(case).deadlines) == ("in_review", ())
    case = shop.first("reply", status="action_needed")
    due = case.deadlines
    got = sent(shop, case, "reply")
    assert (got["orderId"], got["content"]) == (case.order_id, shop.answer(case, "reply")[0]["text"])
    now = shop.again(case)
    assert (now.status.is_, now.deadlines) == ("action_needed", due), "a word in the chat stops no clock"


@pytest.mark.mock(portal="lazada", seed=1, cases=3)
def test_an_agreement_pays_only_where_the_settings_allow_it(shop: Shop) -> None:
    case = shop.first("accept")
    report = shop.draft(case, "accept", shop.answer(case, "accept")[0])
    with pytest.raises(NotApproved, match="pays the buyer"):
        shop.send(case, report)
    assert shop.writes() == []


@pytest.mark.mock(portal="lazada", seed=1, cases=4)
def test_each_button_that_agrees_sends_what_it_says(paying: Shop) -> None:
    wanted = {"return_refund": ("agreeReturn", "waiting"), "refund_only": ("agreeRefund", "waiting"),
              "return_first": ("returnBeforeRefund", "waiting")}  # fmt: skip
    assert paying.sync().exit_code == 0
    for answer, (call, status) in wanted.items():
        case = next(
            case for case in paying.cases()
            if "accept" in case.actions and answer in case.details
        )  # fmt: skip
        before = len(paying.writes())
        report = paying.draft(case, "accept", {"answer": answer, "confirm": "yes"})
        result = paying.send(case, report)
        assert result.outcome == "confirmed", (answer, result.public())
        (one,) = paying.writes()[before:]
        got = carried(one)
        assert (got["action"], got["reverseOrderLineId"]) == (call, case.case_id)
        assert (paying.again(case).status.is_, paying.again(case).actions) == (status, ("reply",))


@pytest.mark.mock(portal="lazada", seed=1, cases=2)
def test_a_dialog_of_the_other_item_or_a_second_button_stops_before_the_click(shop: Shop) -> None:
    case = shop.first("appeal")
    for fault, path, error in (
        ("wrong_dialog", f"{API}reverse.action", "WrongSubject"), ("second_submit", f"{API}reverse.action", "PageDrift"),
        ("no_rows", "/apps/reverse/detail", "PacketAltered"),
    ):  # fmt: skip
        values, files = shop.answer(case, "appeal")
        report = shop.draft(case, "appeal", values, *files)
        shop.mock.fault(fault, path, count="all")
        result = shop.send(case, report)
        assert (result.outcome, result.error) == ("not_sent", error), result.public()
        shop.mock.clear_faults()
    assert not any(write["path"].startswith(f"{API}reverse.refuse") for write in shop.writes())


@pytest.mark.mock(portal="lazada", seed=1, cases=4)
def test_answers_that_were_lost_are_settled_by_reading(shop: Shop) -> None:
    assert shop.sync().exit_code == 0
    arrived, lost = [case for case in shop.cases() if "appeal" in case.actions][:2]
    for case, fault in ((arrived, "drop_after"), (lost, "drop_before")):
        values, files = shop.answer(case, "appeal")
        report = shop.draft(case, "appeal", values, *files)
        shop.mock.fault(fault, f"{API}reverse.refuse", method="POST")
        assert shop.send(case, report).outcome == "unknown"
    settled = {one.ref: one.outcome for one in shop.run(reconcile(shop.ctx, (shop.account,))).results}
    assert settled == {arrived.key.ref: "confirmed", lost.key.ref: "unknown"}
    shop.mock.advance(780)
    (one,) = shop.run(reconcile(shop.ctx, (shop.account,))).results
    assert (one.ref, one.outcome) == (lost.key.ref, "cleared"), one.public()
    assert sum(write["path"].startswith(f"{API}reverse.refuse") for write in shop.writes()) == 2


@pytest.mark.mock(portal="lazada", seed=1, cases=2)
def test_the_buyers_own_button_is_none_of_ours(shop: Shop) -> None:
    case = shop.first("reply")
    for action in ("request_close", "apply_withdrawal"):
        with pytest.raises(UsageFault, match="has no action"):
            shop.draft(case, action, {})
    assert shop.writes() == []
