"""What a seller would lose if a countdown promised more time than there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.reading.countdowns import Countdown, read_countdown
from agent.reading.grammar import tidy
from agent.reading.unreadable import Unreadable


def left(precision_s: int, **length: int) -> Countdown:
    return Countdown(timedelta(**length), precision_s)


SHOWN = [
    ("2일 5시간 남음", left(3600, days=2, hours=5)),
    ("2일 5시간 12분 남음", left(60, days=2, hours=5, minutes=12)),
    ("5시간 20분 남음", left(60, hours=5, minutes=20)),
    ("남은 시간 5시간20분", left(60, hours=5, minutes=20)),
    ("마감까지 2일 5시간 남음", left(3600, days=2, hours=5)),
    ("02:15:00", left(1, hours=2, minutes=15)),
    ("남은 시간: 02:15:00", left(1, hours=2, minutes=15)),
    ("71:59:59", left(1, hours=71, minutes=59, seconds=59)),
    ("2일 05:12:33", left(1, days=2, hours=5, minutes=12, seconds=33)),
    ("2:05:12:33", left(1, days=2, hours=5, minutes=12, seconds=33)),
    ("Осталось 2 дня 5 часов", left(3600, days=2, hours=5)),
    ("2 дн. 5 ч", left(3600, days=2, hours=5)),
    ("осталось 2 дн. 5 ч.", left(3600, days=2, hours=5)),
    ("осталось 23 ч 10 мин", left(60, hours=23, minutes=10)),
    ("剩余2天5小时", left(3600, days=2, hours=5)),
    ("剩余 4天12小时33分", left(60, days=4, hours=12, minutes=33)),
    ("剩余时间：2天5小时", left(3600, days=2, hours=5)),
    ("还剩 2 天 05:12:33", left(1, days=2, hours=5, minutes=12, seconds=33)),
    ("2天5小时12分30秒", left(1, days=2, hours=5, minutes=12, seconds=30)),
    ("确认收货倒计时16天4时25分40秒", left(1, days=16, hours=4, minutes=25, seconds=40)),
    ("请在2天5小时内处理", left(3600, days=2, hours=5)),
    ("2 days 5 hours left", left(3600, days=2, hours=5)),
    ("2 days, 5 hours and 10 minutes remaining", left(60, days=2, hours=5, minutes=10)),
    ("You have 2 days 5 hours left to respond", left(3600, days=2, hours=5)),
    ("2d 5h", left(3600, days=2, hours=5)),
    ("23h 10m", left(60, hours=23, minutes=10)),
    ("1 week 2 days", left(86400, days=9)),
    ("Faltam 2 dias e 5 horas", left(3600, days=2, hours=5)),
    ("Restam 2 dias e 5 horas", left(3600, days=2, hours=5)),
    ("Quedan 2 días y 5 horas", left(3600, days=2, hours=5)),
    ("Còn lại 2 ngày 5 giờ", left(3600, days=2, hours=5)),
    ("Sisa 2 hari 5 jam", left(3600, days=2, hours=5)),
    ("เหลือ 2 วัน 5 ชั่วโมง", left(3600, days=2, hours=5)),
    ("เหลือ 2 วัน 5 ชม. 3 นาที", left(60, days=2, hours=5, minutes=3)),
    ("0일 0시간 5분", left(60, minutes=5)),
    ("2일\u00a05시간 남음", left(3600, days=2, hours=5)),
    # One lone unit may have been rounded up.
    ("Expires in 3 days", left(2 * 86400, days=2)),
    ("Respond within 2 days", left(2 * 86400, days=1)),
    ("осталось 2 дня", left(2 * 86400, days=1)),
    ("45분 남음", left(120, minutes=44)),
    ("1 day left", left(2 * 86400)),
    ("0 days left", left(86400)),
    ("30초", left(1, seconds=30)),
    ("less than 1 hour left", left(3600)),
    ("осталось менее 1 часа", left(3600)),
    ("不足1小时", left(3600)),
]


@pytest.mark.parametrize(("text", "expected"), SHOWN)
def test_countdowns_as_portals_show_them(text: str, expected: Countdown) -> None:
    assert read_countdown(text) == expected


@pytest.mark.parametrize(
    ("text", "days"),
    [("D-3", 3), ("d-3", 3), ("D-DAY", 0), ("D-Day", 0), ("D-0", 0), ("오늘 마감", 0), ("due tomorrow", 1)],
)
def test_a_countdown_of_calendar_days_says_so(text: str, days: int) -> None:
    countdown = read_countdown(text)
    assert (countdown.calendar_days, countdown.precision_s, countdown.expired) == (days, 86_400, False)
    assert countdown.least <= timedelta(days=max(0, days - 1))


@pytest.mark.parametrize(
    "text", ["마감", "기한 만료", "D+2", "истёк", "已过期", "Expired", "expirado", "hết hạn", "หมดเวลา"]
)
def test_time_that_is_up_is_no_time(text: str) -> None:
    assert read_countdown(text) == Countdown(timedelta(0), 0, expired=True)


@pytest.mark.parametrize(
    "text",
    [
        "2일 30시간",
        "2일 5시간 61분",
        "5시간 2일",
        "5일 5일",
        "02:15",
        "25:61:00",
        "2일 25:00:00",
        "5시간 02:15:00",
        "2 apples",
        "2 months",
        "12",
        "남음",
        "left",
        "",
        "2일 5",
        "five days",
        "2일 5시간 남음 환불",
        "-2일",
        "2.5일",
        "D-",
        "D-x",
        "2000 days",
        "99999 weeks",
        "2일 5시간 / 3일",
        "1일 5시간 남음 2일 5시간 남음",
    ],
)
def test_what_is_not_one_clear_countdown_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_countdown(text)


def test_a_portal_known_to_round_down_gives_the_whole_unit() -> None:
    assert read_countdown("3 days left", rounds_down=True) == left(86400, days=3)


def test_the_words_of_other_languages_are_refused_when_languages_are_named() -> None:
    assert read_countdown("2 days 5 hours", languages=("en-US",)) == left(3600, days=2, hours=5)
    with pytest.raises(Unreadable):
        read_countdown("2일 5시간", languages=("en", "ru"))


def parts(seconds: int) -> tuple[int, int, int, int]:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return *divmod(hours, 24), minute, second


WRITTEN: list[Callable[[int, int, int, int], str]] = [
    lambda d, h, m, s: f"{d}일 {h}시간 {m}분 남음",
    lambda d, h, m, s: f"осталось {d} дн. {h} ч {m} мин",
    lambda d, h, m, s: f"剩余{d}天{h}小时{m}分",
    lambda d, h, m, s: f"剩余 {d}天{h}小时{m}分{s}秒",
    lambda d, h, m, s: f"{d}d {h}h {m}m left",
    lambda d, h, m, s: f"Faltam {d} dias, {h} horas e {m} minutos",
    lambda d, h, m, s: f"Quedan {d} días, {h} horas y {m} minutos",
    lambda d, h, m, s: f"Còn lại {d} ngày {h} giờ {m} phút",
    lambda d, h, m, s: f"Sisa {d} hari {h} jam {m} menit",
    lambda d, h, m, s: f"เหลือ {d} วัน {h} ชั่วโมง {m} นาที",
    lambda d, h, m, s: f"{d}일 {h:02}:{m:02}:{s:02}",
    lambda d, h, m, s: f"{d * 24 + h:02}:{m:02}:{s:02}",
    lambda d, h, m, s: f"{m + 60 * (h + 24 * d)}분 남음",
]


@settings(deadline=None)
@given(st.sampled_from(range(len(WRITTEN))), st.integers(0, 30 * 86_400))
def test_never_more_than_is_left_and_hardly_less(form: int, remaining_s: int) -> None:
    countdown = read_countdown(WRITTEN[form](*parts(remaining_s)))
    least = int(countdown.least.total_seconds())
    assert least <= remaining_s < least + countdown.precision_s
    assert remaining_s - least <= 120


@settings(deadline=None)
@given(st.integers(1, 60 * 86_400), st.booleans())
def test_a_lone_unit_is_safe_however_the_portal_rounds(remaining_s: int, up: bool) -> None:
    for word, unit in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        shown = -(-remaining_s // unit) if up else remaining_s // unit
        if shown < 1000 and shown:
            countdown = read_countdown(f"{shown} {word} left")
            least = countdown.least.total_seconds()
            assert least <= remaining_s < least + countdown.precision_s or (up and remaining_s == shown * unit)


@settings(deadline=None)
@given(st.text(max_size=24))
def test_junk_is_never_a_countdown(text: str) -> None:
    """Chance may write `0d` or `CLOSED`, which are: then number and unit, or the whole word, must stand there."""
    try:
        countdown = read_countdown(text)
    except Unreadable:
        return
    told_by_a_word = countdown.expired or countdown.calendar_days is not None
    assert told_by_a_word or re.search(r"[0-9] ?[a-zа-я天日时分秒周週時일시분초주]|[0-9]:[0-9]{2}:", tidy(text).lower())


@settings(deadline=None)
@given(st.sampled_from([text for text, _ in SHOWN]), st.sampled_from("#qж*한%/"), st.data())
def test_a_countdown_with_a_letter_out_of_place_is_refused(text: str, letter: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    with pytest.raises(Unreadable):
        read_countdown(text[:at] + letter + text[at:])
