"""Deadlines from what a page shows or a rule says: always the earlier bound, with its proof."""

from __future__ import annotations

import functools
import re
from datetime import date, datetime, timedelta

from agent.reading.calendars import add_business_days
from agent.reading.countdowns import read_countdown
from agent.reading.grammar import any_of, grammar, spoken_in, tidy, wanted_languages
from agent.reading.moments import Moment, Order, ZoneBasis, read_moment
from agent.reading.unreadable import Unreadable
from agent.reading.zones import day_bounds, earliest_instant, in_utc, zone_of
from agent.records import Deadline, DeadlineKind

_LAG = timedelta(seconds=60)
"""How much later than the answer's Date header a ticking countdown may have been looked at."""


@functools.cache
def _frames(shown_languages: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before and after a due date: `до …`, `Reply by …`, `… 까지`, `… 截止`."""
    due, languages = grammar()["due"], wanted_languages(shown_languages)
    before = any_of(word for entry in spoken_in(due["before"], languages) for word in entry)
    after = any_of(word for entry in spoken_in(due["after"], languages) for word in entry)
    return (
        re.compile(rf"[~(]? ?(?:(?:{before})(?: ?: ?| |(?<![a-zа-яёà-ỹ])(?=\d)))?", re.IGNORECASE),
        re.compile(rf"(?: |(?<![a-zа-яё]))(?:{after})\)?[.]?$", re.IGNORECASE),
    )


def read_due(
    text: str,
    *,
    zone: str,
    zone_basis: ZoneBasis = "account",
    order: Order = "ymd",
    languages: tuple[str, ...] = (),
    near: datetime | None = None,
    earliest: bool = True,
    also_zones: tuple[str, ...] = (),
) -> Moment:
    """`read_moment` for a date among a deadline's words: `2026.03.12 18:00 마감`, `до 15 марта 23:59`, `by 12-03-2026`.

    `also_zones` are further zones the page may mean where nobody knows: the earliest reading is given, and the
    precision covers the others. Raises `Unreadable`.
    """
    shown = tidy(text)
    before, after = _frames(languages)
    head, tail = before.match(shown), after.search(shown)
    bare = shown[head.end() if head else 0 : tail.start() if tail else len(shown)].strip(" ,")

    def read(where: str) -> Moment:
        for candidate in dict.fromkeys((shown, bare)):
            try:
                return read_moment(
                    candidate,
                    zone=where,
                    zone_basis=zone_basis,
                    order=order,
                    languages=languages,
                    near=near,
                    earliest=earliest,
                )
            except Unreadable:
                continue
        raise Unreadable(text, "a due date")

    readings = [read(where) for where in (zone, *also_zones)]
    first = min(readings, key=lambda moment: moment.at)
    end = max(moment.at + timedelta(seconds=moment.precision_s) for moment in readings)
    return Moment(first.at, int((end - first.at).total_seconds()), first.zone, first.zone_basis)


def deadline_from_instant(kind: DeadlineKind, text: str, moment: Moment, rule: str) -> Deadline:
    """A deadline that the page gives as a date; `text` as shown, `rule` its id (`CP4`)."""
    return Deadline(
        kind=kind,
        at=moment.at,
        shown=text,
        basis="instant",
        zone=moment.zone,
        zone_basis=moment.zone_basis,
        precision_s=moment.precision_s,
        rule=rule,
    )


def deadline_from_countdown(
    kind: DeadlineKind,
    text: str,
    *,
    server_now: datetime,
    zone: str,
    zone_basis: ZoneBasis = "account",
    rule: str,
    languages: tuple[str, ...] = (),
    rounds_down: bool = False,
) -> Deadline:
    """A deadline that the page gives as a countdown, running from the portal's clock `server_now` (aware), never ours.

    `D-3` is due when the portal's day three days on begins, and may be due until it ends; `D-DAY` is due now. A text
    that says that time is up is due at `server_now`, the latest it can have been. Raises `Unreadable`.
    """
    left = read_countdown(text, languages=languages, rounds_down=rounds_down)
    now = in_utc(server_now)
    at, precision_s = now + left.least, left.precision_s
    if left.calendar_days is not None:
        day = now.astimezone(zone_of(zone)).date() + timedelta(days=left.calendar_days)
        start, end = day_bounds(day, zone_of(zone))
        at = max(start, now)
        precision_s = -int((at - end) // timedelta(seconds=1))
    return Deadline(
        kind=kind,
        at=at.replace(microsecond=0),
        shown=text,
        basis="countdown",
        zone=zone,
        zone_basis=zone_basis,
        precision_s=precision_s,
        rule=rule,
    )


def deadline_from_rule(
    kind: DeadlineKind,
    *,
    start: datetime | Moment,
    start_shown: str,
    days: int | None = None,
    hours: int | None = None,
    business_days: int | None = None,
    country: str | None = None,
    zone: str,
    zone_basis: ZoneBasis = "account",
    rule: str,
    count_first_day: bool = False,
    known_until: int | None = None,
    extra_holidays: tuple[date, ...] = (),
) -> Deadline:
    """A deadline that only a rule gives: `days`, `hours`, or `business_days` of a `country`, after `start`.

    The start's precision (one second for a plain datetime) is handed on. Days may be meant as 24 hours or as the
    same wall-clock time, which differ where clocks change: the earlier is taken. Nobody says whether the last day
    counts whole: the precision of day rules reaches to its end in `zone`.

    Raises `ValueError` where not exactly one length is given, or business days without a country.
    """
    if sum(length is not None for length in (days, hours, business_days)) != 1:
        raise ValueError("give exactly one of days, hours and business_days")
    began = start if isinstance(start, Moment) else Moment(in_utc(start), 1, zone, zone_basis)
    basis = "assumed" if "assumed" in (began.zone_basis, zone_basis) else zone_basis
    where, provisional = zone_of(zone), False
    if hours is not None:
        at = began.at + timedelta(hours=hours)
        end = at + timedelta(seconds=began.precision_s)
    else:
        if business_days is not None:
            if country is None:
                raise ValueError("business days need a country")
            due = add_business_days(
                began.at,
                business_days,
                country=country,
                zone=zone,
                count_first_day=count_first_day,
                known_until=known_until,
                extra_holidays=extra_holidays,
            )
            at, provisional = due.at, due.provisional
        else:
            length = timedelta(days=days or 0)
            wall = began.at.astimezone(where).replace(tzinfo=None) + length
            at = min(began.at + length, earliest_instant(wall, where)[0])
        end = max(day_bounds(at.astimezone(where).date(), where)[1], at + timedelta(seconds=began.precision_s))
    at = at.replace(microsecond=0)
    return Deadline(
        kind=kind,
        at=at,
        shown=start_shown,
        basis="rule",
        zone=zone,
        zone_basis=basis,
        precision_s=-int((at - end) // timedelta(seconds=1)),
        rule=rule,
        provisional=provisional,
    )


def agree(a: Deadline, b: Deadline) -> bool:
    """Whether one instant can satisfy both proofs, each true for [`at`, `at` + `precision_s`].

    A countdown may be read up to a minute after the server's Date it is counted from, and gets that much more.
    """

    def end(deadline: Deadline) -> datetime:
        lag = _LAG if deadline.basis == "countdown" else timedelta(0)
        return deadline.at + timedelta(seconds=deadline.precision_s) + lag

    return a.at <= end(b) and b.at <= end(a)


@functools.cache
def _clock_face(language: str) -> tuple[str, str]:
    """Babel's name of a language, and the pattern in which it writes weekday, date and minute."""
    from babel import Locale

    locale = Locale.parse(language.replace("-", "_"))
    day = {"zh": "y年M月d日 EEE HH:mm", "ko": "y년 M월 d일 (EEE) HH:mm", "ja": "y年M月d日(EEE) HH:mm"}
    return str(locale), day.get(locale.language, "EEE d MMM y HH:mm")


def both_clocks(at: datetime, portal_zone: str, operator_zone: str, language: str) -> tuple[str, str]:
    """`at` (aware) on the portal's and the operator's clock, with weekday and offset, for every face (CM3).

    In English `Thu 12 Mar 2026 18:00 UTC+09:00`; seconds are cut off, so that no clock shows later than it is due.
    """
    from babel.dates import format_datetime

    locale, pattern = _clock_face(language)

    def face(zone: str) -> str:
        local = in_utc(at).astimezone(zone_of(zone))
        offset = local.isoformat()[-6:]
        return f"{format_datetime(local.replace(tzinfo=None), pattern, locale=locale)} UTC{offset}"

    return face(portal_zone), face(operator_zone)
