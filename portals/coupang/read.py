"""Pure readers of Coupang's pages: seen page in, record out."""

from __future__ import annotations

import re
from datetime import timedelta

from agent.portal import Fetched, Listed, Listing, Sent
from agent.reading.countdowns import read_countdown
from agent.reading.deadlines import agree, deadline_from_countdown, deadline_from_instant, read_due
from agent.reading.labels import norm
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Action,
    Appeals,
    Case,
    Deadline,
    Decision,
    Instant,
    Outcome,
    Reason,
    SeenRef,
    Status,
)
from agent.sending.packet import Receipt
from agent.words import Words, say
from portals.coupang.read_decision import check_document, read_decision
from portals.coupang.read_order import read_items, read_messages
from portals.coupang.shown import LANGUAGES, day, instant, money, order_id

CHANNEL = "refund_disputes"
_FLAGS = ("senior_review", "legal_hold")
_COLUMNS = {
    "order_id": "orders.order_id",
    "status": "orders.dispute_status",
    "reason": "orders.reason",
    "amount": "orders.amount",
    "opened_at": "orders.opened_at",
    "deadline": "orders.deadline",
    "order_status": "orders.order_status",
    "changed_at": "orders.changed_at",
}
_STEADY = ("status", "reason", "amount", "opened_at", "order_status", "changed_at")
"""Columns whose text stands still while the case does; the countdown is not one of them."""


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows of one page of the order list, under the filter that is proved to be chosen (CP2)."""
    chosen = seen.labelled("orders.filter")
    if chosen.word("filter") != filter:
        raise seen.mismatch("orders.filter", seen.wording(f"words.filter.{filter}"), chosen.text)
    shown = _current_page(seen)
    if shown is not None and shown != number:
        raise seen.mismatch("orders.heading", number, shown)
    total = seen.count("orders.total")
    listed: dict[str, Listed] = {}
    for row in seen.rows(_COLUMNS):
        case_id = order_id(row["order_id"])
        address = row["order_id"].href
        if address is None or case_id not in address:
            raise seen.drift("orders.order_id", say("no link leads to the order"), found=(case_id, address or "-"))
        status = row["status"].word("status")
        row["reason"].word("reason")
        row["amount"].read(money)
        instant(row["opened_at"])
        one = Listed(case_id=case_id, url=address, facts={n: row[n].read(str) for n in _STEADY}, status_is=status)
        if listed.setdefault(case_id, one) != one:
            raise seen.mismatch("orders.order_id", listed[case_id].facts["status"], one.facts["status"])
    if not listed and total and number == 1:
        raise seen.mismatch("orders.total", say("{count} rows on page {number}", count=0, number=number), total)
    if total is not None and len(listed) > total:
        raise seen.mismatch("orders.total", total, len(listed))
    return Listing(rows=tuple(listed.values()), total=total, number=number, last=not listed)


def _current_page(seen: Seen) -> int | None:
    """The pager's own word for the page shown: state stands in data-wuic-attrs, not in a class (facts §5)."""
    tree = seen.tree
    pages = set()
    for at in range(len(tree.tags)):
        tokens = tree.attrs(at)["data-wuic-attrs"].split() if tree.has(at, "data-wuic-attrs") else []
        if "active" in tokens:
            pages |= {int(t[5:]) for t in tokens if t.startswith("page:") and t[5:].isdecimal() and len(t) < 12}
    if len(pages) > 1:
        raise seen.mismatch("orders.heading", *sorted(pages)[:2])
    return pages.pop() if pages else None


def read_case(seen: Seen, documents: dict[str, Fetched]) -> Case:
    """One refunded order with its Dispute Information module (CP3)."""
    order = seen.section("order.info.heading")
    module = seen.section("dispute.heading")
    number = order_id(order.labelled("order.id"))
    for part in (order, module):
        _only_of(seen, part, number)
    status_shown = module.labelled("dispute.status")
    status = Status(shown=status_shown.text, is_=status_shown.word("status"))  # type: ignore[arg-type]
    reason = module.labelled("dispute.reason")
    amount = module.labelled("dispute.amount").read(money)
    opened_at = instant(module.labelled("dispute.opened_at"))
    decided = module.labelled("dispute.decided_at")
    decided_at = None if decided.empty else instant(decided)
    deadlines = read_deadlines(seen, module, status.is_)
    used, allowed = module.labelled("dispute.attempts").read(_attempts)
    can_appeal = module.offers("appeal.open")
    history = _history_rows(seen)
    _consistent(seen, status, used, deadlines, can_appeal)
    _in_order(seen, opened_at, decided_at)
    if used != len(history):
        raise seen.mismatch("dispute.attempts", used, say("{count} in the history", count=len(history)))
    missing: dict[str, str] = {}
    if decided_at:
        decision: Decision | None = read_decision(seen, module, missing)
    else:
        decision = None
        missing |= {"decision": "not decided yet", "decided_at": "not decided yet"}
        _undecided(seen, module, status)
    if decision is not None and "decision" in documents:
        check_document(seen, documents["decision"], number, amount, decision)
        decision = decision.model_copy(update={"document": documents["decision"].document})
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=number,
        order_id=number,
        url=seen.page.url.split("#")[0],
        status=status,
        reason=Reason(shown=reason.text, is_=reason.word("reason")),  # type: ignore[arg-type]
        amount=amount,
        opened_at=opened_at,
        decided_at=decided_at,
        deadlines=deadlines,
        decision=decision,
        actions=_actions(seen, can_appeal and status.is_ == "action_needed"),
        appeals=Appeals(used=used, allowed=allowed),
        items=read_items(seen, missing),
        messages=read_messages(seen, missing),
        flags=read_flags(seen, order, module),
        outcome=read_outcome(seen, module, status.is_, history),
        missing=missing,
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _only_of(seen: Seen, part: Part, number: str) -> None:
    """Links and state in a part of the page must be of its own order: another case's panel names another one."""
    tree = seen.tree
    prefix = number.rstrip("0123456789")
    like = re.compile(rf"(?<![A-Za-z0-9]){re.escape(prefix)}[0-9]{{{len(number) - len(prefix)}}}(?![0-9])")
    for at in range(part.element, tree.end[part.element]):
        if not tree.mentions(at, prefix) or (at != part.element and not part.holds(at)):
            continue
        for name, value in tree.attrs(at).items():
            if name == "href" or name.startswith("data-"):
                others = set(like.findall(value.split("#")[0])) - {number}
                if others:
                    raise seen.mismatch("order.id", number, others.pop())


