"""When the seller was last asked, beside each case: the house's own deadlines (WD3) are listed without reading records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column, and fill it from the records that are there."""
    op.add_column("cases", sa.Column("asked_at", sa.String(length=27), nullable=True))
    cases = sa.table("cases", sa.column("ref", sa.String), sa.column("data", sa.Text), sa.column("asked_at", sa.String))
    conn = op.get_bind()
    for ref, data in conn.execute(sa.select(cases.c.ref, cases.c.data)).all():
        asked = _asked(json.loads(data))
        if asked is not None:
            conn.execute(sa.update(cases).where(cases.c.ref == ref).values(asked_at=asked))


def _asked(case: dict[str, Any]) -> str | None:
    """As the program that had this version reckoned it, in the form in which the store writes instants."""
    owed = case["status"]["is"] == "action_needed" and case["actions"]
    if not owed or not any(flag.startswith("withdrawable:") for flag in case["flags"]):
        return None
    instants = [datetime.fromisoformat(case["opened_at"])] if case["opened_at"] else []
    if case["messages"]:
        last = max(case["messages"], key=lambda message: datetime.fromisoformat(message["at"]))
        if last["from"] == "seller":
            return None
        instants.append(datetime.fromisoformat(last["at"]))
    return max(instants).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if instants else None
