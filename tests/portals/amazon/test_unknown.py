"""When nobody heard Amazon's answer, the history tells whether it has ours: nothing is sent twice."""

from __future__ import annotations

import pytest

from agent.records import Action
from flows.reconcile import reconcile
from tests.portals.amazon.conftest import Shop

pytestmark = pytest.mark.sends


@pytest.mark.parametrize(
    ("channel", "action", "state", "path"),
    [("claims", "appeal", "granted_seller", "/gp/guarantee-claims/appeal"),
     ("safe_t", "reply", "info", "/safet-claims/api/reply"),
     ("safe_t", "open_ticket", "eligible", "/safet-claims/api/create")],
)  # fmt: skip
def test_an_answer_that_was_taken_and_not_heard_is_found_in_the_history(
    shared: Shop, channel: str, action: Action, state: str, path: str
) -> None:
    case = shared.one_for(channel, action, state)
    values, files = shared.answer(case, action)
    shared.mock.fault("drop_after", path, method="POST")
    result = shared.send(case, shared.draft(case, action, values, *files))
    assert result.outcome == "unknown", result.public()
    report = shared.run(reconcile(shared.ctx, shared.ctx.settings.account))
    (settled,) = [one for one in report.results if one.ref == case.key.ref]
    assert settled.outcome == "confirmed", settled.public()
    assert sum(one["accepted"] for one in shared.writes()) == 1
    assert settled.receipt is not None and settled.receipt["number"].replace("-", "").isdigit()


def test_a_script_that_sends_twice_gets_one_request_out(shared: Shop) -> None:
    case = shared.one_for("claims", "reply", "respond")
    values, files = shared.answer(case, "reply")
    report = shared.draft(case, "reply", values, *files)
    shared.mock.fault("double_submit", "/gp/guarantee-claims/details.html", count="all")
    shared.send(case, report)
    assert len(shared.writes()) == 1
