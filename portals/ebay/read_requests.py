"""Pure reader of a request: an item that did not arrive, or a return, and how far it has come."""

from __future__ import annotations

from agent.portal import Sent
from agent.reading.seen import Part, Seen
from agent.records import Action, Case, Deadline, Offer, Outcome, Reason, SeenRef, Status, StatusIs
from agent.rules import withdrawable
from agent.words import say
from portals.ebay.common import Entry, activity, offered, paid, plain, read_items, sent_as
from portals.ebay.shown import Window, deadline, instant, moment, money, rule, site_of

CHANNEL = "requests"
ACTIONS: tuple[Action, ...] = ("reply", "provide_tracking", "accept", "propose_solution", "escalate", "request_close")
MEANS: dict[str, StatusIs] = {
    "wait_seller": "action_needed", "overdue": "action_needed", "wait_buyer": "waiting", "offered": "waiting",
    "ready": "waiting", "shipped": "waiting", "delivered": "action_needed", "agreeing": "waiting",
    "escalated": "closed", "refunded": "closed", "buyer_closed": "withdrawn", "agreed": "withdrawn",
    "arrived": "won", "idle": "closed", "disputed": "closed", "never_sent": "won",
}  # fmt: skip
_SENT_AS: dict[str, tuple[str, ...]] = {
    "reply": ("reply",), "provide_tracking": ("tracking",), "accept": ("accept_return", "accept_refund"),
    "propose_solution": ("offer",), "escalate": ("escalate",), "request_close": ("agreed",),
}  # fmt: skip


def read_case(seen: Seen) -> Case:
    """One request (facts §11, §13)."""
    about = seen.section("request.heading")
    status, reason = about.labelled("common.status"), about.labelled("common.reason")
    state, reason_is = status.word("status_request"), reason.word("reason")
    kind = about.labelled("request.kind")
    closed = about.labelled("common.closed")
    lines = activity(seen)
    actions = _in_order(offered(seen, CHANNEL, ACTIONS), seen)
    if bool(actions) and not closed.empty:
        raise seen.mismatch("common.closed", closed.text, ", ".join(actions))
    if MEANS[state] == "action_needed" and not actions:
        raise seen.mismatch("common.status", status.text, "no action is offered")
    dispute = about.labelled("request.payment_dispute")
    flags = [withdrawable(reason_is, over=not closed.empty)]
    flags += ["overdue"] if state == "overdue" else []
    flags += [] if dispute.empty else ["ended_by_dispute"]
    total = money(about.labelled("common.total"))
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=about.labelled("request.id").text,
        order_id=about.labelled("common.order").text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=MEANS[state]),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=total,
        opened_at=instant(about.labelled("common.opened")),
        decided_at=None if closed.empty else instant(closed),
        deadlines=read_deadlines(seen, about, state, kind.word("kind"), lines),
        actions=actions,
        items=read_items(seen),
        messages=tuple(entry.message for entry in lines),
        flags=tuple(flags),
        outcome=None if closed.empty else Outcome(result=state, at=instant(closed)),
        offers=read_offers(about, lines),
        limit=total,
        details=_details(seen, about, kind.word("kind")),
        missing={"decided_at": "not closed yet"} if closed.empty else {},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _in_order(actions: tuple[Action, ...], seen: Seen) -> tuple[Action, ...]:
    """As the page has them: what it offers first is what it asks for."""
    part = seen.section("todo.heading")
    return tuple(sorted(actions, key=lambda action: part.controls(f"action.{CHANNEL}.{action}")[0]))


def read_deadlines(seen: Seen, about: Part, state: str, kind: str, lines: list[Entry]) -> tuple[Deadline, ...]:
    """To answer within three business days, on some sites and for returns otherwise; to refund within two (WD3, E6)."""
    if state == "wait_seller":
        opened = about.labelled("common.opened")
        own = f"{kind}_answer_days_{site_of(seen).country.lower()}"
        name = own if rule(seen, CHANNEL, own) is not None else "answer_business_days"
        silent = Window(moment(opened), opened.text, name)
        return (deadline(seen, about.maybe("common.respond_by"), "reply", "WD3", CHANNEL, silent),)
    if state != "delivered":
        return ()
    arrived = [entry for entry in lines if entry.act == "arrived"]
    if not arrived:
        raise seen.drift("activity.heading", say("when the item came back is not told"))
    silent = Window(moment(arrived[-1].at), arrived[-1].at.text, "refund_business_days")
    return (deadline(seen, about.maybe("request.refund_by"), "confirm_return", "E6", CHANNEL, silent),)


def read_offers(about: Part, lines: list[Entry]) -> tuple[Offer, ...]:
    """The partial refund that the seller has offered, if he has."""
    amount = paid(about.labelled("request.offer"))
    made = [entry for entry in lines if entry.act == "offer"]
    if amount is None:
        return ()
    return (Offer(from_="seller", kind="refund", amount=amount, at=made[-1].message.at if made else None),)


def _details(seen: Seen, about: Part, kind: str) -> dict[str, str]:
    told = plain(about, "common.buyer", "request.kind", "request.case", "request.payment_dispute")
    if kind == "return":
        told |= plain(seen.section("parcel.heading"), "parcel.return_carrier", "parcel.return_tracking")
    return told | {"site": seen.labelled("page.site").text}


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The answers of this kind that the portal says it has."""
    return sent_as(seen, _SENT_AS[action], tail=action == "provide_tracking")
