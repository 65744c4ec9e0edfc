"""Pure readers of A-to-z claims: lists by tab, details, decision, history (facts §4, WD1–WD7)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference, norm
from agent.reading.seen import Part, Seen, Value
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
from agent.words import say
from portals.amazon.markets import Market, market_of
from portals.amazon.values import attempts, chosen_tab, history, instant, items, moment, money, page_of, within

CHANNEL = "claims"
FILTERS = ("action_required", "under_review", "option_to_appeal", "others")
"""The fourth tab is All or Closed: sources differ, and reading all four is right for both."""
_COLUMNS = {name: f"claims.{name}" for name in ("order_id", "filed", "reason", "amount", "status", "link")}
_MEANS: dict[str, StatusIs] = {
    "respond": "action_needed", "review": "in_review", "info": "action_needed", "granted_seller": "action_needed",
    "appealing": "in_review", "granted_amazon": "won", "closed_seller": "lost", "denied": "won", "refunded": "closed",
    "withdrawn": "withdrawn", "closing": "waiting",
}  # fmt: skip
_OVER = ("granted_amazon", "closed_seller", "denied", "refunded", "withdrawn")
_ACTIONS: tuple[Action, ...] = ("reply", "accept", "request_close", "appeal")
_EXPECTED: dict[str, frozenset[str]] = {
    "respond": frozenset({"reply", "accept"}), "info": frozenset({"reply"}), "granted_seller": frozenset({"appeal"})
}  # fmt: skip
_SENT_AS = {"reply": "response", "appeal": "appeal", "accept": "refund", "request_close": "close_request"}


def case_id_of(order_id: str, filed: Value, market: Market) -> str:
    """Order and day of filing: an order may have several claims, and no number of the claim's own is known (facts §4)."""
    day = moment(filed, market).at.astimezone(ZoneInfo(market.zone))
    return f"{order_id}_{day:%Y%m%d}"


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows of one page under the tab that is proved to be chosen; the tab's own counter is the total."""
    total = chosen_tab(seen, "claims.heading", "claim_tab", filter)
    last = page_of(seen, number)
    market = market_of(seen)
    if seen.shows("claims.none"):
        if total:
            raise seen.mismatch("claims.none", "0", total)
        return Listing(rows=(), total=total, number=number, last=True)
    rows = []
    for row in seen.rows(_COLUMNS):
        link = row["link"].href
        if link is None:
            raise seen.drift("claims.link", say("no link leads to the claim"))
        row["status"].word("claim_status")
        money(row["amount"], market)
        facts = {name: text for name, text in row.shown.items() if name != "link"}
        rows.append(Listed(case_id=case_id_of(row["order_id"].text, row["filed"], market), url=link, facts=facts))
    return Listing(rows=tuple(rows), total=total, number=number, last=last)


