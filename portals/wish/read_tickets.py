"""Pure reader of a support ticket: what the customer asks, how long there is to answer, how it ended."""

from __future__ import annotations

from agent.portal import Sent
from agent.reading.seen import Part, Seen
from agent.records import Action, Case, Deadline, Outcome, Reason, SeenRef, Status, StatusIs
from agent.rules import withdrawable
from agent.words import say
from portals.wish.common import Told, conversation, number, offered, plain, read_items, sent_as
from portals.wish.shown import deadline, instant, moment, money, optional

CHANNEL = "tickets"
ACTIONS: tuple[Action, ...] = ("reply", "request_close", "escalate")
OPEN: dict[str, StatusIs] = {
    "awaiting_merchant": "action_needed",
    "awaiting_user": "waiting",
    "awaiting_wish": "in_review",
}
ENDED: dict[str, StatusIs] = {"resolved": "withdrawn", "refunded": "lost", "not_refunded": "won"}
COLUMNS = {
    "id": "ticket.id", "order": "common.order", "customer": "common.customer", "reason": "ticket.reason",
    "amount": "ticket.amount", "opened": "ticket.opened", "status": "ticket.state", "actions": "list.actions",
}  # fmt: skip
_SENT = {"reply": "message", "request_close": "closed", "escalate": "escalated"}


def read_case(seen: Seen) -> Case:
    """One ticket. Whether the customer has resolved it is read, from its state and the conversation (WD6)."""
    about = seen.section("ticket.heading")
    status, reason = about.labelled("ticket.state"), about.labelled("ticket.reason")
    state, reason_is = status.word("status"), reason.word("issue")
    opened, closed = about.labelled("ticket.opened"), about.labelled("ticket.closed")
    result, by = about.labelled("ticket.result"), about.labelled("ticket.closed_by")
    actions, told = offered(seen, CHANNEL, ACTIONS), conversation(seen, "thread.heading")
    if len({closed.empty, result.empty, by.empty, state in OPEN}) > 1:
        raise seen.mismatch("ticket.closed", status.text, closed.text)
    if (state == "awaiting_merchant") != ("reply" in actions) or (actions and state not in OPEN):
        raise seen.mismatch("ticket.state", status.text, ", ".join(actions) or "no action is offered")
    ended = None if result.empty else result.word("result")
    resolved = any(one.act == "resolved" for one in told[-1:])
    if resolved and ended != "resolved":
        raise seen.mismatch("ticket.result", told[-1].message.text, result.text)
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=about.labelled("ticket.id").read(number),
        order_id=about.labelled("common.order").read(number),
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=OPEN[state] if ended is None else ENDED[ended]),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=money(about.labelled("ticket.amount")),
        opened_at=instant(opened),
        decided_at=optional(closed),
        deadlines=read_deadlines(about, told) if state == "awaiting_merchant" else (),
        actions=actions,
        items=read_items(seen),
        messages=tuple(one.message for one in told),
        flags=(withdrawable(reason_is, over=not closed.empty),),
        outcome=None if ended is None else Outcome(result=ended, at=instant(closed)),
        details=plain(about, "common.customer", "ticket.closed_by"),
        missing={"decided_at": "not closed yet"} if closed.empty else {},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def read_deadlines(about: Part, told: list[Told]) -> tuple[Deadline, ...]:
    """48 hours of every day of the week, from the first word of the customer that was not answered; then Wish decides
    (WI1)."""
    if not told:
        raise about.seen.drift("thread.heading", say("nobody has asked anything, and an answer is wanted"))
    answered = max((n for n, one in enumerate(told) if one.message.from_ == "seller"), default=-1)
    first = next((one for one in told[answered + 1 :] if one.message.from_ == "buyer"), told[-1])
    return (deadline(about.maybe("ticket.due"), "reply", CHANNEL, "WI1", (moment(first.at), first.at)),)


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's answers of this kind that the portal says it has."""
    return sent_as(conversation(seen, "thread.heading"), _SENT[action])
