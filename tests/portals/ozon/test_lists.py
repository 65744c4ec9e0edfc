"""A row that a scrolled list does not show is a deadline nobody sees: the list is proved against the portal's count."""

from __future__ import annotations

import pytest

from agent.browser.tab import Tab
from agent.portal import Fetched
from flows.sync import ChannelReport
from tests.portals.shop import Shop


def read(shop: Shop, channel: str = "refund_disputes") -> ChannelReport:
    (report,) = [one for one in shop.sync(channel).channels if one.channel == channel]
    return report


def really(shop: Shop, channel: str = "refund_disputes") -> list[str]:
    """The portal's cases of a channel, those that can be appealed first."""
    cases = [case for case in shop.mock.truth() if case["channel"] == channel]
    return [case["case_id"] for case in sorted(cases, key=lambda case: "appeal" not in case["actions"])]


def kinds(shop: Shop) -> set[str]:
    """What the open alarms about the disputes are."""
    return {alarm.kind for alarm in shop.ctx.store.alarms.open() if "refund_disputes" in alarm.scope}


@pytest.mark.parametrize("channel", ["refund_disputes", "returns", "tickets"])
def test_every_row_of_a_virtual_list_is_found(channel: str, shared: Shop) -> None:
    wanted = set(really(shared, channel))
    report = read(shared, channel)
    assert (report.complete, report.listed, report.portal_total) == (True, len(wanted), len(wanted))
    assert set(shared.ctx.store.listing.all("ozon", "main", channel)) == wanted


def test_a_row_the_list_withholds_is_missed_and_the_report_names_it(shared: Shop) -> None:
    hidden, *others = really(shared)
    shared.mock.event("withhold", case_ids=[hidden])
    try:
        report = read(shared)
        assert (report.complete, report.portal_total, report.listed) == (False, len(others) + 1, len(others))
        assert any(hidden in error["said"] for error in report.errors)
        assert kinds(shared) >= {"incomplete", "report"}
    finally:
        shared.mock.event("withhold", case_ids=[])
    assert read(shared).complete
    assert not kinds(shared) & {"incomplete", "report"}


@pytest.mark.mock(portal="ozon", seed=3, cases=6)
def test_a_report_that_says_otherwise_is_told(shop: Shop) -> None:
    told, old, *_ = really(shop)
    shop.mock.event("report", case_id=told, status="lost")
    shop.mock.event("report", case_id=old)  # a report goes back only some months: what it leaves out is no difference
    report = read(shop)
    assert report.complete
    (error,) = report.errors
    assert told in error["said"] and old not in error["said"]


def test_a_report_whose_columns_changed_is_drift_and_stops_nothing(
    shared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Tab, "fetch_file", _strange)
        report = read(shared)
    assert report.complete
    assert [error["field"] for error in report.errors if error["case_id"] is None] == ["report"]


async def _strange(tab: Tab, url: str) -> Fetched:
    if "reports" in url:
        return Fetched("report.csv", "Номер;Итог\r\n1;2\r\n".encode())
    return Fetched("Правило.txt", b"4.2 4.5 4.7.1")


def test_a_list_that_stays_a_skeleton_removes_nothing(shared: Shop) -> None:
    known = len(shared.cases())
    shared.mock.fault("skeleton", "/app/postings/fbs", count="all")
    report = read(shared)
    assert not report.complete
    assert report.codes
    assert len(shared.cases()) == known


def test_another_tab_than_the_one_asked_for_is_not_read(shared: Shop) -> None:
    shared.mock.fault("rename_label", "/app/postings/fbs", count="all", **{"from": "Спорные", "to": "Претензии"})
    report = read(shared)
    assert (report.complete, report.drifted) == (False, 1)
    assert report.errors[0]["field"] == "disputes.heading"
