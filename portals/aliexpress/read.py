"""Pure readers of AliExpress's dispute page: seen page in, record out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from agent.policy import Rule, shipped_policy
from agent.portal import Fetched, Sent
from agent.reading.deadlines import (
    agree,
    deadline_from_countdown,
    deadline_from_instant,
    deadline_from_rule,
    read_due,
)
from agent.reading.ids import item_number
from agent.reading.labels import norm
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Action,
    Appeals,
    Attachment,
    Case,
    Deadline,
    DeadlineKind,
    Decision,
    Deduction,
    Item,
    Message,
    Offer,
    Outcome,
    Party,
    Reason,
    SeenRef,
    Status,
    StatusIs,
)
from agent.rules import withdrawable
from agent.words import say
from portals.aliexpress.shown import LANGUAGES, Clock, clock_of, instant, moment, money

CHANNEL = "disputes"
_MEANS: dict[str, StatusIs] = {
    "wait_seller": "action_needed", "wait_buyer": "waiting", "wait_withdrawal": "waiting", "platform": "in_review",
    "wait_return": "waiting", "wait_tracking": "action_needed", "wait_receipt": "action_needed",
    "return_platform": "in_review", "agreed": "closed", "no_refund": "won", "ruled_refund": "lost",
    "ruled_part": "partly_won", "timeout": "expired", "return_done": "closed", "canceled": "withdrawn",
}  # fmt: skip
_OVER = ("agreed", "no_refund", "ruled_refund", "ruled_part", "timeout", "return_done", "canceled")
_APPEALED: dict[str, StatusIs] = {"pending": "in_review", "approved": "won", "denied": "lost"}
_ACTIONS: tuple[Action, ...] = (
    "accept", "propose_solution", "apply_withdrawal", "escalate", "cancel_escalation", "provide_tracking", "appeal",
)  # fmt: skip
_CLOCKS: dict[str, tuple[DeadlineKind, str]] = {
    "dispute.reply": ("reply", "AE1"), "dispute.negotiate": ("negotiate", "AE1"),
    "dispute.evidence": ("evidence", "WD4"), "dispute.tracking": ("evidence", "AE7"),
    "dispute.confirm_return": ("confirm_return", "AE4"), "dispute.appeal": ("appeal", "A21"),
}  # fmt: skip
_SENT_AS: dict[str, str] = {
    "accept": "seller_accept", "propose_solution": "seller_plan", "apply_withdrawal": "withdrawal",
    "escalate": "escalate", "cancel_escalation": "cancel_escalation", "provide_tracking": "tracking",
    "appeal": "appeal",
}  # fmt: skip


def read_case(seen: Seen, documents: dict[str, Fetched]) -> Case:
    """One dispute with its plans, evidence, return, ruling, appeal and history (AE1–AE7)."""
    info = seen.section("info.heading")
    status_shown = info.labelled("dispute.status")
    state = status_shown.word("status")
    reason = info.labelled("dispute.reason")
    reason_is = reason.word("reason")
    ended = info.labelled("dispute.ended_at")
    opened = info.labelled("dispute.opened_at")
    amount, _ = info.labelled("dispute.claimed").read(money)
    _, limit = info.labelled("dispute.limit").read(money)
    used, allowed = info.labelled("dispute.appeals").read(_attempts)
    actions = tuple(action for action in _ACTIONS if info.offers(f"action.{action}"))
    appeal = seen.section("appeals.heading")
    filed = None if appeal.is_empty("appeals.none") else appeal
    answer = filed.labelled("appeals.state").word("appeal") if filed else None
    status = _status(state, answer, actions)
    deadlines = read_deadlines(seen, info, state, opened, ended, actions)
    _consistent(seen, status_shown, status, used, answer, ended, actions)
    rate = info.labelled("dispute.rate").word("rate")
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("dispute.id").text,
        order_id=info.labelled("dispute.order_id").text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status_shown.text, is_=status),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=amount,
        opened_at=instant(opened),
        decided_at=None if ended.empty else instant(ended),
        deadlines=deadlines,
        decision=_ruled(seen, read_decision(seen)),
        actions=actions,
        appeals=Appeals(used=used, allowed=allowed),
        items=read_items(seen),
        messages=read_history(seen),
        flags=(withdrawable(reason_is, over=state in _OVER), f"dispute_rate:{rate}"),
        outcome=read_outcome(state, filed, ended),
        offers=read_offers(seen),
        limit=limit,
        details=read_details(seen, info),
        missing={} if not ended.empty else {"decided_at": "not ended yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _status(state: str, answer: str | None, actions: tuple[Action, ...]) -> StatusIs:
    """A lost dispute wants something as long as it can be appealed; an appeal decides anew."""
    if answer is not None:
        return _APPEALED[answer]
    return "action_needed" if "appeal" in actions else _MEANS[state]


def _attempts(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)\s*/\s*(\d+)", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (0/1)")
    return int(match[1]), int(match[2])


def _consistent(
    seen: Seen, shown: Value, status: str, used: int, answer: str | None, ended: Value, actions: tuple[Action, ...]
) -> None:
    """What the page says of one thing in several places must agree."""
    over = shown.word("status") in _OVER
    if over == ended.empty:
        raise seen.mismatch("dispute.ended_at", shown.text, ended.text)
    if bool(used) != (answer is not None):
        raise seen.mismatch(
            "dispute.appeals", used, say("an appeal is counted") if answer else say("no appeal is counted")
        )
    if status == "action_needed" and not actions:
        raise seen.mismatch("dispute.status", shown.text, say("no action is offered"))
    if over and set(actions) - {"appeal"}:
        raise seen.mismatch("dispute.status", shown.text, say("actions are offered"))


def read_deadlines(
    seen: Seen, info: Part, state: str, opened: Value, ended: Value, actions: tuple[Action, ...]
) -> tuple[Deadline, ...]:
    """Every clock on the page: answer, negotiation, evidence, tracking, receipt, appeal; and what only rules give.

    No page names a day for withdrawing: it is none from the sixth day after opening, so five days are left (WD8). Where
    the page shows no day for an answer or an appeal that it waits for, the shortest known counts (WD3).
    """
    found = []
    for key, (kind, rule) in _CLOCKS.items():
        value = info.maybe(key)
        if value is not None and not value.empty:
            found.append(_deadline(seen, value, kind, rule))
    shown = {deadline.kind for deadline in found}
    rules = (seen.policy or shipped_policy(Path(__file__).parent)).channels[CHANNEL]
    if "apply_withdrawal" in actions:
        found.append(_by_rule("withdraw", opened, rules.rules["withdraw_days"]))
    if state == "wait_seller" and "reply" not in shown:
        found.append(_by_rule("reply", opened, rules.rules["reply_days"]))
    window = rules.actions["appeal"].window_days
    if "appeal" in actions and "appeal" not in shown and window is not None and not ended.empty:
        found.append(_by_rule("appeal", ended, window))
    return tuple(found)


def _by_rule(kind: DeadlineKind, start: Value, days: Rule) -> Deadline:
    """So many times 24 hours after what the page shows."""
    clock = clock_of(start.seen)
    return deadline_from_rule(
        kind, start=moment(start), start_shown=start.text, hours=24 * days.number, zone=clock.zone,
        zone_basis=clock.basis, rule=days.rule,
    )  # fmt: skip


def _deadline(seen: Seen, value: Value, kind: DeadlineKind, rule: str) -> Deadline:
    """One clock: a date, a countdown on the portal's clock, or both, which must then agree."""
    clock, page = clock_of(seen), seen.page
    dates: list[Deadline] = []
    counts: list[Deadline] = []
    for text in value.pieces:
        one = Value(seen, value.key, value.element, text)
        try:
            at = read_due(text, zone=clock.zone, zone_basis=clock.basis, languages=LANGUAGES, near=page.now,
                          also_zones=clock.also)  # fmt: skip
            dates.append(deadline_from_instant(kind, text, at, rule))
        except Unreadable:
            counts.append(one.read(_counted(kind, rule, seen, clock)))
    if len(dates) > 1 or len(counts) > 1:
        raise seen.drift(value.key, say("two deadlines stand there"), found=tuple(value.pieces))
    if dates and counts and not agree(dates[0], counts[0]):
        raise seen.mismatch(value.key, dates[0].shown, counts[0].shown)
    best = counts if counts and clock.also else dates or counts  # a countdown knows no zone: it is surer than a date
    return best[0].model_copy(update={"shown": value.text})


