"""What a seller would lose if a date were read a day, a month or a zone off."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from babel import Locale
from babel.dates import format_datetime
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.reading.grammar import grammar
from agent.reading.moments import Moment, Order, read_moment
from agent.reading.unreadable import Unreadable
from agent.reading.zones import zone_of

NEAR = datetime(2026, 3, 10, 12, tzinfo=UTC)
SEOUL = "Asia/Seoul"

AT_SIX = [
    # Korean
    "2026.03.12 18:00",
    "2026-03-12 18:00",
    "2026. 3. 12. 오후 6:00",
    "2026년 3월 12일 18:00",
    "2026.03.12(목) 18:00",
    "2026년 3월 12일 (목) 오후 6:00",
    "2026년 3월 12일 목요일 18시 00분",
    "2026.3.12. 18:00",
    # Chinese
    "2026年3月12日 18:00",
    "2026年3月12日18:00",
    "2026/03/12 下午6:00",
    "2026年3月12日 星期四 18:00",
    "2026年3月12日18时00分",
    "2026-03-12 晚上6:00",
    "2026年03月12日 周四 下午6点00分",
    # Russian
    "12 марта 2026, 18:00",
    "12.03.2026 18:00",
    "12 мар. 2026 г., 18:00",
    "12 марта 2026 г. в 18:00",
    "чт, 12 мар. 2026 г., 18:00",
    "12.03.2026 г., 18:00",
    # English
    "Mar 12, 2026 6:00 PM",
    "Mar 12, 2026, 6:00 p.m.",
    "12 Mar 2026 18:00",
    "Thu, Mar 12, 2026, 06:00 PM",
    "Thursday, 12 March 2026 at 18:00",
    "March 12th, 2026 at 6:00 pm",
    "12-Mar-2026 18:00",
    "18:00, 12 Mar 2026",
    # the others
    "12 de março de 2026 às 18:00",
    "12 de mar. de 2026 18h00",
    "12/mar/2026 18:00",
    "12 de marzo de 2026, 18:00",
    "jueves, 12 de marzo de 2026 a las 6:00 p. m.",
    "12 tháng 3, 2026 18:00",
    "ngày 12 tháng 3 năm 2026 lúc 18:00",
    "18:00 Thứ Năm, 12 tháng 3, 2026",
    "12 Maret 2026 18.00",
    "Kamis, 12 Maret 2026 pukul 18.00",
    "12 มี.ค. 2569 18:00 น.",
    "12 มีนาคม พ.ศ. 2569 เวลา 18:00 น.",
    "12 มี.ค. 2026 18:00",
    "12 mars 2026 à 18:00",
    "12. März 2026 um 18:00 Uhr",
    "Do, 12. März 2026, 18:00",
    "12 marzo 2026 18:00",
    # blanks as pages have them
    "2026.03.12\u00a018:00",
    " 2026.03.12 \n 18:00 ",
    "２０２６.０３.１２ １８：００",
    "12\u00a0марта\u00a02026,\u202f18:00",
]


@pytest.mark.parametrize("text", AT_SIX)
def test_six_in_the_evening_however_it_is_written(text: str) -> None:
    assert read_moment(text, zone=SEOUL) == Moment(datetime(2026, 3, 12, 9, tzinfo=UTC), 60, SEOUL, "account")


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("12/03/2026 18:00", "dmy"),
        ("03/12/2026 18:00", "mdy"),
        ("12-03-2026 18:00", "dmy"),
        ("3/12/26 18:00", "mdy"),
        ("18:00 12/03/2026", "dmy"),
        ("18:00 ngày 12/03/2026", "dmy"),
        ("12.03.26 18:00", "dmy"),
        ("12/03/2569 18:00 น.", "dmy"),
    ],
)
def test_numeric_dates_follow_the_order_of_the_page(text: str, order: Order) -> None:
    assert read_moment(text, zone=SEOUL, order=order).at == datetime(2026, 3, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "precision_s", "zone"),
    [
        ("2026-03-12T18:00:05Z", "2026-03-12T18:00:05", 1, "UTC"),
        ("2026-03-12T18:00:05.987+09:00", "2026-03-12T09:00:05", 1, SEOUL),
        ("2026-03-12 18:00:05 +0300", "2026-03-12T15:00:05", 1, "UTC+03:00"),
        ("2026-03-12T18:00:05-03:30", "2026-03-12T21:30:05", 1, "UTC-03:30"),
        ("2026.03.12 18:00 KST", "2026-03-12T09:00:00", 60, SEOUL),
        ("(KST) 2026.03.12 18:00", "2026-03-12T09:00:00", 60, SEOUL),
        ("北京时间 2026-03-12 18:00", "2026-03-12T10:00:00", 60, "Asia/Shanghai"),
        ("12 марта 2026 18:00 (МСК)", "2026-03-12T15:00:00", 60, "Europe/Moscow"),
        ("12 Mar 2026 18:00 GMT+8", "2026-03-12T10:00:00", 60, "UTC+08:00"),
        ("12 Mar 2026 18:00 UTC", "2026-03-12T18:00:00", 60, "UTC"),
        ("Jan 12, 2026 6:00 PM PST", "2026-01-13T02:00:00", 60, "America/Los_Angeles"),
        ("Jul 12, 2026 6:00 PM PDT", "2026-07-13T01:00:00", 60, "America/Los_Angeles"),
        ("12 Maret 2026 18.00 WIB", "2026-03-12T11:00:00", 60, "Asia/Jakarta"),
    ],
)
def test_a_zone_on_the_page_wins(text: str, at: str, precision_s: int, zone: str) -> None:
    expected = Moment(datetime.fromisoformat(at).replace(tzinfo=UTC), precision_s, zone, "page")
    assert read_moment(text, zone=SEOUL) == expected
    assert zone_of(zone).utcoffset(expected.at.replace(tzinfo=None)) is not None


def test_summer_time_called_standard_time_costs_nobody_an_hour() -> None:
    moment = read_moment("Jul 12, 2026 6:00 PM PST", zone=SEOUL)
    assert (moment.at, moment.precision_s) == (datetime(2026, 7, 13, 1, tzinfo=UTC), 3660)


@pytest.mark.parametrize("abbreviation", ["CST", "IST", "AST", "XYZ", "UTC+15", "GMT+8:75", "KST UTC"])
def test_a_zone_that_nobody_can_tell_is_refused(abbreviation: str) -> None:
    with pytest.raises(Unreadable):
        read_moment(f"2026-03-12 18:00 {abbreviation}", zone=SEOUL)


def test_a_day_without_a_time_is_due_when_it_begins() -> None:
    begins = read_moment("2026.03.12", zone=SEOUL)
    assert (begins.at, begins.precision_s) == (datetime(2026, 3, 11, 15, tzinfo=UTC), 86_400)
    ends = read_moment("12 марта 2026 г.", zone=SEOUL, earliest=False)
    assert ends.at == datetime(2026, 3, 12, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "precision_s"),
    [
        ("오늘 18:00", "2026-03-10T09:00", 60),
        ("내일 오후 6시", "2026-03-11T09:00", 3600),
        ("明天 18:00", "2026-03-11T09:00", 60),
        ("сегодня в 18:00", "2026-03-10T09:00", 60),
        ("Tomorrow at 6 PM", "2026-03-11T09:00", 3600),
        ("hôm nay 18:00", "2026-03-10T09:00", 60),
        ("yesterday 18:00", "2026-03-09T09:00", 60),
        ("12 Mar", "2026-03-11T15:00", 86_400),
        ("03.12 18:00", "2026-03-12T09:00", 60),
        ("3월 12일 18:00", "2026-03-12T09:00", 60),
        ("15 марта 23:59", "2026-03-15T14:59", 60),
        ("31 Dec 18:00", "2025-12-31T09:00", 60),
    ],
)
def test_what_leans_on_the_day_of_reading(text: str, at: str, precision_s: int) -> None:
    moment = read_moment(text, zone=SEOUL, near=NEAR)
    assert (moment.at, moment.precision_s) == (datetime.fromisoformat(at).replace(tzinfo=UTC), precision_s)
    with pytest.raises(Unreadable):
        read_moment(text, zone=SEOUL)


def test_today_is_the_day_in_the_zone_of_the_page() -> None:
    late = datetime(2026, 3, 10, 16, tzinfo=UTC)  # the 11th in Seoul
    assert read_moment("오늘 18:00", zone=SEOUL, near=late).at == datetime(2026, 3, 11, 9, tzinfo=UTC)
    assert read_moment("today 18:00 UTC", zone=SEOUL, near=late).at == datetime(2026, 3, 10, 18, tzinfo=UTC)


def test_a_january_date_seen_in_december_is_next_years() -> None:
    december = datetime(2026, 12, 30, tzinfo=UTC)
    assert read_moment("2 Jan 18:00", zone="UTC", near=december).at == datetime(2027, 1, 2, 18, tzinfo=UTC)


def test_a_date_half_a_year_off_could_be_two_years() -> None:
    with pytest.raises(Unreadable):
        read_moment("12 Sep", zone=SEOUL, near=NEAR)


def test_a_naive_now_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        read_moment("오늘 18:00", zone=SEOUL, near=NEAR.replace(tzinfo=None))
    with pytest.raises(ZoneInfoNotFoundError):
        read_moment("2026-03-12", zone="Asia/Nowhere")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-03-32",
        "2026-03-12 25:00",
        "2026-03-12 24:01",
        "2026-03-12 18:60",
        "2026-03-12 18:00:61",
        "오후 13:00 2026-03-12",
        "2026.03.12 오후 6:00 PM",
        "2026/03/12 晚上12:00",  # the midnight of which day?
        "2026.03.12(금) 18:00",
        "Fri, 12 Mar 2026",  # a Thursday
        "03/04/2026",
        "16/16/2026",
        "26.03.12",
        "1999-01-01",
        "2569-03-12",
        "9999-12-31",
        "2026.03.12 18:00 마감",
        "by 12 Mar 2026",
        "12 Mar 2026 foo",
        "foo 12, 2026",
        "2026-03.12",
        "2026-03-1218:00",
        "2026-03-12 18:00 ~ 2026-03-13 18:00",
        "18:00",
        "12",
        "",
        "today",
        "03.12",
        "n/a",
        "-",
        "2026",
    ],
)
def test_what_is_not_one_clear_date_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_moment(text, zone=SEOUL, near=None)


def test_an_order_that_the_numbers_contradict_is_refused() -> None:
    with pytest.raises(Unreadable):
        read_moment("16/03/2026", zone=SEOUL, order="mdy")
    with pytest.raises(Unreadable):
        read_moment("03/16/2026", zone=SEOUL, order="dmy")


def test_the_words_of_other_languages_are_refused_when_languages_are_named() -> None:
    assert read_moment("12 мар. 2026", zone=SEOUL, languages=("ru",)).at
    with pytest.raises(Unreadable):
        read_moment("12 мар. 2026", zone=SEOUL, languages=("en-GB", "ko"))


@pytest.mark.parametrize(
    ("text", "zone", "at", "precision_s"),
    [
        # shown twice: the first pass
        ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25T00:30", 3660),
        ("2026-11-01 01:30", "America/Los_Angeles", "2026-11-01T08:30", 3660),
        # jumped over: the earlier reading
        ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29T00:30", 3660),
        ("2026-03-08 02:30", "America/Los_Angeles", "2026-03-08T09:30", 3660),
        # the days around
        ("2026-03-29 03:00", "Europe/Berlin", "2026-03-29T01:00", 60),
        ("2026-03-29 01:59", "Europe/Berlin", "2026-03-29T00:59", 60),
        # no such days in Moscow
        ("2026-03-29 02:30", "Europe/Moscow", "2026-03-28T23:30", 60),
        ("2026-10-25 02:30", "Europe/Moscow", "2026-10-24T23:30", 60),
        # days of 23 and 25 hours
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00", 82_800),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00", 90_000),
        # the turn of the year and the leap day
        ("2026-12-31 24:00", "Asia/Seoul", "2026-12-31T15:00", 60),
        ("2027-01-01 00:00", "Asia/Seoul", "2026-12-31T15:00", 60),
        ("2028-02-29 12:00", "UTC", "2028-02-29T12:00", 60),
        ("29 ก.พ. 2571 12:00", "UTC", "2028-02-29T12:00", 60),
    ],
)
def test_days_on_which_clocks_change(text: str, zone: str, at: str, precision_s: int) -> None:
    moment = read_moment(text, zone=zone)
    assert (moment.at, moment.precision_s) == (datetime.fromisoformat(at).replace(tzinfo=UTC), precision_s)


LOCALES: dict[str, Order] = {
    "ko": "ymd",
    "zh_CN": "ymd",
    "zh_TW": "ymd",
    "ja": "ymd",
    "ru": "dmy",
    "en_US": "mdy",
    "en_GB": "dmy",
    "en_IN": "dmy",
    "de": "dmy",
    "fr": "dmy",
    "it": "dmy",
    "es": "dmy",
    "es_MX": "dmy",
    "pt_BR": "dmy",
    "vi": "dmy",
    "id": "dmy",
    "ms": "dmy",
    "nl": "dmy",
    "pl": "dmy",
    "th": "dmy",
}
ZONES = ["Asia/Seoul", "Europe/Moscow", "Europe/Berlin", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Kolkata"]
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@settings(deadline=None)
@given(st.sampled_from(sorted(LOCALES)), st.sampled_from(["medium", "long"]), st.sampled_from(ZONES), INSTANTS)
def test_what_a_locale_writes_is_read_back(locale: str, length: str, zone: str, truth: datetime) -> None:
    local = truth.astimezone(ZoneInfo(zone))
    day = format_datetime(local, Locale.parse(locale).date_formats[length].pattern, locale=locale)
    clock = format_datetime(local, Locale.parse(locale).time_formats["short"].pattern, locale=locale)
    moment = read_moment(f"{day} {clock}", zone=zone, order=LOCALES[locale])
    late = truth - moment.at
    assert timedelta(0) <= late < timedelta(seconds=moment.precision_s)
    assert moment.precision_s in (60, 3660)


@settings(deadline=None)
@given(
    st.sampled_from(["%Y.%m.%d %H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d %b %Y %H:%M", "%b %d, %Y %I:%M %p"]),
    st.sampled_from(ZONES),
    INSTANTS,
)
def test_never_later_than_the_truth(form: str, zone: str, truth: datetime) -> None:
    text = truth.astimezone(ZoneInfo(zone)).strftime(form)
    moment = read_moment(text, zone=zone)
    assert moment.at <= truth < moment.at + timedelta(seconds=moment.precision_s)


@settings(deadline=None)
@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(-160, 160))
def test_a_missing_year_is_found_again(day: date, away: int) -> None:
    near = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=away)
    try:
        moment = read_moment(f"{day:%d %b}", zone="UTC", near=near)
    except Unreadable:
        assert day.month == 2 and day.day == 29
    else:
        assert moment.at.date() == day


@settings(deadline=None)
@given(st.text(max_size=24))
def test_junk_is_never_a_date(text: str) -> None:
    with pytest.raises(Unreadable):
        read_moment(text, zone=SEOUL)


@settings(deadline=None)
@given(st.sampled_from(AT_SIX), st.integers(0, 2**32))
def test_a_date_with_a_letter_out_of_place_is_not_that_date(text: str, seed: int) -> None:
    chance = random.Random(seed)
    at = chance.randrange(len(text) + 1)
    with pytest.raises(Unreadable):
        read_moment(text[:at] + chance.choice("#qж*한%") + text[at:], zone=SEOUL)


def test_names_are_those_of_cldr() -> None:
    months, weekdays = grammar()["months"], grammar()["weekdays"]
    for kind, table in (("months", months), ("days", weekdays)):
        for language, lists in table.items():
            for width in ("wide", "abbreviated"):
                names = getattr(Locale.parse(language), kind)["format"][width]
                for place, ours in zip(sorted(names), lists, strict=True):
                    name = names[place].lower().rstrip(".")
                    assert name in ours or name[-1].isdigit() or name.split()[-1].isdigit()


def test_no_word_means_two_months() -> None:
    meanings: dict[str, set[int]] = {}
    for lists in grammar()["months"].values():
        for number, names in enumerate(lists):
            for name in names:
                meanings.setdefault(name, set()).add(number)
    assert all(len(numbers) == 1 for numbers in meanings.values())
