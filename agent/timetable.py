"""When things are done and told: the settings `[night]` and `[notify]`, and quiet hours by the operator's clock."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from agent.records import DeadlineKind

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_TARGET = re.compile(r"[a-z][a-z0-9_]{0,29}")


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise PydanticCustomError("time_of_day", "not a time")
    return value


def _quiet(value: str) -> str:
    first, dash, last = value.partition("-")
    if value and not (dash and _TIME.fullmatch(first.strip()) and _TIME.fullmatch(last.strip())):
        raise PydanticCustomError("quiet_hours", "not a span of time")
    return value


def _target(value: str) -> str:
    if not _TARGET.fullmatch(value):
        raise PydanticCustomError("target", "not a name")
    return value


Clock = Annotated[str, AfterValidator(_time)]
"""A time of day on the operator's clock, `02:00`."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class NightSettings(_Table):
    """The run that nobody watches."""

    at: Clock = "02:00"
    """When it begins."""
    hours: Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)] = 5.0
    """What is not read by then is left for the next run, the most urgent cases being read first."""
    hourly: bool = True
    """Channels whose windows are a day or shorter are read every hour too (CM2)."""


Rungs = Annotated[tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...], Field(strict=False)]

LADDER: dict[DeadlineKind, tuple[float, ...]] = {
    "appeal": (72, 24, 6, 2),
    "reply": (24, 6, 2, 1),
    "negotiate": (48, 24, 6, 2),
    "confirm_return": (48, 24, 6, 2),
    "evidence": (48, 24, 6, 2),
    "withdraw": (24, 6, 2),
}
"""How many hours before a deadline of each kind it is told again."""


class NotifySettings(_Table):
    """Who is told what, and when not."""

    to: Annotated[tuple[Annotated[str, AfterValidator(_target)], ...], Field(strict=False)] = ()
    """Names of targets; each address, which is a secret, stands in .env as `REBUTTAL_NOTIFY_<NAME>`."""
    quiet: Annotated[str, AfterValidator(_quiet)] = "23:00-07:30"
    """When only what can't wait is told; "" for never."""
    digest_at: Clock = "08:00"
    """When the day's digest is made."""
    loud_hours: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    """A deadline this near is told in quiet hours too (CM2)."""
    ladder: dict[DeadlineKind, Rungs] = {}
    """Own rungs in hours for a kind of deadline, in place of ours."""

    def rungs(self, kind: DeadlineKind) -> tuple[timedelta, ...]:
        """The rungs of a kind of deadline, the longest first."""
        hours = self.ladder.get(kind) or LADDER[kind]
        return tuple(timedelta(hours=one) for one in sorted(set(hours), reverse=True))


def at_clock(day: datetime, clock: str, zone: ZoneInfo) -> datetime:
    """The instant at which the clock of `zone` shows `clock` on the day that `day` falls on there."""
    hour, minute = clock.split(":")
    return datetime.combine(day.astimezone(zone).date(), time(int(hour), int(minute)), zone)


def last_clock(now: datetime, clock: str, zone: ZoneInfo) -> datetime:
    """The last instant, up to now, at which the clock of `zone` showed `clock`."""
    today = at_clock(now, clock, zone)
    return today if today <= now else at_clock(now - timedelta(days=1), clock, zone)


def quiet_until(now: datetime, quiet: str, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside of them."""
    if not quiet:
        return None
    first, _, last = (part.strip() for part in quiet.partition("-"))
    if first == last:
        return None
    begun = last_clock(now, first, zone)
    end = at_clock(begun, last, zone)
    if end <= begun:
        end = at_clock(begun + timedelta(days=1), last, zone)
    return end if now < end else None


def quiet_from(now: datetime, quiet: str, zone: ZoneInfo) -> datetime | None:
    """When the next quiet hours begin; None where there are none."""
    if not quiet:
        return None
    first = quiet.partition("-")[0].strip()
    begins = at_clock(now, first, zone)
    return begins if begins > now else at_clock(now + timedelta(days=1), first, zone)
