"""Values as AliExpress shows them: instants on a clock that pages may not name, amounts in two currencies, rates."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.reading.deadlines import read_due
from agent.reading.moments import Moment, ZoneBasis
from agent.reading.money import read_money
from agent.reading.seen import Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Instant, Money

PACIFIC, BEIJING = "America/Los_Angeles", "Asia/Shanghai"
LANGUAGES = ("zh", "en", "ru")


class Clock(NamedTuple):
    """Which clock a page shows, how that is known, and which other clock it may be."""

    zone: str
    basis: ZoneBasis
    also: tuple[str, ...] = ()


def clock_of(seen: Seen) -> Clock:
    """The page's own word for its clock; else the shop's setting; else assumed, and then it may be either.

    Pages are known in Pacific and in Beijing time, and most do not say which (facts §7.3).
    """
    shown = seen.maybe("page.zone")
    if shown is not None:
        return Clock(shown.word("zone"), "page")
    page = seen.page
    if page.zone_basis != "assumed":
        return Clock(page.zone, page.zone_basis)
    return Clock(BEIJING, "assumed", (PACIFIC,))


def moment(value: Value) -> Moment:
    """A date and time on the page; where the clock is not known, its earliest reading with a precision for the rest."""
    clock, page = clock_of(value.seen), value.seen.page
    return value.read(
        lambda text: read_due(
            text, zone=clock.zone, zone_basis=clock.basis, languages=LANGUAGES, near=page.now, also_zones=clock.also
        )
    )


def instant(value: Value) -> Instant:
    """The same as an instant."""
    return moment(value).at


def money(text: str) -> tuple[Money, Money]:
    """An amount in the shop's currency and in the buyer's: `BRL 407.47（USD 66.65）`, or one alone."""
    match = re.fullmatch(r"([^（()）]+?)\s*(?:[（(]([^（()）]+)[)）])?", text.strip())
    if match is None:
        raise Unreadable(text, "an amount with its equivalent in brackets")
    local = read_money(match[1], languages=LANGUAGES)
    return (read_money(match[2], languages=LANGUAGES) if match[2] else local), local


def percent(text: str) -> float:
    """A rate like 1.25%."""
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", text.strip())
    if match is None:
        raise Unreadable(text, "a percentage")
    return float(match[1])
