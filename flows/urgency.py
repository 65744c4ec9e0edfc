"""Cases by urgency, the house's own earlier deadline included (WD3); quick with thousands, of which one page is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.store import CaseRow
from agent.words import say
from flows.context import Context

HOUSE_OVERDUE = "house_overdue"
"""The mark of a row whose answer is overdue by the house's own rule, while the portal still takes it."""

_NEVER = "9"
"""Behind every instant as text."""


@dataclass(frozen=True)
class Found:
    """Some of the cases that were asked for, the most urgent first, and how many there are in all."""

    rows: list[CaseRow]
    total: int


def by_urgency(
    ctx: Context, *, due: timedelta | None = None, first: int = 0, count: int | None = None, **asked: Any
) -> Found:
    """The cases that `asked` (as `Cases.rows` takes it) gives: those that need action by the deadline that counts, then
    the other open ones, then the rest; from number `first` (beyond the end: from the last page) `count` of them, or all.

    `due` keeps those that want an answer within that time, what is overdue by the house's rule included. The house
    deadline is reckoned here and stored nowhere.
    """
    standing = ctx.store.cases.order(**asked)
    now, hours = ctx.clock(), ctx.settings.house_hours
    until = {one.ref: one.due_at or _NEVER for one in standing}
    late: set[str] = set()
    for one in standing:
        if one.asked_at is not None:
            theirs = datetime.fromisoformat(one.due_at) if one.due_at else None
            at, passed = counts_until(datetime.fromisoformat(one.asked_at), theirs, now, hours)
            until[one.ref] = _text(at) if at else _NEVER
            if passed:
                late.add(one.ref)
    if due is not None:
        limit = _text(now + due)
        standing = [one for one in standing if one.urgency == 0 and (one.ref in late or until[one.ref] < limit)]
    standing.sort(key=lambda one: (one.urgency, until[one.ref], one.opened_at or _NEVER, one.ref))
    total = len(standing)
    if count is not None:
        first = min(first, max(0, total - 1) // count * count)
        standing = standing[first : first + count]
        asked = {"refs": [one.ref for one in standing]}
    rows = {row.ref: row for row in ctx.store.cases.rows(**asked)} if standing else {}
    return Found([with_house(rows[one.ref], now, hours) for one in standing if one.ref in rows], total)


def _text(at: datetime) -> str:
    """An instant as the store writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def counts_until(
    asked: datetime | None, theirs: datetime | None, now: datetime, hours: int
) -> tuple[datetime | None, bool]:
    """The deadline that counts, and whether the house's own has passed (WD3: `hours` after the seller was `asked`).

    The house's counts while it is the earlier. Once it has passed it would hide how long the portal still takes an
    answer: then the portal's counts again. Where the portal names none, the house's stands on.
    """
    own = asked + timedelta(hours=hours) if asked is not None else None
    if own is None or (theirs is not None and theirs <= own):
        return theirs, False
    return (own, False) if theirs is None or own > now else (theirs, True)


def with_house(row: CaseRow, now: datetime, hours: int) -> CaseRow:
    """`row` with the deadline that counts; a mark where the answer is overdue by the house's own rule."""
    if row.asked_at is None:
        return row
    at, late = counts_until(row.asked_at, row.next_deadline_at, now, hours)
    if late:
        return replace(row, flags=(*row.flags, HOUSE_OVERDUE))
    if at == row.next_deadline_at:
        return row
    return replace(
        row,
        next_deadline_at=at,
        next_deadline_kind="house",
        next_deadline_shown=str(say("house rule: {hours} h", hours=hours)),
        next_deadline_sure=True,
    )
