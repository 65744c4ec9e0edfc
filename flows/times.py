"""How instants and spans are written for people: always with the zone's name, and with the largest units first."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.words import Words, say

URGENT, SOON = timedelta(hours=2), timedelta(hours=48)
"""From where on a deadline is loud, and from where on it is near."""


def clock(at: datetime, zone: ZoneInfo) -> str:
    """`at` on the clock of `zone`, with the zone's name: two clocks are never mixed up (CM3)."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {zone_name(local, zone)}"


def left(at: datetime, now: datetime) -> Words:
    """How long until `at`, in the two largest units."""
    minutes = int((at - now).total_seconds() // 60)
    if minutes < 0:
        return say("over")
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return say("{days} d {hours} h", days=days, hours=hours)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return say("{minutes} min", minutes=minutes)


def zone_name(local: datetime, zone: ZoneInfo) -> str:
    """`KST` or `CST`; a bare offset gets its place: `+07` says less than `Bangkok`."""
    name = local.tzname() or ""
    place = (zone.key or "").rpartition("/")[2].replace("_", " ")
    return place or name
