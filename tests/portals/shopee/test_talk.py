"""A message that carries the portal's own reference as if the seller had typed it: it is found however it is dressed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.reading.labels import load_labels
from agent.reading.seen import Seen
from flows.frozen import load
from portals.shopee import PORTAL
from portals.shopee.read import read_sent

PAGES = Path(__file__).parents[3] / "fixtures" / "pages" / "shopee" / "return"
PLAIN = "<span>Ref.</span> <span>5932303539</span>"


@pytest.mark.parametrize(
    "dressed",
    [
        PLAIN,
        "<span>Ref.<span>*</span></span> <span>5932303539</span>",
        "<span>Ref. <button>?</button></span> <span>5932303539</span>",
        "<span>Ref.</span> <b>:</b> <span>5932303539<button><span>copy</span></button></span>",
    ],
)
def test_the_reference_of_a_sent_dispute_is_proof_and_no_word_of_its_text(dressed: str) -> None:
    one = load(PAGES / "in-review-disputing")
    assert one.page.html.count(PLAIN) == 1
    page = one.page.model_copy(update={"html": one.page.html.replace(PLAIN, dressed)})
    seen = Seen(page, load_labels(PORTAL.name, PORTAL.folder))
    (sent,) = read_sent(seen, "appeal")
    assert sent.number == "5932303539"
    case = PORTAL.channel(one.channel).read_subject(seen, {}, one.subject)
    assert [m.text for m in case.messages] == [m["text"] for m in one.expected["messages"]]
