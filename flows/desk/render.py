"""Pages from templates: every text is said in the person's language, every instant stands with its zone."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from agent.records import Money, iso
from agent.words import Words, heard, spoken
from flows import terms, times
from flows.desk.call import at

if TYPE_CHECKING:
    from flows.desk.call import Call
    from flows.desk.state import Desk


class Templates:
    """The desk's templates; whatever is put into them is escaped."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages = Environment(
            loader=PackageLoader("flows.desk", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.globals.update(
            say=_say,
            heard=heard,
            terms=terms,
            at=at,
            when=when,
            clocks=clocks,
            countdown=countdown,
            both=both,
            iso=iso,
            size=size,
            asset=self._asset,
            roles=("look", "draft", "approve"),
            quote=quote,
            urlencode=urlencode,
        )
        self._pages.filters["money"] = money
        self._pages.filters["tongue"] = terms.tongue

    def _asset(self, name: str) -> str:
        return self._desk.assets[name].address

    def render(self, template: str, call: Call, **values: Any) -> str:
        """One page for one call."""
        tastes: Mapping[str, str] = call.session.person.tastes if call.session is not None else {}
        return self._pages.get_template(template).render(
            call=call,
            person=call.session.person if call.session is not None else None,
            csrf=call.session.csrf if call.session is not None else "",
            language=spoken(),
            look=tastes.get("look", "auto"),
            keys=tastes.get("keys", "on"),
            now=call.now,
            zone=call.ctx.zone,
            **values,
        )


def _say(text: str, **values: Any) -> Words:
    return Words(text, values)


def money(value: Money | None) -> str:
    """An amount with its currency; nothing for none."""
    return str(value) if value is not None else ""


def when(instant: datetime | None, zone: ZoneInfo, *, year: bool = True) -> Markup:
    """An instant on one clock, with the clock's name."""
    if instant is None:
        return Markup("")
    local = instant.astimezone(zone)
    shown = f"{local:%Y-%m-%d %H:%M}" if year else f"{local:%m-%d %H:%M}"
    return Markup('<time datetime="{}">{} <span class="zone">{}</span></time>').format(
        iso(instant), shown, _city(zone.key, spoken()) or times.zone_name(local, zone)
    )


@functools.cache
def _city(zone: str, language: str) -> str:
    """The city of a zone in Chinese; "" in English, whose names the zones bear, and for a zone without one."""
    if language == "en" or "/" not in zone:
        return ""
    from babel.dates import get_timezone_location

    return str(get_timezone_location(zone, locale=language.replace("-", "_"), return_city=True))


def clocks(instant: datetime, zones: tuple[ZoneInfo, ZoneInfo], *, year: bool = False) -> Markup:
    """An instant on the operator's clock and on the portal's (CM3); one, where both are the same."""
    mine, theirs = zones
    if mine.key == theirs.key:
        return when(instant, mine, year=year)
    return Markup('<span class="clocks">{}<span class="sep" aria-hidden="true">·</span>{}</span>').format(
        when(instant, mine, year=year), when(instant, theirs, year=year)
    )


def countdown(due: datetime, now: datetime, *, sure: bool = True, name: str = "") -> Markup:
    """The time left, which the page's script keeps counting; how near it is stands in words and a sign too."""
    left = due - now
    near = (
        "over" if left.total_seconds() < 0 else "urgent" if left < times.URGENT else "soon" if left < times.SOON else ""
    )
    sign = {"over": "✕", "urgent": "!!", "soon": "!"}.get(near, "")
    return Markup(
        '<span class="left" data-near="{}"><span class="sign" aria-hidden="true">{}</span>'
        '<span role="timer" data-due="{}" data-name="{}">{}{}</span></span>'
    ).format(near, sign, iso(due), name, times.left(due, now), "" if sure else "?")


def both(ours: Words | str, theirs: str | None, language: str = "") -> Markup:
    """Our word, and the portal's own beside it in the portal's language (XX5)."""
    if not theirs or theirs.casefold() == str(ours).casefold():
        return escape(str(ours))
    mark = Markup(' lang="{}"').format(language) if language else Markup("")
    return Markup('{} <span class="theirs"{}>{}</span>').format(str(ours), mark, theirs)


def size(count: int) -> str:
    """A number of bytes as people read it."""
    value = Decimal(count)
    for unit in ("B", "KB", "MB"):
        if value < 1000 or unit == "MB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return ""
