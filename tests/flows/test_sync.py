"""A sync that lies: what is read twice, half, by the wrong person or in the wrong language must never look complete."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.browser import tab
from agent.errors import DOWN, DRIFT, FAULT, PERSON
from agent.records import CaseKey
from agent.settings import AccountSettings
from fixtures import serving
from fixtures.kernel.serving import Served
from flows import registry
from flows.context import Context, opened
from flows.export import export
from flows.sync import ChannelReport, SyncReport, sync
from portals.coupang import pages
from tests.conftest import Run, settings_text, sign_in

Sync = Callable[..., SyncReport]
few = pytest.mark.mock(cases=4)
"""A world that is read quickly."""


@pytest.fixture
def read(signed_in: Context, run: Run[Any]) -> Sync:
    """Syncs the home's accounts."""

    def once(**how: Any) -> SyncReport:
        return run(sync(signed_in, signed_in.settings.account, **how))  # type: ignore[no-any-return]

    return once


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows a page, so that a small world has several pages of results."""
    monkeypatch.setattr(pages, "PAGE_SIZE", 10)


def only(report: SyncReport) -> ChannelReport:
    """The disputes' part of a report."""
    return next(c for c in report.channels if c.channel in ("refund_disputes", "-"))


def names(report: SyncReport) -> list[str]:
    """What went wrong, by name."""
    return [error["error"] for channel in report.channels for error in channel.errors]


def disputes(mock: Served) -> list[str]:
    """The portal's dispute cases."""
    return [case["case_id"] for case in mock.truth() if case["channel"] == "refund_disputes"]


def key(case_id: str) -> CaseKey:
    """A dispute's natural key."""
    return CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id=case_id)


def stored(ctx: Context) -> set[str]:
    """The dispute cases in the records."""
    return {row.case_id for row in ctx.store.cases.rows(channels=["refund_disputes"])}


def alarms(ctx: Context) -> list[str]:
    """The open alarms about reading, by kind; the store's own health is another matter."""
    return [alarm.kind for alarm in ctx.store.alarms.open() if alarm.kind != "health"]


def test_the_same_sync_twice_changes_nothing(read: Sync, signed_in: Context, mock: Served) -> None:
    first = only(read())
    before = export(signed_in, format="json")
    again = only(read())
    assert (first.new, first.complete) == (len(disputes(mock)), True)
    assert (again.visited, again.new, again.changed, again.complete) == (0, 0, 0, True)
    assert export(signed_in, format="json") == before


@few
def test_reading_everything_again_finds_nothing_changed(read: Sync, signed_in: Context, mock: Served) -> None:
    read()
    again = only(read(full=True))
    assert (again.visited, again.unchanged, again.changed, again.new) == (4, 4, 0, 0)
    assert all(len(signed_in.store.cases.history(key(one))) == 1 for one in disputes(mock))


@few
def test_only_what_moved_is_visited(read: Sync, signed_in: Context, mock: Served) -> None:
    read()
    moved = disputes(mock)[1]
    mock.event("message", case_id=moved, text="배송이 언제 되나요?")
    mock.event("new_case", state="action_needed")
    again = only(read())
    assert (again.visited, again.changed, again.new) == (2, 1, 1)
    assert len(signed_in.store.cases.history(key(moved))) == 2


@pytest.mark.mock(seed=79, cases=14)
def test_a_withheld_page_of_results_is_incomplete_and_removes_nothing(
    small_pages: None, read: Sync, signed_in: Context, mock: Served
) -> None:
    assert read().exit_code == 0
    before, kept = export(signed_in, format="json"), stored(signed_in)
    mock.fault("missing_page", "/orders", count="all", page=2)
    report = read()
    channel = only(report)
    assert report.exit_code == DRIFT
    assert channel.complete is False
    assert channel.listed < (channel.portal_total or 0) == 14
    assert channel.gone == 0
    assert names(report) == ["Incomplete"]
    assert stored(signed_in) == kept
    assert export(signed_in, format="json") == before
    assert all(
        row.gone_since is None for row in signed_in.store.listing.all("coupang", "main", channel.channel).values()
    )
    assert alarms(signed_in) == ["incomplete"]
    mock.clear_faults()
    assert read().exit_code == 0
    assert alarms(signed_in) == []


@few
def test_a_first_sync_with_rows_withheld_is_incomplete_too(read: Sync, mock: Served) -> None:
    mock.fault("missing_page", "/orders", count="all", keep=1)
    report = read()
    assert report.exit_code == DRIFT
    assert only(report).complete is False


