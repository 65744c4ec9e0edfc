"""What a seller would lose if a holiday were counted as a business day, or the other way round."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.reading.calendars import BusinessInstant, add_business_days, business_days_between

ZONES = {
    "KR": "Asia/Seoul",
    "RU": "Europe/Moscow",
    "CN": "Asia/Shanghai",
    "US": "America/Los_Angeles",
    "GB": "Europe/London",
    "DE": "Europe/Berlin",
}


def noon(country: str, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(ZONES[country]))


def works(country: str, day: date) -> bool:
    """Whether `day` is a business day, seen from outside: it is the first one after the day before it."""
    before = noon(country, day - timedelta(days=1))
    return business_days_between(before, noon(country, day), country=country, zone=ZONES[country]) == 1


def days_off(country: str, year: int) -> set[str]:
    """The weekdays of a year on which nobody works, as `MM-DD`."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return {f"{day:%m-%d}" for day in days if day.weekday() < 5 and not works(country, day)}


def worked_weekends(country: str, year: int) -> set[str]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return {f"{day:%m-%d}" for day in days if day.weekday() > 4 and works(country, day)}


def test_korean_closings_as_announced() -> None:
    assert days_off("KR", 2026) == {
        "01-01",
        "02-16",
        "02-17",
        "02-18",
        "03-02",
        "05-01",
        "05-05",
        "05-25",
        "06-03",
        "07-17",
        "08-17",
        "09-24",
        "09-25",
        "10-05",
        "10-09",
        "12-25",
    }
    assert days_off("KR", 2027) == {
        "01-01",
        "02-08",
        "02-09",
        "03-01",
        "05-03",
        "05-05",
        "05-13",
        "07-19",
        "08-16",
        "09-14",
        "09-15",
        "09-16",
        "10-04",
        "10-11",
        "12-27",
    }


def test_russian_closings_and_worked_saturdays_as_decreed() -> None:
    assert days_off("RU", 2026) == {
        "01-01",
        "01-02",
        "01-05",
        "01-06",
        "01-07",
        "01-08",
        "01-09",
        "02-23",
        "03-09",
        "05-01",
        "05-11",
        "06-12",
        "11-04",
        "12-31",
    }
    assert worked_weekends("RU", 2026) == set()
    assert worked_weekends("RU", 2027) == {"02-20"}


def test_chinese_closings_and_make_up_days_as_announced() -> None:
    assert days_off("CN", 2026) == {
        "01-01",
        "01-02",
        "02-16",
        "02-17",
        "02-18",
        "02-19",
        "02-20",
        "02-23",
        "04-06",
        "05-01",
        "05-04",
        "05-05",
        "06-19",
        "09-25",
        "10-01",
        "10-02",
        "10-05",
        "10-06",
        "10-07",
    }
    assert worked_weekends("CN", 2026) == {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}


def test_a_new_year_week_in_seoul_pushes_the_answer_out() -> None:
    due = add_business_days(noon("KR", date(2026, 2, 13)), 3, country="KR", zone="Asia/Seoul")
    assert due == BusinessInstant(datetime(2026, 2, 23, 3, tzinfo=UTC), False)


def test_the_portal_s_day_counts_not_ours() -> None:
    late = datetime(2026, 3, 5, 16, tzinfo=UTC)  # Thursday in London, Friday in Seoul
    assert add_business_days(late, 1, country="KR", zone="Asia/Seoul").at == datetime(2026, 3, 8, 16, tzinfo=UTC)
    assert add_business_days(late, 1, country="GB", zone="Europe/London").at == datetime(2026, 3, 6, 16, tzinfo=UTC)


def test_counting_from_a_weekend_begins_on_the_next_business_day() -> None:
    saturday, monday = noon("KR", date(2026, 3, 7)), noon("KR", date(2026, 3, 9))
    assert add_business_days(saturday, 1, country="KR", zone="Asia/Seoul").at == monday
    assert add_business_days(saturday, 1, country="KR", zone="Asia/Seoul", count_first_day=True).at == monday
    assert add_business_days(monday, 1, country="KR", zone="Asia/Seoul", count_first_day=True).at == monday
    assert add_business_days(saturday, 0, country="KR", zone="Asia/Seoul").at == saturday


def test_a_day_off_that_was_announced_last_week_counts_when_the_operator_says_so() -> None:
    friday = noon("KR", date(2026, 3, 6))
    due = add_business_days(friday, 1, country="KR", zone="Asia/Seoul", extra_holidays=(date(2026, 3, 9),))
    assert due.at == noon("KR", date(2026, 3, 10))


def test_an_unannounced_year_is_provisional() -> None:
    def provisional(country: str, day: date, known_until: int | None = None) -> bool:
        start = noon(country, day)
        return add_business_days(start, 3, country=country, zone=ZONES[country], known_until=known_until).provisional

    assert not provisional("CN", date(2026, 12, 20))
    assert provisional("CN", date(2026, 12, 30))  # reaches into 2027, not announced in the library
    assert not provisional("KR", date(2026, 12, 30))
    assert provisional("KR", date(2029, 6, 1))
    assert provisional("KR", date(2027, 6, 1), known_until=2026)
    assert not provisional("CN", date(2027, 6, 1), known_until=2027)


def test_a_wall_clock_time_is_kept_where_clocks_change() -> None:
    friday = noon("US", date(2026, 3, 6))
    due = add_business_days(friday, 1, country="US", zone="America/Los_Angeles")
    assert due.at == noon("US", date(2026, 3, 9))
    assert due.at - friday == timedelta(days=3, hours=-1)


def test_mistakes_of_ours_are_loud() -> None:
    start = noon("KR", date(2026, 3, 6))
    with pytest.raises(ValueError, match="forward"):
        add_business_days(start, -1, country="KR", zone="Asia/Seoul")
    with pytest.raises(ValueError, match="XX"):
        add_business_days(start, 1, country="XX", zone="Asia/Seoul")
    with pytest.raises(ValueError, match="before"):
        business_days_between(start, start - timedelta(days=1), country="KR", zone="Asia/Seoul")
    with pytest.raises(TypeError):
        add_business_days(start.replace(tzinfo=None), 1, country="KR", zone="Asia/Seoul")


@settings(deadline=None)
@given(st.sampled_from(sorted(ZONES)), st.dates(date(2024, 1, 1), date(2026, 11, 1)), st.integers(0, 25))
def test_adding_and_counting_are_each_others_reverse(country: str, day: date, count: int) -> None:
    start = noon(country, day)
    due = add_business_days(start, count, country=country, zone=ZONES[country])
    assert business_days_between(start, due.at, country=country, zone=ZONES[country]) == count
    assert not count or works(country, due.at.astimezone(ZoneInfo(ZONES[country])).date())
