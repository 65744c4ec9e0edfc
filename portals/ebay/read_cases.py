"""Pure reader of a case: what eBay decided, until when it may be appealed, what came of the appeal."""

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
from agent.rules import withdrawable
from portals.ebay.common import activity, offered, paid, plain, read_items, sent_as
from portals.ebay.shown import Window, deadline, instant, moment, money

CHANNEL = "cases"
ACTIONS: tuple[Action, ...] = ("appeal",)
MEANS: dict[str, StatusIs] = {
    "review": "in_review", "hold": "in_review", "buyer_closed": "withdrawn", "seller_refunded": "closed",
    "closed_seller": "won", "closed_no_fault": "won", "closed_buyer": "lost", "appealed": "in_review",
    "appeal_granted": "won", "appeal_denied": "lost",
}  # fmt: skip
_RULED = ("closed_seller", "closed_no_fault", "closed_buyer", "appealed", "appeal_granted", "appeal_denied")


def read_case(seen: Seen) -> Case:
    """One case (facts §11, §13: appeal within 30 calendar days after it was closed)."""
    about = seen.section("case.heading")
    status, reason = about.labelled("common.status"), about.labelled("common.reason")
    state, reason_is = status.word("status_case"), reason.word("reason")
    opened, closed = about.labelled("common.opened"), about.labelled("common.closed")
    actions = offered(seen, CHANNEL, ACTIONS)
    if actions and closed.empty:
        raise seen.mismatch("common.closed", status.text, ", ".join(actions))
    due: tuple[Deadline, ...] = ()
    if actions:
        silent = Window(moment(closed), closed.text, "appeal_days")
        due = (deadline(seen, about.maybe("case.appeal_by"), "appeal", "E6", CHANNEL, silent),)
    appeal = seen.maybe_section("appeal.heading")
    used, allowed = about.labelled("case.appeals").read(_attempts)
    if bool(used) != (appeal is not None):
        raise seen.mismatch("case.appeals", used, "an appeal" if appeal else "no appeal")
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=about.labelled("case.id").text,
        order_id=about.labelled("common.order").text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_="action_needed" if actions else MEANS[state]),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=money(about.labelled("common.total")),
        opened_at=instant(opened),
        decided_at=None if closed.empty else instant(closed),
        deadlines=due,
        decision=read_decision(seen, state),
        actions=actions,
        appeals=Appeals(used=used, allowed=allowed),
        items=read_items(seen),
        messages=tuple(entry.message for entry in activity(seen)),
        flags=(withdrawable(reason_is, over=not closed.empty),),
        outcome=_outcome(state, appeal, None if closed.empty else instant(closed)),
        details=_details(seen, about, appeal),
        missing={"decided_at": "not closed yet"} if closed.empty else {},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _attempts(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2}) (?:of|von) (\d{1,2})", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (0 of 1)")
    return int(match[1]), int(match[2])


def read_decision(seen: Seen, state: str) -> Decision | None:
    """What eBay ruled; a case that it has decided shows that."""
    part = seen.maybe_section("ruling.heading")
    if (part is not None) != (state in _RULED):
        raise seen.mismatch("ruling.heading", state, "a decision" if part else "no decision")
    if part is None:
        return None
    party, charged = part.labelled("ruling.responsible"), paid(part.labelled("ruling.charged"))
    return Decision(
        responsible=Party(shown=party.text, is_=party.word("party")),  # type: ignore[arg-type]
        deductions=() if charged is None else (Deduction(label=part.worded("ruling.charged"), amount=charged),),
        text=part.labelled("ruling.text").text,
    )


def _outcome(state: str, appeal: Part | None, closed: object) -> Outcome | None:
    if appeal is not None:
        if appeal.labelled("appeal.result").empty:
            return None
        back = paid(appeal.labelled("appeal.credited"))
        return Outcome(result=state, at=instant(appeal.labelled("appeal.decided")), recovered=back)
    return None if closed is None else Outcome(result=state, at=closed)  # type: ignore[arg-type]


def _details(seen: Seen, about: Part, appeal: Part | None) -> dict[str, str]:
    told = plain(about, "common.buyer", "case.request") | {"site": seen.labelled("page.site").text}
    return told | (plain(appeal, "appeal.appeal_reason") if appeal else {})


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The appeals that the portal says it has."""
    return sent_as(seen, ("appeal",))
