"""Pure readers of Wing's returns and Coupang confirmation requests (facts §4.2–§4.5)."""

from __future__ import annotations

import re
from datetime import date

from agent.portal import Listing, Sent
from agent.reading.calendars import add_business_days
from agent.reading.deadlines import deadline_from_instant, deadline_from_rule, read_due
from agent.reading.labels import norm
from agent.reading.seen import Part, Row, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Appeals,
    Attachment,
    Case,
    Deadline,
    Decision,
    Item,
    Message,
    Outcome,
    Party,
    Reason,
    SeenRef,
    Status,
)
from agent.words import say
from portals.coupang.shown import instant, money
from portals.coupang.wing_list import read_rows
from portals.coupang.wuic import LANGUAGES, moment, rules_of

RETURNS = "returns"
REQUESTS = "confirmation_requests"
_COUNTRY = "KR"
_RETURN_COLUMNS = {
    name: f"returns.{name}"
    for name in ("number", "order", "received", "reason", "fault", "state", "amount", "request", "changed")
}
_REQUEST_COLUMNS = {
    name: f"confirm.{name}" for name in ("number", "receipt", "order", "kind", "state", "at", "asked", "result")
} | {"changed": "returns.changed"}
_ID = re.compile(r"\d{4,20}")
_RESULTS = {"approved": "won", "partly_approved": "partly_won", "denied": "lost"}


def number(value: Value) -> str:
    """An id of Wing's: digits only, read as text (facts §4.7)."""

    def read(text: str) -> str:
        if _ID.fullmatch(text.strip()) is None:
            raise Unreadable(text, "a number")
        return text.strip()

    return value.read(read)


def quantity(text: str) -> int:
    """A whole number of pieces."""
    bare = text.strip().replace(",", "").removesuffix("개").strip()
    if not bare.isascii() or not bare.isdigit():
        raise Unreadable(text, "a quantity")
    return int(bare)


# -- returns -------------------------------------------------------------------------------------------------------


def read_returns(seen: Seen, filter: str, page: int) -> Listing:
    """One page of 반품관리 within one span of days."""
    steady = ("order", "received", "reason", "fault", "state", "amount", "request", "changed")
    return read_rows(
        seen,
        page,
        "returns.heading",
        _RETURN_COLUMNS,
        "number",
        steady,
        lambda row: row["state"].word("return_state"),
        filter=filter,
    )


def read_return(seen: Seen) -> Case:
    """One return with its fault type; 168 business hours for a confirmation request once the goods are in."""
    info = seen.section("returns.info.heading")
    state, fault, reason = (info.labelled(f"returns.{name}") for name in ("state", "fault", "reason"))
    meaning, quick = state.word("return_state"), info.labelled("returns.quick").word("yes_no") == "yes"
    arrived, due = info.labelled("returns.arrived"), info.labelled("returns.due")
    can_ask = info.offers("returns.ask")
    rows = request_rows(seen)
    if can_ask and (meaning != "arrived" or rows):
        raise seen.mismatch("returns.state", state.text, "쿠팡확인요청")
    if meaning in ("arrived", "in_review") and arrived.empty:
        raise seen.mismatch("returns.arrived", state.text, arrived.text)
    is_ = ("action_needed" if can_ask else "expired") if meaning == "arrived" else meaning
    details = {"waybills": ", ".join(w.strip() for w in info.labelled("returns.waybill").items())}
    if not arrived.empty:
        details["arrived_at"] = arrived.text
    items = _items(seen.section("returns.items.heading"), "returns.returned")
    dear = rules_of(seen, RETURNS).rules["video_from_won"].number
    video = seen.shows("returns.video") or any(one.amount is not None and one.amount.value >= dear for one in items)
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=RETURNS,
        case_id=number(info.labelled("returns.number")),
        order_id=number(info.labelled("returns.order")),
        url=seen.page.url.split("#")[0],
        status=Status(shown=state.text, is_=is_),  # type: ignore[arg-type]
        reason=Reason(shown=reason.text, is_=reason.word("return_reason")),  # type: ignore[arg-type]
        amount=info.labelled("returns.amount").read(money),
        limit=info.labelled("returns.shipping").read(money),
        opened_at=instant(info.labelled("returns.received_at")),
        deadlines=_deadlines(seen, arrived, due, quick) if can_ask else (),
        decision=Decision(responsible=Party(shown=fault.text, is_=fault.word("fault"))),  # type: ignore[arg-type]
        actions=("appeal",) if can_ask else (),
        appeals=Appeals(used=len(rows), allowed=1),
        items=items,
        flags=(*(("quick_refund",) if quick else ()), *(("video_needed",) if video else ())),
        details=details,
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _items(part: Part, count: str) -> tuple[Item, ...]:
    columns = {"id": "returns.option", "name": "returns.product", "quantity": count, "amount": "returns.price"}
    rows = part.rows(columns)
    if not rows:
        raise part.seen.drift(part.name, say("no item is shown"))
    return tuple(
        Item(
            id=number(row["id"]),
            name=row["name"].text,
            quantity=row["quantity"].read(quantity),
            amount=row["amount"].read(money),
        )
        for row in rows
    )


