"""`rebuttal export`: all cases as JSON, or as a table that spreadsheets and ERPs open without spoiling it."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from agent.records import Case, Money, plain
from flows.context import Context

COLUMNS = (
    "ref", "portal", "account", "channel", "case_id", "order_id", "order_hold", "status", "status_shown", "reason",
    "reason_shown", "amount", "currency", "deducted", "responsible", "clauses", "opened_at", "decided_at",
    "deadline_kind", "deadline_at", "deadline_operator", "deadline_portal", "deadline_sure", "actions", "appeals_used",
    "appeals_allowed", "answer", "outcome", "outcome_at", "recovered", "settled_on", "flags", "items", "url",
    "revision",
)  # fmt: skip
"""The columns of the CSV, a public contract: new ones are added at the end."""

_LIKE_A_NUMBER = re.compile(r"[0-9][0-9.,:/ _eE+-]*")
"""Ids that a spreadsheet would turn into a number or a date, losing digits."""
_FORMULA = tuple("=+-@＝＋－＠|%\t\r\n")


def export(ctx: Context, *, format: Literal["json", "csv", "xlsx", "ics"] = "json") -> bytes:
    """Every case that is known: `json` as DESIGN §4 has it, `csv` in UTF-8 with a byte order mark, `xlsx` for ERPs
    (XX6), and `ics`, a calendar of the deadlines."""
    if format == "xlsx":
        from flows.export_xlsx import xlsx

        return xlsx(ctx)
    if format == "ics":
        from flows.export_ics import ics

        return ics(ctx)
    cases = ctx.store.cases.export()
    if format == "json":
        return (json.dumps([case.public() for case in cases], ensure_ascii=False, indent=2) + "\n").encode()
    answers = {row.ref: row.sending or "" for row in ctx.store.cases.rows()}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for case in cases:
        zones = (ctx.zone, ctx.portal_zone(case.portal, case.account))
        row = row_of(case, answers.get(case.key.ref, ""), zones)
        writer.writerow([row[name] for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def order_hold(case: Case) -> bool:
    """Whether the ERP should keep this order from a second shipment or refund (WD13, CP19).

    From the first day of the dispute on; only a case that was won and whose money came back lets the order go.
    """
    settled = case.outcome is not None and case.outcome.settled_on is not None
    return not (case.status.is_ in ("won", "partly_won") and settled)


def row_of(case: Case, answer: str, zones: tuple[ZoneInfo, ZoneInfo], *, as_text: bool = False) -> dict[str, str]:
    """One line, every cell as text. `as_text`: for a file whose cells are typed as text, which needs no other guard."""
    as_id, safe = (_plain, _plain) if as_text else (guarded_id, guarded)
    first = min(case.deadlines, key=lambda due: due.at, default=None)
    decision, outcome, appeals = case.decision, case.outcome, case.appeals
    responsible = decision.responsible if decision else None
    return {
        "ref": safe(case.key.ref),
        "portal": case.portal,
        "account": safe(case.account),
        "channel": case.channel,
        "case_id": as_id(case.case_id),
        "order_id": as_id(case.order_id),
        "order_hold": "yes" if order_hold(case) else "no",
        "status": case.status.is_,
        "status_shown": safe(case.status.shown),
        "reason": case.reason.is_ if case.reason else "",
        "reason_shown": safe(case.reason.shown) if case.reason else "",
        "amount": _value(case.amount),
        "currency": case.amount.currency if case.amount else "",
        "deducted": safe("; ".join(f"{d.label}: {_value(d.amount)}" for d in decision.deductions)) if decision else "",
        "responsible": responsible.is_ if responsible else "",
        "clauses": as_id("; ".join(decision.clauses)) if decision else "",
        "opened_at": _utc(case.opened_at),
        "decided_at": _utc(case.decided_at),
        "deadline_kind": first.kind if first else "",
        "deadline_at": _utc(first.at if first else None),
        "deadline_operator": _local(first.at, zones[0]) if first else "",
        "deadline_portal": _local(first.at, zones[1]) if first else "",
        "deadline_sure": "" if first is None else "no" if first.zone_basis == "assumed" or first.provisional else "yes",
        "actions": "; ".join(case.actions),
        "appeals_used": str(appeals.used) if appeals else "",
        "appeals_allowed": str(appeals.allowed) if appeals else "",
        "answer": answer,
        "outcome": safe(outcome.result) if outcome else "",
        "outcome_at": _utc(outcome.at if outcome else None),
        "recovered": _value(outcome.recovered) if outcome else "",
        "settled_on": outcome.settled_on.isoformat() if outcome and outcome.settled_on else "",
        "flags": safe("; ".join(case.flags)),
        "items": safe("; ".join(f"{i.quantity} × {i.name} ({i.id})" for i in case.items)),
        "url": safe(case.url),
        "revision": case.revision,
    }


def guarded_id(text: str) -> str:
    """An id that stays text: one of digits gets a tab behind it, as the portals' and ERPs' own tables have it."""
    return f"{text}\t" if _LIKE_A_NUMBER.fullmatch(text) else guarded(text)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it."""
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" \u3000\ufeff\u200b").startswith(_FORMULA) else text


def _plain(text: str) -> str:
    return text


def _value(money: Money | None) -> str:
    return plain(money.value) if money else ""


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _local(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local:%z}"
