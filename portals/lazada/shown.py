"""Values as Lazada shows them: which country, whose money, and on which clock a page tells its times."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from agent.reading.deadlines import agree, deadline_from_countdown, deadline_from_instant, read_due
from agent.reading.moments import ZoneBasis
from agent.reading.money import read_money
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Deadline, DeadlineKind, Instant, Money
from agent.words import say

BEIJING = "Asia/Shanghai"
LANGUAGES = ("en", "zh", "vi", "id", "th", "ms")
_RULE = "WD3"
_HOST = re.compile(r"sellercenter(?:-(th|ph|my|id|vn)\.lazada-seller\.cn|\.lazada\.(?:com?\.)?(sg|th|ph|my|id|vn))$")


class Market(NamedTuple):
    """One country: its clock, its money, and the end of its hosts' names."""

    zone: str
    currency: str
    domain: str


MARKETS = {
    "SG": Market("Asia/Singapore", "SGD", "sg"), "PH": Market("Asia/Manila", "PHP", "com.ph"),
    "MY": Market("Asia/Kuala_Lumpur", "MYR", "com.my"), "TH": Market("Asia/Bangkok", "THB", "co.th"),
    "ID": Market("Asia/Jakarta", "IDR", "co.id"), "VN": Market("Asia/Ho_Chi_Minh", "VND", "vn"),
}  # fmt: skip


def market_of(seen: Seen) -> Market:
    """The country of the page, as its head names it; the host, where it is a country's own, must say the same."""
    shown = seen.labelled("page.region").word("region")
    host = _HOST.search(urlsplit(seen.page.url).hostname or "")
    if host is not None and (host[1] or host[2]).upper() != shown:
        raise seen.mismatch("page.region", shown, host[0])
    return MARKETS[shown]


def instant(value: Value, zone: str) -> Instant:
    """A moment of the past on the clock of the country: `02 Apr 2026 18:05`, `2026-04-02 18:05`.

    The pages' own calls name the country and its offset (`_timezone=-8`, facts 2.4).
    """
    return value.read(lambda text: read_due(text, zone=zone, order="dmy", languages=LANGUAGES)).at


def answer_by(seen: Seen, card: Part, kind: DeadlineKind) -> Deadline | None:
    """Until when the seller must answer: the day that the page tells, proved by the time left beside it.

    Nobody says on which clock a page of the cross-border hosts is. The time left needs no clock: the day is read on the
    account's, the country's or Beijing's, whichever agrees with it, and none agreeing is drift. Where no time left is
    shown, the account's zone counts; else it may be the country's or Beijing's, and the earliest is taken.
    """
    day, left, page = card.maybe("list.sla"), card.maybe("list.left"), seen.page
    if day is None or day.empty:
        if left is not None and not left.empty:
            raise seen.drift("list.sla", say("the label is not on the page"), near=card)
        return None
    market = market_of(seen).zone
    own = (page.zone,) if page.zone_basis != "assumed" else ()
    zones = tuple(dict.fromkeys((*own, market, BEIJING)))
    if left is None or left.empty:
        chosen, also = (own[0], ()) if own else (market, (BEIJING,))
        return _from_day(kind, day, chosen, page.zone_basis if own else "assumed", also)
    clock = page.server_at or page.seen_at
    counted = left.read(lambda text: _from_left(kind, text, clock, market))
    for zone in zones:
        told = _from_day(kind, day, zone, "page")
        if agree(told, counted):
            return told
    raise seen.mismatch("list.sla", day.text, left.text)


def _from_day(kind: DeadlineKind, day: Value, zone: str, basis: ZoneBasis, also: tuple[str, ...] = ()) -> Deadline:
    moment = day.read(
        lambda text: read_due(
            text, zone=zone, zone_basis=basis, order="dmy", languages=LANGUAGES, also_zones=also
        )
    )  # fmt: skip
    return deadline_from_instant(kind, day.text, moment, _RULE)


def _from_left(kind: DeadlineKind, text: str, now: datetime, zone: str) -> Deadline:
    return deadline_from_countdown(kind, text, server_now=now, zone=zone, rule=_RULE, languages=LANGUAGES)


def money(value: Value, market: Market) -> Money:
    """An amount in the country's money: `₱1,457.40`, `165.000 ₫`."""
    return value.read(lambda text: read_money(text, currency=market.currency, languages=LANGUAGES))


def number(text: str) -> str:
    """A number of a request, an item in it, an order or an answer: 10 to 20 digits."""
    if not re.fullmatch(r"\d{10,20}", text.strip()):
        raise Unreadable(text, "a number of 10 to 20 digits")
    return text.strip()


def quantity(text: str) -> int:
    """How many."""
    if not re.fullmatch(r"\d{1,5}", text.strip()):
        raise Unreadable(text, "a quantity")
    return int(text)