def _deadlines(seen: Seen, arrived: Value, due: Value, quick: bool) -> tuple[Deadline, ...]:
    """The request's deadline, as shown or by the rule; and when the return would complete by itself."""
    page, rules = seen.page, rules_of(seen, RETURNS).rules
    days = rules["request_business_days"]
    extra = _extra_holidays(seen)
    began = moment(arrived)
    if due.empty:
        first = deadline_from_rule(
            "appeal", start=began, start_shown=arrived.text, business_days=days.number, country=_COUNTRY,
            zone=page.zone, zone_basis=page.zone_basis, rule=days.rule, count_first_day=True, extra_holidays=extra,
        )  # fmt: skip
    else:
        shown = due.read(
            lambda t: read_due(t, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES, near=page.now)
        )
        first = deadline_from_instant("appeal", due.text, shown, days.rule)
    if quick:
        return (first,)
    auto = rules["auto_complete_business_days"]
    ends = add_business_days(began.at, auto.number, country=_COUNTRY, zone=page.zone, extra_holidays=extra)
    if ends.at <= page.now:
        return (first,)
    return (
        first,
        deadline_from_rule(
            "confirm_return", start=began, start_shown=arrived.text, business_days=auto.number, country=_COUNTRY,
            zone=page.zone, zone_basis=page.zone_basis, rule=auto.rule, extra_holidays=extra,
        ),
    )  # fmt: skip


def _extra_holidays(seen: Seen) -> tuple[date, ...]:
    """Days off that were announced too late for the calendar, from the policy (임시공휴일)."""
    rule = (seen.policy.rules if seen.policy else {}).get("extra_holidays")
    days = rule.value if rule is not None and isinstance(rule.value, tuple) else ()
    return tuple(date.fromisoformat(day) for day in days)


def request_rows(seen: Seen) -> list[Row]:
    """The confirmation requests listed on a return's page."""
    part = seen.section("returns.requests.heading")
    if part.is_empty("returns.requests.none"):
        return []
    return part.rows({name: f"confirm.{name}" for name in ("number", "at", "kind", "state")})


def read_filed(seen: Seen) -> tuple[Sent, ...]:
    """The same as proof for an unknown outcome."""
    return tuple(Sent(number=row["number"].text, at=instant(row["at"]), what="") for row in request_rows(seen))


# -- confirmation requests -----------------------------------------------------------------------------------------


def read_requests(seen: Seen, filter: str, page: int) -> Listing:
    """One page of the confirmation requests within one span of days."""
    steady = ("receipt", "order", "kind", "state", "at", "asked", "result", "changed")
    return read_rows(
        seen,
        page,
        "confirm.heading",
        _REQUEST_COLUMNS,
        "number",
        steady,
        lambda row: row["state"].word("confirm_state"),
        filter=filter,
    )


