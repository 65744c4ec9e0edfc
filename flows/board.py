"""The board: one page of the cases by urgency, and how many there are of each sort; quick with thousands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agent.store import CaseRow
from flows.context import Context
from flows.urgency import by_urgency

NEW = timedelta(hours=24)
"""What was first read within that time is new since yesterday."""


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
    found = by_urgency(ctx, due=wanted.due, first=(max(1, number) - 1) * size, count=size, **asked)
    pages = max(1, -(-found.total // size))
    return Board(tuple(found.rows), found.total, min(max(1, number), pages), pages)


def _asked(ctx: Context, wanted: Wanted) -> dict[str, Any] | None:
    """What the store is asked for; None where nothing can come of it."""
    asked: dict[str, Any] = {
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
