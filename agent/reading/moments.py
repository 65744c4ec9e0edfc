"""Shown dates and times, read as instants with their precision and zone."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from agent.reading.grammar import any_of, grammar, spoken_in, tidy, wanted_languages
from agent.reading.unreadable import Unreadable
from agent.reading.zones import earliest_instant, in_utc, zone_of

ZoneBasis = Literal["page", "account", "assumed"]
Order = Literal["ymd", "dmy", "mdy"]

_YEARS = range(2000, 2100)
_NEAREST = timedelta(days=170)
"""A date without its year must lie this close to `near`: half a year either way could be two different years."""
_THAI = re.compile(r"[\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as read: the truth lies in [`at`, `at` + `precision_s`).

    `at` is aware UTC in whole seconds, `zone` a name for `zone_of`, `zone_basis` how the zone is known.
    """

    at: datetime
    precision_s: int
    zone: str
    zone_basis: ZoneBasis


class _Forms(NamedTuple):
    """What is looked for in some set of languages."""

    date_first: re.Pattern[str]
    time_first: re.Pattern[str]
    months: dict[str, int]
    weekdays: dict[str, frozenset[int]]
    relative: dict[str, int]
    meridiem: dict[str, str]
    thai: bool


_NUMERIC = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?", re.ASCII
)
"""The plain form of most pages, tried first: `2026.03.12 18:00`, `2026-03-12T18:00:05`."""

_DATE = r"""(?:
    (?P<ay>\d{4})(?P<as>[-/.])[ ]?(?P<am>\d{1,2})(?P=as)[ ]?(?P<ad>\d{1,2})(?:\.(?=[ (]|$))?
  | (?:(?P<by>\d{4})[ ]?[年년][ ]?)?(?P<bm>\d{1,2})[ ]?[月월][ ]?(?P<bd>\d{1,2})[ ]?[日일号號]
  | (?P<cd>\d{1,2})(?P<cs>[-/.])(?P<cm>\d{1,2})(?P=cs)(?P<cy>\d{4}|\d{2})(?![\d:])(?:[ ]?г\.?)?
  | (?P<dd>\d{1,2})[ ](?:tháng|thg)[ ](?P<dm>\d{1,2})(?:,?[ ](?:năm[ ])?(?P<dy>\d{4}))?
  | (?P<rel>RELATIVE)
  | (?P<ed>\d{1,2})(?:st|nd|rd|th|\.|er|º)?[ /-]?(?:de[ ])?(?P<em>[^\d\s,/():+-]{3,})
        (?:,?[ /-](?:del?[ ])?(?:[พค]\.ศ\.[ ]?)?(?P<ey>\d{4})(?:[ ]?г\.?)?)?
  | (?P<fm>[^\d\s,/():+-]{3,})[ ](?P<fd>\d{1,2})(?:st|nd|rd|th)?(?:,?[ ](?P<fy>\d{4}))?
  | (?P<gm>\d{1,2})(?P<gs>[-/.])(?P<gd>\d{1,2})\.?
)"""

_TIME = r"""(?:
    (?:(?P<tp>BEFORE)[ ]?)?
    (?P<th>\d{1,2})
    (?: (?:[:h]|(?<=\d\d)\.)(?P<tm>\d{2})(?:[:.](?P<ts>\d{2})(?:[.,]\d{1,9})?)?
      | [ ]?(?:시|時|时|点|點|h|ч|uhr)(?:[ ]?(?P<tn>\d{1,2})[ ]?[분分](?:[ ]?(?P<to>\d{1,2})[ ]?[초秒])?)?
      | (?=[ ]?(?:AFTER)(?:\W|$)) )
    (?:[ ]?(?P<tq>AFTER)(?![^\W\d_]))?
    (?:[ ]?(?:น\.?|uhr|ч\.?))?
    (?:[ ]?(?P<offset>[+-]\d{2}(?::?\d{2})?|z))?
)"""

_WEEKDAY = r"(?:\((?:DAYS|LETTERS)\.?\)|(?=[^\d\s(])(?:DAYS)\.?(?![^\W\d_]))"
_ZONE = r"(?:ZONES|(?:utc|gmt)[ ]?[+-][ ]?\d{1,2}(?::?\d{2})?)"
_JOIN = r"""(?:
    (?:[ ]?[,·|][ ]?|[ ])(?:(?:at|в|к|à|às|as|a[ ]las|um|om|o|alle|lúc|pukul|jam|เวลา)[ ])?
  | t(?=\d)
  | (?<=[日일号號)])
  | (?<=[^\d\s])(?=\d)
)"""
_OPENS = r"(?:(?:ngày|วันที่|on|el|le|am)[ ])?"


