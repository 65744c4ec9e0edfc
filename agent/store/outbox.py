"""The outbox: what people are to be told, written down before it is sent, and kept until every target has it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from agent.records import Instant, Record
from agent.store import schema
from agent.store.alarms import as_parts, as_words
from agent.words import Words

if TYPE_CHECKING:
    from agent.store.store import Store

_NOTICES, _DELIVERIES = schema.notices, schema.deliveries


class Notice(Record):
    """One thing to be told. `id` is its number, shown in every copy of it, so that a copy that came twice is known.

    `loud`: it is told in quiet hours too.
    """

    model_config = Record.model_config | {"arbitrary_types_allowed": True}

    id: int
    key: str
    kind: str
    about: str
    loud: bool
    words: Words
    facts: dict[str, Any]
    made_at: Instant
    not_before: Instant


class Due(Record):
    """A notice that a target does not have yet. `tries`: how often it was tried, so it may have come already."""

    model_config = Record.model_config | {"arbitrary_types_allowed": True}

    notice: Notice
    target: str
    tries: int


class Outbox:
    """Nothing is lost: a notice stands here before the first try and is tried until it is taken. Nothing is doubled:
    a key is told once, and a target that took a notice never gets it again. Between the two lies one case that no
    sender can decide: the target took it and its answer was lost. Then it is sent again under the same number.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        key: str,
        kind: str,
        about: str,
        words: Words,
        *,
        targets: Collection[str],
        facts: dict[str, Any] | None = None,
        loud: bool = False,
        not_before: datetime | None = None,
    ) -> int | None:
        """Write a notice down for `targets`; its number, or None where that `key` was written before."""
        now = self._store.clock()
        with self._store.writing(durable=True) as conn:
            if conn.execute(select(_NOTICES.c.id).where(_NOTICES.c.key == key)).first():
                return None
            number = (conn.execute(select(func.max(_NOTICES.c.id))).scalar() or 0) + 1
            conn.execute(
                insert(_NOTICES).values(
                    id=number,
                    key=key,
                    kind=kind,
                    about=about,
                    loud=int(loud),
                    data=json.dumps({"words": as_parts(words), "facts": facts or {}}, default=str),
                    made_at=now,
                    not_before=not_before or now,
                )
            )
            for target in targets:
                conn.execute(
                    insert(_DELIVERIES).values(
                        notice_id=number, target=target, state="waiting", tries=0, next_at=not_before or now
                    )
                )
        return number

    def about(self, kind: str, about: str) -> list[Notice]:
        """What was written about one thing, oldest first."""
        return self._list(_NOTICES.c.kind == kind, _NOTICES.c.about == about)

    def by_subject(self, kind: str) -> dict[str, list[Notice]]:
        """All that was written of one kind, by what it is about, oldest first."""
        found: dict[str, list[Notice]] = {}
        for notice in self._list(_NOTICES.c.kind == kind):
            found.setdefault(notice.about, []).append(notice)
        return found

    def recent(self, limit: int = 50) -> list[Notice]:
        """The newest notices, newest first."""
        with self._store.reading() as conn:
            rows = conn.execute(select(_NOTICES).order_by(_NOTICES.c.id.desc()).limit(limit)).mappings().all()
        return [_notice(row) for row in rows]

    def since(self, at: datetime) -> list[Notice]:
        """Everything written since `at`, oldest first."""
        return self._list(_NOTICES.c.made_at >= at)

    def due(self, target: str, now: datetime) -> list[Due]:
        """What `target` should get now, oldest first. Call it only while no other process sends to that target: what
        stands as being sent was then left by a process that ended meanwhile."""
        query = (
            select(_NOTICES, _DELIVERIES.c.tries)
            .join(_DELIVERIES, _DELIVERIES.c.notice_id == _NOTICES.c.id)
            .where(
                _DELIVERIES.c.target == target,
                _DELIVERIES.c.state.in_(("waiting", "sending")),
                _DELIVERIES.c.next_at <= now,
            )
            .order_by(_NOTICES.c.id)
        )
        with self._store.reading() as conn:
            rows = conn.execute(query).mappings().all()
        return [Due(notice=_notice(row), target=target, tries=row["tries"]) for row in rows]

    def begin(self, numbers: Iterable[int], target: str) -> None:
        """Note, on the disk, that these are being sent: from here on they may have come."""
        with self._store.writing(durable=True) as conn:
            conn.execute(
                update(_DELIVERIES)
                .where(_DELIVERIES.c.target == target, _DELIVERIES.c.notice_id.in_(list(numbers)))
                .values(state="sending", tries=_DELIVERIES.c.tries + 1, last_at=self._store.clock())
            )

    def taken(self, numbers: Iterable[int], target: str) -> None:
        """Note that the target has them."""
        self._set(numbers, target, state="sent", why=None)

    def again(self, numbers: Iterable[int], target: str, why: str, next_at: datetime, *, sure: bool) -> None:
        """Note that they are to be tried again; `sure`: they certainly did not come, so the next try is the first."""
        more: dict[str, Any] = {"tries": _DELIVERIES.c.tries - 1} if sure else {}
        self._set(numbers, target, state="waiting", why=why, next_at=next_at, **more)

    def drop(self, numbers: Iterable[int], target: str, why: str) -> None:
        """Note that they are no longer worth telling (a later notice says more), or can't be told."""
        self._set(numbers, target, state="dropped", why=why)

    def waiting(self) -> dict[str, list[tuple[Notice, str | None]]]:
        """Per target, what it does not have yet, and why the last try failed."""
        query = (
            select(_NOTICES, _DELIVERIES.c.target, _DELIVERIES.c.why)
            .join(_DELIVERIES, _DELIVERIES.c.notice_id == _NOTICES.c.id)
            .where(_DELIVERIES.c.state.in_(("waiting", "sending")))
            .order_by(_NOTICES.c.id)
        )
        found: dict[str, list[tuple[Notice, str | None]]] = {}
        with self._store.reading() as conn:
            for row in conn.execute(query).mappings():
                found.setdefault(row["target"], []).append((_notice(row), row["why"]))
        return found

    def _set(self, numbers: Iterable[int], target: str, **values: Any) -> None:
        with self._store.writing(durable=True) as conn:
            conn.execute(
                update(_DELIVERIES)
                .where(_DELIVERIES.c.target == target, _DELIVERIES.c.notice_id.in_(list(numbers)))
                .values(last_at=self._store.clock(), **values)
            )

    def _list(self, *conditions: Any) -> list[Notice]:
        with self._store.reading() as conn:
            rows = conn.execute(select(_NOTICES).where(*conditions).order_by(_NOTICES.c.id)).mappings().all()
        return [_notice(row) for row in rows]


def _notice(row: Any) -> Notice:
    data = json.loads(row["data"])
    return Notice(
        id=row["id"],
        key=row["key"],
        kind=row["kind"],
        about=row["about"],
        loud=bool(row["loud"]),
        words=as_words(data["words"]),
        facts=data["facts"],
        made_at=row["made_at"],
        not_before=row["not_before"],
    )
