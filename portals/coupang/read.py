"""Pure readers of Coupang's pages: seen page in, record out."""

from __future__ import annotations

import re
from datetime import date

from agent.portal import Fetched, Listed, Listing, Sent
from agent.reading.deadlines import agree, deadline_from_countdown, deadline_from_instant, read_due
from agent.reading.labels import norm
from agent.reading.moments import read_moment
from agent.reading.money import read_money
from agent.reading.pdf import pdf_text
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Appeals,
    Attachment,
    Case,
    Deadline,
    Decision,
    Deduction,
    Instant,
    Item,
    Message,
    Money,
    Outcome,
    Party,
    Reason,
    SeenRef,
    Status,
)

CHANNEL = "refund_disputes"
_LANGUAGES = ("ko", "en")
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


def money(text: str) -> Money:
    """An amount in won."""
    return read_money(text, currency="KRW", languages=_LANGUAGES)


def instant(value: Value) -> Instant:
    """A date and time on the page, in the portal's zone."""
    page = value.seen.page
    return value.read(
        lambda text: read_moment(text, zone=page.zone, zone_basis=page.zone_basis, languages=_LANGUAGES)
    ).at


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows of one page of the order list, under the filter that is proved to be chosen (CP2)."""
    chosen = seen.labelled("orders.filter").word("filter")
    if chosen != filter:
        raise seen.mismatch("orders.filter", filter, chosen)
    shown = _current_page(seen)
    if shown is not None and shown != number:
        raise seen.mismatch("orders.heading", number, shown)
    total = seen.count("orders.total")
    listed = []
    for row in seen.rows(_COLUMNS, required=tuple(_COLUMNS)):
        address = row["order_id"].href
        if address is None:
            raise seen.drift("orders.order_id", "no link leads to the order")
        row["status"].word("status")
        row["amount"].read(money)
        listed.append(Listed(case_id=row["order_id"].text, url=address, facts={n: row[n].text for n in _STEADY}))
    if not listed and total and number == 1:
        raise seen.mismatch("orders.total", f"0 rows on page {number}", total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def _current_page(seen: Seen) -> int | None:
    """The pager's own word for the page shown: state stands in data-wuic-attrs, not in a class (facts §5)."""
    for at in range(len(seen.tree.tags)):
        tokens = seen.tree.attrs(at).get("data-wuic-attrs", "").split()
        if "active" in tokens:
            for token in tokens:
                if token.startswith("page:") and token[5:].isdigit():
                    return int(token[5:])
    return None


def read_case(seen: Seen, documents: dict[str, Fetched]) -> Case:
    """One refunded order with its Dispute Information module (CP3)."""
    order = seen.section("order.info.heading")
    module = seen.section("dispute.heading")
    order_id = order.labelled("order.id").text
    status_shown = module.labelled("dispute.status")
    status = Status(shown=status_shown.text, is_=status_shown.word("status"))  # type: ignore[arg-type]
    reason = module.labelled("dispute.reason")
    amount = module.labelled("dispute.amount").read(money)
    opened_at = instant(module.labelled("dispute.opened_at"))
    decided = module.labelled("dispute.decided_at")
    decided_at = None if decided.empty else instant(decided)
    deadlines = read_deadlines(seen, module)
    used, allowed = module.labelled("dispute.attempts").read(_attempts)
    can_appeal = module.offers("appeal.open")
    _consistent(seen, status.is_, used, deadlines, can_appeal)
    decision = read_decision(seen, module) if decided_at else None
    if decision is not None and "decision" in documents:
        check_document(seen, documents["decision"], order_id, amount, decision)
        decision = decision.model_copy(update={"document": documents["decision"].document})
    missing = {} if decided_at else {"decision": "not decided yet", "decided_at": "not decided yet"}
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=order_id,
        order_id=order_id,
        url=seen.page.url.split("#")[0],
        status=status,
        reason=Reason(shown=reason.text, is_=reason.word("reason")),  # type: ignore[arg-type]
        amount=amount,
        opened_at=opened_at,
        decided_at=decided_at,
        deadlines=deadlines,
        decision=decision,
        actions=("appeal",) if can_appeal and status.is_ == "action_needed" else (),
        appeals=Appeals(used=used, allowed=allowed),
        items=read_items(seen),
        messages=read_messages(seen),
        flags=tuple(f for f in _FLAGS if order.seen.shows(f"dispute.flag.{f}")),
        outcome=read_outcome(seen, module, status.is_),
        missing=missing,
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _attempts(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)\s*/\s*(\d+)\s*회?", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (0 / 1)")
    return int(match[1]), int(match[2])


