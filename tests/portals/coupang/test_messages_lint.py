"""What the Message Center would count as no answer is known before a browser opens (CM4–CM8)."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import UsageFault
from agent.records import Case
from tests.portals.coupang.answers import text_for
from tests.portals.coupang.conftest import Shop


@pytest.fixture
def shop(told: Shop) -> Shop:
    """The operator, who knows every case; no browser is opened."""
    return told


def _codes(shop: Shop, case: Case, text: str, *files: Any) -> set[str]:
    return set(shop.found(case, "reply", {"answer": text}, *files))


def test_an_answer_needs_evidence(shop: Shop) -> None:
    case = shop.case("messages", "reply", reason="stock")
    assert _codes(shop, case, text_for(case)) == {"CM5.too_few"}  # ERR-MSG-030


def test_evidence_shown_on_another_message_of_the_order_is_known_too(shop: Shop) -> None:
    from agent.evidence.answers import Earlier
    from flows.earlier import earlier

    case = next(one for one in shop.cases("messages") if one.order_id and any(m.attachments for m in one.messages))
    other = case.model_copy(update={"case_id": "1", "messages": ()})
    found = earlier(shop.ctx, other)
    assert any(isinstance(one, Earlier) and one.files for one in found)


def test_machine_korean_is_held_back_until_a_person_lets_it_stand(shop: Shop) -> None:
    """CM8: the glossary."""
    case = shop.case("messages", "reply", reason="cancellation")
    text = "안녕하세요. 납품 지연으로 취소 처리되었습니다. 불편을 드려 죄송합니다."
    report = shop.draft(case, "reply", {"answer": text}, shop.file())
    (one,) = report.blocked
    assert one.code == "CM8.term" and "배송 지연" in str(one.words) and one.overridable


def test_every_kind_of_message_has_a_playbook_that_fits_its_form(shop: Shop) -> None:
    from agent.evidence import load_playbooks, playbook_for
    from agent.policy import load_policy

    package = shop.ctx.portal("coupang").folder
    rule = load_policy(package).action("messages", "reply")
    assert rule is not None and rule.files is not None
    for case in shop.cases("messages"):
        if "reply" in case.actions:
            book = playbook_for(case, load_playbooks(package))
            assert book is not None and set(book.values) <= set(rule.fields)
            assert {want.kind for want in book.evidence} <= set(rule.files.kinds)
            text = book.note("ko")
            for name in book.placeholders("ko"):
                text = text.replace(f"{{{name}}}", "2026-03-12")
            assert _codes(shop, case, text, shop.file()) == set()


def test_a_draft_of_an_unknown_field_is_refused(shop: Shop) -> None:
    case = shop.case("messages", "reply", reason="return_dispute")
    with pytest.raises(UsageFault):
        shop.draft(case, "appeal", {"note": "…"})
