"""Rows of the ledger's tables as records, and the conditions by which they are looked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam

from agent.records import CaseKey
from agent.sending.packet import Approval, Attempt, Receipt
from agent.store import schema

_APPROVALS = schema.approvals


def slot(table: Any) -> list[ColumnElement[bool]]:
    """Conditions for one case and action, given as `of` and `do`: for statements that are made once."""
    return [table.c.ref == bindparam("of"), table.c.action == bindparam("do")]


def unspent(ref: str | None, action: str | None) -> list[ColumnElement[bool]]:
    """Conditions for approvals neither spent nor withdrawn."""
    conditions: list[ColumnElement[bool]] = [_APPROVALS.c.spent_at.is_(None), _APPROVALS.c.withdrawn_at.is_(None)]
    if ref is not None:
        conditions.append(_APPROVALS.c.ref == ref)
    if action is not None:
        conditions.append(_APPROVALS.c.action == action)
    return conditions


def _case(row: Any) -> CaseKey:
    return CaseKey(portal=row["portal"], account=row["account"], channel=row["channel"], case_id=row["case_id"])


def approval(row: Any) -> Approval:
    """An approval from its row."""
    return Approval(
        id=row["id"],
        digest=row["digest"],
        case=_case(row),
        action=row["action"],
        by=row["by"],
        machine=row["machine"],
        at=row["at"],
        expires_at=row["expires_at"],
        spent_at=row["spent_at"],
        withdrawn_at=row["withdrawn_at"],
        withdrawn_why=row["withdrawn_why"],
    )


def attempt(row: Any) -> Attempt:
    """An attempt from its row."""
    return Attempt(
        id=row["id"],
        digest=row["digest"],
        approval_id=row["approval_id"],
        case=_case(row),
        action=row["action"],
        state=row["state"],
        armed_at=row["armed_at"],
        fence=row["fence"],
        settled_at=row["settled_at"],
        words=row["words"],
        receipt=None if row["receipt"] is None else Receipt.model_validate_json(row["receipt"]),
    )
