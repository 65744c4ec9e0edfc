"""A page that Wish words in its own way is refused with a sentence, or read: a traceback tells a seller nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.errors import PageDrift
from agent.reading.labels import load_labels
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from portals.wish import PORTAL
from portals.wish.read_refunds import read_decision
from portals.wish.read_tickets import read_deadlines

LABELS = load_labels(PORTAL.name, PORTAL.folder)


def seen(html: str) -> Seen:
    page = SeenPage(
        portal="wish",
        account="main",
        page="order",
        url="https://merchant.wish.com/",
        title="",
        language="en",
        seen_at=datetime(2026, 3, 2, tzinfo=UTC),
        server_at=datetime(2026, 3, 2, tzinfo=UTC),
        zone="UTC",
        html=html,
    )
    return Seen(page, LABELS)


def say(key: str) -> str:
    return LABELS.in_language(key, "en")


def test_what_was_deducted_may_stand_in_one_text_with_its_label() -> None:
    facts = "".join(
        f"<p>{say(key)}: {value}</p>"
        for key, value in (
            ("refund.responsible", say("words.party.seller")),
            ("refund.deducted", "$12.50"),
            ("refund.why", "Never delivered"),
        )
    )
    decision = read_decision(seen(f"<main><section><h2>{say('refund.heading')}</h2>{facts}</section></main>"))
    assert decision is not None
    assert [(one.label, str(one.amount.value)) for one in decision.deductions] == [(say("refund.deducted"), "12.50")]


def test_a_ticket_that_wants_an_answer_and_has_no_conversation_is_drift() -> None:
    with pytest.raises(PageDrift, match="nobody has asked"):
        read_deadlines(seen(f"<main><h2>{say('ticket.heading')}</h2></main>"), [])