@functools.cache
def _forms(shown_languages: tuple[str, ...]) -> _Forms:
    """Compile what is looked for in these languages (none: all)."""
    words = grammar()
    languages = wanted_languages(shown_languages)
    months = {
        word: number
        for lists in spoken_in(words["months"], languages)
        for number, names in enumerate(lists, 1)
        for word in names
    }
    days: dict[str, set[int]] = {}
    for lists in spoken_in(words["weekdays"], languages):
        for number, names in enumerate(lists):
            for word in names:
                days.setdefault(word, set()).add(number)
    relative = {word: shift for table in spoken_in(words["relative"], languages) for word, shift in table.items()}
    before, after = words["meridiem"]["before"], words["meridiem"]["after"]
    meridiem = {word: half for table in (before, after) for half, names in table.items() for word in names}

    def pattern(template: str) -> re.Pattern[str]:
        for name, alternatives in (
            ("BEFORE", any_of(word for names in before.values() for word in names)),
            ("AFTER", any_of(word for names in after.values() for word in names)),
            ("DAYS", any_of(word for word in days if len(word) > 1)),
            ("LETTERS", any_of(word for word in days if len(word) == 1)),
            ("ZONES", any_of(words["zones"])),
            ("RELATIVE", any_of(relative)),
        ):
            # Blanks in words must outlive the verbose mode.
            template = template.replace(name, alternatives.replace(r"\ ", "[ ]"))
        return re.compile(template, re.VERBOSE)

    zone = rf"(?:[ ]?(?:\((?P<zb>{_ZONE})\)|(?P<za>{_ZONE})))?"
    leading = rf"(?:(?:\((?P<zq>{_ZONE})\)|(?P<zp>{_ZONE}):?)[ ]?)?"
    day = rf"(?:(?P<w1>{_WEEKDAY}),?[ ]?)?{_OPENS}{_DATE}(?:,?[ ]?(?P<w2>{_WEEKDAY}))?"
    return _Forms(
        pattern(rf"{leading}{day}(?:{_JOIN}{_TIME})?{zone}"),
        pattern(rf"{leading}{_TIME}(?:,[ ]?|[ ]){day}{zone}"),
        months,
        {word: frozenset(numbers) for word, numbers in days.items()},
        relative,
        meridiem,
        "th" in languages,
    )


class _Clock(NamedTuple):
    """A time of day; `hour` may be 24. `unit_s`: the smallest unit shown."""

    hour: int
    minute: int
    second: int
    unit_s: int


def _clock(match: re.Match[str], forms: _Forms) -> _Clock | None:
    """The time of day in `match`, or None where it contradicts itself."""
    hour, minute, second = int(match["th"]), match["tm"] or match["tn"], match["ts"] or match["to"]
    if match["tp"] and match["tq"]:
        return None
    half = match["tp"] or match["tq"]
    if half:
        which = forms.meridiem[half]
        if hour > 12 or (which == "evening" and hour in (0, 12)):
            return None
        hour = hour % 12 + (0 if which == "am" else 12)
    clock = _Clock(hour, int(minute or 0), int(second or 0), 1 if second else 60 if minute else 3600)
    if clock.minute > 59 or clock.second > 59 or hour > 24 or (hour == 24 and (clock.minute or clock.second)):
        return None
    return clock


class _Day(NamedTuple):
    """A calendar day as shown; `year` 0 means that none was shown."""

    year: int
    month: int
    day: int


def _numeric_order(first: int, second: int, order: Order, separator: str) -> tuple[int, int] | None:
    """(month, day) of a numeric date whose year comes last; None where nobody can tell.

    With `order="ymd"` only what can't be misread is: full stops (day first wherever they are written so), equal
    numbers, or a number that can't be a month.
    """
    if order == "dmy" or (order == "ymd" and (separator == "." or first > 12 or first == second)):
        return second, first
    if order == "mdy" or second > 12:
        return first, second
    return None


