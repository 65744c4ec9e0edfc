"""Pure reader of a return request: its own page, and its row in the list where that alone tells a day."""

from __future__ import annotations

from agent.portal import Sent
from agent.reading.deadlines import deadline_from_instant
from agent.reading.ids import item_number
from agent.reading.labels import norm
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Action,
    Appeals,
    Case,
    Deadline,
    DeadlineKind,
    Decision,
    Deduction,
    Instant,
    Item,
    Money,
    Offer,
    Outcome,
    Reason,
    SeenRef,
    Status,
    StatusIs,
)
from agent.rules import withdrawable
from agent.words import say
from portals.shopee.read_talk import Told, read_talk
from portals.shopee.shown import (
    Clock,
    clock_of,
    dated,
    due,
    hint_in,
    instant,
    market_of,
    money,
    number,
    order_number,
    return_id,
)

CHANNEL = "returns"
ROW = "data-list-row"
"""Attribute of the part that `pages` lays behind the page's own HTML: the request's row in the list."""
_MEANS: dict[str, StatusIs] = {
    "reviewing": "in_review", "answer": "action_needed", "negotiate": "action_needed", "buyer_turn": "waiting",
    "returning": "waiting", "check": "action_needed", "disputing": "in_review", "refunded": "lost", "invalid": "won",
    "accepted": "won", "rejected": "lost", "withdrew": "closed", "lapsed": "expired", "cancelled": "withdrawn",
    "confirmed": "closed", "compensated": "partly_won", "complaint_rejected": "lost", "complaint_review": "in_review",
}  # fmt: skip
OVER = (
    "refunded", "invalid", "accepted", "rejected", "withdrew", "lapsed", "cancelled", "confirmed", "compensated",
    "complaint_rejected",
)  # fmt: skip
_KINDS: dict[str, tuple[DeadlineKind, str]] = {
    "evidence": ("evidence", "WD4"), "answer": ("appeal", "WD3"), "second": ("appeal", "WD3"),
    "negotiate": ("negotiate", "WD3"), "check": ("confirm_return", "WD3"),
}  # fmt: skip
EVIDENCE_WANTED = "evidence_or_withdrawn"
"""Flag: Shopee waits for evidence, and takes the dispute back when none comes (facts 1.6)."""