def _counted(kind: DeadlineKind, rule: str, seen: Seen, clock: Clock) -> Callable[[str], Deadline]:
    return lambda text: deadline_from_countdown(
        kind, text, server_now=seen.page.now, zone=clock.zone, zone_basis=clock.basis, rule=rule, languages=LANGUAGES
    )


def read_items(seen: Seen) -> tuple[Item, ...]:
    """What the dispute is about."""
    columns = {"id": "goods.id", "name": "goods.name", "quantity": "goods.quantity", "paid": "goods.paid"}
    return tuple(
        Item(
            id=row["id"].read(item_number),
            name=row["name"].text,
            quantity=row["quantity"].read(_quantity),
            amount=row["paid"].read(money)[0],
        )
        for row in seen.section("goods.heading").rows(columns)
    )


def _quantity(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text.strip()):
        raise Unreadable(text, "a quantity")
    return int(text)


def read_offers(seen: Seen) -> tuple[Offer, ...]:
    """The plans of buyer, seller and platform that lie on the table (AE2)."""
    found = []
    for owner in ("buyer", "seller", "platform"):
        key = f"plan.{owner}.heading"  # buyer's and seller's card is always there, if only to say that there is no plan
        card = seen.maybe_section(key) if owner == "platform" else seen.section(key)
        if card is None or card.shows("plan.none"):
            continue
        own, local = card.labelled("plan.amount").read(money)
        text = card.labelled("plan.text")
        found.append(
            Offer(
                from_=owner,
                kind=card.labelled("plan.type").word("plan"),  # type: ignore[arg-type]
                amount=own,
                buyer_amount=local,
                at=instant(card.labelled("plan.at")),
                text="" if text.empty else text.text,
            )
        )
    return tuple(found)