def _day(match: re.Match[str], forms: _Forms, order: Order, today: date | None) -> _Day | None:
    """The day in `match`, or None where it can't be told."""
    year, month, day = match["ay"], match["am"], match["ad"]
    if year:
        return _Day(int(year), int(month), int(day))
    year, month, day = match["by"], match["bm"], match["bd"]
    if month:
        return _Day(int(year or 0), int(month), int(day))
    first, second, year = match["cd"], match["cm"], match["cy"]
    if year:
        parts = _numeric_order(int(first), int(second), order, match["cs"])
        if parts is None or (len(year) == 2 and order == "ymd"):
            return None
        return _Day(int(year) if len(year) == 4 else 2000 + int(year), *parts)
    word, day, year = match["em"], match["ed"], match["ey"]
    if not word:
        word, day, year = match["fm"], match["fd"], match["fy"]
    if word:
        number = forms.months.get(word.rstrip("."))
        return _Day(int(year or 0), number, int(day)) if number else None
    year, month, day = match["dy"], match["dm"], match["dd"]
    if month:
        return _Day(int(year or 0), int(month), int(day))
    if match["rel"]:
        if today is None:
            return None
        then = today + timedelta(days=forms.relative[match["rel"]])
        return _Day(then.year, then.month, then.day)
    if not (match["th"] or match["w1"] or match["w2"]):
        return None  # two bare numbers could be anything
    pair = int(match["gm"]), int(match["gd"])
    return _Day(0, *(pair[::-1] if order == "dmy" else pair))


def _dates(shown: _Day, thai: bool, today: date | None) -> Iterator[date]:
    """The date `shown` means; where no year was shown, those near enough to `today`, nearest first."""
    year = shown.year - 543 if thai and 2500 <= shown.year < 2700 else shown.year
    if year:
        if year in _YEARS:
            yield date(year, shown.month, shown.day)
        return
    if today is None:
        return
    candidates = []
    for guess in (today.year - 1, today.year, today.year + 1):
        try:
            candidates.append(date(guess, shown.month, shown.day))
        except ValueError:
            if shown.month != 2 or shown.day != 29:
                raise
    yield from sorted((day for day in candidates if abs(day - today) <= _NEAREST), key=lambda day: abs(day - today))


def _weekdays(match: re.Match[str], forms: _Forms) -> Iterator[frozenset[int]]:
    for word in (match["w1"], match["w2"]):
        if word:
            word = word.strip("()")
            yield forms.weekdays.get(word) or forms.weekdays[word.rstrip(".")]


class _Zone(NamedTuple):
    """A zone written in the text: its name, and the minutes east of UTC, where the text fixes them."""

    name: str
    minutes: int | None


def _shown_zone(match: re.Match[str]) -> _Zone | None:
    written = [match[name] for name in ("zp", "zq", "za", "zb", "offset") if match[name]]
    if not written:
        return None
    if len(written) > 1:
        raise ValueError("two zones")
    text = written[0]
    if text == "z":
        return _Zone("UTC", 0)
    named = grammar()["zones"].get(text)
    if named:
        return _Zone(named[0], named[1] if len(named) > 1 else None)
    sign, hours, minutes = re.fullmatch(r"(?:utc|gmt)? ?([+-]) ?(\d{1,2}):?(\d{2})?", text).groups()  # type: ignore[union-attr]
    total = int(hours) * 60 + int(minutes or 0)
    if total > 14 * 60 or int(minutes or 0) > 59:
        raise ValueError("no such offset")
    return _Zone(f"UTC{sign}{total // 60:02}:{total % 60:02}" if total else "UTC", -total if sign == "-" else total)


def _moment(local: datetime, unit_s: int, shown: _Zone | None, zone: str, basis: ZoneBasis) -> Moment:
    """A wall clock reading in the zone shown, else in the zone given; the earliest where there is a choice."""
    if shown is None:
        at, spread = earliest_instant(local, zone_of(zone))
        return Moment(at, unit_s + spread, zone, basis)
    if shown.minutes is None:
        at, spread = earliest_instant(local, zone_of(shown.name))
        return Moment(at, unit_s + spread, shown.name, "page")
    at = (local - timedelta(minutes=shown.minutes)).replace(tzinfo=UTC)
    if shown.name.startswith("UTC"):
        # An offset says nothing of a place: keep the account's zone where it stood at that offset.
        same = at.astimezone(zone_of(zone)).utcoffset() == timedelta(minutes=shown.minutes)
        return Moment(at, unit_s, zone if same else shown.name, "page")
    # People write PST in July: what the clock there showed may be an hour earlier than what the letters say.
    there, _ = earliest_instant(local, zone_of(shown.name))
    return Moment(min(at, there), unit_s + max(0, int((at - there).total_seconds())), shown.name, "page")


