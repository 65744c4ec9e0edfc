"""Pure readers of Ozon's refund disputes: seen page in, record out (OZ1–OZ9)."""

from __future__ import annotations

import re
from datetime import timedelta

from agent.portal import Fetched, Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Appeals,
    Case,
    Deadline,
    Decision,
    Message,
    Outcome,
    Reason,
    SeenRef,
    Status,
)
from agent.words import say
from portals.ozon.values import day, deadline, instant, items, message, money, prove_tab, rules_of

CHANNEL = "refund_disputes"
_COLUMNS = {
    "posting": "disputes.posting",
    "order_status": "disputes.order_status",
    "tag": "disputes.tag",
    "kind": "disputes.kind",
    "status": "disputes.status",
    "amount": "disputes.amount",
    "opened": "disputes.opened",
    "changed": "disputes.changed",
}
_STEADY = ("order_status", "kind", "status", "amount", "opened", "changed")
_RESULTS = {"won": "approved", "partly_won": "partial", "lost": "denied"}


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows that one window of the virtual list shows, under the tab that is proved to be chosen (OZ1)."""
    prove_tab(seen, "disputes.heading", filter)
    total = seen.count("disputes.total")
    listed = []
    for row in seen.rows(_COLUMNS, required=tuple(_COLUMNS)) if total else ():
        address = row["posting"].href
        if address is None:
            raise seen.drift("disputes.posting", say("no link leads to the posting"))
        row["tag"].word("tag")
        row["status"].word("dispute_status")
        row["amount"].read(money)
        listed.append(Listed(case_id=row["posting"].text, url=address, facts={n: row[n].text for n in _STEADY}))
    if total and not listed and number == 1:
        raise seen.mismatch("disputes.total", "0", total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def read_case(seen: Seen, documents: dict[str, Fetched]) -> Case:
    """One refunded posting with its Dispute Information (OZ2)."""
    order, module = seen.section("dispute.info.heading"), seen.section("dispute.heading")
    posting = order.labelled("disputes.posting").text
    shown, kind = module.labelled("disputes.status"), module.labelled("disputes.kind")
    status = Status(shown=shown.text, is_=shown.word("dispute_status"))  # type: ignore[arg-type]
    opened_at, ruled = instant(module.labelled("dispute.opened_at")), module.labelled("dispute.closed_at")
    decided_at = None if ruled.empty else instant(ruled)
    deadlines = deadline(seen, module.labelled("disputes.left"), "appeal", "OZ3")
    used, allowed = module.labelled("dispute.attempts").read(_attempts)
    can_appeal = module.offers("dispute.appeal")
    _consistent(seen, status, used, deadlines, can_appeal)
    missing = {} if decided_at else {"decision": "not decided yet", "decided_at": "not decided yet"}
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=posting,
        order_id=order.labelled("dispute.order").text,
        url=seen.page.url.split("#")[0],
        status=status,
        reason=Reason(shown=kind.text, is_=kind.word("dispute_kind")),  # type: ignore[arg-type]
        amount=module.labelled("disputes.amount").read(money),
        opened_at=opened_at,
        decided_at=decided_at,
        deadlines=deadlines,
        decision=read_decision(seen, module, documents) if decided_at else None,
        actions=("appeal",) if can_appeal else (),
        appeals=Appeals(used=used, allowed=allowed),
        items=items(seen.section("dispute.items.heading")),
        messages=read_messages(seen),
        flags=_flags(seen, module, status, opened_at - instant(order.labelled("dispute.delivered_at"))),
        outcome=read_outcome(seen, module, status),
        missing=missing,
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def _flags(seen: Seen, module: Part, status: Status, after: timedelta) -> tuple[str, ...]:
    """A complaint that came late `after` the handover (OZ7), by mark or by date; stock that is to be corrected (OZ12)."""
    hours = rules_of(seen).rules["complaint_hours"].number
    late = module.shows("dispute.flag.late_complaint") or after > timedelta(hours=hours)
    won = status.is_ in ("won", "partly_won")
    return (*(("late_complaint",) if late else ()), *(("correct_stock",) if won else ()))


def _attempts(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)\s*(?:/|из|of)\s*(\d+)", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (0 из 1)")
    return int(match[1]), int(match[2])


def _consistent(seen: Seen, status: Status, used: int, deadlines: tuple[Deadline, ...], can_appeal: bool) -> None:
    """What the page says of one thing in several places must agree (status, slot, countdown, button)."""
    if status.is_ == "action_needed" and (used or not deadlines or not can_appeal):
        said = (
            say("the slot is spent")
            if used
            else say("no deadline is shown")
            if not deadlines
            else say("no appeal button is shown")
        )
        raise seen.mismatch("disputes.status", status.shown, said)
    if status.is_ != "action_needed" and can_appeal:
        raise seen.mismatch("disputes.status", status.shown, say("an appeal button is shown"))
    if status.is_ in ("in_review", *_RESULTS) and not used:
        raise seen.mismatch("dispute.attempts", status.shown, say("no appeal is counted"))


def rule_link(seen: Seen) -> str | None:
    """Where View Rule leads; None before the decision."""
    value = seen.section("dispute.heading").labelled("dispute.clause")
    if value.empty:
        return None
    if value.href is None or not value.part.controls("dispute.view_rule"):
        raise seen.drift("dispute.view_rule", say("no link leads to the rule"), found=(value.text,))
    return value.href


def read_decision(seen: Seen, module: Part, documents: dict[str, Fetched]) -> Decision:
    """The platform's basis and the rule it names, whose text is kept (OZ2)."""
    basis, value = module.labelled("dispute.basis"), module.labelled("dispute.clause")
    clause = Value(seen, "dispute.clause", value.element, value.pieces[0]).read(_clause)
    rule = documents.get("rule")
    if rule is not None and clause not in rule.data.decode("utf-8", "replace"):
        raise seen.mismatch("dispute.clause", clause, say("not in the rule that View Rule gives"))
    return Decision(
        clauses=(clause,), text=None if basis.empty else basis.text, document=rule.document if rule else None
    )


