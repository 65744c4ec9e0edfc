"""Cases: the newest record of each, its whole history, and quick lists by urgency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy import case as sql_case

from agent.records import OPEN, Case, CaseKey, Instant, Money, Record
from agent.rules import asked_at
from agent.store import schema
from agent.store.deadlines import merge
from agent.store.sending_state import sending_states

if TYPE_CHECKING:
    from agent.store.store import Store

Saved = Literal["new", "changed", "unchanged"]

_FEW = 500
"""Up to so many cases, where their answers stand is asked for them alone."""

_CASES, _SEEN, _LISTED = schema.cases, schema.observations, schema.list_rows

# Made once: they run for every case that is read.
_LINE = [column for column in _CASES.c if column.name != "data"]
_ADD, _OBSERVED, _LIST = insert(_CASES), insert(_SEEN), insert(_LISTED)
_OLD = select(_CASES.c.revision, _CASES.c.data).where(_CASES.c.ref == bindparam("of")).with_for_update()
_RECORD = select(_CASES.c.data).where(_CASES.c.ref == bindparam("of"))
_CHANGE = update(_CASES).where(_CASES.c.ref == bindparam("of"))
_READ = update(_LISTED).where(*[_LISTED.c[name] == bindparam(f"of_{name}") for name in CaseKey.model_fields])


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the list of cases; made from columns, without the record's JSON."""

    ref: str
    portal: str
    account: str
    channel: str
    case_id: str
    order_id: str
    url: str
    status: str
    status_shown: str
    reason: str | None
    reason_shown: str | None
    responsible: str | None
    amount: Money | None
    opened_at: datetime | None
    decided_at: datetime | None
    next_deadline_at: datetime | None
    next_deadline_kind: str | None
    next_deadline_shown: str | None
    next_deadline_sure: bool
    """False when its zone is assumed or its calendar provisional."""
    needs_action: bool
    actions: tuple[str, ...]
    flags: tuple[str, ...]
    appeals_used: int | None
    appeals_allowed: int | None
    outcome: str | None
    revision: str
    seen_sha256: str | None
    seen_at: datetime | None
    first_read_at: datetime
    last_read_at: datetime
    changed_at: datetime
    unread_since: datetime | None
    unread_why: str | None
    asked_at: datetime | None
    """When the seller was last asked, where the house wants an answer within its own time (WD3)."""
    sending: str | None
    """Where its answer stands: drafted, ready, approved, armed, unknown, confirmed, refused, cleared."""

    @property
    def key(self) -> CaseKey:
        """The natural key."""
        return CaseKey(portal=self.portal, account=self.account, channel=self.channel, case_id=self.case_id)


class Standing(NamedTuple):
    """What orders a case among others; instants as ISO text, which sorts as they do."""

    ref: str
    urgency: int
    due_at: str | None
    opened_at: str | None
    asked_at: str | None
    """When the seller was last asked: then the house has a deadline of its own (WD3)."""


class Figure(NamedTuple):
    """What statistics count of a case. `data`: the whole record, of won cases only, for what came back."""

    ref: str
    portal: str
    account: str
    channel: str
    status: str
    reason: str | None
    amount: str | None
    currency: str | None
    opened_at: datetime | None
    first_read_at: datetime
    data: str | None


class Observation(Record):
    """One revision of a case, as it was read."""

    at: Instant
    run_id: str
    revision: str
    seen_sha256: str | None
    case: Case


class ListRow(Record):
    """One line of a portal's list: `text_hash` as listed last, `read_hash` as it was when the detail was last read."""

    case_id: str
    text_hash: str
    shown: dict[str, str] = {}
    read_hash: str | None = None
    seen_at: Instant | None = None
    gone_since: Instant | None = None


