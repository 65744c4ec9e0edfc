"""Seen pages: which page of which case was seen when, and whether it could be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy import bindparam, func, insert, select, update

from agent.records import Instant, Record
from agent.store import schema

if TYPE_CHECKING:
    from agent.store.store import Store

Verdict = Literal["read", "drifted"]
_TABLE = schema.pages
_WHERE = ("portal", "account", "page", "channel", "subject", "sha256")

# Made once: they run for every page that is read.
_AGAIN = update(_TABLE).where(*[_TABLE.c[name] == bindparam(f"of_{name}") for name in _WHERE])
_ADD = insert(_TABLE)


class StoredPage(Record):
    """One look at one page; `subject` is the case id, or "" for a page that belongs to no case."""

    id: int
    portal: str
    account: str
    page: str
    channel: str
    subject: str
    sha256: str
    at: Instant
    verdict: Verdict


class Pages:
    """Puts seen pages away and brings them back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        portal: str,
        account: str,
        page: str,
        subject: str,
        seen_json: bytes,
        at: datetime,
        *,
        channel: str = "",
        verdict: Verdict = "read",
    ) -> str:
        """Keep a seen page, give its SHA-256. The same content for the same subject is listed once."""
        sha256 = self._store.blobs.write(seen_json)
        where = {
            "portal": portal,
            "account": account,
            "page": page,
            "channel": channel,
            "subject": subject,
            "sha256": sha256,
        }
        with self._store.writing() as conn:
            self._store.blobs.note(conn, sha256, "page", len(seen_json), at)
            again = {f"of_{name}": value for name, value in where.items()}
            if not conn.execute(_AGAIN, again | {"at": at, "verdict": verdict}).rowcount:
                conn.execute(_ADD, where | {"at": at, "verdict": verdict})
        return sha256

    def judge(self, sha256: str, verdict: Verdict) -> None:
        """Note whether a page could be read."""
        with self._store.writing() as conn:
            conn.execute(update(_TABLE).where(_TABLE.c.sha256 == sha256).values(verdict=verdict))

    def get(self, sha256: str) -> bytes:
        """The seen page as it was put. Raises `StoreFault` when it is missing or damaged."""
        return self._store.blobs.get(sha256)

    def iterate(
        self,
        portal: str | None = None,
        page: str | None = None,
        *,
        latest_only: bool = True,
        verdict: Verdict | None = None,
    ) -> Iterator[StoredPage]:
        """Stored pages in the order they were first seen; `latest_only`: per page and subject the last one."""
        t = _TABLE
        query = select(t)
        if portal is not None:
            query = query.where(t.c.portal == portal)
        if page is not None:
            query = query.where(t.c.page == page)
        if latest_only:
            place = func.row_number().over(
                partition_by=(t.c.portal, t.c.account, t.c.page, t.c.channel, t.c.subject),
                order_by=(t.c.at.desc(), t.c.id.desc()),
            )
            ranked = select(t.c.id, place.label("place")).subquery()
            query = query.where(t.c.id.in_(select(ranked.c.id).where(ranked.c.place == 1)))
        if verdict is not None:
            query = query.where(t.c.verdict == verdict)
        with self._store.reading() as conn:
            rows = conn.execute(query.order_by(t.c.id)).mappings().all()
        for row in rows:
            yield StoredPage(**row)
