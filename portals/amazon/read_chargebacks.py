"""Pure readers of chargebacks: the table, and one with its representation (facts §5)."""

from __future__ import annotations

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Appeals, Case, Deadline, Outcome, Reason, ReasonIs, SeenRef, Status, StatusIs
from agent.words import say
from portals.amazon.markets import market_of
from portals.amazon.values import attempts, chosen_tab, history, instant, items, money, page_of, within

CHANNEL = "chargebacks"
_COLUMNS = {
    "order_id": "claims.order_id", "filed": "chargebacks.filed", "reason": "chargebacks.reason",
    "amount": "chargebacks.amount", "status": "claims.status", "link": "claims.link",
}  # fmt: skip
_REASONS: dict[str, ReasonIs] = {
    "fraud": "other", "not_received": "not_received", "not_as_described": "not_as_described", "credit": "return_missing",
    "amount": "other", "subscription": "cancellation",
}  # fmt: skip
_SENT_AS = {"appeal": "represent", "accept": "refund"}


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows of one page of the tab All."""
    chosen_tab(seen, "chargebacks.heading", "chargeback_tab", filter)
    last, market = page_of(seen, number), market_of(seen)
    total = seen.count("chargebacks.total")
    if seen.shows("chargebacks.none"):
        if total:
            raise seen.mismatch("chargebacks.none", "0", total)
        return Listing(rows=(), total=0, number=number, last=True)
    rows = []
    for row in seen.rows(_COLUMNS):
        link = row["link"].href
        if link is None:
            raise seen.drift("claims.link", say("no link leads to the chargeback"))
        row["status"].word("chargeback_status")
        money(row["amount"], market)
        facts = {name: text for name, text in row.shown.items() if name != "link"}
        rows.append(Listed(case_id=row["link"].text, url=link, facts=facts))
    return Listing(rows=tuple(rows), total=total, number=number, last=last)


def read_case(seen: Seen) -> Case:
    """One chargeback; it is answered by representing the case once, or by refunding the order."""
    market = market_of(seen)
    info = seen.section("chargeback.heading")
    status, reason = info.labelled("claims.status"), info.labelled("chargebacks.reason")
    stage, group = status.word("chargeback_status"), reason.word("chargeback_group")
    used, allowed = info.labelled("chargeback.used").read(attempts)
    notice, length = info.maybe("claim.notice"), info.maybe("claim.respond_in")
    ended, result = info.maybe("chargeback.decided"), info.maybe("chargeback.result")
    form, refund = seen.maybe_section("represent.heading"), seen.maybe_section("chargeback.refund.heading")
    wanted: tuple[Action | None, ...] = ("appeal" if form else None, "accept" if refund else None)
    actions = tuple(action for action in wanted if action is not None)
    came = result.word("chargeback_result") if result is not None else None
    if {stage == "represent"} != {form is not None, refund is not None, notice is not None}:
        raise seen.mismatch("claims.status", stage, ", ".join(actions) or "no action")
    if (stage in ("resolved", "refunded")) != (came is not None) or (came is None) != (ended is None):
        raise seen.mismatch("chargeback.result", stage, came or "no result")
    deadlines: tuple[Deadline, ...] = ()
    if notice is not None:
        deadlines = (within(notice, length, "appeal", "AZ-B1", market, (CHANNEL, "silent_hours")),)
    means: dict[str | None, StatusIs] = {"won": "won", "lost": "lost", "refunded": "closed"}
    is_: StatusIs = means[came] if came else {"represent": "action_needed", "pending": "in_review"}[stage]  # type: ignore[assignment]
    back = info.labelled("decision.returned") if came == "won" else info.maybe("decision.returned")
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("chargeback.id").text,
        order_id=info.labelled("claims.order_id").text,
        url=seen.page.url,
        status=Status(shown=status.text, is_=is_),
        reason=Reason(shown=reason.text, is_=_REASONS[group]),
        amount=money(info.labelled("chargebacks.amount"), market),
        opened_at=instant(info.labelled("chargebacks.filed"), market),
        decided_at=None if ended is None else instant(ended, market),
        deadlines=deadlines,
        actions=actions,
        appeals=Appeals(used=used, allowed=allowed),
        items=items(seen, market),
        messages=tuple(message for _, message in history(seen, market)),
        outcome=None if came is None or ended is None else Outcome(
            result=came, at=instant(ended, market), recovered=None if back is None else money(back, market)
        ),
        details={"reason_code": info.labelled("chargeback.code").text, "marketplace": market.name},
        missing={} if ended is not None else {"decided_at": "not decided yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )  # fmt: skip


def agrees(listed: Listed, case: Case) -> str | None:
    """What the table's row and the chargeback's page say differently."""
    reason = case.reason.shown if case.reason else ""
    return first_difference(
        (listed.facts["status"], case.status.shown),
        (listed.facts["reason"], reason),
        (listed.facts["order_id"], case.order_id),
    )


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """Representations and refunds that the history lists."""
    return tuple(
        Sent(number=entry.number, at=message.at, what="")
        for entry, message in history(seen, market_of(seen))
        if entry.who == "seller" and entry.act == _SENT_AS.get(action)
    )
