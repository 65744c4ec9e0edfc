"""Words that bring a warning (CP10) are found in every form; plain facts pass."""

from __future__ import annotations

import unicodedata

import pytest

from agent.evidence import ToneList, load_tone
from agent.evidence.tone import harmful
from tests.evidence.made import COUPANG, TONE


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("고객이 거짓말을 하고 있습니다.", "buyer"),
        ("고객이 거짓말했어요", "buyer"),
        ("저희를 속입니다.", "buyer"),
        ("저희를 속였습니다", "buyer"),
        ("구매자는 사기꾼입니다", "buyer"),
        ("이것은 사기입니다", "buyer"),
        ("블랙컨슈머로 보입니다", "buyer"),
        ("이 고객은 진상이에요", "buyer"),
        ("이건 구매자의 잘못입니다", "buyer"),
        ("악의적인 반품입니다", "buyer"),
        ("상품을 훔쳤습니다", "buyer"),
        ("쿠팡의 잘못입니다", "platform"),
        ("귀사의 시스템 과실입니다", "platform"),
        ("부당한 결정", "platform"),
        ("부당합니다", "platform"),
        ("이 결정은 불공정합니다", "platform"),
        ("정말 황당하네요", "platform"),
        ("말도안되는 결정", "platform"),
        ("법적 조치를 취하겠습니다", "threat"),
        ("언론에 알리겠습니다", "threat"),
        ("신고하겠습니다", "threat"),
        ("The buyer is a LIAR.", "buyer"),
        ("He lies", "buyer"),
        ("she is lying", "buyer"),
        ("this is fraudulent", "buyer"),
        ("a scammer", "buyer"),
        ("customer is\u200b cheat\u200bing us", "buyer"),
        ("it’s the buyer's fault", "buyer"),
        ("ｆｒａｕｄ", "buyer"),
        ("bad-faith return", "buyer"),
        ("Coupang’s decision is wrong", "platform"),
        ("This is unfairly decided", "platform"),
        ("your mistake", "platform"),
        ("We will take legal action", "threat"),
        ("we will sue", "threat"),
    ],
)
def test_blame_is_found_in_every_form(text: str, target: str) -> None:
    for form in ("NFC", "NFD"):
        assert [f.target for f in harmful(unicodedata.normalize(form, text), TONE)][:1] == [target]
    assert harmful(text, ToneList()) == []


@pytest.mark.parametrize(
    "text",
    [
        "The parcel was delivered on 1 May and signed for.",
        "A client believed the tracking page; the supplier applied tape.",
        "The issue persists: the believer, a clientele, earlier lieutenants.",
        "Suede shoes, size 240.",
        "복사기 상품입니다.",
        "구매자가 물건을 사기 전에 문의하였습니다.",
        "비용이 발생하였습니다. 시스템 오류 코드 ERR-DS-012가 표시되었습니다.",
        "고객 문의에 답변드렸습니다.",
        "Coupang error code ERR-DS-012 was shown.",
        "도착 예정일",
        "배송 완료 후 고객님께 안내드렸습니다.",
        "Coupang confirmed it. Our own label was wrong.",
    ],
)
def test_plain_facts_pass(text: str) -> None:
    assert harmful(text, TONE) == []


def test_what_was_found_is_shown_as_it_stands() -> None:
    assert [f.text for f in harmful("저희를 속였습니다. 정말 부당합니다.", TONE)] == ["부당합니다", "속였습니다"]


def test_a_portal_without_lists_has_none() -> None:
    assert load_tone(COUPANG.parent / "no-such-portal") == ToneList()