def read_case(seen: Seen) -> Case:
    """One return request with its result, decision, dispute, evidence and talk."""
    info = seen.section("info.heading")
    market, own_id = market_of(seen), return_id(seen.page.url)
    created = info.labelled("info.created")
    clock = clock_of(seen, created, own_id)
    box = seen.section("result.heading")
    status = status_in(box)
    state = status.word("status")
    dispute = seen.maybe_section("dispute.heading")
    rounds = _rounds(dispute)
    wanted = box.offers("action.evidence")
    actions = _actions(box)
    talk = read_talk(seen, clock, over=state in OVER)
    row = row_of(seen)
    deadlines = read_deadlines(seen, box, row, state, clock)
    kinds = {deadline.kind for deadline in deadlines}
    if wanted != ("evidence" in kinds):
        raise seen.drift(
            "hint.evidence",
            say("evidence is asked for, and no day is told") if wanted else say("a day for evidence nobody asks for"),
        )
    reason = info.labelled("info.reason")
    reason_is = reason.word("reason")
    amount = money(info.labelled("info.amount"), market)
    acts = [entry.act for entry in talk if entry.act]
    _consistent(seen, state, status, dispute, rounds, acts, actions, box)
    ended = _ended(seen, state, [entry for entry in talk if entry.act])
    status_is: StatusIs = "action_needed" if "appeal" in actions else _MEANS[state]
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("list.return_id").read(number),
        order_id=info.labelled("list.order_id").read(order_number),
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=status_is),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=amount,
        opened_at=instant(created, clock),
        decided_at=ended,
        deadlines=deadlines,
        decision=read_decision(seen),
        actions=actions,
        appeals=Appeals(used=rounds, allowed=max(1, rounds + ("appeal" in actions))),
        items=read_items(seen),
        messages=tuple(entry.message for entry in talk),
        flags=_flags(reason_is, state, wanted, rounds, acts),
        outcome=read_outcome(seen, state, dispute, ended, clock),
        offers=(_asked(seen, info, amount, instant(created, clock)),),
        details=read_details(seen, info, own_id),
        missing={} if ended else {"decided_at": "not ended yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def status_in(box: Part) -> Value:
    """The one text of the result box that is a status; beside it stand sentences and buttons."""
    tree = box.seen.tree
    found = [
        n for n in range(box.first, box.last)
        if not tree.aside[n] and tree.within("a", tree.owners[n]) < 0
        and box.seen.labels.word("status", tree.texts[n]) is not None
    ]  # fmt: skip
    if len(found) != 1:
        first = next((n for n in range(box.first, box.last) if not tree.aside[n]), None)
        if not found and first is not None:
            Value(box.seen, "result.heading", tree.owners[first], tree.texts[first]).word("status")
        raise box.seen.drift("result.heading", say("{count} texts are a status", count=len(found)))
    return Value(box.seen, "result.heading", tree.owners[found[0]], tree.texts[found[0]])


def _actions(box: Part) -> tuple[Action, ...]:
    """What the server lets the seller do; an upload of evidence is the appeal's own continuation."""
    box.may_offer("action.appeal")
    found: list[Action] = ["reply"] if box.offers("action.discuss") else []
    if box.offers("action.appeal") or box.offers("action.evidence"):
        found.append("appeal")
    return tuple(found)


def _rounds(dispute: Part | None) -> int:
    if dispute is None:
        return 0

    def count(text: str) -> int:
        if text.strip() not in ("1", "2", "3"):
            raise Unreadable(text, "a round of the dispute")
        return int(text)

    return dispute.labelled("dispute.round").read(count)


def _consistent(
    seen: Seen, state: str, status: Value, dispute: Part | None, rounds: int, acts: list[str],
    actions: tuple[Action, ...], box: Part,
) -> None:  # fmt: skip
    """What the page says of one thing in several places must agree."""
    if acts.count("disputed") != rounds:
        raise seen.mismatch("dispute.round", rounds, acts.count("disputed"))
    if (state in ("disputing", "accepted", "rejected", "withdrew", "lapsed", "compensated")) and dispute is None:
        raise seen.mismatch("dispute.heading", status.text, "no dispute")
    if _MEANS[state] == "action_needed" and "appeal" not in actions:
        raise seen.mismatch("result.heading", status.text, "nothing can be done")
    if box.offers("action.evidence") and state != "disputing":
        raise seen.mismatch("action.evidence", status.text, "evidence is asked for")


def _ended(seen: Seen, state: str, events: list[Told]) -> Instant | None:
    """When it ended, by the event that ended it: it bears the word of the status."""
    if state not in OVER:
        return None
    found = [event for event in events if event.act == state]
    if not found:
        raise seen.mismatch("history.heading", state, ", ".join(event.act for event in events[-3:]))
    return found[-1].message.at


def row_of(seen: Seen) -> Part | None:
    """The request's row in the list, where it was looked at."""
    found = [at for at in range(len(seen.tree.tags)) if seen.tree.has(at, ROW)]
    return Part(seen, found[0]) if len(found) == 1 else None


def read_deadlines(seen: Seen, box: Part, row: Part | None, state: str, clock: Clock) -> tuple[Deadline, ...]:
    """Every day named in a sentence of the result box or of the row; one told in both must be the same.

    The day for evidence may stand in the row alone (facts 1.6): where a dispute is under way and no row was looked
    at, that is drift. A day without a time is due when it begins.
    """
    if row is None and state == "disputing":
        raise seen.drift("hint.evidence", say("the row of the list was not looked at"))
    found: dict[str, Deadline] = {}
    for part in (box, row) if row is not None else (box,):
        for value in dated(part):
            name, day = hint_in(value)
            kind, rule = _KINDS[name]
            read = value.read(lambda text, day=day: due(day, clock))  # type: ignore[misc]
            one = deadline_from_instant(kind, value.text, read, rule)
            other = found.setdefault(name, one)
            if other.at != one.at:
                raise seen.mismatch("hint.evidence", other.shown, one.shown)
    order = ("evidence", "answer", "second", "negotiate", "check")
    return tuple(found[name] for name in order if name in found)


def read_decision(seen: Seen) -> Decision | None:
    """What Shopee decided on the buyer's request."""
    part = seen.maybe_section("ruling.heading")
    if part is None:
        return None
    amount = part.labelled("ruling.amount")
    return Decision(
        deductions=(Deduction(label=part.worded("ruling.amount"), amount=money(amount, market_of(seen))),),
        text=part.labelled("ruling.text").text,
    )


def read_items(seen: Seen) -> tuple[Item, ...]:
    """What goes back."""
    columns = {"id": "order.item_id", "name": "order.item_name", "quantity": "order.quantity", "paid": "order.price"}
    market = market_of(seen)
    return tuple(
        Item(
            id=row["id"].read(item_number),
            name=row["name"].text,
            quantity=row["quantity"].read(_quantity),
            amount=money(row["paid"], market),
        )
        for row in seen.section("order.heading").rows(columns)
    )


def _quantity(text: str) -> int:
    if not text.strip().isdigit() or len(text.strip()) > 5:
        raise Unreadable(text, "a quantity")
    return int(text)


def _asked(seen: Seen, info: Part, amount: Money, at: Instant) -> Offer:
    """What the buyer wants, as a plan on the table."""
    claim = seen.section("claim.heading").labelled("claim.text")
    return Offer(
        from_="buyer",
        kind=info.labelled("info.solution").word("solution"),  # type: ignore[arg-type]
        amount=amount,
        at=at,
        text="" if claim.empty else claim.text,
    )


def _flags(reason: str, state: str, wanted: bool, rounds: int, acts: list[str]) -> tuple[str, ...]:
    """What else is to be known; that the buyer pressed Resolve Issue is told and changes no status (WD6, WD12)."""
    found = [withdrawable(reason, over=state in OVER)]
    if wanted:
        found.append(EVIDENCE_WANTED)
    if rounds > 1:
        found.append("second_dispute")
    if "resolved" in acts:
        found.append("buyer_resolved")
    return tuple(found)


def read_outcome(seen: Seen, state: str, dispute: Part | None, ended: Instant | None, clock: Clock) -> Outcome | None:
    """How it ended: by the dispute where there was one, else as the status says."""
    if dispute is not None:
        result = dispute.labelled("dispute.result")
        is_ = result.word("result")
        if is_ != "pending":
            at = instant(dispute.labelled("dispute.result_at"), clock)
            back = dispute.maybe("dispute.compensation")
            return Outcome(result=is_, at=at, recovered=money(back, market_of(seen)) if back else None)
    return None if ended is None else Outcome(result=state, at=ended)


def read_details(seen: Seen, info: Part, own_id: str) -> dict[str, str]:
    """Facts without a field of their own: the internal id, a replaced reason, the return parcel, each side's files."""
    found = {"return_id": own_id} if own_id else {}
    again = info.maybe("info.reassessed")
    if again is not None and norm(again.text) != "none":
        found["reassessed_reason"] = again.text
    parcel = seen.maybe_section("logistics.heading")
    for name in ("carrier", "number"):
        value = parcel.labelled(f"logistics.{name}") if parcel else None
        if value is not None and not value.empty:
            found[f"return_{name}"] = value.text
    files = seen.section("files.heading")
    for who in ("buyer", "seller"):
        part = files.section(f"files.{who}.heading")
        names = [name for entry in part.entries() for name in entry.links()]
        if names:
            found[f"{who}_evidence"] = ", ".join(names)
    return found


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's answers of one kind that the page lists (proof for settling an unknown outcome)."""
    info = seen.section("info.heading")
    clock = clock_of(seen, info.labelled("info.created"), return_id(seen.page.url))
    state = status_in(seen.section("result.heading")).word("status")
    talk = read_talk(seen, clock, over=state in OVER)
    if action == "reply":
        return tuple(
            Sent(number=one.ref, at=one.message.at, what=norm(one.message.text))
            for one in talk if not one.act and one.message.from_ == "seller"
        )  # fmt: skip
    found = []
    dispute = seen.maybe_section("dispute.heading")
    for one in talk:
        text = norm(one.message.text.partition("\n")[2])
        if one.act == "evidence":
            found.append(Sent(number=one.ref, at=one.message.at, what=text))
        elif one.act == "disputed":
            latest = dispute is not None and dispute.labelled("receipt.number").text == one.ref
            found.append(Sent(number=one.ref, at=one.message.at, what=_reason(dispute) if latest else text))
    return tuple(found)


def _reason(dispute: Part | None) -> str:
    """The dispute's reason in the form in which a packet shows it: the first text of its label."""
    assert dispute is not None
    shown = dispute.labelled("dispute.reason")
    return norm(shown.seen.labels.in_language(f"words.dispute.{shown.word('dispute')}", ""))
