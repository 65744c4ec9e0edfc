"""The eight playbooks (CP17): complete, in the portal's own limits, and never sent with a hole in them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from agent.errors import UsageFault
from agent.evidence import Playbook, fill_template, load_playbooks, playbook_for, portal_length, sufficient
from agent.evidence.playbooks import PLACEHOLDER, known_values
from agent.records import Reason, ReasonIs
from agent.sending.packet import DraftFile
from agent.words import speak, spoken
from tests.evidence.made import COUPANG, Desk, a_case, appeal_rule

BOOKS = tuple(book for book in load_playbooks(COUPANG) if "refund_disputes" in book.channels)
VALUES = {
    "ko": {
        "carrier": "CJ대한통운",
        "waybill": "123456789012",
        "delivered_on": "2026-05-01 14:20",
        "signer": "김*수",
        "spec": "검정색, USB-C 타입, 1개",
        "checked_on": "2026-04-28",
        "shipped_on": "2026-04-28 16:05",
        "entered_on": "2026-04-28 17:10",
        "tracking_status": "배송 완료 (2026-05-01 14:20)",
        "first_refund_on": "2026-05-01",
        "first_amount": "37,900원",
        "second_refund_on": "2026-05-03",
        "second_amount": "37,900원",
        "return_waybill": "987654321098",
        "returned_on": "2026-05-02",
        "condition": "포장 개봉, 충전 케이스 누락, 사용 흔적 있음",
        "message_on": "2026-05-01",
        "meant": "교환이 필요하신 경우 반품 후 새 상품으로 보내드린다는 안내",
        "happened_on": "2026-05-01 09:30",
        "shown": "주문 상태 변경 실패 (ERR-DS-012)",
    },
}
VALUES["en"] = VALUES["ko"] | {
    "carrier": "Korea Post",
    "signer": "Kim S.",
    "spec": "black, USB-C, one piece",
    "tracking_status": "delivered on 1 May, 14:20",
    "condition": "box opened, charging case missing, traces of use",
    "first_amount": "KRW 37,900",
    "second_amount": "KRW 37,900",
    "meant": "an exchange after the return, not a refund",
    "shown": "Order status could not be changed (ERR-DS-012)",
}
ITEM = {"ko": "무선 이어폰 블랙", "en": "Wireless earphones, black"}


def test_there_are_eight_and_they_fit_the_form() -> None:
    rule = appeal_rule()
    assert rule.files is not None
    assert len(BOOKS) == 8
    for book in BOOKS:
        assert book.values["appeal_type"] in rule.fields["appeal_type"].options
        assert set(book.notes) == {"ko", "en"} and any(want.required for want in book.evidence)
        assert {want.kind for want in book.evidence} <= set(rule.files.kinds)
    assert len({book.values["appeal_type"] for book in BOOKS}) == 8


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("not_received", "delivered_but_refused"),
        ("not_as_described", "not_as_described"),
        ("wrong_item", "not_as_described"),
        ("damaged", "not_as_described"),
        ("missing_parts", "not_as_described"),
        ("no_tracking", "auto_refund"),
        ("late", "auto_refund"),
        ("duplicate_refund", "duplicate_refund"),
        ("return_missing", "return_missing"),
        ("return_abuse", "return_abuse"),
        ("changed_mind", "return_abuse"),
        ("misunderstanding", "misunderstanding"),
        ("platform_fault", "platform_fault"),
        ("counterfeit", None),
        ("other", None),
    ],
)
def test_each_reason_has_its_playbook(reason: ReasonIs, key: str | None) -> None:
    book = playbook_for(a_case(reason=Reason(shown="…", is_=reason)), BOOKS)
    assert (book.key if book else None) == key


def test_no_reason_is_claimed_twice() -> None:
    reasons = [reason for book in BOOKS for reason in book.reasons]
    elsewhere = {"cancellation", "return_dispute", "policy", "stock", "question"}  # reasons of messages and inquiries
    known = set(get_args(ReasonIs)) - elsewhere
    assert len(reasons) == len(set(reasons)) and set(reasons) | {"counterfeit", "other"} == known
    assert playbook_for(a_case(reason=None), BOOKS) is None


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.key)
def test_a_filled_note_is_clean_and_fits(desk: Desk, book: Playbook, language: str) -> None:
    case = a_case()
    text, missing = fill_template(book.note(language), case, VALUES[language] | {"item": ITEM[language]})
    assert missing == () and not PLACEHOLDER.search(text) and portal_length(text) <= 500
    assert [f for f in desk.note(text, case).values() if f.level != "note"] == []


def test_a_hole_stays_visible_and_blocks(desk: Desk) -> None:
    case = a_case()
    text, missing = fill_template(BOOKS[0].note("ko"), case, {"carrier": "CJ", "waybill": " "})
    assert missing == ("waybill", "delivered_on", "signer") and "{waybill}" in text and "COO123456789" in text
    found = desk.note(text, case)["CP6.placeholder"]
    assert found.level == "block" and not found.overridable and "{waybill}" in str(found.words)


def test_a_brace_in_a_value_pulls_nothing_in() -> None:
    text, missing = fill_template("{item}: {carrier}", a_case(), {"item": "{carrier}", "carrier": "CJ"})
    assert (text, missing) == ("{carrier}: CJ", ())


def test_what_the_case_knows_is_filled_in() -> None:
    assert known_values(a_case()) == {
        "order_id": "COO123456789",
        "case_id": "COO123456789",
        "item": "무선 이어폰",
        "quantity": "1",
        "amount": "37,900 KRW",
    }
    assert "item" not in known_values(a_case(items=(), amount=None))


def test_sufficient_counts_required_kinds_only() -> None:
    book = BOOKS[0]
    enough, missing = sufficient(book, [DraftFile(kind="DeliveryProof", path="/a")])
    assert not enough and [want.kind for want in missing] == ["ShipmentPhoto"]
    assert sufficient(book, [DraftFile(kind=k, path="/a") for k in ("DeliveryProof", "ShipmentPhoto")]) == (True, ())


def test_the_texts_follow_the_language() -> None:
    before = spoken()
    try:
        speak("zh-CN")
        assert str(BOOKS[0].title.words) == BOOKS[0].title.zh
        speak("en")
        assert str(BOOKS[0].title.words) == BOOKS[0].title.en
    finally:
        speak(before)


def test_the_operator_s_file_is_merged_over(tmp_path: Path) -> None:
    own = tmp_path / "playbooks.toml"
    own.write_text('[playbook.auto_refund.notes]\nko = "새 문구"\n', encoding="utf-8")
    book = next(b for b in load_playbooks(COUPANG, own) if b.key == "auto_refund")
    assert book.note("ko") == "새 문구" and book.note("en").startswith("Hello")
    with pytest.raises(UsageFault):
        book.note("ru")
    own.write_text("[playbook.auto_refund]\ncolour = 1\n", encoding="utf-8")
    with pytest.raises(UsageFault, match="colour"):
        load_playbooks(COUPANG, own)
    assert load_playbooks(COUPANG.parent / "no-such-portal") == ()
