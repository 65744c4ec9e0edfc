"""What the Message Center would refuse, or count as no answer, is known before a browser opens (CM4–CM8)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from agent.errors import UsageFault
from agent.records import Case
from tests.evidence.made import pdf, picture
from tests.portals.coupang.answers import text_for
from tests.portals.coupang.conftest import Shop


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


def _codes(shop: Shop, case: Case, text: str, *files: Any) -> set[str]:
    return set(shop.found(case, "reply", {"answer": text}, *files))


def test_every_refusal_of_the_portal_is_found_by_lint(shop: Shop) -> None:
    case = shop.case("messages", "reply", reason="return_dispute")
    good, text = shop.file(), text_for(case)
    assert _codes(shop, case, text, good) == set()
    assert _codes(shop, case, "", good) == {"CM4.missing"}  # ERR-MSG-020
    assert "CM4.length" in _codes(shop, case, text + "가" * 1000, good)  # ERR-MSG-021
    assert "CM4.short" in _codes(shop, case, "수령 확인", good)  # ERR-MSG-025
    assert "CM4.language" in _codes(shop, case, text + " 我们已经收到退货。", good)  # ERR-MSG-022
    assert _codes(shop, case, "안녕하세요. 확인 후 안내드리겠습니다.", good) == {"CM6.phrase"}  # ERR-MSG-023
    assert _codes(shop, case, text, shop.file("ReturnRecord", "p.pdf", pdf())) == {"CM5.type"}  # ERR-MSG-033
    small = shop.file("ReturnRecord", "s.jpg", size=(1199, 1600))
    assert _codes(shop, case, text, small) == {"CM5.pixels"}  # ERR-MSG-038
    lying = shop.file("ReturnRecord", "wide.jpg", size=(1600, 1200))
    assert _codes(shop, case, text, lying) == {"CM5.pixels"}
    assert _codes(shop, case, text, shop.file("ReturnRecord", "e.jpg", b"")) >= {"CM5.empty"}  # ERR-MSG-036
    broken = picture(size=Shop.picture_size)[:2000]
    assert _codes(shop, case, text, shop.file("ReturnRecord", "b.jpg", broken)) >= {"CM5.damaged"}  # ERR-MSG-034
    many = [shop.file("ReturnRecord", f"m{n}.jpg") for n in range(6)]
    assert _codes(shop, case, text, *many) == {"CM5.count"}  # ERR-MSG-031
    heavy = shop.file("ReturnRecord", "h.png", _noise())
    assert _codes(shop, case, text, heavy) == {"CM5.size"}  # ERR-MSG-032
    assert shop.writes() == []


def _noise() -> bytes:
    """A valid PNG of more than 10 MB."""
    import random

    image = Image.frombytes("RGB", (1500, 2400), random.Random(1).randbytes(1500 * 2400 * 3))
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=0)
    return out.getvalue()


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
