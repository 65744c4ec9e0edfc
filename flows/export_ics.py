"""`rebuttal export --format ics`: a calendar of the deadlines, with alarms; what is over is taken off every calendar.

A calendar program knows an entry by its UID, and takes a newer form of it by its SEQUENCE. Both come from the records
alone, so that the same feed is made twice, on any machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agent.records import Case, CaseKey, Deadline, DeadlineKind
from agent.store import CaseRow
from agent.words import say, spoken
from flows import terms
from flows.context import Context
from flows.times import clock

if TYPE_CHECKING:
    from icalendar import Event

LENGTH = timedelta(minutes=30)
"""An entry ends at its deadline and begins this much before it."""
TOLD_AFTER = timedelta(days=45)
"""How long a deadline that is over stays in the feed, cancelled, so that every calendar hears of it."""
_MOVED = timedelta(minutes=5)
"""A countdown read again means an instant a little off; only what moved further is a newer form of an entry."""


@dataclass(frozen=True)
class Entry:
    """One deadline of one case through its history. `over`: it needs no answer any more; `changed_at`: since when it
    stands as it does; `sequence`: how often it changed before."""

    key: CaseKey
    kind: DeadlineKind
    deadline: Deadline
    over: bool
    sequence: int
    changed_at: datetime

    @property
    def uid(self) -> str:
        """Always the same for one kind of deadline of one case."""
        return hashlib.sha256(f"{self.key.ref}#{self.kind}".encode()).hexdigest()[:40] + "@rebuttal"


def ics(ctx: Context) -> bytes:
    """The feed, in the operator's language."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Rebuttal//deadlines//" + spoken().upper())
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", str(say("Rebuttal: deadlines")))
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries(ctx):
        calendar.add_component(_event(ctx, entry))
    return bytes(calendar.to_ical())


def entries(ctx: Context) -> Iterator[Entry]:
    """Every deadline that stands, or that was over not long ago, by case."""
    since = ctx.clock() - TOLD_AFTER
    for row in sorted(ctx.store.cases.rows(), key=lambda row: row.ref):
        if row.next_deadline_at is None and row.changed_at < since:
            continue
        yield from (one for one in _of_case(ctx, row) if not one.over or one.changed_at >= since)


def _of_case(ctx: Context, row: CaseRow) -> Iterator[Entry]:
    """The entries of one case: each observation may bring a deadline, move it, or end it."""
    found: dict[DeadlineKind, Entry] = {}
    newest = ctx.store.cases.get(row.key)
    looks = [(seen.at, seen.case) for seen in ctx.store.cases.history(row.key)]
    if newest is not None and looks:
        looks[-1] = (looks[-1][0], newest)  # between two revisions a countdown is only made more exact
    for at, case in looks:
        wanted = {one.kind: one for one in case.deadlines} if needs_answer(case) else {}
        for kind in {**found, **wanted}:
            old, new = found.get(kind), wanted.get(kind)
            if old is None and new is not None:
                found[kind] = Entry(row.key, kind, new, False, 0, at)
            elif old is not None and new is None and not old.over:
                found[kind] = Entry(row.key, kind, old.deadline, True, old.sequence + 1, at)
            elif old is not None and new is not None and (old.over or abs(old.deadline.at - new.at) > _MOVED):
                found[kind] = Entry(row.key, kind, new, False, old.sequence + 1, at)
    yield from found.values()


def needs_answer(case: Case) -> bool:
    """Does the case still want something of the seller?"""
    return case.status.is_ in ("action_needed", "unknown", "waiting") and case.outcome is None


def _event(ctx: Context, entry: Entry) -> Event:
    from icalendar import Alarm, Event

    ref, at = entry.key.ref, entry.deadline.at.replace(second=0, microsecond=0)
    kind = terms.deadline(entry.kind)
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed_at.replace(microsecond=0))
    event.add("last-modified", entry.changed_at.replace(microsecond=0))
    event.add("sequence", entry.sequence)
    event.add("dtstart", at - LENGTH)
    event.add("dtend", at)
    event.add("summary", str(say("{kind}: {ref}", kind=kind, ref=ref)))
    there = clock(entry.deadline.at, ctx.portal_zone(entry.key.portal, entry.key.account))
    told = say("Ends at {here}; at the portal {there}.", here=clock(entry.deadline.at, ctx.zone), there=there)
    unsure = entry.deadline.zone_basis == "assumed" or entry.deadline.provisional
    event.add("description", str(say("{said} Not certain: look at the portal.", said=told) if unsure else told))
    event.add("status", "CANCELLED" if entry.over else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("categories", [entry.key.portal, entry.kind])
    if not entry.over:
        for rung in ctx.settings.notify.rungs(entry.kind):
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", str(say("{kind}: {ref}", kind=kind, ref=ref)))
            alarm.add("trigger", -rung, parameters={"RELATED": "END"})
            event.add_component(alarm)
    return event
