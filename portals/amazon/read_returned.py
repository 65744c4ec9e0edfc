"""Pure readers of returned orders that were refunded: the list, and one order with what may be claimed for it (facts §6).

A SAFE-T claim that is not filed yet has no page of its own; what asks for it is the refunded order. It is a case of the
channel `safe_t` under the order's number: one claim is taken per order, and claims have ids of another form.
"""

from __future__ import annotations

import re

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case, Reason, SeenRef, Status, StatusIs
from agent.words import say
from portals.amazon.markets import market_of
from portals.amazon.values import chosen_tab, instant, items, money, page_of, within

CHANNEL = "safe_t"
FILTER = "refunded"
PAGE = "returned"
ORDER = re.compile(r"\d{3}-\d{7}-\d{7}")
"""An order id: the case is a returned order, and no claim."""
_COLUMNS = {
    "order_id": "claims.order_id", "reason": "returned.reason", "refunded": "returned.date", "amount": "returned.amount",
    "status": "returned.status", "link": "claims.link",
}  # fmt: skip
_MEANS: dict[str, StatusIs] = {
    "eligible": "action_needed",
    "filed": "closed",
    "over": "expired",
    "ineligible": "closed",
}


def read_listing(seen: Seen, number: int) -> Listing:
    """The rows of one page of refunded returns, under the tab that is proved to be chosen."""
    total = chosen_tab(seen, "returns.heading", "returns_tab", FILTER)
    last, market = page_of(seen, number), market_of(seen)
    if seen.shows("returns.none"):
        if total:
            raise seen.mismatch("returns.none", "0", total)
        return Listing(rows=(), total=total, number=number, last=True)
    rows = []
    for row in seen.rows(_COLUMNS):
        link = row["link"].href
        if link is None:
            raise seen.drift("claims.link", say("no link leads to the order"))
        row["status"].word("returned_status")
        money(row["amount"], market)
        facts = {name: text for name, text in row.shown.items() if name != "link"}
        rows.append(Listed(case_id=row["order_id"].text, url=link, facts=facts))
    return Listing(rows=tuple(rows), total=total, number=number, last=last)


def read_case(seen: Seen) -> Case:
    """One refunded order; it asks for a claim as long as the page offers to file one."""
    market = market_of(seen)
    info = seen.section("returned.heading")
    status, reason, refunded = (info.labelled(f"returned.{name}") for name in ("status", "reason", "date"))
    stage = status.word("returned_status")
    offered = info.may_offer("action.open_ticket")
    if offered != (stage == "eligible"):
        raise seen.mismatch(
            "returned.status", stage, "a link to file a claim" if offered else "no link to file a claim"
        )
    claim = info.labelled("safet.id") if stage == "filed" else info.maybe("safet.id")
    because = info.labelled("returned.because") if stage == "ineligible" else info.maybe("returned.because")
    details = {"marketplace": market.name}
    details |= {name: info.labelled(f"returned.{name}").text for name in ("fulfilled_by", "refunded_by")}
    details |= {"safet_claim": claim.text} if claim is not None else {}
    details |= {"not_eligible": because.text} if because is not None else {}
    silent = (CHANNEL, "silent_file_hours")
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("claims.order_id").text,
        order_id=info.labelled("claims.order_id").text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=_MEANS[stage]),
        reason=Reason(shown=reason.text, is_=reason.word("return_reason")),  # type: ignore[arg-type]
        amount=money(info.labelled("returned.amount"), market),
        opened_at=instant(refunded, market),
        deadlines=(within(refunded, info.maybe("returned.file_in"), "appeal", "AZ-S3", market, silent),)
        if offered
        else (),
        actions=("open_ticket",) if offered else (),
        items=items(seen, market),
        details=details,
        missing={"decided_at": "nobody decides on it before a claim is filed"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def agrees(listed: Listed, case: Case) -> str | None:
    """What the list's row and the order's page say differently."""
    reason = case.reason.shown if case.reason else ""
    return first_difference((listed.facts["status"], case.status.shown), (listed.facts["reason"], reason))


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The claim that was filed on the order: the portal names it there, and takes no second one."""
    claim = seen.section("returned.heading").maybe("safet.id")
    if action != "open_ticket" or claim is None:
        return ()
    at = instant(seen.section("returned.heading").labelled("safet.date"), market_of(seen))
    return (Sent(number=claim.text, at=at, what=""),)
