"""Alarms: one per change of state, not one per case; open until what caused it is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from agent.records import Instant, Record
from agent.store import schema
from agent.words import Words

if TYPE_CHECKING:
    from agent.store.store import Store

_TABLE = schema.alarms


class Alarm(Record):
    """Something a person should know; `scope` is what it is about (`coupang:main/refund_disputes/detail`)."""

    model_config = Record.model_config | {"arbitrary_types_allowed": True}

    id: int
    kind: str
    scope: str
    words: Words
    facts: dict[str, Any]
    opened_at: Instant
    last_at: Instant
    times: int
    """How often it was raised while open."""
    closed_at: Instant | None


class Alarms:
    """Opens and closes alarms."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def raise_(self, kind: str, scope: str, words: Words, facts: dict[str, Any] | None = None) -> bool:
        """Open an alarm; True when it was not open before. An open one is only counted up and gets the newer words."""
        now = self._store.clock()
        told = {"words": json.dumps(as_parts(words)), "facts": json.dumps(facts or {}, default=str), "last_at": now}
        with self._store.writing() as conn:
            done = conn.execute(
                update(_TABLE)
                .where(_TABLE.c.kind == kind, _TABLE.c.scope == scope, _TABLE.c.closed_at.is_(None))
                .values(times=_TABLE.c.times + 1, **told)
            )
            if done.rowcount:
                return False
            conn.execute(insert(_TABLE).values(kind=kind, scope=scope, opened_at=now, times=1, **told))
        return True

    def clear(self, kind: str, scope: str) -> bool:
        """Close an alarm; True when it was open."""
        with self._store.writing() as conn:
            done = conn.execute(
                update(_TABLE)
                .where(_TABLE.c.kind == kind, _TABLE.c.scope == scope, _TABLE.c.closed_at.is_(None))
                .values(closed_at=self._store.clock())
            )
        return bool(done.rowcount)

    def open(self) -> list[Alarm]:
        """Alarms that are open, oldest first."""
        return self._list(_TABLE.c.closed_at.is_(None))

    def history(self, scope: str) -> list[Alarm]:
        """All alarms there ever were about `scope`, oldest first."""
        return self._list(_TABLE.c.scope == scope)

    def _list(self, condition: Any) -> list[Alarm]:
        with self._store.reading() as conn:
            rows = conn.execute(select(_TABLE).where(condition).order_by(_TABLE.c.opened_at, _TABLE.c.id)).mappings()
            return [
                Alarm(**{**row, "words": as_words(json.loads(row["words"])), "facts": json.loads(row["facts"])})
                for row in rows
            ]


def as_parts(words: Words) -> dict[str, Any]:
    """A sentence as data, so that it is still translated when it is shown later."""
    values = {
        k: as_parts(v) if isinstance(v, Words) else v if isinstance(v, (int, float, str)) or v is None else str(v)
        for k, v in words.values.items()
    }
    return {"text": words.text, "values": values}


def as_words(parts: dict[str, Any]) -> Words:
    """The sentence that `as_parts` made data of."""
    return Words(parts["text"], {k: as_words(v) if isinstance(v, dict) else v for k, v in parts["values"].items()})
