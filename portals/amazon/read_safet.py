"""Pure readers of SAFE-T claims: cards by tab, and one claim with its conversation (facts §6)."""

from __future__ import annotations

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case, Deadline, Outcome, Reason, SeenRef, Status, StatusIs
from agent.words import say
from portals.amazon.markets import market_of
from portals.amazon.values import chosen_tab, due, history, instant, items, money, page_of

CHANNEL = "safe_t"
FILTERS = ("awaiting", "investigating", "resolved")
_COLUMNS = {
    "id": "safet.id", "order_id": "claims.order_id", "opened": "safet.date", "reason": "claims.reason",
    "amount": "claims.amount", "status": "safet.status", "link": "claims.link",
}  # fmt: skip
_SENT_AS = {"reply": "message", "appeal": "appeal"}


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The cards of one page under the tab that is proved to be chosen."""
    total = chosen_tab(seen, "safet.heading", "safet_tab", filter)
    last, market = page_of(seen, number), market_of(seen)
    if seen.shows("safet.none"):
        if total:
            raise seen.mismatch("safet.none", "0", total)
        return Listing(rows=(), total=total, number=number, last=True)
    rows = []
    for row in seen.rows(_COLUMNS):
        link = row["link"].href
        if link is None:
            raise seen.drift("claims.link", say("no link leads to the claim"))
        row["status"].word("safet_status")
        money(row["amount"], market)
        facts = {name: text for name, text in row.shown.items() if name != "link"}
        rows.append(Listed(case_id=row["id"].text, url=link, facts=facts))
    return Listing(rows=tuple(rows), total=total, number=number, last=last)


def waits_for_field(seen: Seen) -> bool:
    """Does the page name a day until which an answer is taken, while the field for it has not come yet?"""
    named = any(seen.shows(key) for key in ("safet.reply_by", "safet.appeal_by"))
    return named and not seen.offers("safet.send")


def read_case(seen: Seen) -> Case:
    """One SAFE-T claim; it is answered in the field on its page, which is there as long as an answer is taken."""
    market = market_of(seen)
    info = seen.section("safet.summary.heading")
    status, reason = info.labelled("safet.status"), info.labelled("claims.reason")
    stage = status.word("safet_status")
    until = {"info": info.maybe("safet.reply_by"), "denied": info.maybe("safet.appeal_by")}.get(stage)
    if waits_for_field(seen):
        raise seen.drift("safet.text", say("an answer is awaited, and its field did not come"))
    open_ = seen.maybe_section("safet.answer.heading") is not None
    if open_ != (until is not None):
        raise seen.mismatch("safet.status", stage, "a field for an answer" if open_ else "no day for an answer")
    actions: tuple[Action, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    if until is not None:
        actions = ("reply",) if stage == "info" else ("appeal",)
        kind, rule = ("reply", "AZ-S1") if stage == "info" else ("appeal", "AZ-S2")
        deadlines = (due(until, kind, rule, market),)  # type: ignore[arg-type]
    ended = info.maybe("chargeback.decided")
    back = info.labelled("safet.granted") if stage == "granted" else info.maybe("safet.granted")
    if (stage in ("granted", "denied")) != (ended is not None):
        raise seen.mismatch("chargeback.decided", stage, ended.text if ended else "not decided")
    is_: StatusIs = {"info": "action_needed", "review": "in_review", "granted": "won",
                     "denied": "action_needed" if actions else "lost"}[stage]  # fmt: skip
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=info.labelled("safet.id").text,
        order_id=info.labelled("claims.order_id").text,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=is_),
        reason=Reason(shown=reason.text, is_=reason.word("safet_reason")),  # type: ignore[arg-type]
        amount=money(info.labelled("claims.amount"), market),
        opened_at=instant(info.labelled("safet.date"), market),
        decided_at=None if ended is None else instant(ended, market),
        deadlines=deadlines,
        actions=actions,
        items=items(seen, market),
        messages=tuple(message for _, message in history(seen, market)),
        outcome=None if ended is None else Outcome(
            result=stage, at=instant(ended, market), recovered=None if back is None else money(back, market)
        ),
        details={"marketplace": market.name},
        missing={} if ended is not None else {"decided_at": "not decided yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )  # fmt: skip


def agrees(listed: Listed, case: Case) -> str | None:
    """What the card and the claim's page say differently."""
    reason = case.reason.shown if case.reason else ""
    return first_difference(
        (listed.facts["status"], case.status.shown),
        (listed.facts["reason"], reason),
        (listed.facts["order_id"], case.order_id),
    )


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's messages of one kind in the Communication Center."""
    return tuple(
        Sent(number=entry.number, at=message.at, what="")
        for entry, message in history(seen, market_of(seen))
        if entry.who == "seller" and entry.act == _SENT_AS.get(action)
    )
