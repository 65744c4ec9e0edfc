"""A confirmation request is the only objection there is to a return: it goes once, whole, with its video (CP4–CP7)."""

from __future__ import annotations

from typing import Any

import pytest

from agent.records import Case
from tests.portals.coupang.answers import DETAIL, MP4
from tests.portals.coupang.conftest import Shop

pytestmark = pytest.mark.sends


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


def arrived(shop: Shop, **wish: Any) -> Case:
    """A return whose goods arrived, made for this test alone."""
    return shop.made("returns", "return_new", state="ARRIVED", **wish)


def answers(case: Case, **more: str) -> dict[str, str]:
    """A request for every item, and the shipping fee."""
    given = {"shipping_fee": "yes", "amount": "2500", "item_condition": "yes", "detail": DETAIL}
    for item in case.items:
        given |= {f"problem@{item.id}": "damage", f"quantity@{item.id}": "1"}
    return given | more


def evidence(shop: Shop) -> tuple[Any, ...]:
    return shop.file("DamagePhoto", "damage.jpg"), shop.file("OpeningVideo", "opening.mp4", MP4)


@pytest.mark.parametrize(
    "mode", [pytest.param("fetch", marks=pytest.mark.long), "form"]
)  # the last is what the others here meet
def test_a_request_arrives_once_with_every_block_and_file(shop: Shop, mode: str) -> None:
    shop.mock.event("mode", submit_mode=mode)
    case = arrived(shop)
    while len(case.items) < 2:
        case = arrived(shop)
    report = shop.draft(case, "appeal", answers(case), *evidence(shop))
    assert report.packet is not None, [(one.code, str(one.words)) for one in report.blocked]
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    upload, sent = shop.writes()
    assert (upload["path"], upload["accepted"]) == ("/file/upload", True)
    assert [(f["name"], f["sha256"]) for f in upload["files"]] == [
        (f.upload_name, f.sha256) for f in report.packet.files
    ]
    assert sent["path"].endswith("/confirm-requests") and sent["accepted"] and not sent["files"]
    fields = {name: values for name, values in sent["fields"].items() if name != "_csrf"}
    assert fields["receiptId"] == [case.case_id]
    assert (fields["requestFee"], fields["feeAmount"], fields["requestGoods"]) == (["Y"], ["2500"], ["Y"])
    for item in case.items:
        assert (fields[f"problem_{item.id}"], fields[f"quantity_{item.id}"]) == (["DAMAGE"], ["1"])
    assert fields["detailReason"][0].replace("\r\n", "\n") == DETAIL
    assert fields["attachmentName"] == [f.upload_name for f in report.packet.files]
    assert result.receipt is not None
    shop.sync("returns")
    shop.sync("confirmation_requests")
    now = shop.again(case)
    assert (now.status.is_, now.actions, now.appeals and now.appeals.used) == ("in_review", (), 1)
    request = shop.known("confirmation_requests", result.receipt["number"])
    assert (request.status.is_, request.actions) == ("waiting", ("cancel_escalation",))
    assert [file.name for file in request.messages[0].attachments] == fields["attachmentName"]
    assert request.amount is not None
    shop.mock.event("confirm_state", case_id=request.case_id, to="INPROGRESS")
    shop.mock.event("confirm_state", case_id=request.case_id, to="PARTIAL")
    shop.sync("confirmation_requests")
    done = shop.again(request)
    assert done.status.is_ == "partly_won" and done.outcome is not None and done.outcome.recovered is not None
    assert 0 < done.outcome.recovered.value < request.amount.value
    assert done.decision is not None and done.decision.text


def test_a_request_still_only_received_is_taken_back(shop: Shop) -> None:
    shop.mock.event("return_new", state="CHECKING")
    shop.sync("confirmation_requests")
    case = shop.case("confirmation_requests", "cancel_escalation")
    report = shop.draft(case, "cancel_escalation", {"reason": "자료를 보완하기 위하여 요청을 철회합니다."})
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert one["path"].endswith(f"/{case.case_id}/withdraw") and one["accepted"]
    shop.sync("confirmation_requests")
    assert shop.again(case).status.is_ == "withdrawn"


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("reply", {"answer": "확인 결과 정상 입고되어 환불 처리하였습니다."}),
        ("accept", {}),
        pytest.param("accept", {"note": "확인하였습니다."}, marks=pytest.mark.long),
    ],
)
def test_an_inquiry_is_answered_or_confirmed_once(shop: Shop, action: Any, values: dict[str, str]) -> None:
    case = shop.made("inquiries", "inquiry_new", state="NO_ANSWER" if action == "reply" else "TRANSFER")
    assert case.actions == (action,)
    result = shop.send(case, shop.draft(case, action, values))
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert case.case_id in one["path"] and one["accepted"]
    shop.sync("inquiries")
    assert (shop.again(case).status.is_, shop.again(case).actions) == ("closed", ())


def test_a_request_whose_answer_was_lost_is_found_by_reading(shop: Shop) -> None:
    from flows.reconcile import reconcile

    case = arrived(shop)
    shop.mock.fault("drop_after", ".*/confirm-requests", method="POST")
    result = shop.send(case, shop.draft(case, "appeal", answers(case), *evidence(shop)))
    assert result.outcome == "unknown", result.public()
    (settled,) = [r for r in shop.run(reconcile(shop.ctx, (shop.account,))).results if r.ref == case.key.ref]
    assert settled.outcome == "confirmed"
    assert len([one for one in shop.writes() if one["path"].endswith("/confirm-requests")]) == 1


def test_a_rehearsal_uploads_nothing(shop: Shop) -> None:
    from flows.approve import approve
    from flows.submit import submit

    case = arrived(shop)
    report = shop.draft(case, "appeal", answers(case), *evidence(shop))
    assert report.packet is not None
    approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    (result,) = shop.run(submit(shop.ctx, (case.key.ref,), dry_run=True)).results
    assert result.outcome == "rehearsed", result.public()
    assert shop.writes() == []
