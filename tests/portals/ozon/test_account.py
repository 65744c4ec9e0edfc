"""Figures that tighten Ozon's review, money that came back, and time that ran out between two syncs."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kernel.serving import Served
from flows.context import Context
from flows.sync import sync
from tests.conftest import Run

pytestmark = pytest.mark.mock(portal="ozon", seed=2, cases=12)


def read(ctx: Context, run: Run[Any]) -> None:
    report = run(sync(ctx, ctx.settings.account))
    assert report.exit_code == 0, report.public()


def figures(ctx: Context) -> dict[str, float]:
    return {one.name: float(one.value) for one in ctx.store.metrics.series("ozon", "main") if one.value is not None}


def test_account_health_and_refund_rate_are_kept_and_alarmed(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("health", account="96", refund_rate="1.2", cancellation="0.0", shipment_delay="0.0")
    read(signed_in, run)
    assert (figures(signed_in)["account_health"], figures(signed_in)["refund_rate"]) == (96, 1.2)
    assert [a for a in signed_in.store.alarms.open() if a.kind != "due"] == []
    mock.event("health", account="89", refund_rate="3.6")
    read(signed_in, run)
    told = " ".join(str(alarm.words) for alarm in signed_in.store.alarms.open())
    assert "89" in told and "3,6" in told


def test_what_came_back_after_an_appeal_is_a_settlement_line(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("settle", on="2026-03-16")
    won = {case["case_id"]: case for case in mock.truth() if case["outcome"] and case["outcome"].get("settled_on")}
    read(signed_in, run)
    lines = signed_in.store.metrics.settlements("ozon", "main")
    assert won
    for case in won.values():
        (line,) = [one for one in lines if one.order_id == case["order_id"]]
        assert line.amount.model_dump(mode="json") == case["outcome"]["recovered"]


def test_a_request_that_was_approved_by_itself_is_read_as_lost(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    made = mock.event("new_case", channel="returns", state="OnSellerApproval")["case_id"]
    read(signed_in, run)
    mock.advance(4 * 86_400)
    read(signed_in, run)
    (row,) = [one for one in signed_in.store.cases.rows() if one.case_id == made]
    truth = next(case for case in mock.truth() if case["case_id"] == made)
    assert row.status == truth["status"]["is"] == "lost"