class Cases:
    """Keeps cases; a record is always replaced whole, never patched by guess."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, case: Case, run_id: str, *, row_hash: str | None = None) -> Saved:
        """Keep a case that was read without fault; clears "not read since".

        `row_hash`: the hash of the list row that led here; only with it does a sync skip the detail page next time,
        and it is written with the record or not at all.
        """
        now, ref, revision = self._store.clock(), case.key.ref, case.revision
        with self._store.writing() as conn:
            row = conn.execute(_OLD, {"of": ref}).first()
            saved: Saved = "new"
            if row is not None:
                old = Case.model_validate_json(row.data)
                deadlines, moved = merge(old.deadlines, case.deadlines)
                case = case.model_copy(update={"deadlines": deadlines})
                same = row.revision == revision and old.missing == case.missing and not moved
                saved = "unchanged" if same else "changed"
            read_at = case.seen.at if case.seen else now  # a stored page read again is no new look at the portal
            values = _columns(case) | {
                "revision": revision,
                "last_read_at": read_at,
                "unread_since": None,
                "unread_why": None,
            }
            if saved != "unchanged":
                values["changed_at"] = now
                conn.execute(
                    _OBSERVED,
                    {
                        "ref": ref,
                        "revision": revision,
                        "data": values["data"],
                        "at": now,
                        "seen_sha256": values["seen_sha256"],
                        "run_id": run_id,
                    },
                )
            if row is None:
                conn.execute(_ADD, {"ref": ref, "first_read_at": now, **_key(case.key), **values})
            else:
                conn.execute(_CHANGE, {"of": ref, **values})
            if row_hash is not None:
                _note_read(conn, case.key, row_hash, now)
        return saved

    def get(self, key: CaseKey) -> Case | None:
        """The newest record of a case."""
        with self._store.reading() as conn:
            data = conn.execute(_RECORD, {"of": key.ref}).scalar()
        return None if data is None else Case.model_validate_json(data)

    def row(self, key: CaseKey) -> CaseRow | None:
        """One line of the list."""
        return next(iter(self._rows([_CASES.c.ref == key.ref])), None)

    def find(self, text: str, limit: int = 50) -> list[Case]:
        """Cases named by a ref or case id; if there is none, by an order id, and then by any part of them.

        A ticket about an order does not make the name of the dispute about it, which is the order's, mean two cases.
        """
        exact = or_(_CASES.c.ref == text, _CASES.c.case_id == text)
        part = or_(_CASES.c.ref.icontains(text, autoescape=True), _CASES.c.order_id.icontains(text, autoescape=True))
        with self._store.reading() as conn:
            for condition in (exact, _CASES.c.order_id == text, part) if text else ():
                rows = conn.execute(select(_CASES.c.data).where(condition).order_by(_CASES.c.ref).limit(limit))
                found = [Case.model_validate_json(data) for data in rows.scalars()]
                if found:
                    return found
        return []

    def rows(
        self,
        *,
        portals: Collection[str] = (),
        accounts: Collection[str] = (),
        channels: Collection[str] = (),
        statuses: Collection[str] = (),
        flags: Collection[str] = (),
        due_before: datetime | None = None,
        text: str = "",
        open_only: bool = False,
        reasons: Collection[str] = (),
        new_since: datetime | None = None,
        refs: Collection[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[CaseRow]:
        """Cases by urgency: those that need action by their next deadline, then the other open ones, then the rest.

        `accounts` as `coupang:main`; `due_before` keeps cases that need action with a deadline before it; `flags`:
        any of them; `new_since`: first read at that moment or later; `refs`: only these.
        """
        conditions = _conditions(
            portals, accounts, channels, statuses, flags, due_before, text, open_only, reasons, new_since, refs
        )
        return self._rows(conditions, limit, offset)

    def order(self, **wanted: Any) -> list[Standing]:
        """The same cases as `rows` gives, in no order, as no more than what orders them: quick for thousands."""
        c = _CASES.c
        quick = [type_coerce(column, String) for column in (c.next_deadline_at, c.opened_at, c.asked_at)]
        query = select(c.ref, c.urgency, *quick).where(*_conditions(**wanted))
        with self._store.reading() as conn:
            return [Standing(*row) for row in conn.execute(query).all()]

    def count(self, **wanted: Any) -> int:
        """How many cases `rows` would give."""
        with self._store.reading() as conn:
            return conn.execute(select(func.count()).select_from(_CASES).where(*_conditions(**wanted))).scalar_one()

    def tally(
        self, column: Literal["portal", "account", "channel", "status", "reason"], **wanted: Any
    ) -> dict[str, int]:
        """How many of those cases there are by each value of a column; accounts as `coupang:main`."""
        c = _CASES.c
        by: ColumnElement[Any] = (c.portal + ":" + c.account) if column == "account" else c[column]
        query = select(by, func.count()).where(*_conditions(**wanted)).group_by(by).order_by(func.count().desc(), by)
        with self._store.reading() as conn:
            return {value: count for value, count in conn.execute(query) if value is not None}

    def figures(self) -> list[Figure]:
        """Every case as what is counted of it; quick for thousands."""
        c = _CASES.c
        won = sql_case((c.status.in_(("won", "partly_won")), c.data), else_=None)
        columns = [c[name] for name in Figure._fields[:-1]]
        with self._store.reading() as conn:
            return [Figure(*row) for row in conn.execute(select(*columns, won))]

    def history(self, key: CaseKey) -> list[Observation]:
        """Every revision that was read, oldest first."""
        query = select(_SEEN).where(_SEEN.c.ref == key.ref).order_by(_SEEN.c.id)
        with self._store.reading() as conn:
            rows = conn.execute(query).all()
        return [
            Observation(
                at=r.at,
                run_id=r.run_id,
                revision=r.revision,
                seen_sha256=r.seen_sha256,
                case=Case.model_validate_json(r.data),
            )
            for r in rows
        ]

    def mark_unread(self, key: CaseKey, why: str) -> None:
        """Note that the case could not be read this time. Its record stays; its page is visited at the next sync."""
        with self._store.writing() as conn:
            conn.execute(
                update(_CASES)
                .where(_CASES.c.ref == key.ref)
                .values(unread_since=func.coalesce(_CASES.c.unread_since, _CASES.c.last_read_at), unread_why=why)
            )
            conn.execute(update(_LISTED).where(*_same(key)).values(read_hash=None))

    def export(self, refs: Sequence[str] | None = None) -> list[Case]:
        """Whole records, by ref; all of them when `refs` is None."""
        query = select(_CASES.c.ref, _CASES.c.data).order_by(_CASES.c.ref)
        wanted = None if refs is None else set(refs)
        with self._store.reading() as conn:
            rows = conn.execute(query).all()
        return [Case.model_validate_json(r.data) for r in rows if wanted is None or r.ref in wanted]

    def _rows(self, conditions: list[ColumnElement[bool]], limit: int | None = None, offset: int = 0) -> list[CaseRow]:
        c = _CASES.c
        query = (
            select(*_LINE)
            .where(*conditions)
            .order_by(c.urgency, c.next_deadline_at.asc().nulls_last(), c.opened_at.asc().nulls_last(), c.ref)
        )
        with self._store.reading() as conn:
            found = conn.execute(query.limit(limit).offset(offset)).all()
            few = [row[0] for row in found] if len(found) <= _FEW else None
            sending = sending_states(conn, self._store.clock(), few) if found else {}
        return [_case_row(row, sending.get(row[0])) for row in found]


def _conditions(
    portals: Collection[str] = (),
    accounts: Collection[str] = (),
    channels: Collection[str] = (),
    statuses: Collection[str] = (),
    flags: Collection[str] = (),
    due_before: datetime | None = None,
    text: str = "",
    open_only: bool = False,
    reasons: Collection[str] = (),
    new_since: datetime | None = None,
    refs: Collection[str] | None = None,
) -> list[ColumnElement[bool]]:
    """What `Cases.rows` is asked for, as SQL."""
    c = _CASES.c
    conditions: list[ColumnElement[bool]] = []
    for column, wanted in ((c.portal, portals), (c.channel, channels), (c.status, statuses), (c.reason, reasons)):
        if wanted:
            conditions.append(column.in_(list(wanted)))
    if accounts:
        pairs = [name.partition(":")[::2] for name in accounts]
        conditions.append(or_(*[and_(c.portal == portal, c.account == account) for portal, account in pairs]))
    if flags:
        conditions.append(or_(*[("\n" + c.flags + "\n").contains(f"\n{flag}\n", autoescape=True) for flag in flags]))
    if due_before is not None:
        conditions += [c.urgency == 0, c.next_deadline_at < due_before]
    if new_since is not None:
        conditions.append(c.first_read_at >= new_since)
    if refs is not None:
        conditions.append(c.ref.in_(list(refs)))
    if open_only:
        conditions.append(c.status.in_(OPEN))
    if text:
        conditions.append(
            or_(
                *[
                    column.icontains(text, autoescape=True)
                    for column in (c.ref, c.order_id, c.status_shown, c.reason_shown, c.outcome, c.flags)
                ]
            )
        )
    return conditions


def _case_row(row: Any, sending: str | None) -> CaseRow:
    """A line from a row of `_LINE`, by place: names would take longer than the database does."""
    (
        ref,
        portal,
        account,
        channel,
        case_id,
        order_id,
        url,
        status,
        status_shown,
        reason,
        reason_shown,
        responsible,
        amount,
        currency,
        opened_at,
        decided_at,
        urgency,
        due_at,
        due_kind,
        due_shown,
        sure,
        actions,
        flags,
        used,
        allowed,
        outcome,
        revision,
        seen_sha256,
        seen_at,
        first_at,
        last_at,
        changed_at,
        unread_since,
        unread_why,
        asked_at,
    ) = row
    return CaseRow(
        ref,
        portal,
        account,
        channel,
        case_id,
        order_id,
        url,
        status,
        status_shown,
        reason,
        reason_shown,
        responsible,
        None if amount is None else Money.model_construct(value=Decimal(amount), currency=currency),
        opened_at,
        decided_at,
        due_at,
        due_kind,
        due_shown,
        bool(sure),
        urgency == 0,
        _list(actions),
        _list(flags),
        used,
        allowed,
        outcome,
        revision,
        seen_sha256,
        seen_at,
        first_at,
        last_at,
        changed_at,
        unread_since,
        unread_why,
        asked_at,
        sending,
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def _columns(case: Case) -> dict[str, Any]:
    """The columns that lists are made of, and the whole record."""
    first = min(case.deadlines, key=lambda d: d.at, default=None)
    status = case.status.is_
    responsible = case.decision.responsible if case.decision else None
    return {
        "order_id": case.order_id,
        "url": case.url,
        "status": status,
        "status_shown": case.status.shown,
        "reason": case.reason.is_ if case.reason else None,
        "reason_shown": case.reason.shown if case.reason else None,
        "responsible": responsible.is_ if responsible else None,
        "amount": case.amount.model_dump(mode="json")["value"] if case.amount else None,
        "currency": case.amount.currency if case.amount else None,
        "opened_at": case.opened_at,
        "decided_at": case.decided_at,
        "urgency": 0 if status in ("action_needed", "unknown") else 1 if status in OPEN else 2,
        "next_deadline_at": first.at if first else None,
        "next_deadline_kind": first.kind if first else None,
        "next_deadline_shown": first.shown if first else None,
        "next_deadline_sure": int(first.zone_basis != "assumed" and not first.provisional) if first else None,
        "actions": "\n".join(case.actions),
        "flags": "\n".join(case.flags),
        "appeals_used": case.appeals.used if case.appeals else None,
        "appeals_allowed": case.appeals.allowed if case.appeals else None,
        "outcome": case.outcome.result if case.outcome else None,
        "data": case.model_dump_json(),
        "seen_sha256": case.seen.sha256 if case.seen else None,
        "seen_at": case.seen.at if case.seen else None,
        "asked_at": asked_at(case),
    }


def _key(key: CaseKey) -> dict[str, str]:
    return {"portal": key.portal, "account": key.account, "channel": key.channel, "case_id": key.case_id}


def _same(key: CaseKey) -> list[ColumnElement[bool]]:
    return [_LISTED.c[name] == value for name, value in _key(key).items()]


def _note_read(conn: Connection, key: CaseKey, row_hash: str, now: datetime) -> None:
    done = conn.execute(_READ, {**{f"of_{name}": value for name, value in _key(key).items()}, "read_hash": row_hash})
    if not done.rowcount:
        conn.execute(
            _LIST,
            {
                **_key(key),
                "text_hash": row_hash,
                "shown": "{}",
                "read_hash": row_hash,
                "first_listed_at": now,
                "seen_at": now,
            },
        )
