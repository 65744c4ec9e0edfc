"""Where the answer to each case stands, worked out from the ledger's tables so that it can't contradict them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from agent.store import schema


def sending_states(conn: Connection, now: datetime, refs: Collection[str] | None = None) -> dict[str, str]:
    """Ref to state: an open attempt counts most, then a living approval, then whatever happened last.

    `refs`: only of these; None for all.
    """

    def only(query: Select[Any], ref: ColumnElement[str]) -> Select[Any]:
        return query if refs is None else query.where(ref.in_(list(refs)))

    last: dict[str, tuple[datetime, str]] = {}
    for table, at, state in (
        (schema.drafts, schema.drafts.c.at, None),
        (schema.slots, schema.slots.c.at, None),
        (schema.attempts, schema.attempts.c.armed_at, schema.attempts.c.state),
    ):
        columns = [table.c.ref, at] if state is None else [table.c.ref, at, state]
        query = only(select(*columns).order_by(at), table.c.ref)
        if table is schema.slots:
            query = query.where(schema.slots.c.digest.is_not(None))
        for row in conn.execute(query):
            word = row[2] if state is not None else "drafted" if table is schema.drafts else "ready"
            if row[0] not in last or last[row[0]][0] <= row[1]:
                last[row[0]] = (row[1], word)
    states = {ref: word for ref, (_, word) in last.items()}
    approvals = schema.approvals.c
    living = select(approvals.ref).where(
        approvals.spent_at.is_(None), approvals.withdrawn_at.is_(None), approvals.expires_at > now
    )
    states.update((ref, "approved") for ref in conn.execute(only(living, approvals.ref)).scalars())
    attempts = schema.attempts.c
    unsettled = select(attempts.ref, attempts.state).where(attempts.state.in_(("armed", "unknown")))
    for ref, state in conn.execute(only(unsettled, attempts.ref)):
        states[ref] = state
    return states
