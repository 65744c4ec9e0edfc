"""Shown countdowns, read as the time that is surely left."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from agent.reading.grammar import any_of, grammar, spoken_in, tidy, wanted_languages
from agent.reading.unreadable import Unreadable

_WEEK, _DAY, _HOUR, _MINUTE, _SECOND = SECONDS = (604_800, 86_400, 3_600, 60, 1)
_BELOW = {_DAY: 7, _HOUR: 24, _MINUTE: 60, _SECOND: 60}
"""How many of a unit there can be when a larger one stands before it."""
_MOST = 1000 * _DAY


@dataclass(frozen=True, slots=True)
class Countdown:
    """What is left: the true remainder lies in [`least`, `least` + `precision_s`).

    `expired`: the page says that time is up (`least` is zero). `calendar_days`: only a day was named (`D-3` is 3,
    `D-DAY` is 0), so the remainder hangs on the portal's calendar; `least` is then what is left in the worst case,
    a minute before midnight, and `precision_s` that of the deadline: a day.
    """

    least: timedelta
    precision_s: int
    expired: bool = False
    calendar_days: int | None = None


class _Forms(NamedTuple):
    """What is looked for in some set of languages."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    less_than: re.Pattern[str]
    part: re.Pattern[str]
    unit_s: dict[str, int]
    expired: frozenset[str]
    day: dict[str, int]


_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}):(\d{2})", re.ASCII)
_D_DAY = re.compile(r"d ?(?:([-+]) ?(\d{1,3})|-? ?day)", re.ASCII)
# A word in letters that need blanks around them must have one; 剩余2天 and เหลือ2วัน need none.
_GAP = r"(?: ?: ?| |(?<![a-zа-яёà-ỹ])(?=[\d<])|$)"


@functools.cache
def _forms(shown_languages: tuple[str, ...]) -> _Forms:
    """Compile what is looked for in these languages (none: all)."""
    words, languages = grammar(), wanted_languages(shown_languages)
    frames = words["countdown"]

    def said(kind: str) -> set[str]:
        return {word for entry in spoken_in(frames[kind], languages) for word in entry}

    unit_s = {
        word: seconds
        for lists in spoken_in(words["units"], languages)
        for seconds, names in zip(SECONDS, lists, strict=True)
        for word in names
    }
    joins = rf"(?: ?, ?| )?(?:(?:{any_of(words['joins']['words'])}) ?)?"
    return _Forms(
        re.compile(rf"(?:{any_of(said('before'))}|[\u4e00-\u9fff]{{0,10}}倒计时){_GAP}"),
        re.compile(rf"(?: |(?<![a-zа-яё]))(?:{any_of(said('after'))})[.!]?$"),
        re.compile(rf"(?:{any_of(said('less_than'))}){_GAP}"),
        re.compile(rf"{joins}(\d{{1,5}}) ?({any_of(unit_s)})(?![a-zа-яёà-ỹ])\.?", re.ASCII),
        unit_s,
        frozenset(said("expired")),
        {word: days for table in spoken_in(frames["day"], languages) for word, days in table.items()},
    )


def _bare(shown: str, forms: _Forms) -> str:
    """`shown` without the words around the duration, at most two on either side (`You have … left`)."""
    for _ in range(2):
        match = forms.before.match(shown)
        if match and match.end() < len(shown):
            shown = shown[match.end() :].lstrip()
        match = forms.after.search(shown)
        if match and match.start() > 0:
            shown = shown[: match.start()].rstrip()
    return shown


def _clock(text: str) -> int | None:
    """Seconds in `02:15:00` or `2:05:12:33` (days first); two parts alone could be hours or minutes: None."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if minutes > 59 or seconds > 59 or (match[1] is not None and hours > 23):
        return None
    return days * _DAY + hours * _HOUR + minutes * _MINUTE + seconds


def _duration(text: str, forms: _Forms) -> tuple[int, int, int] | None:
    """Seconds, smallest unit and number of parts in `2일 5시간` or `2 days 05:12:33`; None where it contradicts."""
    total, last, count, at = 0, 0, 0, 0
    while at < len(text):
        match = forms.part.match(text, at)
        if match is None:
            seconds = _clock(text[at:].lstrip(" ,"))
            if seconds is None or (last and (last != _DAY or seconds >= _DAY)):
                return None
            return total + seconds, _SECOND, count + 3
        number, unit = int(match[1]), forms.unit_s[match[2]]
        if last and (unit >= last or number >= _BELOW[unit]):
            return None
        total, last, count, at = total + number * unit, unit, count + 1, match.end()
    return (total, last, count) if last else None


def read_countdown(text: str, *, languages: tuple[str, ...] = (), rounds_down: bool = False) -> Countdown:
    """What is left by `text` as a whole: `2일 5시간 남음`, `剩余2天5小时`, `осталось 23 ч 10 мин`, `02:15:00`, `D-3`.

    Two or more units run down together, so the smallest is taken as cut off: the precision is that unit. One lone
    unit of a minute or more (`3 days left`) may be cut off or rounded up, unless the portal is known to round down
    (`rounds_down`): then one unit less is surely left, and the precision is two. "Less than an hour" leaves nothing
    surely. `languages` narrows the words looked for; none means all.

    Raises `Unreadable` for unknown words, units out of order or too large (`2일 30시간`), and `02:15`, which could be
    hours or minutes. Source: the countdown forms in the portals' facts.
    """
    shown = tidy(text).lower().strip(" .!")
    forms = _forms(languages)
    if shown in forms.expired:
        return Countdown(timedelta(0), 0, expired=True)
    if shown in forms.day:
        return _days_off(forms.day[shown])
    match = _D_DAY.fullmatch(shown)
    if match:
        if match[1] == "+" and int(match[2]):
            return Countdown(timedelta(0), 0, expired=True)
        return _days_off(int(match[2] or 0))
    bare = _bare(shown, forms)
    limit = forms.less_than.match(bare)
    found = _duration(bare[limit.end() :].lstrip() if limit else bare, forms)
    if found is None or found[0] >= _MOST:
        raise Unreadable(text, "a countdown")
    seconds, unit_s, count = found
    if limit:
        return Countdown(timedelta(0), seconds)
    if count > 1 or unit_s < _MINUTE or rounds_down or seconds == 0:
        return Countdown(timedelta(seconds=seconds), unit_s)
    return Countdown(timedelta(seconds=seconds - unit_s), 2 * unit_s)


def _days_off(days: int) -> Countdown:
    return Countdown(timedelta(days=max(0, days - 1)), _DAY, calendar_days=days)