def read_request(seen: Seen) -> Case:
    """One confirmation request: what was asked, and what came of it."""
    info = seen.section("confirm.info.heading")
    state, kind = info.labelled("confirm.state"), info.labelled("confirm.kind")
    meaning, can_withdraw = state.word("confirm_state"), info.offers("confirm.withdraw")
    if can_withdraw != (meaning == "waiting"):
        raise seen.mismatch(
            "confirm.state", state.text, "요청 철회" if can_withdraw else say("its button is not there")
        )
    _history(seen, state)
    result, result_at = info.labelled("confirm.result"), info.labelled("confirm.result_at")
    outcome, decision, decided_at = None, None, None
    is_ = meaning
    if not result.empty:
        word = result.word("confirm_result")
        decided_at = instant(result_at)
        granted = info.labelled("confirm.granted").read(money)
        outcome = Outcome(result=word, at=decided_at, recovered=granted)
        decision = Decision(text=info.labelled("confirm.result_reason").text)
        is_ = _RESULTS[word]
        if (is_ == "lost") != (meaning == "lost"):
            raise seen.mismatch("confirm.result", state.text, result.text)
    elif meaning in ("granted", "paid", "lost"):
        raise seen.mismatch("confirm.result", state.text, result.text)
    blocks = seen.maybe_section("confirm.blocks.heading")
    problem = _problem(blocks) if blocks else None
    requested_at = instant(info.labelled("confirm.at"))
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=REQUESTS,
        case_id=number(info.labelled("confirm.number")),
        order_id=number(info.labelled("confirm.order")),
        url=seen.page.url.split("#")[0],
        status=Status(shown=state.text, is_=is_),  # type: ignore[arg-type]
        reason=problem or Reason(shown=kind.text, is_="other"),
        amount=info.labelled("confirm.asked").read(money),
        opened_at=requested_at,
        decided_at=decided_at,
        decision=decision,
        actions=("cancel_escalation",) if can_withdraw else (),
        items=_items(blocks, "confirm.quantity") if blocks else (),
        messages=(
            Message(
                at=requested_at,
                from_="seller",
                text=info.labelled("confirm.text").text,
                attachments=tuple(Attachment(name=name) for name in info.labelled("confirm.files").items()),
            ),
        ),
        outcome=outcome,
        details={"receipt": number(info.labelled("confirm.receipt")), "kind": kind.word("confirm_kind")},
        missing={} if decided_at else {"decision": "not decided yet", "decided_at": "not decided yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


_PROBLEMS = {"quantity": "missing_parts", "damage": "damaged", "component": "missing_parts",
             "other_seller_goods": "wrong_item"}  # fmt: skip


def _problem(blocks: Part) -> Reason:
    rows = blocks.rows({"option": "returns.option", "problem": "confirm.problem"})
    if not rows:
        raise blocks.seen.drift("confirm.blocks.heading", say("no item is shown"))
    first = rows[0]["problem"]
    return Reason(shown=first.text, is_=_PROBLEMS[first.word("problem")])  # type: ignore[arg-type]


def _history(seen: Seen, state: Value) -> None:
    """The newest step of the history, which comes unsorted, must be the state shown."""
    rows = seen.section("confirm.history.heading").rows({"state": "confirm.history_state", "at": "confirm.history_at"})
    if not rows:
        raise seen.drift("confirm.history.heading", say("no step is shown"))
    newest = max(instant(row["at"]) for row in rows)
    if not any(norm(row["state"].text) == norm(state.text) for row in rows if instant(row["at"]) == newest):
        raise seen.mismatch("confirm.history_state", state.text, rows[-1]["state"].text)


def read_withdrawal(seen: Seen) -> tuple[Sent, ...]:
    """The withdrawal as the portal has it."""
    part = seen.maybe_section("confirm.withdraw_done.heading")
    if part is None:
        return ()
    at = instant(part.labelled("confirm.withdraw_at"))
    return (Sent(number=part.labelled("returns.number").text, at=at, what=""),)
