"""What a seller would lose if a deadline were shown later than it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.reading.deadlines import (
    agree,
    both_clocks,
    deadline_from_countdown,
    deadline_from_instant,
    deadline_from_rule,
    read_due,
)
from agent.reading.moments import Moment, read_moment
from agent.reading.unreadable import Unreadable
from agent.records import Deadline

NOW = datetime(2026, 3, 10, 12, 0, 3, 500_000, tzinfo=UTC)
SEOUL = "Asia/Seoul"


def counted(text: str, now: datetime = NOW, zone: str = SEOUL) -> Deadline:
    return deadline_from_countdown("appeal", text, server_now=now, zone=zone, rule="CP4")


def dated(text: str, zone: str = SEOUL) -> Deadline:
    return deadline_from_instant("appeal", text, read_moment(text, zone=zone), "CP4")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026.03.12 18:00 마감", "2026-03-12T09:00"),
        ("오늘 18:00까지", "2026-03-10T09:00"),
        ("~2026.03.12까지", "2026-03-11T15:00"),
        ("마감 2026.03.12 18:00", "2026-03-12T09:00"),
        ("до 15 марта 23:59 (МСК)", "2026-03-15T20:59"),
        ("by 12-03-2026 18:00", "2026-03-12T09:00"),
        ("Reply by Mon, Aug 24, 2026, 02:50 AM", "2026-08-23T17:50"),
        ("Appeal by Aug 24, 2026", "2026-08-23T15:00"),
        ("截止时间：2026-03-12 18:00", "2026-03-12T09:00"),
        ("2026-03-12 18:00 前", "2026-03-12T09:00"),
        ("até 12/03/2026 18:00", "2026-03-12T09:00"),
        ("trước ngày 12/03/2026", "2026-03-11T15:00"),
        ("ภายใน 12 มี.ค. 2569 18:00 น.", "2026-03-12T09:00"),
        ("2026-03-12 18:00", "2026-03-12T09:00"),
    ],
)
def test_due_dates_in_the_words_around_them(text: str, at: str) -> None:
    assert read_due(text, zone=SEOUL, near=NOW, order="dmy").at == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["마감", "by", "by tomorrow's ship", "2026.03.12 18:00 환불", "shipped 2026-03-12", ""]
)
def test_other_words_are_no_due_date(text: str) -> None:
    with pytest.raises(Unreadable):
        read_due(text, zone=SEOUL, near=NOW)


def test_an_unknown_zone_is_read_at_its_earliest() -> None:
    moment = read_due(
        "2024-10-28 04:23:19", zone="America/Los_Angeles", zone_basis="assumed", also_zones=("Asia/Shanghai",)
    )
    truths = [datetime(2024, 10, 28, 4, 23, 19, tzinfo=ZoneInfo(z)) for z in ("Asia/Shanghai", "America/Los_Angeles")]
    assert (moment.at, moment.zone, moment.zone_basis) == (min(truths), "Asia/Shanghai", "assumed")
    assert max(truths) < moment.at + timedelta(seconds=moment.precision_s)


def test_a_countdown_runs_from_the_portals_clock() -> None:
    deadline = counted("2일 5시간 12분 남음")
    assert deadline.at == datetime(2026, 3, 12, 17, 12, 3, tzinfo=UTC)
    assert (deadline.basis, deadline.precision_s, deadline.zone, deadline.shown) == (
        "countdown",
        60,
        SEOUL,
        "2일 5시간 12분 남음",
    )
    with pytest.raises(TypeError):
        counted("2일 5시간", now=NOW.replace(tzinfo=None))


def test_d_3_is_due_when_the_portals_third_day_begins() -> None:
    deadline = counted("D-3")
    assert deadline.at == datetime(2026, 3, 12, 15, tzinfo=UTC)
    assert deadline.precision_s == 86_400
    late_evening = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)  # already the 11th in Seoul
    assert counted("D-3", now=late_evening).at == datetime(2026, 3, 13, 15, tzinfo=UTC)


def test_d_day_is_due_now_and_may_last_until_midnight() -> None:
    deadline = counted("D-DAY")
    assert deadline.at == NOW.replace(microsecond=0)
    assert deadline.at + timedelta(seconds=deadline.precision_s) == datetime(2026, 3, 10, 15, tzinfo=UTC)


def test_what_has_expired_is_not_still_to_come() -> None:
    assert counted("마감").at <= NOW


def floored(remaining: timedelta) -> str:
    minutes = int(remaining.total_seconds()) // 60
    return f"{minutes // 1440}일 {minutes // 60 % 24}시간 {minutes % 60}분 남음"


@settings(deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
    st.integers(1, 20 * 86_400),
    st.sampled_from([SEOUL, "Europe/Berlin", "America/Los_Angeles", "Europe/Moscow"]),
)
def test_minute_forms_are_never_late_and_at_most_two_minutes_early(now: datetime, left_s: int, zone: str) -> None:
    truth = now + timedelta(seconds=left_s)
    deadline = counted(floored(truth - now), now=now, zone=zone)
    assert truth - timedelta(minutes=2) <= deadline.at <= truth
    assert truth <= deadline.at + timedelta(seconds=deadline.precision_s + 1)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
    st.integers(1, 20 * 86_400),
    st.sampled_from([SEOUL, "Europe/Berlin", "America/Los_Angeles", "Europe/Moscow"]),
)
def test_two_proofs_of_one_instant_agree(now: datetime, left_s: int, zone: str) -> None:
    truth = now + timedelta(seconds=left_s)
    local, today = truth.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    proofs = [
        counted(floored(truth - now), now=now, zone=zone),
        counted(f"D-{days}", now=now, zone=zone),
        dated(f"{local:%Y-%m-%d %H:%M}", zone=zone),
        dated(f"{local:%Y.%m.%d}", zone=zone),
        dated(f"{truth:%Y-%m-%dT%H:%M:%SZ}", zone=zone),
    ]
    assert all(proof.at <= truth for proof in proofs)
    assert all(agree(one, other) and agree(other, one) for one in proofs for other in proofs)


def test_an_hour_between_two_proofs_is_no_agreement() -> None:
    assert not agree(dated("2026-03-12 18:00"), dated("2026-03-12 19:00"))
    assert not agree(dated("2026-03-12 18:00"), dated("2026-03-12 18:00", zone="Asia/Shanghai"))
    assert agree(dated("2026-03-12 18:00"), dated("2026-03-12"))
    assert not agree(dated("2026-03-12 18:00"), dated("2026-03-13"))


def test_a_rule_of_days_is_due_at_the_same_hour_or_by_the_end_of_that_day() -> None:
    start = datetime(2026, 3, 5, 9, tzinfo=UTC)
    deadline = deadline_from_rule("appeal", start=start, start_shown="2026.03.05 18:00", days=7, zone=SEOUL, rule="CP4")
    assert deadline.at == datetime(2026, 3, 12, 9, tzinfo=UTC)
    assert (deadline.basis, deadline.shown, deadline.rule) == ("rule", "2026.03.05 18:00", "CP4")
    assert agree(deadline, dated("2026-03-12 23:59:59"))
    assert not agree(deadline, dated("2026-03-13 00:01"))


def test_a_rule_of_days_takes_the_shorter_week_where_clocks_change() -> None:
    for day in (datetime(2026, 3, 5), datetime(2026, 10, 29)):
        start = day.replace(hour=12, tzinfo=ZoneInfo("America/Los_Angeles"))
        deadline = deadline_from_rule(
            "appeal", start=start, start_shown="", days=7, zone="America/Los_Angeles", rule="WD3"
        )
        assert deadline.at <= start.astimezone(UTC) + timedelta(days=7)
        assert deadline.at <= start + timedelta(days=7)


def test_rules_of_hours_and_business_days() -> None:
    start = datetime(2026, 2, 13, 3, tzinfo=UTC)
    hours = deadline_from_rule("reply", start=start, start_shown="", hours=48, zone=SEOUL, rule="CM2")
    assert (hours.at, hours.precision_s, hours.provisional) == (start + timedelta(hours=48), 1, False)
    business = deadline_from_rule(
        "reply", start=start, start_shown="", business_days=3, country="KR", zone=SEOUL, rule="CP7"
    )
    assert business.at == datetime(2026, 2, 23, 3, tzinfo=UTC)
    later = deadline_from_rule(
        "reply",
        start=datetime(2030, 1, 1, tzinfo=UTC),
        start_shown="",
        business_days=3,
        country="KR",
        zone=SEOUL,
        rule="CP7",
    )
    assert later.provisional


def test_a_start_known_to_the_day_makes_a_rule_known_to_the_day() -> None:
    opened = read_moment("2026.03.05", zone=SEOUL, zone_basis="assumed")
    deadline = deadline_from_rule("reply", start=opened, start_shown="2026.03.05", hours=48, zone=SEOUL, rule="WD3")
    assert (deadline.at, deadline.precision_s) == (opened.at + timedelta(hours=48), 86_400)
    assert deadline.zone_basis == "assumed"


def test_a_rule_has_one_length_and_a_country_for_business_days() -> None:
    for days, hours, business_days in ((None, None, None), (7, 2, None), (None, None, 3)):
        with pytest.raises(ValueError, match=r"exactly one|country"):
            deadline_from_rule(
                "reply",
                start=NOW,
                start_shown="",
                zone=SEOUL,
                rule="X",
                days=days,
                hours=hours,
                business_days=business_days,
            )


def test_both_clocks_are_shown_with_weekday_and_offset() -> None:
    at = datetime(2026, 3, 12, 15, 30, 59, tzinfo=UTC)
    assert both_clocks(at, SEOUL, "Asia/Shanghai", "en") == (
        "Fri 13 Mar 2026 00:30 UTC+09:00",
        "Thu 12 Mar 2026 23:30 UTC+08:00",
    )
    assert both_clocks(at, SEOUL, "Asia/Shanghai", "zh-CN") == (
        "2026年3月13日 周五 00:30 UTC+09:00",
        "2026年3月12日 周四 23:30 UTC+08:00",
    )
    assert both_clocks(at, "UTC-07:00", "UTC", "en")[0] == "Thu 12 Mar 2026 08:30 UTC-07:00"


def test_a_moment_is_kept_as_it_was_read() -> None:
    deadline = deadline_from_instant("reply", "x", Moment(NOW.replace(microsecond=0), 60, SEOUL, "page"), "CM2")
    assert (deadline.at, deadline.precision_s, deadline.zone_basis) == (NOW.replace(microsecond=0), 60, "page")
