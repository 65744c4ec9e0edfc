"""Pure readers of the Help Center's tickets (CP16)."""

from __future__ import annotations

from agent.portal import Listed, Listing, Sent
from agent.reading.seen import Seen
from agent.records import Case, Reason, SeenRef, Status
from agent.words import say
from portals.coupang.read_messages import read_thread
from portals.coupang.shown import instant
from portals.coupang.wuic import bare_order, right_page

CHANNEL = "tickets"
_COLUMNS = {
    "number": "tickets.number",
    "category": "tickets.category",
    "order": "inbox.order",
    "state": "tickets.state",
    "opened": "tickets.opened",
    "changed": "tickets.changed",
}
_STEADY = ("category", "order", "state", "opened", "changed")


def read_listing(seen: Seen, number: int) -> Listing:
    """One page of the ticket list."""
    right_page(seen, "tickets.heading", number)
    total = seen.count("tickets.total")
    listed = []
    for row in seen.rows(_COLUMNS, required=tuple(_COLUMNS)):
        address = row["number"].href
        if address is None:
            raise seen.drift("tickets.number", say("no link leads to the ticket"))
        listed.append(
            Listed(
                case_id=row["number"].text,
                url=address,
                facts={name: row[name].text for name in _STEADY},
                status_is=row["state"].word("ticket_state"),
            )
        )
    if not listed and total and number == 1:
        raise seen.mismatch("tickets.total", say("{count} rows on page {number}", count=0, number=number), total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def read_case(seen: Seen) -> Case:
    """One ticket with its exchange."""
    info = seen.section("tickets.info.heading")
    state, category, order = (info.labelled(key) for key in ("tickets.state", "tickets.category", "inbox.order"))
    meaning, can_reply = state.word("ticket_state"), info.offers("tickets.reply")
    if can_reply != (meaning == "action_needed"):
        raise seen.mismatch("tickets.state", state.text, "추가 답변" if can_reply else say("its button is not there"))
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("tickets.number").text,
        order_id="" if order.empty else bare_order(order.text),
        url=seen.page.url.split("#")[0],
        status=Status(shown=state.text, is_=meaning),  # type: ignore[arg-type]
        reason=Reason(shown=category.text, is_="other"),
        details={"category": category.word("ticket_category"), "about": info.labelled("tickets.about").text},
        opened_at=instant(info.labelled("tickets.opened")),
        actions=("reply",) if can_reply else (),
        messages=read_thread(seen, {}, "tickets.thread.heading"),
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def read_replies(seen: Seen) -> tuple[Sent, ...]:
    """The seller's replies that the portal lists on the ticket."""
    part = seen.maybe_section("inbox.answers.heading")
    if part is None:
        return ()
    rows = part.rows({"number": "tickets.answer.number", "at": "tickets.answer.at"})
    return tuple(Sent(number=row["number"].text, at=instant(row["at"]), what="") for row in rows)
