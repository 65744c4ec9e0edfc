"""A confirmation request is the only objection there is to a return: it goes once, whole, with its video (CP4–CP7)."""

from __future__ import annotations

from typing import Any

import pytest

from agent.evidence.finding import Finding
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


@pytest.mark.parametrize("mode", ["fetch", "form"])  # the last is what the others here meet
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
        ("accept", {"note": "확인하였습니다."}),
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


# -- lint ------------------------------------------------------------------------------------------------------------


def _found(shop: Shop, case: Case, values: dict[str, str], *files: Any) -> dict[str, Finding]:
    return shop.found(case, "appeal", values, *files)


def test_every_refusal_of_the_portal_is_found_by_lint(shop: Shop) -> None:
    case, other = arrived(shop, price=120000), arrived(shop, price=20000)
    photo, video = evidence(shop)
    item = other.items[0]
    bare = {"detail": DETAIL}
    goods = bare | {"item_condition": "yes"}
    block = {f"problem@{item.id}": "damage", f"quantity@{item.id}": "1"}
    assert set(_found(shop, case, answers(case), photo)) == {"CP5.video_needed"}  # ERR-CF-039
    assert _found(shop, case, answers(case), photo, video) == {}
    assert _found(shop, other, answers(other), photo) == {}
    assert set(_found(shop, other, bare, photo)) == {"CP6.kind"}  # 020
    assert set(_found(shop, other, bare | {"shipping_fee": "yes"}, photo)) == {"CP6.fee"}  # 021
    over = {"shipping_fee": "yes", "amount": "10001"}
    assert set(_found(shop, other, bare | over, photo)) == {"CP6.over"}  # 022
    assert set(_found(shop, other, goods | block | {"amount": "2500"}, photo)) == {"CP6.fee"}  # 024
    assert "CP6.no_item" in _found(shop, other, bare | block | {"shipping_fee": "yes", "amount": "1"}, photo)  # 025
    assert set(_found(shop, other, goods, photo)) == {"CP6.no_item"}  # 026
    assert set(_found(shop, other, goods | {f"quantity@{item.id}": "1"}, photo)) == {"CP6.problem"}  # 027
    for wrong in ("0", str(item.quantity + 1), "1.5", ""):
        found = _found(shop, other, goods | block | {f"quantity@{item.id}": wrong}, photo)
        assert "CP6.quantity" in found, wrong  # 028
    assert "CP6.missing" in _found(shop, other, goods | block | {"detail": ""}, photo)  # 040
    assert "CP6.length" in _found(shop, other, goods | block | {"detail": "가" * 501}, photo)  # 041
    pdf = shop.file("DamagePhoto", "p.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF")
    assert "CP6.type" in _found(shop, other, goods | block, pdf)  # 033
    huge = [shop.file("OpeningVideo", f"{n}.mp4", MP4 + bytes([n]) * 11_000_000) for n in range(3)]
    assert set(_found(shop, other, goods | block, *huge)) == {"CP6.total"}  # 032
    assert _found(shop, other, goods | block | {"problem@1": "damage"}, photo).keys() == {"form.unknown_field"}
    assert shop.writes() == []


def test_a_request_without_a_file_is_held_back(shop: Shop) -> None:
    case = arrived(shop)
    assert "CP6.too_few" in _found(shop, case, answers(case))  # ERR-CF-030


def test_what_the_other_forms_refuse_is_found_by_lint_too(shop: Shop) -> None:
    shop.mock.event("return_new", state="CHECKING")
    shop.sync("confirmation_requests")
    request = shop.case("confirmation_requests", "cancel_escalation")
    inquiry = shop.made("inquiries", "inquiry_new", state="NO_ANSWER")
    check = shop.made("inquiries", "inquiry_new", state="TRANSFER")
    for case, action, key in ((request, "cancel_escalation", "reason"), (inquiry, "reply", "answer")):
        rule = "CP6" if key == "reason" else "CM9"
        for text, code in (
            ("", "missing"),
            ("짧음", "short"),
            ("가" * 1001, "length"),
            ("我们已经处理了这个问题。", "language"),
        ):
            assert f"{rule}.{code}" in shop.found(case, action, {key: text}), (action, code)  # type: ignore[arg-type]
        assert "form.no_files" in shop.found(case, action, {key: DETAIL}, shop.file())  # type: ignore[arg-type]
    assert "CM9.length" in shop.found(check, "accept", {"note": "가" * 1001})
    assert shop.writes() == []
