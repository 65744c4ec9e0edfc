"""Figures over time (scores, rates) and the lines of settlements."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, insert, select, update

from agent.records import Instant, Money, Record, plain
from agent.store import schema

if TYPE_CHECKING:
    from agent.store.store import Store

_TABLE, _LINES = schema.metrics, schema.settlements


class Metric(Record):
    """One figure as the portal showed it."""

    portal: str
    account: str
    name: str
    at: Instant
    value: Decimal | None
    unit: str
    shown: str


class SettlementLine(Record):
    """One line of a statement; natural key: portal, account, statement, line_id."""

    portal: str
    account: str
    statement: str
    line_id: str
    order_id: str
    case_id: str | None = None
    kind: str
    amount: Money
    settled_on: date
    shown: str


class Metrics:
    """Keeps figures."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self, portal: str, account: str, name: str, at: datetime, value: Decimal | None, unit: str, shown: str
    ) -> None:
        """Keep one figure; a second reading of the same instant replaces the first."""
        key = {"portal": portal, "account": account, "name": name, "at": at}
        with self._store.writing() as conn:
            conn.execute(delete(_TABLE).where(*[_TABLE.c[k] == v for k, v in key.items()]))
            conn.execute(
                insert(_TABLE).values(**key, value=None if value is None else plain(value), unit=unit, shown=shown)
            )

    def series(
        self,
        portal: str | None = None,
        account: str | None = None,
        name: str | None = None,
        since: datetime | None = None,
    ) -> list[Metric]:
        """Figures, oldest first."""
        query = select(_TABLE).order_by(_TABLE.c.portal, _TABLE.c.account, _TABLE.c.name, _TABLE.c.at)
        for column, wanted in ((_TABLE.c.portal, portal), (_TABLE.c.account, account), (_TABLE.c.name, name)):
            if wanted is not None:
                query = query.where(column == wanted)
        if since is not None:
            query = query.where(_TABLE.c.at >= since)
        with self._store.reading() as conn:
            return [
                Metric(**{**row, "value": None if row["value"] is None else Decimal(row["value"])})
                for row in conn.execute(query).mappings()
            ]

    def put_settlement(self, line: SettlementLine) -> Literal["new", "changed", "unchanged"]:
        """Keep a settlement line once; reading the same statement again changes nothing."""
        key = [_LINES.c[k] == getattr(line, k) for k in ("portal", "account", "statement", "line_id")]
        values = {
            "order_id": line.order_id,
            "case_id": line.case_id,
            "settled_on": line.settled_on.isoformat(),
            "data": line.model_dump_json(),
            "read_at": self._store.clock(),
        }
        with self._store.writing() as conn:
            old = conn.execute(select(_LINES.c.data).where(*key)).scalar()
            if old is None:
                conn.execute(
                    insert(_LINES).values(
                        portal=line.portal,
                        account=line.account,
                        statement=line.statement,
                        line_id=line.line_id,
                        **values,
                    )
                )
                return "new"
            if SettlementLine.model_validate_json(old) == line:
                return "unchanged"
            conn.execute(update(_LINES).where(*key).values(**values))
        return "changed"

    def settlements(
        self, portal: str | None = None, account: str | None = None, order_id: str | None = None
    ) -> list[SettlementLine]:
        """Settlement lines by day."""
        query = select(_LINES.c.data).order_by(_LINES.c.settled_on, _LINES.c.statement, _LINES.c.line_id)
        for column, wanted in ((_LINES.c.portal, portal), (_LINES.c.account, account), (_LINES.c.order_id, order_id)):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._store.reading() as conn:
            return [SettlementLine.model_validate_json(data) for data in conn.execute(query).scalars()]
