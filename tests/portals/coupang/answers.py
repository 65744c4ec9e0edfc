"""A fit answer for every action of Coupang: what lint takes and the mock accepts."""

from __future__ import annotations

from agent.records import Action, Case
from tests.portals.answering import Answer, Desk

SIZE = (1240, 1650)
"""Pixels that the Message Center takes (CM5)."""
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 4000
NOTE = "안녕하세요. 운송사 조회 결과 배송 완료로 확인됩니다. 첨부 자료를 확인 부탁드립니다."
DETAIL = "입고된 상품에서 파손이 확인되었습니다.\n운송장부터 개봉까지의 영상과 사진을 첨부하오니 확인 부탁드립니다."
REPLIES = {
    "cancellation": "안녕하세요. 해당 주문은 취소 처리되었으며 결제 금액은 환불될 예정입니다.",
    "return_dispute": "안녕하세요. 반품 상품은 수령 확인되었으며 서명 자료를 첨부합니다.",
    "damaged": "안녕하세요. 출고 전 검수에서 파손 없음이 확인되었습니다.",
    "late": "안녕하세요. 배송 지연으로 불편을 드려 죄송합니다. 조회 화면을 첨부합니다.",
    "policy": "안녕하세요. 인증서를 첨부하오니 확인 부탁드립니다.",
    "stock": "안녕하세요. 다음 주에 추가 입고 예정이며 계획을 첨부합니다.",
}
"""By the reason of a message, with the phrases that the portal looks for (CM6)."""


def text_for(case: Case) -> str:
    """A fit text for the answer to a message."""
    assert case.reason is not None
    return REPLIES[case.reason.is_]


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """Values and files for one action."""
    name = f"{case.case_id}.jpg"
    match case.channel, action:
        case "refund_disputes", "appeal":
            return {"appeal_type": "delivery_proof", "note": NOTE}, (desk.file("DeliveryProof", name),)
        case "refund_disputes", "open_ticket":
            return {"category": "dispute_follow_up", "content": "이의 제기 결과를 문의드립니다. 확인 부탁드립니다."}, ()
        case "messages", "reply":
            return {"answer": text_for(case)}, (desk.file("ReturnRecord", name, size=SIZE),)
        case "messages", "open_ticket":
            content = "메시지 답변 기한이 지나 아래와 같이 접수드립니다. 확인 부탁드립니다."
            return {"category": "message_late", "content": content}, ()
        case "tickets", "reply":
            return {"content": "주문번호와 접수번호를 다시 알려드립니다."}, ()
        case "returns", "appeal":
            values = {"shipping_fee": "yes", "amount": "2500", "item_condition": "yes", "detail": DETAIL}
            for item in case.items:
                values |= {f"problem@{item.id}": "damage", f"quantity@{item.id}": "1"}
            film = desk.file("OpeningVideo", f"{case.case_id}.mp4", MP4)
            return values, (desk.file("DamagePhoto", name), film)
        case "confirmation_requests", "cancel_escalation":
            return {"reason": "자료를 보완하기 위하여 요청을 철회합니다."}, ()
        case "inquiries", "reply":
            return {"answer": "확인 결과 정상 입고되어 환불 처리하였습니다."}, ()
        case "inquiries", "accept":
            return {"note": "확인하였습니다."}, ()
    raise LookupError(f"{case.channel} has no answer for {action}")
