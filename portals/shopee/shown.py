"""Values as Shopee shows them: which market, whose money, and on which clock a page tells its times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from agent.reading.deadlines import read_due
from agent.reading.moments import Moment, ZoneBasis, read_moment
from agent.reading.money import read_money
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Instant, Money
from agent.words import say

BEIJING = "Asia/Shanghai"
LANGUAGES = ("en", "zh", "pt", "vi", "es", "id", "th")
_BIRTH = datetime(2019, 1, 1, tzinfo=UTC)
"""Internal ids are milliseconds since then, times a thousand (facts 1.8)."""
_CLOSE = timedelta(minutes=2)
_HOST = re.compile(r"seller\.shopee\.(?:com?\.)?(ph|id|th|br|sg|my|tw|mx|cl|co)$")


class Market(NamedTuple):
    """One country's shop: its clock and its money."""

    zone: str
    currency: str


MARKETS = {
    "PH": Market("Asia/Manila", "PHP"), "VN": Market("Asia/Ho_Chi_Minh", "VND"), "BR": Market("America/Sao_Paulo", "BRL"),
    "ID": Market("Asia/Jakarta", "IDR"), "TH": Market("Asia/Bangkok", "THB"), "MY": Market("Asia/Kuala_Lumpur", "MYR"),
    "SG": Market("Asia/Singapore", "SGD"), "TW": Market("Asia/Taipei", "TWD"), "MX": Market("America/Mexico_City", "MXN"),
    "CL": Market("America/Santiago", "CLP"), "CO": Market("America/Bogota", "COP"),
}  # fmt: skip


def market_of(seen: Seen) -> Market:
    """The shop's market: by the host, else by the address, else as the page's head names it (cross-border)."""
    parts = urlsplit(seen.page.url)
    host = parts.hostname or ""
    if host.startswith("banhang."):
        return MARKETS["VN"]
    local = _HOST.search(host)
    region = local[1] if local else (parse_qs(parts.query).get("cbsc_shop_region") or [""])[0]
    code = region.upper() or seen.labelled("page.region").word("region")
    if code not in MARKETS:
        raise seen.drift("page.region", say("“{text}” is not a word known for it", text=code))
    return MARKETS[code]


class Clock(NamedTuple):
    """Which clock a page shows, how that is known, and which other clock it may be."""

    zone: str
    basis: ZoneBasis
    also: tuple[str, ...] = ()


def born(return_id: str) -> datetime | None:
    """When a request was made, by its internal id; None for an id of another form."""
    if not re.fullmatch(r"\d{15}", return_id):
        return None
    return _BIRTH + timedelta(milliseconds=int(return_id) // 1000)


def clock_of(seen: Seen, created: Value, return_id: str) -> Clock:
    """The page's clock, proved by the one instant that is told twice: the day of the request, and its internal id.

    Nobody says whether the cross-border host shows the market's clock or Beijing's (facts 6). Where the id proves
    none of them, the account's zone counts; else it may be either, and the earliest reading is taken.
    """
    page, market, made = seen.page, market_of(seen), born(return_id)
    own = (page.zone,) if page.zone_basis != "assumed" else ()
    for zone in dict.fromkeys((*own, market.zone, BEIJING)) if made else ():
        shown = created.read(lambda text, zone=zone: read_moment(text, zone=zone, order="dmy", languages=LANGUAGES))  # type: ignore[misc]
        if abs(shown.at - made) < _CLOSE:  # type: ignore[operator]
            return Clock(zone, page.zone_basis if zone in own else "page")
    if own:
        return Clock(own[0], page.zone_basis)
    return Clock(market.zone, "assumed", (BEIJING,) if market.zone != BEIJING else ())


def moment(value: Value, clock: Clock) -> Moment:
    """A date, or date and time, on the page; days stand first (`22-11-2026 10:05`)."""
    return value.read(lambda text: due(text, clock))


def due(text: str, clock: Clock) -> Moment:
    """The same for a text by itself."""
    return read_due(
        text, zone=clock.zone, zone_basis=clock.basis, order="dmy", languages=LANGUAGES, also_zones=clock.also
    )


def instant(value: Value, clock: Clock) -> Instant:
    """The same as an instant."""
    return moment(value, clock).at


def money(value: Value, market: Market) -> Money:
    """An amount in the market's money: `₱1,143.00`, `₫8.820`, `R$32,99`."""
    return value.read(lambda text: read_money(text, currency=market.currency, languages=LANGUAGES))


def number(text: str) -> str:
    """A return request's number: a day and nine letters or digits; older ones are digits only."""
    if not re.fullmatch(r"\d{6}[0-9A-Z]{9}|\d{10,20}", text.strip()):
        raise Unreadable(text, "a request number like 2606220PN1D6X06")
    return text.strip()


def order_number(text: str) -> str:
    """An order's number: a day and eight letters or digits; a booking number behind it is left out."""
    match = re.fullmatch(r"(\d{6}[0-9A-Z]{8})(?:\s*\(Booking ID: [^)]*\))?", text.strip())
    if match is None:
        raise Unreadable(text, "an order number like 260619GSNQ36U7")
    return match[1]


def return_id(url: str) -> str:
    """The internal id in the address of a request's page; "" where there is none."""
    match = re.search(r"/portal/sale/return/(\d+)", url)
    return match[1] if match else ""


# -- days in sentences ----------------------------------------------------------------------------------------------

_DAY = r"(\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?: +\d{1,2}:\d{2}(?::\d{2})?)?)"
_ANY_DAY = re.compile(_DAY)
HINTS = ("evidence", "answer", "second", "negotiate", "check")


def dated(part: Part) -> list[Value]:
    """The texts of a part that hold a day."""
    tree = part.seen.tree
    return [
        Value(part.seen, "hint.evidence", tree.owners[n], tree.texts[n])
        for n in range(part.first, part.last)
        if _ANY_DAY.search(tree.texts[n])
    ]


def hint_in(value: Value) -> tuple[str, str]:
    """What a sentence with a day in it says, and the day: the texts of `[hint]`, in whichever language (a Portuguese
    page has English sentences, facts 1.6). A sentence that is not known is drift: it may be a deadline."""
    labels = value.seen.labels
    shown = " ".join(value.text.split()).casefold()
    for name in HINTS:
        for template in labels.texts[f"hint.{name}"]:
            plain = _ANY_DAY.sub("{date}", " ".join(template.split()).casefold())
            before, _, after = plain.partition("{date}")
            match = re.fullmatch(re.escape(before) + _DAY + re.escape(after.rstrip(".")) + r"\.?", shown)
            if match:
                return name, match[1]
    raise value.seen.drift(
        "hint.evidence",
        say("“{text}” is not a word known for it", text=value.text[:80]),
        looked_for=tuple(t for name in HINTS for t in labels.texts[f"hint.{name}"][:2]),
        found=(value.text[:160],),
    )
