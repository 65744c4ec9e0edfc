"""When nobody heard eBay's answer, the activity of the case tells whether it has it: nothing is sent twice."""

from __future__ import annotations

import pytest

from agent.records import Action
from flows.reconcile import reconcile
from tests.portals.ebay.conftest import Shop

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="ebay", seed=4, cases=8)]


@pytest.mark.parametrize(
    ("channel", "action", "path"),
    [("payment_disputes", "appeal", "/dispute/\\d+/contest"), ("requests", "provide_tracking", "/rcw/request/")],
)
def test_an_answer_that_was_taken_and_not_heard_is_found(fresh: Shop, channel: str, action: Action, path: str) -> None:
    assert fresh.sync(channel).exit_code == 0
    case = fresh.case(channel, action)
    values, files = fresh.answer(case, action)
    fresh.mock.fault("drop_after", path, method="POST")
    result = fresh.send(case, fresh.draft(case, action, values, *files))
    assert result.outcome == "unknown", result.public()
    (settled,) = fresh.run(reconcile(fresh.ctx, fresh.ctx.settings.account)).results
    assert settled.outcome == "confirmed", settled.public()
    assert sum(one["accepted"] for one in fresh.writes()) == 1
    assert settled.receipt is not None and settled.receipt["number"].isdigit()


def test_an_answer_that_never_arrived_is_cleared_only_when_the_portal_had_time_to_show_it(fresh: Shop) -> None:
    assert fresh.sync("cases").exit_code == 0
    case = fresh.case("cases", "appeal")
    values, files = fresh.answer(case, "appeal")
    fresh.mock.fault("drop_before", "/rcw/case/", method="POST")
    result = fresh.send(case, fresh.draft(case, "appeal", values, *files))
    assert result.outcome == "unknown", result.public()
    (soon,) = fresh.run(reconcile(fresh.ctx, fresh.ctx.settings.account)).results
    assert soon.outcome == "unknown"
    fresh.mock.advance(780)
    (later,) = fresh.run(reconcile(fresh.ctx, fresh.ctx.settings.account)).results
    assert later.outcome == "cleared", later.public()
    assert not any(one["accepted"] for one in fresh.writes())