def _in_order(seen: Seen, opened_at: Instant, decided_at: Instant | None) -> None:
    """Nothing is decided before it was opened, and nothing happened after now."""
    if decided_at is not None and decided_at < opened_at:
        raise seen.mismatch("dispute.decided_at", opened_at, decided_at)
    for key, at in (("dispute.opened_at", opened_at), ("dispute.decided_at", decided_at)):
        if at is not None and at > seen.page.now + timedelta(minutes=5):
            raise seen.mismatch(key, seen.page.now, at)


def _undecided(seen: Seen, module: Part, status: Status) -> None:
    """A decision without its date is one that was read wrongly."""
    for key in ("dispute.responsible", "dispute.text", "dispute.clauses", "dispute.deduction_total"):
        value = module.labelled(key)
        if not value.empty:
            raise seen.mismatch("dispute.decided_at", "-", value.text[:60])
    if status.is_ in ("action_needed", "in_review", "won", "lost", "expired"):
        raise seen.mismatch("dispute.decided_at", "-", status.shown)


def read_flags(seen: Seen, order: Part, module: Part) -> tuple[str, ...]:
    """The marks beside the order's heading (CP15); one that nobody knows is drift, since it may be one renamed."""
    known = {form: flag for flag in _FLAGS for form in seen.labels.of(f"dispute.flag.{flag}")}
    for mark in order.marks:
        if norm(mark) not in known and any(c.isalpha() for c in mark):
            raise seen.drift(
                "dispute.flag.senior_review",
                say("“{text}” is not a mark known beside the heading", text=mark),
                found=(mark,),
            )
    marked = {known[norm(m)] for m in (*order.marks, *module.marks) if norm(m) in known}
    return tuple(f for f in _FLAGS if f in marked or any(p.shows(f"dispute.flag.{f}") for p in (order, module)))


def _actions(seen: Seen, can_appeal: bool) -> tuple[Action, ...]:
    """An appeal while the slot is open; after one, a ticket to follow it up (CP16)."""
    if can_appeal:
        return ("appeal",)
    return ("open_ticket",) if seen.section("history.heading").may_offer("order.follow_up") else ()


def _attempts(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,3})\s*회?\s*/\s*(\d{1,3})\s*회?", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (0 / 1)")
    return int(match[1]), int(match[2])


def _consistent(seen: Seen, status: Status, used: int, deadlines: tuple[Deadline, ...], can_appeal: bool) -> None:
    """What the page says of one thing in several places must agree (status, slot, countdown, button)."""
    said: Words | None = None
    if status.is_ == "action_needed":
        if used:
            said = say("the slot is spent")
        elif not deadlines:
            said = say("no deadline is shown")
        elif not can_appeal:
            said = say("no appeal button is shown")
        elif deadlines[0].at + timedelta(seconds=deadlines[0].precision_s) < seen.page.now - timedelta(minutes=1):
            said = say("the deadline is over")
    elif can_appeal:
        said = say("an appeal button is shown")
    elif deadlines:
        said = say("a deadline is shown")
    elif status.is_ in ("in_review", "won", "lost") and not used:
        said = say("no appeal is counted")
    elif status.is_ in ("expired", "waiting") and used:
        said = say("the slot is spent")
    if said is not None:
        raise seen.mismatch("dispute.status", status.shown, said)


