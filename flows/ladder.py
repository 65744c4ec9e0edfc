"""When a deadline is told: rung by rung as it comes nearer, and in quiet hours only what can't wait for their end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.records import Deadline
from agent.timetable import NotifySettings, quiet_from, quiet_until

OVER = timedelta(0)
"""The last rung: the deadline has passed."""
SAME = timedelta(hours=1)
"""Two instants of one kind this near are one deadline: countdowns are worded by the minute, or the hour."""
EVENING = timedelta(hours=1)
"""How long before quiet hours it is told what falls into them."""
FORGOTTEN = timedelta(hours=24)
"""A deadline that passed longer ago, and of which nothing was ever told, is history and no alarm."""


@dataclass(frozen=True)
class Told:
    """A rung that was told before: of which instant."""

    at: datetime
    rung: timedelta


@dataclass(frozen=True)
class Rung:
    """A rung to be told now. `not_before`: the end of the quiet hours, where it can wait for it."""

    rung: timedelta
    not_before: datetime
    loud: bool


def next_rung(
    deadline: Deadline, now: datetime, settings: NotifySettings, zone: ZoneInfo, told: Iterable[Told]
) -> Rung | None:
    """The rung that `deadline` has reached and that was not told yet; rungs that were passed unseen are skipped."""
    lowest = min((one.rung for one in told if _same(one.at, deadline)), default=None)
    left = deadline.at - now
    reached = _reached(left, settings.rungs(deadline.kind))
    quiet_ends = quiet_until(now, settings.quiet, zone)
    loud = timedelta(hours=settings.loud_hours)
    evening = None
    if reached is not None and left <= OVER and lowest is None and -left > FORGOTTEN:
        return None
    if quiet_ends is None and (begins := quiet_from(now, settings.quiet, zone)) and begins - now <= EVENING:
        ends = quiet_until(begins, settings.quiet, zone)
        if ends is not None and deadline.at - ends <= loud:
            evening = min((one for one in settings.rungs(deadline.kind) if one > loud), default=None)
    chosen = min((one for one in (reached, evening) if one is not None), default=None)
    if chosen is None or (lowest is not None and lowest <= chosen):
        return None
    if quiet_ends is None:
        return Rung(chosen, now, loud=chosen <= loud)
    if left > OVER and (chosen <= loud or deadline.at - quiet_ends <= loud):
        return Rung(chosen, now, loud=True)
    return Rung(chosen, quiet_ends, loud=False)


def _reached(left: timedelta, rungs: tuple[timedelta, ...]) -> timedelta | None:
    if left <= OVER:
        return OVER
    return min((one for one in rungs if left <= one), default=None)


def _same(told: datetime, deadline: Deadline) -> bool:
    return abs(told - deadline.at) <= max(SAME, timedelta(seconds=deadline.precision_s))
