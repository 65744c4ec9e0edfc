"""Pure readers of the case log: the seller's own support cases (facts §7)."""

from __future__ import annotations

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case, Deadline, Reason, SeenRef, Status, StatusIs
from agent.words import say
from portals.amazon.markets import market_of
from portals.amazon.values import due, history, instant, page_of

CHANNEL = "case_log"
_COLUMNS = {name: f"cases.{name}" for name in ("id", "status", "subject", "created", "last")}
_MEANS: dict[str, StatusIs] = {"awaiting_seller": "action_needed", "in_review": "in_review", "resolved": "closed",
                               "closed": "closed", "cancelled": "closed"}  # fmt: skip
_SENT_AS = {"reply": "reply", "request_close": "close_request"}


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows of one page."""
    last, total = page_of(seen, number), seen.count("cases.total")
    market_of(seen)
    if seen.shows("cases.none"):
        if total:
            raise seen.mismatch("cases.none", "0", total)
        return Listing(rows=(), total=0, number=number, last=True)
    rows = []
    for row in seen.rows(_COLUMNS):
        link = row["id"].href
        if link is None:
            raise seen.drift("cases.id", say("no link leads to the case"))
        row["status"].word("support_status")
        rows.append(Listed(case_id=row["id"].text, url=link, facts=row.shown))
    return Listing(rows=tuple(rows), total=total, number=number, last=last)


def read_case(seen: Seen) -> Case:
    """One support case with its correspondence; a closed one takes nothing any more."""
    market = market_of(seen)
    info = seen.section("case.heading")
    status, subject = info.labelled("cases.status"), info.labelled("cases.subject")
    stage = status.word("support_status")
    writes, closes = seen.maybe_section("case.answer.heading") is not None, seen.offers("case.close")
    over = seen.shows("case.closed")
    if over != (_MEANS[stage] == "closed") or over in (writes, closes):
        raise seen.mismatch("cases.status", stage, "closed" if over else "open")
    until = info.labelled("case.needed_by") if stage == "awaiting_seller" else info.maybe("case.needed_by")
    deadlines: tuple[Deadline, ...] = () if until is None else (due(until, "reply", "AZ-L1", market),)
    order = info.labelled("case.order")
    actions: tuple[Action, ...] = ("reply", "request_close")
    if over:
        actions = ("open_ticket",) if info.may_offer("case.contact") else ()
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("cases.id").text,
        order_id="" if order.empty else order.text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=_MEANS[stage]),
        reason=Reason(shown=subject.text, is_="other"),
        opened_at=instant(info.labelled("cases.created"), market),
        deadlines=deadlines,
        actions=actions,
        messages=tuple(message for _, message in history(seen, market)),
        details={"marketplace": market.name},
        missing={"amount": "a support case has none", "decided_at": "not shown"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def agrees(listed: Listed, case: Case) -> str | None:
    """What the list's row and the case's page say differently."""
    subject = case.reason.shown if case.reason else ""
    return first_difference((listed.facts["status"], case.status.shown), (listed.facts["subject"], subject))


def contact_link(seen: Seen) -> str | None:
    """Where a closed case leads to the help form; None where it does not."""
    links = {seen.tree.attrs(me).get("href", "") for me in seen.controls("case.contact", ("a",))}
    return links.pop() if len(links) == 1 else None


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's own entries of one kind; of new cases those that were opened from this one."""
    if action == "open_ticket":
        part = seen.section("case.follow.heading")
        if part.is_empty("case.follow.none"):
            return ()
        rows = part.rows({"id": "cases.id", "created": "cases.created"})
        market = market_of(seen)
        return tuple(Sent(number=row["id"].text, at=instant(row["created"], market), what="") for row in rows)
    return tuple(
        Sent(number=entry.number, at=message.at, what="")
        for entry, message in history(seen, market_of(seen))
        if entry.who == "seller" and entry.act == _SENT_AS.get(action)
    )