@few
def test_without_a_session_nothing_is_visited(ctx: Context, run: Run[Any], account: AccountSettings) -> None:
    report = run(sync(ctx, (account,)))
    assert (report.exit_code, names(report)) == (PERSON, ["SignedOut"])
    assert "rebuttal login coupang:main" in only(report).errors[0]["todo"]
    assert alarms(ctx) == ["needs_person"]


@pytest.mark.mock(seed=79, cases=14)
def test_a_session_that_ends_in_the_middle_of_a_list_is_said_and_loses_nothing(
    small_pages: None, read: Sync, signed_in: Context, mock: Served, run: Run[Any]
) -> None:
    mock.fault("sign_out", "/orders", page=2)
    report = read()
    assert (report.exit_code, names(report)) == (PERSON, ["SignedOut"])
    assert only(report).complete is False
    assert stored(signed_in) == set()
    sign_in(signed_in, mock, run)
    assert read().exit_code == 0
    assert stored(signed_in) == set(disputes(mock))
    assert alarms(signed_in) == []


@few
def test_a_session_that_ends_between_two_cases_keeps_what_was_read(
    read: Sync, signed_in: Context, mock: Served, run: Run[Any]
) -> None:
    mock.fault("sign_out", f"/orders/{disputes(mock)[0]}")
    first = read()
    assert (first.exit_code, names(first)) == (PERSON, ["SignedOut"])
    kept = stored(signed_in)
    assert len(kept) < 4
    sign_in(signed_in, mock, run)
    assert only(read()).visited == 4 - len(kept)
    assert stored(signed_in) == set(disputes(mock))


@few
@pytest.mark.parametrize(("kind", "name", "code"), [
    ("denied", "Denied", PERSON), ("challenge", "Challenge", PERSON), ("429", "RateLimited", DOWN),
])  # fmt: skip
@pytest.mark.parametrize("where", ["/orders?", "/orders/COO"])
def test_a_gate_stops_the_account_and_names_the_next_step(
    read: Sync, signed_in: Context, mock: Served, kind: str, name: str, code: int, where: str
) -> None:
    mock.fault(kind, where.replace("?", r"\?"), count="all")
    report = read()
    assert (report.exit_code, names(report)) == (code, [name])
    error = only(report).errors[0]
    assert error["said"] and error["todo"]
    assert stored(signed_in) == set()


@few
@pytest.mark.parametrize("kind", ["500", "502", "503", "drop_before"])
def test_a_portal_that_is_down_is_tried_again_and_then_left_for_later(
    read: Sync, signed_in: Context, mock: Served, kind: str
) -> None:
    mock.fault(kind, "/orders", count="all")
    report = read()
    assert (report.exit_code, names(report)) == (DOWN, ["PortalDown"])
    mock.clear_faults()
    mock.fault(kind, "/orders", count=1)
    assert read().exit_code == 0
    assert stored(signed_in) == set(disputes(mock))


def test_a_portal_that_nobody_answers_for_is_down(home: Any, mock: Served, run: Run[Any]) -> None:
    text = home.settings_file.read_text(encoding="utf-8").replace(mock.base_url, "http://127.0.0.1:9")
    home.settings_file.write_text(text, encoding="utf-8")
    with opened(home) as ctx:
        sign_in(ctx, mock, run)
        report = run(sync(ctx, ctx.settings.account))
    assert (report.exit_code, names(report)) == (DOWN, ["PortalDown"])


@few
def test_one_case_that_does_not_answer_never_stops_the_others(read: Sync, signed_in: Context, mock: Served) -> None:
    silent, *others = disputes(mock)
    mock.fault("500", f"/orders/{silent}", count="all")
    report = read()
    assert (report.exit_code, names(report)) == (DOWN, ["PortalDown"])
    assert only(report).errors[0]["case_id"] == silent
    assert stored(signed_in) == set(others)
    mock.clear_faults()
    assert only(read()).visited == 1


@few
def test_a_slow_portal_is_waited_for(read: Sync, mock: Served) -> None:
    mock.fault("delay", "/orders", count=2, ms=1500)
    mock.fault("delay", f"/orders/{disputes(mock)[0]}", count=1, ms=1500)
    assert read().exit_code == 0


@few
def test_a_page_of_another_order_is_never_stored(read: Sync, signed_in: Context, mock: Served) -> None:
    read()
    before = export(signed_in, format="json")
    wanted, other, *_ = disputes(mock)
    mock.fault("wrong_case", f"/orders/{wanted}", count="all", case_id=other)
    mock.event("message", case_id=wanted, text="확인 부탁드립니다.")
    report = read()
    assert report.exit_code == DRIFT
    assert names(report) == ["WrongSubject"]
    assert only(report).errors[0]["case_id"] == wanted
    assert export(signed_in, format="json") == before
    row = signed_in.store.cases.row(key(wanted))
    assert row is not None
    assert row.unread_why
    mock.clear_faults()
    assert only(read()).changed == 1


