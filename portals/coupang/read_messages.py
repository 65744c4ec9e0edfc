"""Pure readers of the Message Center: list, thread and answers (CM1–CM15)."""

from __future__ import annotations

from agent.portal import Fetched, Link, Listed, Listing, Sent
from agent.reading.countdowns import read_countdown
from agent.reading.deadlines import (
    agree,
    deadline_from_countdown,
    deadline_from_instant,
    deadline_from_rule,
    read_due,
)
from agent.reading.labels import norm
from agent.reading.seen import Entry, Part, Row, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Action, Attachment, Case, Deadline, Message, Outcome, Reason, SeenRef, Status, StatusIs
from agent.words import say
from portals.coupang.read_order import read_items
from portals.coupang.shown import instant
from portals.coupang.wuic import LANGUAGES, bare_order, moment, prove_tab, right_page, rules_of, tab_shown

CHANNEL = "messages"
_COLUMNS = {
    name: f"inbox.{name}"
    for name in ("number", "subject", "order", "kind", "mark", "state", "read", "received", "left", "changed")
}
_STEADY = ("subject", "order", "kind", "mark", "state", "received", "changed")
"""Columns that stand still while the message does; the countdown does not, and the read mark is ours to change."""
_STATUS: dict[str, StatusIs] = {
    "action_needed": "action_needed",
    "in_review": "in_review",
    "answered": "closed",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "notice": "closed",
}
_FLAGS = {"order": "order_message", "policy": "policy_alert", "inventory": "inventory_warning"}
NOT_OPENED = "not opened: opening a message marks it read (options.open_messages)"


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """One page of the messages of one class, which is proved to be the one shown (CM1)."""
    prove_tab(seen, "inbox.heading", "inbox_class", filter)
    right_page(seen, "inbox.heading", number)
    total = seen.count("inbox.total")
    listed = []
    for row in _rows(seen):
        address = row["number"].href
        if address is None:
            raise seen.drift("inbox.number", say("no link leads to the message"))
        facts = {name: row[name].text for name in _STEADY}
        listed.append(
            Listed(
                case_id=row["number"].text,
                url=address,
                facts=facts,
                status_is=_STATUS[row["state"].word("inbox_state")],
            )
        )
    if not listed and total and number == 1:
        raise seen.mismatch("inbox.total", say("{count} rows on page {number}", count=0, number=number), total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def _rows(seen: Seen) -> list[Row]:
    return seen.rows(_COLUMNS, required=tuple(_COLUMNS))


def unopened(seen: Seen, message_id: str) -> bool:
    """Does the list say that nobody has opened this message?"""
    return _row(seen, message_id)["read"].word("inbox_read") == "unread"


def _row(seen: Seen, message_id: str) -> Row:
    found = [row for row in _rows(seen) if row["number"].text == message_id]
    if len(found) != 1:
        raise seen.drift("inbox.number", say("{count} rows have this message", count=len(found)), found=(message_id,))
    return found[0]


def read_row(seen: Seen) -> Case:
    """A message as its list row shows it, unopened: without thread, and therefore without an action."""
    row = _row(seen, seen.page.subject or "")
    group = tab_shown(seen, "inbox.heading").word("inbox_class")
    state = row["state"]
    meaning = state.word("inbox_state")
    kind = row["kind"]
    shown = row["order"]
    order_id = "" if shown.empty else bare_order(shown.text)
    deadlines = _shown_deadlines(seen, row["left"], kind.word("inbox_kind")) if meaning == "action_needed" else ()
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=row["number"].text,
        order_id=order_id,
        order_shown=shown.text if order_id and shown.text != order_id else None,
        url=row["number"].href or seen.page.url,
        status=Status(shown=state.text, is_=_STATUS[meaning]),
        reason=Reason(shown=kind.text, is_=kind.word("inbox_kind")),  # type: ignore[arg-type]
        opened_at=instant(row["received"]),
        deadlines=deadlines,
        flags=(_FLAGS[group], *_marks(row["mark"])),
        details={"subject": row["subject"].text},
        missing={"messages": NOT_OPENED},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _marks(value: Value) -> tuple[str, ...]:
    """High Priority, Time Sensitive."""
    if value.empty:
        return ()
    found = []
    for text in value.pieces:
        found.append(Value(value.seen, value.key, value.element, text).word("inbox_mark"))
    return tuple(sorted(found))


def read_case(seen: Seen, documents: dict[str, Fetched]) -> Case:
    """One message with its thread; answered only by the portal's word (CM4)."""
    info = seen.section("inbox.info.heading")
    state, kind, shown = info.labelled("inbox.state"), info.labelled("inbox.kind"), info.labelled("inbox.order")
    meaning, reason = state.word("inbox_state"), kind.word("inbox_kind")
    received = info.labelled("inbox.received")
    due = info.labelled("inbox.due")
    answers = _answers(seen)
    actions = _actions(seen, info, state, meaning)
    deadlines: tuple[Deadline, ...] = ()
    if meaning == "action_needed":
        deadlines = _by_rule(seen, received, reason) if due.empty else _shown_deadlines(seen, due, reason)
    elif not due.empty:
        raise seen.mismatch("inbox.state", state.text, due.text)
    order_id = "" if shown.empty else bare_order(shown.text)
    missing = {} if order_id else {"order_id": "the message is about no order"}
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("inbox.number").text,
        order_id=order_id,
        order_shown=shown.text if order_id and shown.text != order_id else None,
        url=seen.page.url.split("#")[0],
        status=Status(shown=state.text, is_=_STATUS[meaning]),
        reason=Reason(shown=kind.text, is_=reason),  # type: ignore[arg-type]
        opened_at=instant(received),
        deadlines=deadlines,
        actions=actions,
        items=read_items(seen, missing) if seen.maybe_section("items.heading") else (),
        messages=read_thread(seen, documents),
        flags=(_FLAGS[info.labelled("inbox.class").word("inbox_class")], *_marks(info.labelled("inbox.mark"))),
        details={"subject": info.labelled("inbox.subject").text},
        outcome=_outcome(seen, state, answers),
        missing=missing,
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _actions(seen: Seen, info: Part, state: Value, meaning: str) -> tuple[Action, ...]:
    """What is offered must fit the state: an answer while it is awaited, a ticket once the window is shut (CM9)."""
    can_reply, can_ask = info.offers("inbox.reply"), info.offers("inbox.support")
    if can_reply != (meaning == "action_needed"):
        raise seen.mismatch("inbox.state", state.text, "답변하기" if can_reply else say("its button is not there"))
    if meaning == "expired" and can_ask:
        return ("open_ticket",)
    return ("reply",) if can_reply else ()


def _hours_rule(seen: Seen, reason: str) -> tuple[int, str]:
    rules = rules_of(seen, CHANNEL).rules
    rule = rules.get(f"reply_hours_{reason}") or rules["reply_hours"]
    return rule.number, rule.rule


def _by_rule(seen: Seen, received: Value, reason: str) -> tuple[Deadline, ...]:
    """The page leaves the window to the rule of the message's kind (CM2)."""
    hours, rule = _hours_rule(seen, reason)
    began = moment(received)
    page = seen.page
    return (
        deadline_from_rule(
            "reply",
            start=began,
            start_shown=received.text,
            hours=hours,
            zone=page.zone,
            zone_basis=page.zone_basis,
            rule=rule,
        ),
    )


def _shown_deadlines(seen: Seen, value: Value, reason: str) -> tuple[Deadline, ...]:
    """The deadline as shown: a date, a countdown, or both, which must then agree; “KST” beside it proves the zone."""
    page, rule = seen.page, _hours_rule(seen, reason)[1]
    pieces = [text for text in value.pieces if norm(text).strip("()") != "kst"]
    basis = "page" if len(pieces) < len(value.pieces) else page.zone_basis
    dates, counts = [], []
    for text in pieces:
        try:
            due = read_due(text, zone=page.zone, zone_basis=basis, languages=LANGUAGES, near=page.now)
            dates.append(deadline_from_instant("reply", text, due, rule))
        except Unreadable:
            one = Value(seen, value.key, value.element, text)
            one.read(lambda shown: read_countdown(shown, languages=LANGUAGES))
            counts.append(
                deadline_from_countdown(
                    "reply",
                    text,
                    server_now=page.now,
                    zone=page.zone,
                    zone_basis=basis,
                    rule=rule,
                    languages=LANGUAGES,
                )
            )
    if len(dates) > 1 or len(counts) > 1 or not dates + counts:
        raise seen.drift(value.key, say("not exactly one deadline stands there"), found=tuple(value.pieces))
    if dates and counts and not agree(dates[0], counts[0]):
        raise seen.mismatch(value.key, dates[0].shown, counts[0].shown)
    return ((dates or counts)[0].model_copy(update={"shown": value.text}),)


def attachments(seen: Seen) -> tuple[Link, ...]:
    """Every file of the thread, by the number of its message and its place there."""
    return tuple(
        Link(name=_file_key(number, place), url=address)
        for number, entry in enumerate(seen.section("inbox.thread.heading").entries())
        for place, (_, address) in enumerate(_files(entry))
    )


def _file_key(number: int, place: int) -> str:
    return f"thread/{number}/{place}"


def _files(entry: Entry) -> list[tuple[str, str]]:
    """Names and addresses of the files in one line of a thread."""
    tree = entry.seen.tree
    return [
        (tree.text(tree.first[i], tree.last[i]), tree.attrs(i)["href"])
        for i in range(entry.element, tree.end[entry.element])
        if tree.tags[i] == "a" and tree.attrs(i).get("href") and tree.last[i] > tree.first[i]
    ]


def read_thread(
    seen: Seen, documents: dict[str, Fetched], heading: str = "inbox.thread.heading"
) -> tuple[Message, ...]:
    """The whole exchange in the order shown; auto-replies are marked, files bear their hash where they were fetched."""
    found = []
    for number, entry in enumerate(seen.section(heading).told()):
        files = _files(entry)
        names = [name for name, _ in files]
        words = list(entry.pieces)
        for name in names:
            words.reverse()
            words.remove(name)
            words.reverse()
        auto = len(words) > 1 and norm(words[1]) in seen.labels.of("inbox.auto")
        if auto:
            del words[1]
        if len(words) < 3:
            raise seen.drift(heading, say("a message lacks sender, time or text"), found=tuple(words))
        found.append(
            Message(
                at=instant(Value(seen, heading, entry.element, words[1])),
                from_=Value(seen, heading, entry.element, words[0]).word("sender"),  # type: ignore[arg-type]
                text="\n".join(words[2:]),
                attachments=tuple(
                    Attachment(name=name, sha256=_hash_of(documents.get(_file_key(number, place))))
                    for place, name in enumerate(names)
                ),
                auto=auto,
            )
        )
    return tuple(found)


def _hash_of(file: Fetched | None) -> str | None:
    return file.document.sha256 if file else None


def _answers(seen: Seen) -> list[Row]:
    """The answers that the portal says it has; auto-replies and read marks are never among them (CM4)."""
    part = seen.section("inbox.answers.heading")
    if part.is_empty("inbox.answers.none"):
        return []
    return part.rows({name: f"inbox.answer.{name}" for name in ("number", "at", "state", "state_at")})


def _outcome(seen: Seen, state: Value, answers: list[Row]) -> Outcome | None:
    """Answered: the portal lists an accepted answer and says so in the state too."""
    accepted = [row for row in answers if row["state"].word("inbox_answer") == "accepted"]
    meaning = state.word("inbox_state")
    if meaning == "answered" and not accepted:
        raise seen.mismatch("inbox.answer.state", state.text, say("no accepted answer is listed"))
    if meaning != "answered":
        return None
    return Outcome(result="answered", at=instant(accepted[-1]["state_at"]))


def read_answers(seen: Seen) -> tuple[Sent, ...]:
    """The seller's answers as the portal lists them: proof for an unknown outcome."""
    return tuple(Sent(number=row["number"].text, at=instant(row["at"]), what="") for row in _answers(seen))


def read_related_tickets(seen: Seen) -> tuple[Sent, ...]:
    """The tickets opened about this message or order."""
    part = seen.maybe_section("inbox.tickets.heading")
    if part is None:
        return ()
    rows = part.rows({"number": "tickets.number", "category": "tickets.category", "opened": "tickets.opened"})
    return tuple(
        Sent(number=row["number"].text, at=instant(row["opened"]), what=norm(row["category"].text)) for row in rows
    )
