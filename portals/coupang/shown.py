"""Values as Coupang's seller pages write them."""

from __future__ import annotations

import re
from datetime import date

from agent.reading.moments import read_moment
from agent.reading.money import read_money
from agent.reading.seen import Value
from agent.reading.unreadable import Unreadable
from agent.reading.zones import zone_of
from agent.records import (
    Instant,
    Money,
)

LANGUAGES = ("ko", "en")
CUT = "the page shows only its beginning"
_ORDER_ID = re.compile(r"[A-Z0-9][A-Z0-9-]{5,29}")
_TO_THE_HOUR_S = 3600


def money(text: str) -> Money:
    """An amount in won."""
    return read_money(text, currency="KRW", languages=LANGUAGES)


def instant(value: Value) -> Instant:
    """A date and time on the page, in the portal's zone; a bare day is not one (the time would be a guess)."""
    page = value.seen.page

    def read(text: str) -> Instant:
        moment = read_moment(text, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES)
        if moment.precision_s > _TO_THE_HOUR_S:
            raise Unreadable(text, "a date with its time")
        return moment.at

    return value.read(read)


def day(value: Value) -> date:
    """A day on the portal's clock, in any form that Coupang's pages write dates."""
    page = value.seen.page

    def read(text: str) -> date:
        moment = read_moment(text, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES)
        return moment.at.astimezone(zone_of(page.zone)).date()

    return value.read(read)


def order_id(value: Value) -> str:
    """An order's number, alone: nothing else may stand in its place."""

    def read(text: str) -> str:
        if _ORDER_ID.fullmatch(text) is None:
            raise Unreadable(text, "an order number")
        return text

    return value.read(read)


def note_cut(missing: dict[str, str], name: str, value: Value) -> None:
    """Say of a free text that the page shows only its beginning."""
    if value.cut:
        missing[name] = CUT
