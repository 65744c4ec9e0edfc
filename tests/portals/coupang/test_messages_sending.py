"""An answer that is not sent, sent twice or sent otherwise than approved costs the case; so does one the portal counts
as none (CM4–CM9, CP16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.errors import LintBlocked
from agent.records import Case
from fixtures.kernel.serving import Served
from flows.context import Context
from tests.conftest import Run
from tests.portals.coupang.answers import answer, text_for
from tests.portals.coupang.conftest import Shop

pytestmark = pytest.mark.sends


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


def _codes(shop: Shop, case: Case, text: str, *files: Any) -> set[str]:
    return set(shop.found(case, "reply", {"answer": text}, *files))


@pytest.mark.parametrize("mode", ["fetch", "xhr", "form"])  # the last is what the others here meet
def test_an_answer_arrives_once_as_it_was_approved(shop: Shop, mode: str) -> None:
    shop.mock.event("mode", submit_mode=mode)
    case = shop.made("messages", "message_new", kind="return_dispute")
    text = text_for(case) + "\n확인 부탁드립니다."
    files = shop.file("ReturnRecord"), shop.file("ReturnRecord", "second.png", format_="PNG")
    report = shop.draft(case, "reply", {"answer": text}, *files)
    assert report.packet is not None, [(one.code, str(one.words)) for one in report.blocked]
    names = [file.upload_name for file in report.packet.files]
    assert names == [f"{case.order_id}_ReturnRecord.jpg", f"{case.order_id}_ReturnRecord2.png"]
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert (one["path"], one["accepted"], one["fields"]["messageId"]) == ("/messages/reply", True, [case.case_id])
    assert one["fields"]["answer"][0].replace("\r\n", "\n") == text
    assert [(f["name"], f["sha256"]) for f in one["files"]] == [(f.upload_name, f.sha256) for f in report.packet.files]
    assert result.receipt is not None and result.receipt["number"].startswith("RP")
    shop.sync("messages")
    now = shop.again(case)
    assert (now.status.is_, now.actions) == ("in_review", ())
    assert [file.sha256 for file in now.messages[-1].attachments] == [f.sha256 for f in report.packet.files]


def test_an_alert_about_no_order_is_answered_too(shop: Shop) -> None:
    case = shop.made("messages", "message_new", kind="listing_alert")
    assert case.order_id == ""
    result = shop.send(case, shop.draft(case, "reply", {"answer": text_for(case)}, shop.file("Certificate")))
    assert result.outcome == "confirmed", result.public()
    assert len(shop.writes()) == 1


def test_after_the_window_a_ticket_goes_its_own_way(shop: Shop) -> None:
    case = shop.made("messages", "message_new", kind="delivery_question", state="expired")
    assert case.actions == ("open_ticket",)
    content = "메시지 답변 기한이 지나 아래와 같이 접수드립니다. 확인 부탁드립니다."
    report = shop.draft(case, "open_ticket", {"category": "message_late", "content": content})
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert (one["path"], one["fields"]["category"], one["fields"]["about"]) == (
        "/help/tickets/new", ["MESSAGE_LATE"], [case.case_id],
    )  # fmt: skip
    shop.sync("tickets")
    assert result.receipt is not None
    ticket = shop.known("tickets", result.receipt["number"])
    assert (ticket.order_id, ticket.details["about"]) == (case.order_id, case.case_id)
    assert shop.again(case).status.is_ == "expired", "a ticket does not count as an answer (CM11)"
    with pytest.raises(LintBlocked):
        shop.draft(case, "reply", {"answer": text_for(case)}, shop.file())


def test_an_appeal_is_followed_up_by_a_ticket_and_stays_as_it_was(shop: Shop) -> None:
    """CP16: the ticket names the dispute; the dispute itself is not moved by it."""
    case = shop.case("refund_disputes", "open_ticket")
    values, files = answer(shop, case, "open_ticket")
    result = shop.send(case, shop.draft(case, "open_ticket", values, *files))
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert (one["path"], one["fields"]["category"], one["fields"]["about"]) == (
        "/help/tickets/new", ["DISPUTE_FOLLOW_UP"], [case.case_id],
    )  # fmt: skip
    shop.sync("tickets")
    assert result.receipt is not None
    ticket = shop.known("tickets", result.receipt["number"])
    assert (ticket.details["about"], ticket.details["category"]) == (case.case_id, "dispute_follow_up")
    assert shop.again(case).status == case.status


def test_a_ticket_that_asks_is_answered(shop: Shop) -> None:
    case = shop.made("tickets", "ticket_new", state="asked")
    result = shop.send(case, shop.draft(case, "reply", {"content": "주문번호와 접수번호를 다시 알려드립니다."}))
    assert result.outcome == "confirmed", result.public()
    assert [one["path"] for one in shop.writes()] == [f"/help/tickets/{case.case_id}/reply"]
    shop.sync("tickets")
    assert shop.again(case).status.is_ == "in_review"


def test_an_answer_whose_reply_was_lost_is_found_by_reading(shop: Shop) -> None:
    from flows.reconcile import reconcile

    case = shop.made("messages", "message_new", kind="cancel_complaint")
    shop.mock.fault("drop_after", "/messages/reply", method="POST")
    result = shop.send(case, shop.draft(case, "reply", {"answer": text_for(case)}, shop.file()))
    assert result.outcome == "unknown", result.public()
    (settled,) = [r for r in shop.run(reconcile(shop.ctx, (shop.account,))).results if r.ref == case.key.ref]
    assert settled.outcome == "confirmed" and settled.receipt["number"].startswith("RP")
    assert len(shop.writes()) == 1


@pytest.mark.parametrize("kind", ["double_submit", "second_submit"])
def test_a_page_that_would_send_twice_sends_once(shop: Shop, kind: str) -> None:
    case = shop.made("messages", "message_new", kind="cancel_complaint")
    shop.mock.fault(kind, "/messages/reply", method="GET")
    result = shop.send(case, shop.draft(case, "reply", {"answer": text_for(case)}, shop.file()))
    accepted = [one for one in shop.writes() if one["accepted"]]
    assert len(accepted) == len(shop.writes()) <= 1, result.public()


def test_repeating_what_was_shown_counts_as_no_answer(shop: Shop) -> None:
    """CM7: the same text or picture, from the thread or from what we sent."""
    case = shop.made("messages", "message_new", kind="return_dispute")
    text, file = text_for(case), shop.file("ReturnRecord")
    assert shop.send(case, shop.draft(case, "reply", {"answer": text}, file)).outcome == "confirmed"
    shop.mock.event("message_judge", case_id=case.case_id, result="redo")
    shop.sync("messages")
    case = shop.again(case)
    assert case.actions == ("reply",)
    assert _codes(shop, case, text.replace(" ", "  "), file) == {"CM7.text_again", "CM7.file_again"}
    fresh = shop.file("ReturnRecord", "fresh.jpg", size=(1300, 1700))
    assert (
        shop.send(case, shop.draft(case, "reply", {"answer": text + " 추가 자료입니다."}, fresh)).outcome == "confirmed"
    )


@pytest.mark.mock(cases=1, options={"others": "0", "messages": "2"})
@pytest.mark.account(channels=["messages"])
def test_the_portal_refuses_what_an_operator_forces_past_us(
    signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path
) -> None:
    """The rules stand at the mock too: an answer that lint let through by a wrong rule is refused there, once."""
    shop = Shop(signed_in, mock, run, tmp_path / "evidence")
    own = shop.ctx.home.own_policy("coupang")
    own.parent.mkdir(parents=True)
    own.write_text("[channels.messages.actions.reply.files]\nmin_width = 100\nmin_height = 100\n", encoding="utf-8")
    case = shop.case("messages", "reply", reason="return_dispute")
    report = shop.draft(case, "reply", {"answer": text_for(case)}, shop.file("ReturnRecord", "s.jpg", size=(900, 900)))
    result = shop.send(case, report)
    assert result.outcome == "refused" and "ERR-MSG-038" in str(result.said)
    assert [one["accepted"] for one in shop.writes()] == [False]