@few
def test_a_page_that_changed_its_words_is_drift_and_the_record_stays(
    read: Sync, signed_in: Context, mock: Served
) -> None:
    read()
    changed = key(disputes(mock)[0])
    before = signed_in.store.cases.get(changed)
    mock.fault("rename_label", f"/orders/{changed.case_id}", count="all", **{"from": "환불 금액", "to": "돌려줄 돈"})
    report = read(full=True)
    assert report.exit_code == DRIFT
    error = only(report).errors[0]
    assert (error["error"], error["field"]) == ("PageDrift", "dispute.amount")
    assert (Path(error["bundle"]) / "seen.html").exists()
    assert signed_in.store.cases.get(changed) == before
    assert only(report).unchanged == 3


@few
def test_a_page_cut_short_does_not_pass_for_the_decision(read: Sync, signed_in: Context, mock: Served) -> None:
    decided = next(case["case_id"] for case in mock.truth() if case.get("decision"))
    mock.fault("truncate_text", f"/orders/{decided}", count="all", keep=10)
    report = read()
    assert report.exit_code == DRIFT
    assert [error["case_id"] for error in only(report).errors] == [decided]
    assert decided not in stored(signed_in)


@few
def test_korean_is_forced_where_the_portal_would_show_english(read: Sync, signed_in: Context, mock: Served) -> None:
    mock.event("language", to="en")
    assert read().exit_code == 0
    assert stored(signed_in) == set(disputes(mock))


@few
def test_an_english_page_is_drift_and_never_a_case_without_its_appeal(
    read: Sync, signed_in: Context, mock: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = registry.get("coupang")
    monkeypatch.setattr(registry, "get", lambda name: dataclasses.replace(real, cookies=()))
    mock.event("language", to="en")
    report = read()
    assert report.exit_code == DRIFT
    assert only(report).errors[0]["field"] == "language"
    assert stored(signed_in) == set()


@few
def test_of_two_syncs_at_once_one_goes_and_one_says_that_the_account_is_busy(
    home: Any, signed_in: Context, mock: Served, run: Run[Any]
) -> None:
    async def both(other: Context) -> list[SyncReport]:
        return list(await asyncio.gather(*(sync(one, one.settings.account) for one in (signed_in, other))))

    with opened(home) as other:
        reports = run(both(other))
    assert sorted(report.exit_code for report in reports) == [0, FAULT]
    assert [name for report in reports for name in names(report)] == ["Busy"]
    assert stored(signed_in) == set(disputes(mock))


@few
def test_one_failing_account_never_stops_another(
    home: Any, mock: Served, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(("coupang",), seed=3, cases=3, options={"others": "0"}) as served:
        text = settings_text(mock, served["coupang"]).rsplit('name = "main"', 1)
        home.settings_file.write_text('name = "second"'.join(text), encoding="utf-8")
        with opened(home) as ctx:
            sign_in(ctx, mock, run)
            report = run(sync(ctx, ctx.settings.account))
    assert {c.account: c.complete for c in report.channels if c.channel in ("refund_disputes", "-")} == {
        "coupang:main": True,
        "coupang:second": False,
    }
    assert (report.exit_code, names(report)) == (PERSON, ["SignedOut"])


@few
def test_reading_sends_nothing_even_where_the_page_itself_would(read: Sync, mock: Served) -> None:
    mock.fault("beacon", "/orders", count="all")
    report = read()
    assert report.exit_code == 0
    assert only(report).held_back > 0


@pytest.mark.mock(seed=8, cases=3)
def test_a_countdown_that_reached_us_late_is_no_later_deadline(
    read: Sync, signed_in: Context, mock: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = itertools.count(step=30.0)
    monkeypatch.setattr(tab, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + next(late), time=time.time))
    assert read().exit_code == 0
    due = {
        case["case_id"]: datetime.fromisoformat(case["deadlines"][0]["at"])
        for case in mock.truth()
        if case["deadlines"]
    }
    counted = [
        (case.case_id, (due[case.case_id] - deadline.at).total_seconds())
        for case in signed_in.store.cases.export()
        for deadline in case.deadlines
        if deadline.basis == "countdown"
    ]
    assert counted, "this seed shows no countdown"
    assert [one for one in counted if not 0 <= one[1] <= 120] == []
