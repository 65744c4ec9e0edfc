"""What is old enough to go: cases that ended long ago and are listed no more, their pages, and files nothing names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, delete, or_, select

from agent.records import OPEN
from agent.store import schema

if TYPE_CHECKING:
    from agent.store.store import Store

_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_AT_ONCE = 400
"""How many keys go into one statement: SQLite takes only so many."""


def old_cases(store: Store, before: datetime) -> list[str]:
    """Refs of cases that are over, that changed and were listed last before `before`, and of which nothing is under way.

    A case that the portal still lists stays, however old: the next sync would read it again as a new one.
    """
    c, row = schema.cases.c, schema.list_rows.c
    listed = select(row.portal, row.account, row.channel, row.case_id).where(row.seen_at >= before)
    under_way = select(schema.attempts.c.ref).where(schema.attempts.c.state.in_(("armed", "unknown")))
    with store.reading() as conn:
        still = {tuple(one) for one in conn.execute(listed)}
        busy = set(conn.execute(under_way).scalars())
        rows = conn.execute(
            select(c.ref, c.portal, c.account, c.channel, c.case_id)
            .where(c.status.not_in(OPEN), c.changed_at < before, c.last_read_at < before)
            .order_by(c.ref)
        ).all()
    return [one.ref for one in rows if tuple(one)[1:] not in still and one.ref not in busy]


def remove_cases(store: Store, refs: list[str], *, by: str) -> dict[str, int]:
    """Take cases out of the records, with their history, list rows, drafts and pages. What was approved and sent, and
    the audit chain, stay: they are the proof, and keep a second sending impossible."""
    counts = dict.fromkeys(("cases", "observations", "pages"), 0)
    for some in _parts(refs):
        with store.writing(durable=True) as conn:
            keys = conn.execute(
                select(*[schema.cases.c[n] for n in ("portal", "account", "channel", "case_id")]).where(
                    schema.cases.c.ref.in_(some)
                )
            ).all()
            counts["observations"] += _gone(conn, schema.observations, schema.observations.c.ref.in_(some))
            _gone(conn, schema.drafts, schema.drafts.c.ref.in_(some))
            for key in keys:
                listed, page = schema.list_rows.c, schema.pages.c
                own = [listed[n] == getattr(key, n) for n in ("portal", "account", "channel", "case_id")]
                _gone(conn, schema.list_rows, and_(*own))
                seen = [page.portal == key.portal, page.account == key.account, page.channel == key.channel]
                counts["pages"] += _gone(conn, schema.pages, and_(*seen, page.subject == key.case_id))
            counts["cases"] += _gone(conn, schema.cases, schema.cases.c.ref.in_(some))
            for ref in some:
                store.audit.append(conn, by, "pruned", ref, {})
    return counts


def remove_old_rows(store: Store, before: datetime) -> dict[str, int]:
    """Pages of no case, runs, closed alarms and notices from before `before`."""
    page, run = schema.pages.c, schema.runs.c
    old_runs = select(run.id).where(run.started_at < before)
    old_notices = select(schema.notices.c.id).where(schema.notices.c.made_at < before)
    with store.writing() as conn:
        counts = {"pages": _gone(conn, schema.pages, and_(page.at < before, page.subject == ""))}
        _gone(conn, schema.run_accounts, schema.run_accounts.c.run_id.in_(old_runs))
        counts["runs"] = _gone(conn, schema.runs, run.started_at < before)
        counts["alarms"] = _gone(conn, schema.alarms, schema.alarms.c.closed_at < before)
        _gone(conn, schema.deliveries, schema.deliveries.c.notice_id.in_(old_notices))
        counts["notices"] = _gone(conn, schema.notices, schema.notices.c.made_at < before)
    return counts


def remove_files(store: Store, before: datetime) -> int:
    """Delete the files that were put away before `before` and that no row names any more; how many."""
    with store.reading() as conn:
        old = set(conn.execute(select(schema.blobs.c.sha256).where(schema.blobs.c.at < before)).scalars())
        unnamed = old - _named(conn)
    for some in _parts(sorted(unnamed)):
        with store.writing() as conn:  # the row first: a file without a row is only lost room, a row without is a fault
            _gone(conn, schema.blobs, schema.blobs.c.sha256.in_(some))
        for sha256 in some:
            store.blobs.path(sha256).unlink(missing_ok=True)
    return len(unnamed)


def _named(conn: Connection) -> set[str]:
    """Every hash that stands in a row that stays."""
    named: set[str] = set()
    kept = select(schema.cases.c.ref)
    texts = [
        select(schema.cases.c.data),
        select(schema.cases.c.seen_sha256),
        select(schema.observations.c.data),
        select(schema.observations.c.seen_sha256),
        select(schema.pages.c.sha256),
        select(schema.drafts.c.data),
        select(schema.packets.c.data).where(schema.packets.c.ref.in_(kept)),
        select(schema.audit.c.data).where(or_(schema.audit.c.ref.in_(kept), schema.audit.c.ref == "")),
    ]
    for query in texts:
        for text in conn.execute(query).scalars():
            named.update(_SHA256.findall(text or ""))
    return named


def _gone(conn: Connection, table: Any, condition: Any) -> int:
    return int(conn.execute(delete(table).where(condition)).rowcount)


def _parts(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]
