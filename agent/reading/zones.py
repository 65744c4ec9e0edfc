"""Zones by name, and wall-clock readings in them as instants: the earlier one wherever clocks leave a choice."""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo


def in_utc(instant: datetime) -> datetime:
    """`instant` in UTC. Raises `TypeError` for a naive one, which would silently be read on this machine's clock."""
    if instant.tzinfo is None:
        raise TypeError("an instant needs a zone")
    return instant.astimezone(UTC)


@functools.cache
def zone_of(name: str) -> tzinfo:
    """The zone a record names: an IANA name, or `UTC+09:00` where the page gave only an offset.

    Raises `ZoneInfoNotFoundError` for a name that is neither.
    """
    match = re.fullmatch(r"UTC([+-])(\d\d):(\d\d)", name)
    if match is None:
        return ZoneInfo(name)
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def earliest_instant(local: datetime, zone: tzinfo) -> tuple[datetime, int]:
    """The wall clock reading `local` (naive) in `zone` as UTC, and by how many seconds it may be early.

    An hour that the clock shows twice is its first pass; one that it jumps over is the earlier of the two readings.
    """
    there = local.replace(tzinfo=zone)
    offset, later_offset = there.utcoffset(), there.replace(fold=1).utcoffset()
    assert offset is not None and later_offset is not None  # zones made by zone_of always know
    if offset == later_offset:
        return (local - offset).replace(tzinfo=UTC), 0
    widest = max(offset, later_offset)
    return (local - widest).replace(tzinfo=UTC), int(abs(offset - later_offset).total_seconds())


def day_bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first instant of a local day, and of the next one, in UTC."""
    start = datetime(day.year, day.month, day.day)
    return earliest_instant(start, zone)[0], earliest_instant(start + timedelta(days=1), zone)[0]
