"""The board: one page of the cases by urgency, and how many there are of each sort; quick with thousands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.store import CaseRow
from flows.cases import counts_until, with_house
from flows.context import Context

NEW = timedelta(hours=24)
"""What was first read within that time is new since yesterday."""

_NEVER = "9"
"""Behind every instant as text."""


@dataclass(frozen=True)
class Wanted:
    """What a board shows; empty means all. `answers`: where the answer stands (`CaseRow.sending`)."""

    portals: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    text: str = ""
    due: timedelta | None = None
    new: bool = False
    closed: bool = False
    """Also cases that are over."""


@dataclass(frozen=True)
class Counts:
    """How many open cases there are by what they want."""

    open: int
    needs_action: int
    due_soon: int
    """Within 24 hours, what is overdue included."""
    new: int
    to_approve: int
    approved: int
    unknown: int


@dataclass(frozen=True)
class Board:
    """One page of the list. `number` counts from 1."""

    rows: tuple[CaseRow, ...]
    total: int
    number: int
    pages: int


def board(ctx: Context, wanted: Wanted, *, number: int = 1, size: int = 100) -> Board:
    """Page `number` of the wanted cases, the most urgent first; a number beyond the last gives the last page."""
    asked = _asked(ctx, wanted)
    if asked is None:
        return Board((), 0, 1, 1)
    standing = ctx.store.cases.order(**asked)
    now, hours = ctx.clock(), ctx.settings.house_hours
    due = {one.ref: one.due_at or _NEVER for one in standing}
    late: set[str] = set()
    for one in standing:
        if one.asked_at is not None:
            theirs = datetime.fromisoformat(one.due_at) if one.due_at else None
            at, passed = counts_until(datetime.fromisoformat(one.asked_at), theirs, now, hours)
            due[one.ref] = _text(at) if at else _NEVER
            if passed:
                late.add(one.ref)
    if wanted.due is not None:
        limit = _text(now + wanted.due)
        standing = [s for s in standing if s.urgency == 0 and (s.ref in late or due[s.ref] < limit)]
    standing.sort(key=lambda s: (s.urgency, due[s.ref], s.opened_at or _NEVER, s.ref))
    pages = max(1, -(-len(standing) // size))
    number = min(max(1, number), pages)
    refs = [one.ref for one in standing[(number - 1) * size : number * size]]
    found = {row.ref: row for row in ctx.store.cases.rows(refs=refs)} if refs else {}
    rows = tuple(with_house(found[ref], now, hours) for ref in refs if ref in found)
    return Board(rows, len(standing), number, pages)


def _text(at: datetime) -> str:
    """An instant as the store writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def _asked(ctx: Context, wanted: Wanted) -> dict[str, object] | None:
    """What the store is asked for; None where nothing can come of it."""
    asked: dict[str, object] = {
        "portals": wanted.portals,
        "accounts": wanted.accounts,
        "channels": wanted.channels,
        "statuses": wanted.statuses,
        "reasons": wanted.reasons,
        "text": wanted.text,
        "open_only": not wanted.closed and not wanted.statuses,
    }
    if wanted.new:
        asked["new_since"] = ctx.clock() - NEW
    if wanted.answers:
        refs = [ref for ref, state in answers(ctx).items() if state in wanted.answers]
        if not refs:
            return None
        asked["refs"] = refs
    return asked


def answers(ctx: Context) -> dict[str, str]:
    """Where the answer to each case stands that has one."""
    from agent.store.sending_state import sending_states

    with ctx.store.reading() as conn:
        return sending_states(conn, ctx.clock())


def counts(ctx: Context) -> Counts:
    """How many open cases there are of each sort."""
    cases, now = ctx.store.cases, ctx.clock()
    states = list(answers(ctx).values())
    return Counts(
        open=cases.count(open_only=True),
        needs_action=cases.count(statuses=("action_needed", "unknown")),
        due_soon=cases.count(due_before=now + timedelta(hours=24)),
        new=cases.count(open_only=True, new_since=now - NEW),
        to_approve=states.count("ready"),
        approved=states.count("approved"),
        unknown=states.count("unknown") + states.count("armed"),
    )
