"""What the portals' lists showed: which rows changed, which are gone."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, insert, select, update

from agent.records import CaseKey
from agent.store import schema
from agent.store.cases import ListRow

if TYPE_CHECKING:
    from agent.store.store import Store

_TABLE = schema.list_rows


class Listing:
    """Keeps the rows of each channel's list; a row that is gone is marked and never deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: CaseKey) -> ListRow | None:
        """The row of one case, as last listed."""
        query = select(_TABLE).where(*_channel(key.portal, key.account, key.channel), _TABLE.c.case_id == key.case_id)
        with self._store.reading() as conn:
            row = conn.execute(query).first()
        return None if row is None else _list_row(row)

    def all(self, portal: str, account: str, channel: str) -> dict[str, ListRow]:
        """All rows of a channel by case id, those gone included."""
        with self._store.reading() as conn:
            rows = conn.execute(select(_TABLE).where(*_channel(portal, account, channel))).all()
        return {row.case_id: _list_row(row) for row in rows}

    def save(self, portal: str, account: str, channel: str, rows: Iterable[ListRow], at: datetime) -> None:
        """Note rows as listed at `at`. Their `read_hash` is left alone: only saving the case itself sets it."""
        with self._store.writing() as conn:
            known = {
                row.case_id: row
                for row in conn.execute(
                    select(_TABLE.c.case_id, _TABLE.c.text_hash).where(*_channel(portal, account, channel))
                )
            }
            same: list[str] = []
            for row in rows:
                old = known.get(row.case_id)
                if old is not None and old.text_hash == row.text_hash:
                    same.append(row.case_id)
                    continue
                shown = json.dumps(row.shown, ensure_ascii=False, sort_keys=True)
                values = {"text_hash": row.text_hash, "shown": shown, "seen_at": at, "gone_since": None}
                if old is None:
                    conn.execute(
                        insert(_TABLE).values(
                            portal=portal,
                            account=account,
                            channel=channel,
                            case_id=row.case_id,
                            first_listed_at=at,
                            **values,
                        )
                    )
                else:
                    conn.execute(
                        update(_TABLE)
                        .where(*_channel(portal, account, channel), _TABLE.c.case_id == row.case_id)
                        .values(**values)
                    )
            for part in _parts(same):
                conn.execute(
                    update(_TABLE)
                    .where(*_channel(portal, account, channel), _TABLE.c.case_id.in_(part))
                    .values(seen_at=at, gone_since=None)
                )

    def vanished(
        self, portal: str, account: str, channel: str, listed: Collection[str], at: datetime
    ) -> tuple[list[str], list[str]]:
        """Mark the rows that a *complete* reading of the list no longer has: (gone just now, gone in all).

        Only call it when the list was proved complete; a row that comes back loses its mark in `save`.
        """
        with self._store.writing() as conn:
            known = conn.execute(
                select(_TABLE.c.case_id, _TABLE.c.gone_since)
                .where(*_channel(portal, account, channel))
                .order_by(_TABLE.c.case_id)
            ).all()
            listed = set(listed)
            missing = [row for row in known if row.case_id not in listed]
            fresh = [row.case_id for row in missing if row.gone_since is None]
            for part in _parts(fresh):
                conn.execute(
                    update(_TABLE)
                    .where(*_channel(portal, account, channel), _TABLE.c.case_id.in_(part))
                    .values(gone_since=at)
                )
        return fresh, [row.case_id for row in missing]


def _channel(portal: str, account: str, channel: str) -> list[ColumnElement[bool]]:
    return [_TABLE.c.portal == portal, _TABLE.c.account == account, _TABLE.c.channel == channel]


def _parts(ids: list[str], size: int = 500) -> Iterable[list[str]]:
    """Few enough at a time for a database's limit of parameters."""
    return (ids[i : i + size] for i in range(0, len(ids), size))


def _list_row(row: Any) -> ListRow:
    return ListRow(
        case_id=row.case_id,
        text_hash=row.text_hash,
        shown=json.loads(row.shown),
        read_hash=row.read_hash,
        seen_at=row.seen_at,
        gone_since=row.gone_since,
    )