def _consistent(seen: Seen, status: str, used: int, deadlines: tuple[Deadline, ...], can_appeal: bool) -> None:
    """What the page says of one thing in several places must agree (status, slot, countdown, button)."""
    if status == "action_needed" and (used or not deadlines or not can_appeal):
        said = "the slot is spent" if used else "no deadline is shown" if not deadlines else "no appeal button is shown"
        raise seen.mismatch("dispute.status", status, said)
    if status != "action_needed" and can_appeal:
        raise seen.mismatch("dispute.status", status, "an appeal button is shown")
    if status in ("in_review", "won", "lost") and not used:
        raise seen.mismatch("dispute.attempts", status, "0 appeals used")


def read_deadlines(seen: Seen, module: Part) -> tuple[Deadline, ...]:
    """The appeal deadline (CP4): a date, a countdown on the portal's clock, or both, which must then agree."""
    value = module.labelled("dispute.deadline")
    if value.empty:
        return ()
    page = seen.page
    dates, counts = [], []
    for text in value.pieces:
        try:
            moment = read_due(text, zone=page.zone, zone_basis=page.zone_basis, languages=_LANGUAGES, near=page.now)
            dates.append(deadline_from_instant("appeal", text, moment, "CP4"))
        except Unreadable:
            one = Value(seen, "dispute.deadline", value.element, text)
            counts.append(
                one.read(
                    lambda t: deadline_from_countdown(
                        "appeal",
                        t,
                        server_now=page.now,
                        zone=page.zone,
                        zone_basis=page.zone_basis,
                        rule="CP4",
                        languages=_LANGUAGES,
                    )
                )
            )
    if len(dates) > 1 or len(counts) > 1:
        raise seen.drift("dispute.deadline", "two deadlines stand there", found=tuple(value.pieces))
    if dates and counts and not agree(dates[0], counts[0]):
        raise seen.mismatch("dispute.deadline", dates[0].shown, counts[0].shown)
    found = dates or counts
    return (found[0].model_copy(update={"shown": value.text}),)


def read_decision(seen: Seen, module: Part) -> Decision:
    """What the platform ruled, from the Dispute Information module (CP3)."""
    party = module.labelled("dispute.responsible")
    text = module.labelled("dispute.text")
    deductions = read_deductions(seen, module)
    return Decision(
        responsible=Party(shown=party.text, is_=party.word("party")),  # type: ignore[arg-type]
        deductions=deductions,
        clauses=module.labelled("dispute.clauses").read(clauses),
        text=None if text.empty else text.text,
        requested_evidence=module.labelled("dispute.requested").items(),
    )


def clauses(text: str) -> tuple[str, ...]:
    """The numbers of the clauses relied on, e.g. 5.2."""
    found = tuple(re.findall(r"\d+(?:\.\d+)+", text))
    if not found:
        raise Unreadable(text, "clause numbers (5.2)")
    return found


def read_deductions(seen: Seen, module: Part) -> tuple[Deduction, ...]:
    """The deductions, whose sum must be the total shown."""
    value = module.labelled("dispute.deductions")
    total = module.labelled("dispute.deduction_total")
    if value.empty or norm(value.text) in seen.labels.of("dispute.deductions.none"):
        lines: tuple[Deduction, ...] = ()
    else:
        rows = value.part.rows({"label": "dispute.deductions.label", "amount": "dispute.deductions.amount"})
        lines = tuple(Deduction(label=r["label"].text, amount=r["amount"].read(money)) for r in rows)
    shown = total.read(money)
    if sum(line.amount.value for line in lines) != shown.value:
        raise seen.mismatch("dispute.deduction_total", " + ".join(str(d.amount) for d in lines) or "0", shown)
    return lines


