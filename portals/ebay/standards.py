"""Pure reader of the seller's level."""

from __future__ import annotations

import re

from agent.portal import Measure
from agent.reading.seen import Seen
from agent.reading.unreadable import Unreadable

_RATES = ("defect_rate", "unresolved_rate", "late_rate")


def read_standards(seen: Seen) -> tuple[Measure, ...]:
    """The rates of the Seller Dashboard."""
    part = seen.section("health.heading")
    values = {name: part.labelled(f"health.{name}") for name in _RATES}
    return tuple(
        Measure(name=name, value=value.read(_percent), shown=value.text, unit="%") for name, value in values.items()
    )


def _percent(text: str) -> float:
    match = re.fullmatch(r"(\d{1,3}(?:[.,]\d+)?)\s*%", text.strip())
    if match is None:
        raise Unreadable(text, "a percentage")
    return float(match[1].replace(",", "."))
