"""Pure readers of support requests in the messenger: topic, status, thread, lock."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference, norm
from agent.reading.seen import Entry, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Action, Case, Message, Reason, SeenRef, Status
from agent.words import say
from portals.ozon.values import by_rule, deadline, instant, message, prove_tab

CHANNEL = "tickets"
_NUMBER = re.compile(r"№\s*(\d{6,12})")


def number_in(text: str) -> str:
    """`№12345678`: the digits."""
    match = _NUMBER.search(text)
    if match is None:
        raise Unreadable(text, "the number of a request (№12345678)")
    return match[1]


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The lines that one window of the messenger's list shows: number, subtopic, status, last message."""
    prove_tab(seen, "tickets.heading", filter)
    total = seen.count("tickets.total")
    listed = []
    for line in seen.entries():
        pieces = line.pieces
        if not pieces or not _NUMBER.fullmatch(pieces[0]):
            continue
        address = Value(seen, "tickets.heading", line.element).href
        if len(pieces) != 4 or address is None:
            raise seen.drift("tickets.heading", say("a line is not as known"), found=tuple(pieces))
        Value(seen, "ticket.status", line.element, pieces[2]).word("ticket_status")
        facts = dict(zip(("subtopic", "status", "changed"), pieces[1:], strict=True))
        listed.append(Listed(case_id=number_in(pieces[0]), url=address, facts=facts))
    if total and not listed and number == 1:
        raise seen.mismatch("tickets.total", "0", total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def read_case(seen: Seen) -> Case:
    """One support request with its thread; a locked one can't be written to, only followed by a new one."""
    shown, subtopic = seen.labelled("ticket.status"), seen.labelled("ticket.subtopic")
    status = Status(shown=shown.text, is_=shown.word("ticket_status"))  # type: ignore[arg-type]
    posting = seen.labelled("ticket.posting")
    locked = seen.shows("ticket.locked")
    if locked != (status.is_ == "closed") or locked != seen.offers("ticket.create"):
        raise seen.mismatch("ticket.status", status.shown, say("locked") if locked else say("not locked"))
    actions: tuple[Action, ...] = ("open_ticket",) if locked else ("reply",)
    opened_at, thread = instant(seen.labelled("ticket.opened")), _thread(seen)
    deadlines = deadline(seen, seen.labelled("ticket.left"), "reply", "OZ-T1")
    if status.is_ == "action_needed" and not deadlines and not locked:
        asked = max((one.at for one in thread if one.from_ != "seller" and one.at is not None), default=opened_at)
        deadlines = (by_rule(seen, "reply", CHANNEL, "answer_days", asked),)
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=_heading_number(seen),
        order_id="" if posting.empty else posting.text,
        url=_address(seen.page.url),
        status=status,
        reason=Reason(shown=subtopic.text, is_="other"),
        opened_at=opened_at,
        deadlines=deadlines,
        actions=actions,
        messages=thread,
        flags=("locked",) if locked else (),
        missing={"amount": "a request has none", "decided_at": "not shown"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _heading_number(seen: Seen) -> str:
    tree = seen.tree
    found = {
        match[1]
        for me, tag in enumerate(tree.tags)
        if tag in ("h1", "h2") and (match := _NUMBER.search(tree.text(tree.first[me], tree.last[me])))
    }
    if len(found) != 1:
        raise seen.drift("new.ticket", say("the heading names no request, or several"), found=tuple(sorted(found)))
    return found.pop()


def _address(url: str) -> str:
    """The thread's address without what the page itself adds after a message was sent."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items() if name in ("group", "id")}
    return parts._replace(query=urlencode(query), fragment="").geturl()


def _thread(seen: Seen) -> tuple[Message, ...]:
    return tuple(message(entry, "ticket.thread.heading") for entry in _lines(seen))


def _lines(seen: Seen) -> list[Entry]:
    return seen.section("ticket.thread.heading").told()


def own_messages(seen: Seen) -> list[tuple[str, Message]]:
    """The seller's messages with their 19-digit ids, which stand on the entry."""
    found = []
    for entry in _lines(seen):
        said = message(entry, "ticket.thread.heading")
        if said.from_ == "seller":
            number = seen.tree.attrs(entry.element).get("data-message-id", "")
            if not number.isdigit():
                raise seen.drift("ticket.thread.heading", say("a message has no id"))
            found.append((number, said))
    return found


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """Messages in this request, or requests that were created from it."""
    if action == "reply":
        return tuple(Sent(number=number, at=said.at, what="") for number, said in own_messages(seen))
    part = seen.section("ticket.related.heading")
    if part.is_empty("ticket.related.none"):
        return ()
    rows = part.rows({"number": "related.number", "at": "related.at", "subtopic": "ticket.subtopic"})
    return tuple(
        Sent(number=row["number"].read(number_in), at=instant(row["at"]), what=norm(row["subtopic"].text))
        for row in rows
    )


def agrees(listed: Listed, case: Case) -> str | None:
    """What the list's line and the thread say differently."""
    subtopic = case.reason.shown if case.reason else ""
    return first_difference((listed.facts["status"], case.status.shown), (listed.facts["subtopic"], subtopic))