def _clause(text: str) -> str:
    found = re.findall(r"\d+(?:\.\d+)+", text)
    if len(found) != 1:
        raise Unreadable(text, "the number of a rule (п. 4.2)")
    return str(found[0])


def read_messages(seen: Seen) -> tuple[Message, ...]:
    """The conversation with the customer, in the order shown."""
    return tuple(message(entry, "talk.heading") for entry in seen.section("talk.heading").told("talk.none"))


def _history(seen: Seen) -> list[dict[str, Value]]:
    part = seen.section("history.heading")
    if part.is_empty("history.none"):
        return []
    names = {name: f"history.{name}" for name in ("number", "at", "state", "result", "result_at")}
    return [row.cells for row in part.rows(names)]


def read_sent(seen: Seen) -> tuple[Sent, ...]:
    """The appeals that the portal says it has: a second one is swallowed without a word (OZ5)."""
    return tuple(Sent(number=row["number"].text, at=instant(row["at"]), what="") for row in _history(seen))


def read_outcome(seen: Seen, module: Part, status: Status) -> Outcome | None:
    """Approved, partly or denied; what comes back, and when it was credited (OZ6)."""
    rows = [row for row in _history(seen) if not row["result"].empty]
    if not rows:
        if status.is_ in _RESULTS:
            raise seen.mismatch("history.result", status.shown, say("no result is shown"))
        return None
    result = rows[-1]["result"].word("appeal_result")
    if _RESULTS.get(status.is_) != result:
        raise seen.mismatch("history.result", status.shown, rows[-1]["result"].text)
    won = result != "denied"
    settled = module.labelled("dispute.settled") if won else None
    return Outcome(
        result=result,
        at=instant(rows[-1]["result_at"]),
        recovered=module.labelled("dispute.recovered").read(money) if won else None,
        settled_on=None if settled is None or settled.empty else settled.read(day),
    )


def agrees(listed: Listed, case: Case) -> str | None:
    """What the list's row and the posting's page say differently."""
    facts, kind = listed.facts, case.reason.shown if case.reason else ""
    if wrong := first_difference((facts["status"], case.status.shown), (facts["kind"], kind)):
        return wrong
    return None if case.amount == money(facts["amount"]) else f"{facts['amount']} / {case.amount}"
