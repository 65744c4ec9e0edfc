"""Figures that tighten Ozon's review, money that came back, and time that ran out between two syncs."""

from __future__ import annotations

import pytest

from tests.portals.shop import Shop


def read(shop: Shop, channel: str) -> None:
    report = shop.sync(channel)
    assert report.exit_code == 0, report.public()


def figures(shop: Shop) -> dict[str, float]:
    metrics = shop.ctx.store.metrics.series("ozon", "main")
    return {one.name: float(one.value) for one in metrics if one.value is not None}


def alarms(shop: Shop) -> str:
    """What the open alarms about figures say."""
    return " ".join(str(alarm.words) for alarm in shop.ctx.store.alarms.open() if alarm.kind == "health")


def test_account_health_and_refund_rate_are_kept_and_alarmed(shared: Shop) -> None:
    shared.mock.event("health", account="96", refund_rate="1.2", cancellation="0.0", shipment_delay="0.0")
    read(shared, "tickets")
    assert (figures(shared)["account_health"], figures(shared)["refund_rate"]) == (96, 1.2)
    assert alarms(shared) == ""
    shared.mock.event("health", account="89", refund_rate="3.6")
    read(shared, "tickets")
    assert "89" in alarms(shared) and "3,6" in alarms(shared)


@pytest.mark.long
def test_what_came_back_after_an_appeal_is_a_settlement_line(shared: Shop) -> None:
    shared.mock.event("settle", on="2026-03-16")
    truth = shared.mock.truth()
    won = {case["case_id"]: case for case in truth if case["outcome"] and case["outcome"].get("settled_on")}
    read(shared, "tickets")
    lines = shared.ctx.store.metrics.settlements("ozon", "main")
    assert won
    for case in won.values():
        (line,) = [one for one in lines if one.order_id == case["order_id"]]
        assert line.amount.model_dump(mode="json") == case["outcome"]["recovered"]


@pytest.mark.mock(portal="ozon", seed=2, cases=2)
def test_a_request_that_was_approved_by_itself_is_read_as_lost(shop: Shop) -> None:
    made = str(shop.mock.event("new_case", channel="returns", state="OnSellerApproval")["case_id"])
    read(shop, "returns")
    assert shop.known("returns", made).status.is_ == "action_needed"
    shop.mock.advance(4 * 86_400)
    read(shop, "returns")
    case = shop.known("returns", made)
    assert case.status.is_ == shop.really(case)["status"]["is"] == "lost"