def read_deadlines(seen: Seen, module: Part, status: str) -> tuple[Deadline, ...]:
    """The appeal deadline (CP4): a date, a countdown on the portal's clock, or both, which must then agree."""
    places = [module.labelled("dispute.deadline")]
    if module.shows("dispute.left") or (status == "action_needed" and places[0].empty):
        left = module.maybe("dispute.left")
        inside = left is not None and places[0].element <= left.element < seen.tree.end[places[0].element]
        if left is not None and not inside:
            places.append(left)
    dates: list[Deadline] = []
    counts: list[Deadline] = []
    for value in places:
        if not value.empty:
            for text in _due_texts(value):
                _read_due(seen, Value(seen, "dispute.deadline", value.element, text), dates, counts)
    found = dates or counts
    if not found:
        return ()
    if len(dates) > 1 or len(counts) > 1:
        raise seen.drift(
            "dispute.deadline", say("two deadlines stand there"), found=tuple(d.shown for d in (*dates, *counts))
        )
    if dates and counts and not agree(dates[0], counts[0]):
        raise seen.mismatch("dispute.deadline", dates[0].shown, counts[0].shown)
    return (found[0].model_copy(update={"shown": " ".join(v.text for v in places if not v.empty)}),)


def _due_texts(value: Value) -> list[str]:
    """The date and the countdown in one place, each in its own line or element, or one behind the other."""
    for texts in (value.lines, value.pieces):
        if all(_readable_due(value, text) for text in texts):
            return texts
    words, pieces = value.text.split(" "), value.pieces
    halves = [[" ".join(some[:n]), " ".join(some[n:])] for some in (pieces, words) for n in range(1, len(some))]
    both = [pair for pair in halves if all(_readable_due(value, text) for text in pair)]
    return both[0] if len({norm(pair[0]) for pair in both}) == 1 else [value.text]


def _readable_due(value: Value, text: str) -> bool:
    page = value.seen.page
    try:
        read_due(text, zone=page.zone, languages=LANGUAGES, near=page.now)
    except Unreadable:
        try:
            read_countdown(text, languages=LANGUAGES)
        except Unreadable:
            return False
    return True


def _read_due(seen: Seen, value: Value, dates: list[Deadline], counts: list[Deadline]) -> None:
    """Read one text as a date, else as a countdown, into the list it belongs to."""
    page = seen.page
    try:
        moment = read_due(value.text, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES, near=page.now)
    except Unreadable:
        counts.append(
            value.read(
                lambda text: deadline_from_countdown(
                    "appeal",
                    text,
                    server_now=page.now,
                    zone=page.zone,
                    zone_basis=page.zone_basis,
                    rule="CP4",
                    languages=LANGUAGES,
                )
            )
        )
    else:
        dates.append(deadline_from_instant("appeal", value.text, moment, "CP4"))


def read_history(seen: Seen) -> tuple[Sent, ...]:
    """The appeals that the portal says it has (proof for settling an unknown outcome)."""
    return tuple(
        Sent(number=r["number"].text, at=instant(r["at"]), what=norm(r["type"].text)) for r in _history_rows(seen)
    )


def _history_rows(seen: Seen) -> list[dict[str, Value]]:
    part = seen.section("history.heading")
    names = {n: f"history.{n}" for n in ("number", "at", "type", "state", "result", "result_at")}
    if part.is_empty("history.none"):
        if any(part.places(key) for key in names.values()):
            raise seen.drift("history.heading", say("appeals are shown, and that there are none"))
        return []
    rows = [row.cells for row in part.rows(names)]
    if not rows:
        raise seen.drift("history.heading", say("no appeal is shown, and not that there is none"))
    return rows


def read_outcome(seen: Seen, module: Part, status: str, history: list[dict[str, Value]]) -> Outcome | None:
    """Approved or denied, no reasons given (CP7); the money with the next settlement (CP13)."""
    rows = [r for r in history if not r["result"].empty]
    for row in history:
        answered = row["state"].word("appeal_state") == "answered"
        if answered == row["result"].empty or answered == row["result_at"].empty:
            raise seen.mismatch("history.state", row["state"].text, row["result"].text)
    if not rows:
        if status in ("won", "lost"):
            raise seen.mismatch("history.result", status, say("no result is shown"))
        return None
    row = max(rows, key=lambda r: instant(r["result_at"]))
    result = row["result"].word("result")
    if {"won": "approved", "lost": "denied"}.get(status) != result:
        raise seen.mismatch("history.result", status, row["result"].text)
    recovered = module.labelled("dispute.recovered").read(money) if status == "won" else None
    settled = module.labelled("dispute.settled_on") if status == "won" else None
    return Outcome(
        result=result,
        at=instant(row["result_at"]),
        recovered=recovered,
        settled_on=None if settled is None or settled.empty else day(settled),
    )


def read_receipt(seen: Seen, asked: str) -> Receipt:
    """The portal's own word that it took the appeal for order `asked` (CP6)."""
    shown = order_id(seen.labelled("receipt.order"))
    if shown != asked:
        raise seen.mismatch("receipt.order", asked, shown)
    at = seen.labelled("receipt.at")
    return Receipt(number=seen.labelled("receipt.number").read(_receipt_number), at=instant(at), shown=at.text)


def _receipt_number(text: str) -> str:
    if re.fullmatch(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9._/#-]{3,39}", text) is None:
        raise Unreadable(text, "a receipt number")
    return text