def read_items(seen: Seen) -> tuple[Item, ...]:
    """What was ordered."""
    rows = seen.section("items.heading").rows(
        {"id": "items.id", "name": "items.name", "quantity": "items.quantity", "amount": "items.amount"}
    )
    return tuple(
        Item(
            id=r["id"].text, name=r["name"].text, quantity=r["quantity"].read(_quantity), amount=r["amount"].read(money)
        )
        for r in rows
    )


def _quantity(text: str) -> int:
    match = re.fullmatch(r"([\d,]+)\s*개?", text.strip())
    if match is None:
        raise Unreadable(text, "a quantity")
    return int(match[1].replace(",", ""))


def read_messages(seen: Seen) -> tuple[Message, ...]:
    """The Message Center dialogue of the order, in the order shown."""
    part = seen.section("messages.heading")
    if part.shows("messages.none"):
        return ()
    found = []
    for entry in part.entries():
        pieces = entry.pieces
        files = entry.links()
        words = [p for p in pieces if p not in files]
        if len(words) < 3:
            raise seen.drift("messages.heading", "a message lacks sender, time or text", found=tuple(pieces))
        sender = Value(seen, "messages.heading", entry.element, words[0])
        at = Value(seen, "messages.heading", entry.element, words[1])
        found.append(
            Message(
                at=instant(at),
                from_=sender.word("sender"),  # type: ignore[arg-type]
                text="\n".join(words[2:]),
                attachments=tuple(Attachment(name=f) for f in files),
            )
        )
    return tuple(found)


def read_history(seen: Seen) -> tuple[Sent, ...]:
    """The appeals that the portal says it has (proof for settling an unknown outcome)."""
    return tuple(
        Sent(number=r["number"].text, at=instant(r["at"]), what=norm(r["type"].text)) for r in _history_rows(seen)
    )


def _history_rows(seen: Seen) -> list[dict[str, Value]]:
    part = seen.section("history.heading")
    if part.shows("history.none"):
        return []
    names = {n: f"history.{n}" for n in ("number", "at", "type", "state", "result", "result_at")}
    return [row.cells for row in part.rows(names)]


def read_outcome(seen: Seen, module: Part, status: str) -> Outcome | None:
    """Approved or denied, no reasons given (CP7); the money with the next settlement (CP13)."""
    rows = [r for r in _history_rows(seen) if not r["result"].empty]
    if not rows:
        if status in ("won", "lost"):
            raise seen.mismatch("history.result", status, "no result is shown")
        return None
    row = rows[-1]
    result = row["result"].word("result")
    if {"won": "approved", "lost": "denied"}.get(status) != result:
        raise seen.mismatch("history.result", status, row["result"].text)
    recovered = module.labelled("dispute.recovered").read(money) if status == "won" else None
    settled = module.labelled("dispute.settled_on") if status == "won" else None
    return Outcome(
        result=result,
        at=instant(row["result_at"]),
        recovered=recovered,
        settled_on=None if settled is None or settled.empty else settled.read(_day),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip().replace(".", "-"))
    except ValueError:
        raise Unreadable(text, "a day (2026-03-16)") from None


def check_document(seen: Seen, file: Fetched, order_id: str, amount: Money, decision: Decision) -> None:
    """The Decision Summary must say what the page says: order, amount, party, clauses, total (CP3)."""
    try:
        text = "".join(pdf_text(file.data).split())
    except Unreadable as fault:
        raise seen.drift("dispute.document", "the file can't be read", found=(fault.text,)) from None
    total = sum(d.amount.value for d in decision.deductions)
    wanted = [order_id, f"{amount.value:,f}", f"{total:,f}"]
    wanted += list(decision.clauses) + ([decision.responsible.shown] if decision.responsible else [])
    for one in wanted:
        if "".join(one.split()) not in text:
            raise seen.mismatch("dispute.document", one, "not in the Decision Summary")
