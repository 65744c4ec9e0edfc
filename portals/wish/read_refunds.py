"""Pure reader of a refunded order: what was taken from the merchant, how its dispute stands, what came back."""

from __future__ import annotations

import re

from agent.portal import Sent
from agent.reading.seen import Part, Seen
from agent.reading.unreadable import Unreadable
from agent.records import (
    Action,
    Appeals,
    Case,
    Deadline,
    Decision,
    Deduction,
    Outcome,
    Party,
    Reason,
    SeenRef,
    Status,
    StatusIs,
)
from portals.wish.common import conversation, number, offered, plain, read_items, sent_as
from portals.wish.shown import deadline, instant, moment, money, optional

CHANNEL = "refund_disputes"
ACTIONS: tuple[Action, ...] = ("appeal", "reply")
MEANS: dict[str, StatusIs] = {
    "none": "expired", "awaiting_admin": "in_review", "awaiting_merchant": "expired", "approved": "won",
    "declined": "lost", "cancelled": "closed",
}  # fmt: skip
"""What a state means where nothing is offered any more; with an action it wants an answer."""
COLUMNS = {
    "id": "common.order", "customer": "common.customer", "reason": "refund.reason", "amount": "refund.amount",
    "opened": "refund.refunded", "status": "refund.state", "actions": "list.actions",
}  # fmt: skip
_OFFERED = {"none": "appeal", "declined": "appeal", "cancelled": "appeal", "awaiting_merchant": "reply"}
_ACT = {"none": "", "awaiting_admin": "disputed answered", "awaiting_merchant": "asked"}
"""How the history ends in each state; by default the state's own name."""
_SENT = {"appeal": "disputed", "reply": "answered"}


def read_case(seen: Seen) -> Case:
    """One refunded order; its id is the case's, because one dispute may run for an order at a time (facts §3)."""
    about = seen.section("refund.heading")
    status, reason = about.labelled("refund.state"), about.labelled("refund.reason")
    state, refunded = status.word("dispute"), about.labelled("refund.refunded")
    actions, told = offered(seen, CHANNEL, ACTIONS), conversation(seen, "history.heading")
    if actions and actions != (_OFFERED.get(state),):
        raise seen.mismatch("refund.state", status.text, ", ".join(actions))
    last = told[-1].act if told else ""
    if last not in _ACT.get(state, state).split(" ") and (last or _ACT.get(state, state)):
        raise seen.mismatch("history.heading", status.text, told[-1].message.text if told else "nothing")
    used, allowed = about.labelled("refund.rejections").read(_rejections)
    if used != sum(one.act == "declined" for one in told):
        raise seen.mismatch("refund.rejections", used, sum(one.act == "declined" for one in told))
    order = about.labelled("common.order").read(number)
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=order,
        order_id=order,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_="action_needed" if actions else MEANS[state]),
        reason=Reason(shown=reason.text, is_=reason.word("cause")),  # type: ignore[arg-type]
        amount=money(about.labelled("refund.amount")),
        opened_at=instant(refunded),
        decided_at=instant(refunded),
        deadlines=read_deadlines(about) if actions else (),
        decision=read_decision(about),
        actions=actions,
        appeals=Appeals(used=used, allowed=allowed),
        items=read_items(seen),
        messages=tuple(one.message for one in told),
        outcome=read_outcome(seen, about, state),
        details=plain(about, "common.customer", "refund.order_state"),
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _rejections(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d)\s*/\s*(\d)", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (1 / 3)")
    return int(match[1]), int(match[2])


def read_deadlines(about: Part) -> tuple[Deadline, ...]:
    """90 calendar days after the refund, for a new dispute and for going on with one (WI2)."""
    refunded = about.labelled("refund.refunded")
    return (deadline(about.maybe("refund.due"), "appeal", CHANNEL, "WI2", (moment(refunded), refunded)),)


def read_decision(about: Part) -> Decision:
    """Why Wish refunded the order, and at whose cost."""
    party, taken = about.labelled("refund.responsible"), about.labelled("refund.deducted")
    return Decision(
        responsible=Party(shown=party.text, is_=party.word("party")),  # type: ignore[arg-type]
        deductions=() if taken.empty else (Deduction(label=about.worded("refund.deducted"), amount=money(taken)),),
        text=about.labelled("refund.why").text,
    )


def read_outcome(seen: Seen, about: Part, state: str) -> Outcome | None:
    """What the latest dispute brought; None while none was decided."""
    at, back = optional(about.labelled("refund.answered")), about.labelled("refund.returned")
    if (at is not None) != (state in ("approved", "declined")) or back.empty == (state == "approved"):
        raise seen.mismatch("refund.answered", state, back.text)
    if at is None:
        return None
    return Outcome(result=state, at=at, recovered=None if back.empty else money(back))


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's disputes or answers that the portal says it has."""
    return sent_as(conversation(seen, "history.heading"), _SENT[action])
