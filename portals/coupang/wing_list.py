"""Going through Wing's own lists: searched anew before they are read, window by window of at most 30 days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from agent.browser.tab import Tab, Wanted
from agent.errors import PortalDown
from agent.portal import Listed, Listing
from agent.reading.seen import Row, Seen
from agent.reading.unreadable import Unreadable
from agent.reading.zones import zone_of
from agent.words import say
from portals.coupang.wuic import moment, right_page

DAYS = 30
"""The longest span that a search takes."""
WINDOWS = ("0", "1", "2")
"""Spans looked at, newest first: ninety days."""
_FRESH = timedelta(minutes=3)


def window(today: date, filter: str) -> tuple[date, date]:
    """First and last day of the span `filter`, counted back from `today`."""
    last = today - timedelta(days=DAYS * int(filter))
    return last - timedelta(days=DAYS - 1), last


def portal_day(tab: Tab) -> date | None:
    """The portal's day by its own clock; None before its first answer."""
    now = tab.server_now
    return now.astimezone(zone_of(tab.zone)).date() if now else None


async def search(tab: Tab, address: str, wanted: Wanted) -> Seen:
    """Open the list and press its search button: rows stay as they were searched last until someone does (facts §5).

    A search that fails is no empty list: `PortalDown`.
    """
    await tab.look(address, wanted)
    buttons = [
        button
        for text in tab.labels.texts["wing.search"]
        for button in await tab.page.locator("#wing-content, main").get_by_role("button", name=text, exact=True).all()
        if await button.is_visible()
    ]
    if len(buttons) != 1:
        raise (await tab.see(wanted)).drift("wing.search", say("{count} such buttons are there", count=len(buttons)))
    await buttons[0].click(timeout=5_000)
    seen = await tab.see(wanted)
    if seen.shows("wing.failed"):
        raise PortalDown(
            say("{portal}: the search of a list failed.", portal=tab.portal), say("The rest is read at the next run.")
        )
    return seen


def read_rows(
    seen: Seen,
    number: int,
    heading: str,
    columns: dict[str, str],
    key: str,
    steady: tuple[str, ...],
    status: Callable[[Row], str],
    *,
    filter: str | None = None,
) -> Listing:
    """One page of a searched list; `filter` names the span that must be the one shown."""
    page = seen.page
    searched = moment(seen.labelled("wing.at"))
    if not -_FRESH <= page.now - searched.at <= _FRESH:
        raise seen.mismatch("wing.at", seen.labelled("wing.at").text, page.now)
    if filter is not None:
        first, last = seen.labelled("wing.period").read(_span)
        today = page.now.astimezone(zone_of(page.zone)).date()
        if (first, last) not in (window(today, filter), window(today - timedelta(days=1), filter)):
            raise seen.mismatch("wing.period", " ~ ".join(map(str, window(today, filter))), f"{first} ~ {last}")
    right_page(seen, heading, number)
    total = seen.count("wing.total")
    listed = []
    for row in seen.rows(columns, required=tuple(columns)):
        address = row[key].href
        if address is None or row[key].text not in address:
            raise seen.drift(columns[key], say("no link leads to the case"))
        facts = {name: row[name].text for name in steady}
        listed.append(Listed(case_id=row[key].text, url=address, facts=facts, status_is=status(row)))
    if not listed and total and number == 1:
        raise seen.mismatch("wing.total", say("{count} rows on page {number}", count=0, number=number), total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def _span(text: str) -> tuple[date, date]:
    match = re.fullmatch(r"(\d{4})\.(\d{2})\.(\d{2})\s*~\s*(\d{4})\.(\d{2})\.(\d{2})", text.strip())
    if match is None:
        raise Unreadable(text, "a span of days (2026.02.10~2026.03.11)")
    numbers = [int(group) for group in match.groups()]
    return date(*numbers[:3]), date(*numbers[3:])