def read_case(seen: Seen) -> Case:
    """One claim with its decision and history."""
    market = market_of(seen)
    info = seen.section("claim.heading")
    order_id, filed = info.labelled("claims.order_id").text, info.labelled("claims.filed")
    status, reason = info.labelled("claims.status"), info.labelled("claims.reason")
    stage, reason_is = status.word("claim_status"), reason.word("claim_reason")
    used, allowed = info.labelled("claim.appeals").read(attempts)
    actions = tuple(action for action in _ACTIONS if info.offers(f"action.{action}"))
    ruled = seen.maybe_section("decision.heading")
    decided = ruled.labelled("decision.date") if ruled else None
    _consistent(seen, stage, actions, decided)
    counted = info.labelled("claim.odr").word("yes_no") == "yes"
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=case_id_of(order_id, filed, market),
        order_id=order_id,
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_=_MEANS[stage]),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=money(info.labelled("claims.amount"), market),
        opened_at=instant(filed, market),
        decided_at=None if decided is None else instant(decided, market),
        deadlines=_deadlines(info, stage, decided, market),
        decision=None if ruled is None else _decision(ruled, stage, market),
        actions=actions,
        appeals=Appeals(used=used, allowed=allowed),
        items=items(seen, market),
        messages=tuple(message for _, message in history(seen, market)),
        flags=(withdrawable(reason_is, over=stage in _OVER), f"odr:{'counted' if counted else 'not_counted'}"),
        outcome=_outcome(stage, used, ruled, market),
        details={"marketplace": market.name},
        missing={} if decided is not None else {"decided_at": "not decided yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _consistent(seen: Seen, stage: str, actions: tuple[Action, ...], decided: Value | None) -> None:
    """What the page says of one thing in several places must agree."""
    expected = _EXPECTED.get(stage, frozenset())
    if not expected <= set(actions) or (not expected and actions):
        raise seen.mismatch("claims.status", stage, ", ".join(actions) or "no action")
    if (stage not in ("respond", "review", "closing")) != (decided is not None):
        raise seen.mismatch("decision.heading", stage, decided.text if decided else "no decision")


def _deadlines(info: Part, stage: str, decided: Value | None, market: Market) -> tuple[Deadline, ...]:
    """Days only, counted from the notice or the decision; where no number is shown, the shortest known holds."""
    respond, appeal = info.maybe("claim.respond_in"), info.maybe("claim.appeal_in")
    silent = (CHANNEL, "silent_hours")
    if stage == "respond":
        return (within(info.labelled("claim.notice"), respond, "reply", "AZ-C1", market, silent),)
    if stage == "info":
        return (within(info.labelled("claim.asked"), respond, "reply", "AZ-C1", market, silent),)
    if stage == "granted_seller" and decided is not None:
        return (within(decided, appeal, "appeal", "AZ-C2", market, (CHANNEL, "silent_appeal_hours")),)
    return ()


def _decision(ruled: Part, stage: str, market: Market) -> Decision:
    """Whose money it is stands there, unless the seller refunded or the buyer withdrew; and if the seller's, how much."""
    funded = ruled.maybe("decision.funded") if stage in ("refunded", "withdrawn") else ruled.labelled("decision.funded")
    pays = funded is not None and funded.word("funded") == "seller"
    debited = ruled.labelled("decision.debited") if pays else ruled.maybe("decision.debited")
    label = ruled.seen.labels.in_language("decision.debited", "en")
    return Decision(
        responsible=None if funded is None else Party(shown=funded.text, is_=funded.word("funded")),  # type: ignore[arg-type]
        deductions=() if debited is None else (Deduction(label=label, amount=money(debited, market)),),
        text=ruled.labelled("decision.text").text,
    )


def _outcome(stage: str, used: int, ruled: Part | None, market: Market) -> Outcome | None:
    """How it ended: by the appeal where there was one."""
    if stage not in _OVER or ruled is None:
        return None
    result = {"granted_amazon": "approved", "closed_seller": "denied"}.get(stage, stage) if used else stage
    back = ruled.labelled("decision.returned") if result == "approved" else ruled.maybe("decision.returned")
    return Outcome(
        result=result,
        at=instant(ruled.labelled("decision.date"), market),
        recovered=None if back is None else money(back, market),
    )


def agrees(listed: Listed, case: Case) -> str | None:
    """What the list's row and the claim's page say differently."""
    reason = case.reason.shown if case.reason else ""
    return first_difference(
        (listed.facts["status"], case.status.shown),
        (listed.facts["reason"], reason),
        (listed.facts["order_id"], case.order_id),
    )


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's answers of one kind that the history lists, with the portal's numbers."""
    found = []
    for entry, message in history(seen, market_of(seen)):
        if entry.who == "seller" and entry.act == _SENT_AS.get(action):
            what = norm(entry.said[0]) if action == "appeal" and entry.said else ""
            found.append(Sent(number=entry.number, at=message.at, what=what))
    return tuple(found)