def _whole_day(day: date, shown: _Zone | None, zone: str, basis: ZoneBasis, earliest: bool) -> Moment:
    """A day without a time: its first second, precise to its length; or (`earliest=False`) its last second."""
    start = datetime(day.year, day.month, day.day)
    first = _moment(start, 1, shown, zone, basis)
    following = _moment(start + timedelta(days=1), 1, shown, zone, basis)
    if earliest:
        return Moment(first.at, int((following.at - first.at).total_seconds()), first.zone, first.zone_basis)
    return Moment(following.at - timedelta(seconds=1), 1, first.zone, first.zone_basis)


def _plain(shown: str, zone: str, basis: ZoneBasis, earliest: bool) -> Moment | None:
    """The year-first numeric forms that most pages use; None for all else."""
    match = _NUMERIC.fullmatch(shown)
    if match is None:
        return None
    year, _, month, day, hour, minute, second = match.groups()
    if int(year) not in _YEARS or hour == "24":
        return None
    if hour is None:
        return _whole_day(date(int(year), int(month), int(day)), None, zone, basis, earliest)
    local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    return _moment(local, 1 if second else 60, None, zone, basis)


def read_moment(
    text: str,
    *,
    zone: str,
    zone_basis: ZoneBasis = "account",
    order: Order = "ymd",
    languages: tuple[str, ...] = (),
    near: datetime | None = None,
    earliest: bool = True,
) -> Moment:
    """The one date, or date and time, that `text` as a whole is.

    - `zone` (IANA) and `zone_basis` hold where the text shows no zone; a zone or offset in it wins and is of basis
      "page". An abbreviation that means several zones, or none we know, is refused.
    - `order` is how the page writes numeric dates whose year comes last. With the default, `03/04/2026` and two-digit
      years are refused; an order that the numbers contradict is refused too.
    - `near` (aware) allows dates without a year (the nearest, at most 170 days away) and words like `오늘`.
    - `languages` narrows the words looked for; none means all.
    - Without a time the day's start is given, precise to the day; `earliest=False` gives the day's last second.
    - Wherever clocks change or the zone leaves a choice, the earlier instant is given and the precision widened.

    Raises `Unreadable`; a stated weekday that is not the date's is one of the reasons.
    Source: the date forms in the portals' facts; DESIGN §5.
    """
    shown = tidy(text)
    near = near and in_utc(near)
    try:
        moment = _plain(shown, zone, zone_basis, earliest)
        if moment is None:
            moment = _worded(shown.lower(), zone, zone_basis, order, languages, near, earliest)
    except (ValueError, OverflowError) as wrong:
        raise Unreadable(text, "a date or time") from wrong
    if moment is None:
        raise Unreadable(text, "a date or time")
    return moment


def _worded(
    shown: str,
    zone: str,
    basis: ZoneBasis,
    order: Order,
    languages: tuple[str, ...],
    near: datetime | None,
    earliest: bool,
) -> Moment | None:
    """Any of the known forms; None where none matches. ValueError: one matched, but there is no such day."""
    forms = _forms(languages)
    thai = forms.thai or zone == "Asia/Bangkok" or _THAI.search(shown) is not None
    for form in (forms.date_first, forms.time_first):
        match = form.fullmatch(shown)
        if match is None:
            continue
        written = _shown_zone(match)
        today = near.astimezone(zone_of(written.name if written else zone)).date() if near else None
        day = _day(match, forms, order, today)
        clock = _clock(match, forms) if match["th"] else None
        if day is None or (match["th"] and clock is None):
            continue
        on = next(_dates(day, thai, today), None)
        if on is None or any(on.weekday() not in allowed for allowed in _weekdays(match, forms)):
            return None
        if clock is None:
            return _whole_day(on, written, zone, basis, earliest)
        local = datetime(on.year, on.month, on.day) + timedelta(
            hours=clock.hour, minutes=clock.minute, seconds=clock.second
        )
        return _moment(local, clock.unit_s, written, zone, basis)
    return None
