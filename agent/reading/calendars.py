"""Business days of a country, as its published calendar has them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from agent.reading.grammar import grammar
from agent.reading.zones import earliest_instant, in_utc, zone_of

if TYPE_CHECKING:
    from holidays import HolidayBase

_LONGEST = 3660
"""Days looked at before giving up: ten years, more than any window."""


@dataclass(frozen=True, slots=True)
class BusinessInstant:
    """`at`: aware UTC. `provisional`: it rests on a year whose holidays are not published yet."""

    at: datetime
    provisional: bool


@functools.cache
def _holidays(country: str) -> HolidayBase:
    """The public holidays of a country (ISO 3166 alpha-2). Raises `ValueError` for one that the library lacks."""
    import holidays

    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        raise ValueError(f"no holiday calendar for the country {country!r}") from None


def _published_until(country: str) -> int:
    """The last year of which the country's own announcement is in the libraries."""
    if country == "CN":
        from chinese_calendar import constants

        return int(max(constants.holidays).year)
    years: dict[str, int] = grammar()["calendars"]
    return years.get(country, years["*"])


@functools.cache
def _is_working(country: str, day: date) -> bool:
    """Whether people work there on `day`: weekends, holidays, substitute days and make-up workdays considered.

    China by its State Council's list (`chinesecalendar`), other countries and years by `holidays`.
    """
    if country == "CN":
        import chinese_calendar

        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            pass
    calendar = _holidays(country)
    _ = day in calendar  # fills the year in: make-up workdays are known only then
    return calendar.is_working_day(day)


class _Calendar:
    """One country's working days with the operator's own days off."""

    def __init__(self, country: str, known_until: int | None, extra: tuple[date, ...]) -> None:
        _holidays(country)  # refuses an unknown country before any day is counted
        self._country = country
        self._known_until = _published_until(country) if known_until is None else known_until
        self._extra = frozenset(extra)

    def works(self, day: date) -> bool:
        """Whether `day` counts."""
        return day not in self._extra and _is_working(self._country, day)

    def unsure(self, day: date) -> bool:
        """Whether the year of `day` is not published yet."""
        return day.year > self._known_until


def add_business_days(
    start: datetime,
    days: int,
    *,
    country: str,
    zone: str,
    count_first_day: bool = False,
    known_until: int | None = None,
    extra_holidays: tuple[date, ...] = (),
) -> BusinessInstant:
    """The same wall-clock time in `zone`, `days` business days of `country` after `start` (aware).

    Counting begins on the day after `start`, or with `count_first_day` on its own day if that is a business day.
    Zero days is `start` itself. `known_until` overrides the last published year; `extra_holidays` are days off that
    the calendar lacks (an ad-hoc day announced last week). Without an announcement a year is reckoned from the rules
    of its holidays, so that a make-up workday may be missed: the result says `provisional`.

    Raises `ValueError` for a negative count, an unknown country, or no such day within ten years.
    Source: CP7, DESIGN §5.
    """
    if days < 0:
        raise ValueError("business days are counted forward only")
    calendar = _Calendar(country, known_until, extra_holidays)
    where = zone_of(zone)
    local = in_utc(start).astimezone(where)
    day, left = local.date(), days
    if count_first_day and left and calendar.works(day):
        left -= 1
    for _ in range(_LONGEST):
        if not left:
            break
        day += timedelta(days=1)
        left -= calendar.works(day)
    else:
        raise ValueError(f"{days} business days do not end within ten years")
    unsure = bool(days) and calendar.unsure(day)
    if day == local.date():
        return BusinessInstant(in_utc(start), unsure)
    wall = datetime.combine(day, local.time())
    return BusinessInstant(earliest_instant(wall, where)[0], unsure)


def business_days_between(
    start: datetime,
    end: datetime,
    *,
    country: str,
    zone: str,
    extra_holidays: tuple[date, ...] = (),
) -> int:
    """How many business days lie after the local day of `start`, up to and with that of `end` (both aware).

    The reverse of `add_business_days`. Raises `ValueError` where `end` is before `start`, or for an unknown country.
    """
    start, end = in_utc(start), in_utc(end)
    if end < start:
        raise ValueError("the end lies before the start")
    calendar = _Calendar(country, None, extra_holidays)
    where = zone_of(zone)
    first, last = start.astimezone(where).date(), end.astimezone(where).date()
    return sum(calendar.works(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