def read_decision(seen: Seen) -> Decision | None:
    """What the platform ruled, or what it still asks for."""
    part = seen.maybe_section("ruling.heading")
    if part is None:
        return None
    wanted = part.labelled("ruling.wanted").items()
    party = part.maybe("ruling.responsible")
    if party is None:
        return Decision(requested_evidence=wanted)
    amount = part.labelled("ruling.amount")
    own, _ = amount.read(money)
    return Decision(
        responsible=Party(shown=party.text, is_=party.word("party")),  # type: ignore[arg-type]
        deductions=(Deduction(label=part.worded("ruling.amount"), amount=own),) if own.value else (),
        text=part.labelled("ruling.text").text,
        requested_evidence=wanted,
    )


def _ruled(seen: Seen, decision: Decision | None) -> Decision | None:
    """The ruling, which the history names too: a page that shows it there alone has lost a part, or renamed it."""
    if (decision is None or decision.responsible is None) and any(one.act == "ruling" for one in _history(seen)):
        raise seen.mismatch("ruling.heading", "-", say("a ruling in the history"))
    return decision


def read_history(seen: Seen) -> tuple[Message, ...]:
    """The dispute history in the order shown: who did what when, in which words, with which files."""
    return tuple(entry.message for entry in _history(seen))


class _Entry(NamedTuple):
    act: str
    number: str
    message: Message


def _history(seen: Seen) -> list[_Entry]:
    part = seen.section("history.heading")
    found = []
    for entry in part.told("history.none"):
        files = entry.links()
        words = [piece for piece in entry.pieces if piece not in files]
        record = next((w for w in words if re.search(r"\d{8,}$", w)), None)
        if len(words) > 4 and record == words[4]:  # a date and its hour may stand apart
            words[1:3] = [" ".join(words[1:3])]
        if len(words) < 4 or record != words[3]:
            raise seen.drift("history.heading", say("an entry lacks who, when, what or its number"), found=tuple(words))

        def value(number: int, at: int = entry.element, words: list[str] = words) -> Value:
            return Value(seen, "history.heading", at, words[number])

        who = value(0).word("owner")
        found.append(
            _Entry(
                value(2).word("act"),
                re.sub(r"\D", "", words[3]),
                Message(
                    at=instant(value(1)),
                    from_="platform" if who == "system" else who,  # type: ignore[arg-type]
                    text="\n".join([words[2], *words[4:]]),
                    attachments=tuple(Attachment(name=name) for name in files),
                ),
            )
        )
    return found


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's answers of one kind that the history lists (proof for settling an unknown outcome)."""
    part = seen.section("appeals.heading")
    filed = action == "appeal" and not part.is_empty("appeals.none")
    what = norm(part.labelled("appeals.type").text) if filed else ""
    return tuple(
        Sent(number=entry.number, at=entry.message.at, what=what)
        for entry in _history(seen)
        if entry.act == _SENT_AS[action]
    )


def read_outcome(state: str, filed: Part | None, ended: Value) -> Outcome | None:
    """How it ended: by appeal where there was one, else as the status says."""
    if filed is not None:
        answer = filed.labelled("appeals.state").word("appeal")
        if answer == "pending":
            return None
        back = filed.labelled("appeals.recovered")
        return Outcome(
            result=answer,
            at=instant(filed.labelled("appeals.answered_at")),
            recovered=None if back.empty else back.read(money)[0],
        )
    return None if ended.empty else Outcome(result=state, at=instant(ended))


def read_details(seen: Seen, info: Part) -> dict[str, str]:
    """Facts without a field of their own: was it received, the return parcel, what each side showed."""
    found = {"received": info.labelled("dispute.received").text}
    parcel = seen.maybe_section("return.heading")
    names = ("address", "carrier", "lp", "number")
    if parcel is not None and not any(parcel.shows(f"return.{name}") for name in names):
        raise seen.drift("return.heading", say("nothing stands under the heading, and not that there is nothing"))
    for name in names:
        value = parcel.maybe(f"return.{name}") if parcel else None
        if value is not None and not value.empty:
            found[f"return_{name}"] = value.text
    for owner in ("buyer", "seller"):
        files = [name for entry in seen.section(f"evidence.{owner}.heading").entries() for name in entry.links()]
        if files:
            found[f"{owner}_evidence"] = ", ".join(files)
    return found
