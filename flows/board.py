"""The board: one page of the cases by urgency, and how many there are of each sort; quick with thousands."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.records import CaseKey
from agent.rules import house_deadline
from agent.store import CaseRow
from flows.cases import with_house
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


class HouseDeadlines:
    """The house's own earlier deadlines (WD3), reckoned once for each revision of a case and stored nowhere."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, int, datetime | None]] = {}
        self._lock = threading.Lock()

    def of(self, ctx: Context, ref: str, revision: str) -> datetime | None:
        """The deadline of the case at that revision; None where the house has none of its own."""
        hours = ctx.settings.house_hours
        known = self._known.get(ref)
        if known is not None and known[:2] == (revision, hours):
            return known[2]
        store_name, channel, case_id = ref.split("/", 2)
        portal, _, account = store_name.partition(":")
        case = ctx.store.cases.get(CaseKey(portal=portal, account=account, channel=channel, case_id=case_id))
        house = house_deadline(case, hours) if case is not None else None
        with self._lock:
            self._known[ref] = (revision, hours, house.at if house else None)
        return house.at if house else None


def board(ctx: Context, wanted: Wanted, house: HouseDeadlines, *, number: int = 1, size: int = 100) -> Board:
    """Page `number` of the wanted cases, the most urgent first; a number beyond the last gives the last page."""
    asked = _asked(ctx, wanted)
    if asked is None:
        return Board((), 0, 1, 1)
    standing = ctx.store.cases.order(**asked)
    own = {
        one.ref: at
        for one in standing
        if one.withdrawable and one.urgency == 0 and (at := house.of(ctx, one.ref, one.revision)) is not None
    }
    now = ctx.clock()
    texts = {s.ref: _text(own[s.ref]) for s in standing if s.ref in own and (own[s.ref] > now or s.due_at is None)}
    if wanted.due is not None:
        limit = _text(now + wanted.due)
        standing = [
            s
            for s in standing
            if s.urgency == 0 and (own.get(s.ref, now) < now or (texts.get(s.ref) or s.due_at or _NEVER) < limit)
        ]
    standing.sort(key=lambda s: (s.urgency, texts.get(s.ref) or s.due_at or _NEVER, s.opened_at or _NEVER, s.ref))
    pages = max(1, -(-len(standing) // size))
    number = min(max(1, number), pages)
    refs = [one.ref for one in standing[(number - 1) * size : number * size]]
    found = {row.ref: row for row in ctx.store.cases.rows(refs=refs)} if refs else {}
    hours = ctx.settings.house_hours
    rows = tuple(
        with_house(found[ref], own[ref], now, hours) if ref in own else found[ref] for ref in refs if ref in found
    )
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
