"""A row that a scrolled list does not show is a deadline nobody sees: the list is proved against the portal's count."""

from __future__ import annotations

from typing import Any

import pytest

from agent.browser.tab import Tab
from agent.portal import Fetched
from fixtures.kernel.serving import Served
from flows.context import Context
from flows.sync import ChannelReport, sync
from tests.conftest import Run

pytestmark = pytest.mark.mock(portal="ozon", seed=3, cases=60)


def read(ctx: Context, run: Run[Any], channel: str = "refund_disputes") -> ChannelReport:
    (account,) = ctx.settings.account
    narrow = account.model_copy(update={"options": {"channels": [channel]}})
    report: ChannelReport = run(sync(ctx, (narrow,))).channels[0]
    return report


@pytest.mark.parametrize("channel", ["refund_disputes", "returns", "tickets"])
def test_every_row_of_a_virtual_list_is_found(channel: str, signed_in: Context, mock: Served, run: Run[Any]) -> None:
    wanted = {case["case_id"] for case in mock.truth() if case["channel"] == channel}
    report = read(signed_in, run, channel)
    assert (report.complete, report.listed, report.portal_total) == (True, len(wanted), len(wanted))
    assert set(signed_in.store.listing.all("ozon", "main", channel)) == wanted


def test_a_row_the_list_withholds_is_missed_and_the_report_names_it(
    signed_in: Context, mock: Served, run: Run[Any]
) -> None:
    hidden = next(case["case_id"] for case in mock.truth() if "appeal" in case["actions"])
    mock.event("withhold", case_ids=[hidden])
    report = read(signed_in, run)
    assert (report.complete, report.portal_total, report.listed) == (False, 30, 29)
    assert any(hidden in error["said"] for error in report.errors)
    assert {alarm.kind for alarm in signed_in.store.alarms.open()} >= {"incomplete", "report"}
    mock.event("withhold", case_ids=[])
    assert read(signed_in, run).complete
    assert not {alarm.kind for alarm in signed_in.store.alarms.open()} & {"incomplete", "report"}


def test_a_report_that_says_otherwise_is_told(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    told, old = [case["case_id"] for case in mock.truth() if "appeal" in case["actions"]][:2]
    mock.event("report", case_id=told, status="lost")
    mock.event("report", case_id=old)  # a report goes back only some months: what it leaves out is no difference
    report = read(signed_in, run)
    assert report.complete
    (error,) = report.errors
    assert told in error["said"] and old not in error["said"]


def test_a_report_whose_columns_changed_is_drift_and_stops_nothing(
    signed_in: Context, mock: Served, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tab, "fetch_file", _strange)
    report = read(signed_in, run, "refund_disputes")
    assert report.complete
    assert [error["field"] for error in report.errors if error["case_id"] is None] == ["report"]


async def _strange(tab: Tab, url: str) -> Fetched:
    if "reports" in url:
        return Fetched("report.csv", "Номер;Итог\r\n1;2\r\n".encode())
    return Fetched("Правило.txt", b"4.2 4.5 4.7.1")


def test_a_list_that_stays_a_skeleton_removes_nothing(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    assert read(signed_in, run).complete
    known = len(signed_in.store.cases.rows())
    mock.fault("skeleton", "/app/postings/fbs", count="all")
    report = read(signed_in, run)
    assert not report.complete
    assert report.codes
    assert len(signed_in.store.cases.rows()) == known


def test_another_tab_than_the_one_asked_for_is_not_read(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.fault("rename_label", "/app/postings/fbs", count="all", **{"from": "Спорные", "to": "Претензии"})
    report = read(signed_in, run)
    assert (report.complete, report.drifted) == (False, 1)
    assert report.errors[0]["field"] == "disputes.heading"
