"""A form of a day or a receipt that nobody thought of must not hide money that came, or an appeal that was taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.errors import PageDrift, WrongSubject
from agent.reading.labels import load_labels
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from flows.frozen import load
from portals.coupang import PORTAL
from portals.coupang.forms import FormPlace, PageForm
from portals.coupang.inquiries import _FORMS
from portals.coupang.messages import ANSWER
from portals.coupang.read import read_receipt
from portals.coupang.shown import day
from portals.coupang.tickets import NEW, REPLY
from portals.coupang.wing import REQUEST, WITHDRAW
from tests.evidence.made import a_case

LABELS = load_labels(PORTAL.name, PORTAL.folder)
PAGES = Path(__file__).parents[3] / "fixtures" / "pages" / "coupang"
NOON = datetime(2026, 3, 20, 3, tzinfo=UTC)


def seen(**facts: str) -> Seen:
    pairs = "".join(
        f"<dt>{LABELS.in_language(key.replace('__', '.'), 'ko')}</dt><dd>{text}</dd>" for key, text in facts.items()
    )
    page = SeenPage(
        portal="coupang",
        account="main",
        page="order",
        url="https://wing.coupang.com/",
        title="",
        language="ko",
        seen_at=NOON,
        server_at=NOON,
        zone="Asia/Seoul",
        html=f"<main><dl>{pairs}</dl></main>",
    )
    return Seen(page, LABELS)


@pytest.mark.parametrize(
    "text", ["2026-03-16", "2026.03.16", "2026. 3. 16.", "2026/03/16", "2026년 3월 16일", "2026-03-16 00:10"]
)
def test_the_day_of_a_settlement_is_read_in_every_form_of_a_korean_page(text: str) -> None:
    assert day(seen(dispute__settled_on=text).labelled("dispute.settled_on")) == date(2026, 3, 16)


@pytest.mark.parametrize("text", ["16", "03/16", "3/4/2026", "곧", "2026-02-30"])
def test_a_day_that_says_two_things_or_none_is_drift(text: str) -> None:
    with pytest.raises(PageDrift):
        day(seen(dispute__settled_on=text).labelled("dispute.settled_on"))


@pytest.mark.parametrize(
    ("number", "known"),
    [
        ("APL-20260316-000123", True),
        ("a1b2c3d4", True),
        ("R/2026.17", True),
        ("접수 완료", False),
        ("none", False),
        ("…", False),
    ],
)
def test_a_receipts_number_may_have_any_form_but_must_be_one(number: str, known: bool) -> None:
    page = seen(receipt__order="COO123456789", receipt__at="2026-03-16 10:00:00", receipt__number=number)
    if known:
        assert read_receipt(page, "COO123456789").number == number
    else:
        with pytest.raises(PageDrift):
            read_receipt(page, "COO123456789")


@pytest.mark.parametrize(
    "place", [NEW, REPLY, ANSWER, REQUEST, WITHDRAW, *_FORMS.values()], ids=lambda place: place.labels.page
)
def test_a_receipt_for_another_case_is_no_receipt(place: FormPlace) -> None:
    form = object.__new__(PageForm)
    form.place, form.case = place, a_case(case_id="12345678")

    def shown(case_id: str) -> Seen:
        keys = {place.subject: case_id, place.number: "R-20260316-77", place.at: "2026-03-16 10:00:00"}
        return seen(**{key.replace(".", "__"): text for key, text in keys.items()})

    with pytest.raises(PageDrift):
        form.read_receipt(shown("87654321"))
    if place.subject != place.number:
        assert form.read_receipt(shown("12345678")).number == "R-20260316-77"


def test_a_form_that_shows_another_case_is_not_filled_in() -> None:
    form = object.__new__(PageForm)
    form.prove("12345678", "12345678")
    with pytest.raises(WrongSubject, match="12345678 was asked for, the form shows 87654321"):
        form.prove("87654321", "12345678")


def test_a_dear_item_wants_a_video_also_where_the_page_does_not_mark_it() -> None:
    whole = load(PAGES / "return" / "closed-nothing")
    mark = "<span>동영상 필수</span>"
    assert whole.page.html.count(mark) == 1
    bare = replace(whole, page=whole.page.model_copy(update={"html": whole.page.html.replace(mark, "")}))
    assert "video_needed" in bare.read(PORTAL)["flags"]
