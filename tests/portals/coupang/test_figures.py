"""A score that sinks unseen ends the right to appeal; money won that never comes is lost twice (CP13, CP14, CM10)."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agent.records import Money, Outcome, Status
from agent.store import SettlementLine
from flows import health
from flows.context import Context
from flows.message_log import COLUMNS, message_log
from flows.recover import followed, match, nth_day, recover
from flows.visit import labels_of, policy_of
from tests.evidence.made import a_case
from tests.portals.coupang.conftest import Shop


@pytest.mark.mock(cases=1, options={"others": "0"})
@pytest.mark.account(channels=["tickets"])
def test_figures_are_kept_by_day_and_their_limits_alarm(shop: Shop) -> None:
    metrics, alarms = shop.ctx.store.metrics, shop.ctx.store.alarms
    shop.mock.event("score", score="3.4", weeks="5.5% / 6.4%", late="6.0")
    shop.mock.event("communication", rate="94.9")
    assert shop.sync().exit_code == 0
    assert metrics.series("coupang", "main", "seller_score")[-1].value == Decimal("3.4")
    assert metrics.series("coupang", "main", "late_rate_two_weeks")[-1].value == Decimal("5.5")
    open_now = {alarm.scope for alarm in alarms.open() if alarm.kind == "health"}
    assert open_now == {f"coupang:main/{name}" for name in ("seller_score", "late_rate_two_weeks", "response_rate")}
    case = a_case()
    assert health.flags(shop.ctx, case) == ("not_eligible", "appeals_limited")
    assert [one.code for one in health.findings(shop.ctx, case)] == ["CP14.not_eligible", "CP14.appeals_limited"]
    assert health.flags(shop.ctx, case.model_copy(update={"channel": "messages"})) == ()
    shop.mock.event("score", score="3.7", weeks="1.0% / 6.4%")
    shop.sync()
    assert health.flags(shop.ctx, case) == ("poor_odds",)
    assert len(metrics.series("coupang", "main", "seller_score")) == 1, "one figure a day"
    shop.mock.advance(86400)
    shop.mock.event("score", score="4.1", weeks="1.0% / 1.4%")
    shop.mock.event("communication", rate="99.0")
    shop.sync()
    trend = [one.value for one in metrics.series("coupang", "main", "seller_score")]
    assert trend == [Decimal("3.7"), Decimal("4.1")]
    assert health.flags(shop.ctx, case) == () and not alarms.open()
    days = metrics.series("coupang", "main", "messages_received")
    assert len(days) == 7 and all(one.value is not None for one in days)


@pytest.mark.mock(cases=1, options={"others": "0"})
@pytest.mark.account(channels=["tickets"])
def test_a_figure_page_that_changed_stops_nothing_and_is_heard_of(shop: Shop) -> None:
    shop.mock.fault("rename_label", "/score", **{"from": "배송 지연율", "to": "배송 늦음 비율"})
    report = shop.sync()
    assert report.exit_code == 11
    assert [alarm.kind for alarm in shop.ctx.store.alarms.open() if "score" in alarm.scope] == ["drift"]
    assert shop.ctx.store.metrics.series("coupang", "main", "response_rate"), "the other page is read all the same"
    shop.mock.clear_faults()
    assert shop.sync().exit_code == 0
    assert not [alarm for alarm in shop.ctx.store.alarms.open() if alarm.kind == "drift"]


@pytest.mark.mock(cases=18, options={"others": "0"}, now=datetime(2026, 3, 20, 3, tzinfo=UTC), seed=10)
@pytest.mark.account(channels=["refund_disputes"])
def test_won_money_is_followed_to_its_settlement(shop: Shop) -> None:
    shop.sync()
    ctx, truth = shop.ctx, {one["case_id"]: one for one in shop.truth("refund_disputes")}
    won = {key: one for key, one in truth.items() if one["status"]["is"] == "won"}
    assert len(won) >= 3
    clock = datetime(2026, 3, 20, 3, tzinfo=UTC)
    ctx.clock = lambda: clock
    report = shop.run(recover(ctx, (shop.account,)))
    assert report.exit_code == 0
    by_case = {one.ref.rpartition("/")[2]: one for one in report.cases}
    assert by_case.keys() == won.keys()
    for key, one in won.items():
        paid = one["outcome"]["settled_on"] is not None
        assert (by_case[key].result == "paid") == paid, key
    unpaid = [one for one in report.cases if one.result == "unpaid"]
    assert unpaid
    alarms = {alarm.scope for alarm in ctx.store.alarms.open() if alarm.kind == "unpaid"}
    assert alarms == {one.ref for one in unpaid}
    for one in unpaid:
        assert one.due_on is not None and one.due_on < date(2026, 3, 20)
    waiting = [key for key, one in by_case.items() if one.result in ("unpaid", "waiting")]
    assert waiting
    shop.mock.event("settle", on="2026-03-16")
    again = shop.run(recover(ctx, (shop.account,)))
    assert again.new_lines == len(waiting)
    assert not [alarm for alarm in ctx.store.alarms.open() if alarm.kind == "unpaid"]
    assert {one.result for one in match(ctx, shop.account)} == {"paid"}


def _settled(ctx: Context, amount: int, kind: str = "분쟁 환급") -> None:
    """A line of the settlement of 16 March."""
    ctx.store.metrics.put_settlement(
        SettlementLine(
            portal="coupang",
            account="main",
            statement="ST20260316",
            line_id="0001",
            order_id="COO123456789",
            kind=kind,
            amount=Money(value=Decimal(amount), currency="KRW"),
            settled_on=date(2026, 3, 16),
            shown="",
        )
    )


def _won(granted: int, at: datetime) -> object:
    outcome = Outcome(result="approved", at=at, recovered=Money(value=Decimal(granted), currency="KRW"))
    return a_case(status=Status(shown="이의 인정", is_="won"), outcome=outcome, actions=())


@pytest.mark.parametrize(
    ("today", "paid", "result"),
    [
        ("2026-03-16", 0, "waiting"),
        ("2026-04-01", 0, "waiting"),
        ("2026-04-02", 0, "unpaid"),
        ("2026-04-02", 30000, "short"),
        ("2026-03-16", 30000, "waiting"),
        ("2026-03-16", 37900, "paid"),
    ],
)
def test_the_alarm_comes_after_the_second_settlement_and_not_before(
    today: str, paid: int, result: str, shop_without_portal: Shop
) -> None:
    ctx = shop_without_portal.ctx
    case = _won(37900, datetime(2026, 3, 10, 3, tzinfo=UTC))
    if paid:
        _settled(ctx, paid)
    portal = ctx.portal("coupang")
    one = followed(ctx, portal, policy_of(ctx, portal), labels_of(ctx, portal), case, date.fromisoformat(today))  # type: ignore[arg-type]
    assert one.result == result
    assert one.due_on == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("won", "kind"),
    [(datetime(2026, 3, 17, 3, tzinfo=UTC), "분쟁 환급"), (datetime(2026, 3, 10, 3, tzinfo=UTC), "매출")],
)
def test_a_line_from_before_the_decision_or_of_the_sale_itself_does_not_count(
    won: datetime, kind: str, shop_without_portal: Shop
) -> None:
    ctx = shop_without_portal.ctx
    case = _won(37900, won)
    _settled(ctx, 37900, kind)
    portal = ctx.portal("coupang")
    one = followed(ctx, portal, policy_of(ctx, portal), labels_of(ctx, portal), case, date(2026, 3, 20))  # type: ignore[arg-type]
    assert one.result == "waiting" and one.lines == ()


def test_one_line_pays_one_case(shop_without_portal: Shop) -> None:
    ctx = shop_without_portal.ctx
    case = _won(37900, datetime(2026, 3, 10, 3, tzinfo=UTC))
    _settled(ctx, 37900)
    ctx.store.cases.save(case, "sync")  # type: ignore[arg-type]
    ctx.store.cases.save(case.model_copy(update={"channel": "confirmation_requests"}), "sync")  # type: ignore[attr-defined]
    found = [one.result for one in match(ctx, shop_without_portal.account)]
    assert len(found) == 2 and found.count("paid") == 1


@pytest.mark.parametrize(
    ("start", "count", "day"),
    [("2026-03-16", 1, "2026-04-01"), ("2026-03-15", 1, "2026-03-16"), ("2025-12-20", 2, "2026-01-16")],
)
def test_settlement_days_are_counted_from_the_day_after(start: str, count: int, day: str) -> None:
    assert nth_day(date.fromisoformat(start), (1, 16), count) == date.fromisoformat(day)


def test_the_message_log_holds_every_line_with_its_proof(shared: Shop) -> None:
    ctx = shared.ctx
    told = json.loads(message_log(ctx))
    cases = [case for case in ctx.store.cases.export() if case.messages]
    assert len(told) == sum(len(case.messages) for case in cases)
    letters = [line for line in told if line["channel"] == "messages"]
    assert letters
    for line in letters:
        assert f"message_id={line['case_id']}" in line["url"]
        assert line["page_sha256"] and line["picture_sha256"] and line["audit_link"]
        at = datetime.fromisoformat(line["at"])
        assert datetime.fromisoformat(line["at_portal"]) - at == timedelta(0)
        assert line["at_portal"].endswith("+09:00") and line["at_operator"].endswith("+08:00")
    rows = list(csv.reader(io.StringIO(message_log(ctx, format="csv").decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS and len(rows) == len(told) + 1
    place = COLUMNS.index("case_id")
    assert all(row[place].endswith("\t") for row in rows[1:] if row[place].strip().isdigit()), "ids stay text"
