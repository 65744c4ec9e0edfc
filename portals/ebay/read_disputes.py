"""Pure reader of a payment dispute: what the buyer's payment institution asks, what was answered, how it ended."""

from __future__ import annotations

from agent.portal import Sent
from agent.reading.seen import Part, Seen
from agent.records import (
    Action,
    Appeals,
    Case,
    Deadline,
    Decision,
    Deduction,
    Outcome,
    Reason,
    SeenRef,
    Status,
    StatusIs,
)
from portals.ebay.common import activity, offered, paid, plain, read_items, sent_as
from portals.ebay.shown import Window, deadline, instant, moment, money

CHANNEL = "payment_disputes"
ACTIONS: tuple[Action, ...] = ("appeal", "accept")
MEANS: dict[str, StatusIs] = {
    "action": "action_needed", "open": "in_review", "overdue": "expired", "no_response": "expired",
    "closed_won": "won", "closed_lost": "lost", "closed_accepted": "closed",
}  # fmt: skip
_ANSWERED = ("open", "closed_won", "closed_lost", "closed_accepted")
_TAKEN = ("decision.recouped", "decision.fee")


def read_case(seen: Seen) -> Case:
    """One payment dispute (facts §12)."""
    about = seen.section("dispute.heading")
    status, reason = about.labelled("common.status"), about.labelled("common.reason")
    state = status.word("status_dispute")
    opened, closed = about.labelled("common.opened"), about.labelled("common.closed")
    actions = offered(seen, CHANNEL, ACTIONS)
    if (MEANS[state] == "action_needed") != bool(actions):
        raise seen.mismatch("common.status", status.text, ", ".join(actions) or "no action is offered")
    due: tuple[Deadline, ...] = ()
    if actions:
        silent = Window(moment(opened), opened.text, "respond_days")
        due = (deadline(seen, about.maybe("common.respond_by"), "reply", "E5", CHANNEL, silent),)
    answer, ruling = seen.maybe_section("answer.heading"), seen.maybe_section("decision.heading")
    if closed.empty == (ruling is not None):
        raise seen.mismatch("common.closed", closed.text, "a decision" if ruling else "no decision")
    if (answer is not None) != (state in _ANSWERED):
        raise seen.mismatch("answer.heading", state, "a response" if answer else "no response")
    ended = about.labelled("dispute.ended_request")
    flags = ["withdrawable:no:ended" if ruling else "withdrawable:unknown:bank"]
    if ruling is not None:
        flags.append(f"protection:{ruling.labelled('decision.protection').word('protection')}")
    if not ended.empty:
        flags.append("ended_request")
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=about.labelled("dispute.id").text,
        order_id=about.labelled("common.order").text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=MEANS[state]),
        reason=Reason(shown=reason.text, is_=reason.word("reason")),  # type: ignore[arg-type]
        amount=money(about.labelled("dispute.amount")),
        opened_at=instant(opened),
        decided_at=None if closed.empty else instant(closed),
        deadlines=due,
        decision=read_decision(seen, ruling),
        actions=actions,
        appeals=Appeals(used=1 if answer else 0, allowed=1),
        items=read_items(seen),
        messages=tuple(entry.message for entry in activity(seen)),
        flags=tuple(flags),
        outcome=None if ruling is None else Outcome(
            result=state, at=instant(closed), recovered=paid(ruling.labelled("decision.protected"))),
        details=_details(seen, about, answer),
        missing={"decided_at": "not decided yet"} if closed.empty else {},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )  # fmt: skip


def read_decision(seen: Seen, ruling: Part | None) -> Decision | None:
    """How it ended, and what was taken from the seller."""
    if ruling is None:
        return None
    taken = []
    for key in _TAKEN:
        amount = paid(ruling.labelled(key))
        if amount is not None:
            taken.append(Deduction(label=ruling.worded(key), amount=amount))
    return Decision(deductions=tuple(taken), text=ruling.labelled("decision.why").text)


def _details(seen: Seen, about: Part, answer: Part | None) -> dict[str, str]:
    told = plain(about, "common.buyer", "dispute.ended_request") | {"site": seen.labelled("page.site").text}
    if answer is not None:
        told |= plain(answer, "answer.response", "answer.return_address", "answer.evidence")
    return told


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The response that the portal says it has."""
    return sent_as(seen, ("contested",) if action == "appeal" else ("accepted",))
