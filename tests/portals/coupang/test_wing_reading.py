"""Wing's own lists hide what they do not want to search: a row missed is a return whose 168 hours run out unseen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from agent.home import Home
from agent.reading.calendars import add_business_days
from fixtures import serving
from fixtures.coupang.wing.goods import business_days_on
from flows.context import opened
from portals.coupang.wing_list import DAYS, WINDOWS, window
from tests.conftest import Run, nothing_sent, settings_text, sign_in
from tests.portals.coupang.conftest import Shop
from tests.truth import differences

CHANNELS = '["returns", "confirmation_requests", "inquiries"]'
WING = {"others": "0", "returns": "9", "inquiries": "6"}


@pytest.mark.parametrize(
    ("seed", "now"),
    [
        (7, "2026-02-19T01:00:00Z"),  # the first working day after Seollal
        pytest.param(8, "2026-01-02T00:30:00Z", marks=pytest.mark.long),
        pytest.param(9, "2026-09-28T03:00:00Z", marks=pytest.mark.long),  # after Chuseok
    ],
)
def test_every_field_of_wings_own_channels_is_the_truth(
    seed: int, now: str, run: Run[Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", "k")
    at = datetime.fromisoformat(now)
    with serving(("coupang",), seed=seed, cases=1, options=WING, now=at) as served:
        mock = served["coupang"]
        home = Home(tmp_path / "home").create()
        text = settings_text(mock) + f"options.channels = {CHANNELS}\n"
        home.settings_file.write_text(text, encoding="utf-8")
        with opened(home) as ctx:
            sign_in(ctx, mock, run)
            shop = Shop(ctx, mock, run, tmp_path / "evidence")
            report = shop.sync()
            assert report.exit_code == 0, report.public()
            assert all(one.complete for one in report.channels)
            for channel in ("returns", "confirmation_requests", "inquiries"):
                told = {case.case_id: case for case in shop.cases(channel)}
                truth = shop.truth(channel)
                assert len(told) == len(truth) > 0
                wrong = {
                    one["case_id"]: found for one in truth if (found := differences(told[one["case_id"]].public(), one))
                }
                assert wrong == {}, (seed, channel)
            assert [(one.visited, one.new) for one in shop.sync().channels] == [(0, 0)] * 3
            nothing_sent(mock)


ONE = {"others": "0", "returns": "1"}


def test_rows_that_stay_from_an_earlier_search_are_not_believed(shared: Shop) -> None:
    """The list keeps showing what was searched last (facts §5): an arrival between two syncs must be seen."""
    case = shared.made("returns", "return_new", state="UNCHECKED")
    assert case.status.is_ == "waiting"
    shared.mock.event("return_arrive", case_id=case.case_id)
    shared.sync("returns")
    now = shared.again(case)
    assert (now.status.is_, now.actions) == ("action_needed", ("appeal",))
    assert now.deadlines and now.deadlines[0].kind == "appeal"


def test_a_search_that_fails_is_no_empty_list(shared: Shop) -> None:
    shared.sync("returns")
    before = {case.case_id for case in shared.cases("returns")}
    shared.mock.fault("load_failed", ".*/list/search", count="all")
    report = shared.sync("returns")
    assert report.exit_code == 12
    assert {case.case_id for case in shared.cases("returns")} == before
    assert not report.channels[0].complete


def test_withheld_rows_are_noticed(shared: Shop) -> None:
    shared.mock.fault("missing_page", ".*/list/search", count="all", keep=1)
    report = shared.sync("returns")
    assert report.exit_code == 11 and not report.channels[0].complete


@pytest.mark.mock(cases=1, options=ONE)
@pytest.mark.account(channels=["returns"])
def test_after_168_business_hours_nothing_is_offered(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    case = shop.made("returns", "return_new", state="ARRIVED")
    told = next(one for one in case.deadlines if one.kind == "appeal")
    due = next(datetime.fromisoformat(one["at"]) for one in shop.really(case)["deadlines"] if one["kind"] == "appeal")
    assert due - timedelta(minutes=2) <= told.at <= due
    over = due + timedelta(minutes=3)
    shop.mock.control("POST", "clock", {"now": over.isoformat()})
    monkeypatch.setattr(shop.ctx, "clock", lambda: over)
    monkeypatch.setattr(shop.ctx.store, "clock", lambda: over)
    shop.sync()
    now = shop.again(case)
    assert (now.status.is_, now.actions, now.deadlines) == ("expired", (), ())


def test_windows_join_without_gap_or_overlap_and_never_ask_for_more_than_thirty_days() -> None:
    today = date(2026, 3, 1)
    spans = [window(today, name) for name in WINDOWS]
    assert spans[0][1] == today
    for (first, last), (_, earlier) in pairwise(spans):
        assert first - earlier == timedelta(days=1)
        assert (last - first).days == DAYS - 1


@pytest.mark.parametrize("first_counts", [True, False])
@pytest.mark.parametrize("days", [3, 7])
def test_the_window_is_never_counted_longer_than_the_portal_counts(days: int, first_counts: bool) -> None:
    start = datetime(2025, 12, 20, 1, 23, 45, tzinfo=UTC)
    for hours in range(0, 24 * 450, 7):
        at = start + timedelta(hours=hours)
        ours = add_business_days(at, days, country="KR", zone="Asia/Seoul", count_first_day=first_counts).at
        assert ours == business_days_on(at, days, first_counts=first_counts).astimezone(UTC), at


def test_coupangs_own_example_of_the_window_fits() -> None:
    """A note of Monday 10 April 2023, plus 5 business days, opens the window on the 17th; it ends on the 25th."""
    opens = add_business_days(datetime(2023, 4, 10, 3, tzinfo=UTC), 5, country="KR", zone="Asia/Seoul").at
    assert opens.date() == date(2023, 4, 17)
    ends = add_business_days(opens, 7, country="KR", zone="Asia/Seoul", count_first_day=True).at
    assert ends.date() == date(2023, 4, 25)


@pytest.mark.mock(cases=1, options=ONE)
@pytest.mark.account(channels=["returns"])
def test_a_holiday_announced_last_week_is_taken_from_the_operators_policy(shop: Shop) -> None:
    case = shop.made("returns", "return_new", state="ARRIVED")
    while (due := next(one for one in case.deadlines if one.kind == "appeal")).basis != "rule":
        case = shop.made("returns", "return_new", state="ARRIVED")
    own = shop.ctx.home.own_policy("coupang")
    own.parent.mkdir(parents=True)
    day = due.at.astimezone().date()
    own.write_text(
        f'[rules]\nextra_holidays = {{ value = ["{day}"], rule = "CP4", source = "announced", grade = "official" }}\n',
        encoding="utf-8",
    )
    shop.sync(full=True)
    later = next(one for one in shop.again(case).deadlines if one.kind == "appeal")
    assert later.at > due.at
