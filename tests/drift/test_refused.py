"""Half of what was ruled, or the neighbouring column: what looks like a value and is none is refused, never kept."""

from __future__ import annotations

import pytest

from agent.errors import Mismatch, PageDrift
from agent.reading.cut import noted
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from flows.contract import hold_case
from flows.frozen import load
from flows.visit import labels_of
from tests.drift.conftest import PAGES, Offline

LOST = "order/lost-with-messages"


def held(offline: Offline, page: SeenPage) -> PageDrift | None:
    """How the page is refused, with the file that was fetched with it."""
    labels = labels_of(offline.ctx, offline.portal)
    error = hold_case(offline.portal.channels[0], page, page.subject or "", labels, offline.files(page)).error
    assert error is None or isinstance(error, PageDrift)
    return error


def ruled(offline: Offline) -> str:
    """The decision's text on the frozen page."""
    text = load(PAGES / "coupang" / LOST).expected["decision"]["text"]
    assert isinstance(text, str)
    return text


def test_the_page_and_its_file_are_read(offline: Offline) -> None:
    assert held(offline, offline.page(LOST)) is None


@pytest.mark.parametrize("sign", ["…", "...", '<button type="button">더보기</button>', "… 더 보기"])
def test_a_decision_of_which_the_page_shows_the_beginning_is_refused(offline: Offline, sign: str) -> None:
    text = ruled(offline)
    page = offline.page(LOST)
    cut = page.model_copy(update={"html": page.html.replace(text, text[:12] + sign)})
    for one in (cut, cut.model_copy(update={"files": ()})):
        error = held(offline, one)
        assert error is not None
        assert error.field == "dispute.text"


def test_a_decision_cut_without_a_sign_is_told_by_its_file(offline: Offline) -> None:
    text = ruled(offline)
    page = offline.page(LOST)
    for less in (text[:-9], text[10:], "-"):
        error = held(offline, page.model_copy(update={"html": page.html.replace(f">{text}<", f">{less}<")}))
        assert isinstance(error, Mismatch), less
        assert error.field == "dispute.document"


def test_a_column_of_boxes_to_tick_is_no_value(offline: Offline) -> None:
    frozen = load(PAGES / "coupang" / "orders" / "disputed")
    channel = offline.portal.channels[0]
    labels = labels_of(offline.ctx, offline.portal)
    listing = channel.read_listing(Seen(frozen.page, labels), "disputed", 1)
    changed = {row.facts["changed_at"] for row in listing.rows}
    html = frozen.page.html
    for text in changed:
        html = html.replace(f"<td>{text}</td>", '<td><input type="checkbox" value="on"></td>')
    assert html != frozen.page.html
    with pytest.raises(PageDrift):
        channel.read_listing(Seen(frozen.page.model_copy(update={"html": html}), labels), "disputed", 1)


@pytest.mark.parametrize("text", ["{{message}}", "[object Object]", "undefined", "불러오는 중..."])
def test_what_a_script_has_still_to_fill_in_is_no_message(offline: Offline, text: str) -> None:
    page = offline.page(LOST)
    said = load(PAGES / "coupang" / LOST).expected["messages"][0]["text"]
    assert said in page.html
    assert held(offline, page.model_copy(update={"html": page.html.replace(said, text)})) is not None
    case = load(PAGES / "coupang" / LOST).page
    labels = labels_of(offline.ctx, offline.portal)
    whole = hold_case(offline.portal.channels[0], case, case.subject or "", labels).case
    assert whole is not None
    first = whole.messages[0].model_copy(update={"text": text})
    with pytest.raises(PageDrift):  # whatever reader let it pass
        noted(whole.model_copy(update={"messages": (first, *whole.messages[1:])}), Seen(case, labels))


def test_an_id_cut_short_is_none_and_a_message_cut_short_is_said_to_be(offline: Offline) -> None:
    page = load(PAGES / "coupang" / LOST).page
    seen = Seen(page, labels_of(offline.ctx, offline.portal))
    case = hold_case(offline.portal.channels[0], page, page.subject or "", seen.labels).case
    assert case is not None
    first = case.messages[0].model_copy(update={"text": "안녕하세요 …"})
    told = noted(case.model_copy(update={"messages": (first, *case.messages[1:])}), seen)
    assert told.missing.keys() - case.missing.keys() == {"messages.0.text"}
    item = case.items[0].model_copy(update={"id": "345295…"})
    with pytest.raises(PageDrift):
        noted(case.model_copy(update={"items": (item, *case.items[1:])}), seen)
