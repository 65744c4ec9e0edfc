"""When nobody heard the portal's answer, its own history tells whether it has the plan: nothing is sent twice."""

from __future__ import annotations

import pytest

from agent.records import Action, Case
from flows.reconcile import reconcile
from flows.submit import Result
from tests.portals.aliexpress.conftest import Shop

pytestmark = pytest.mark.sends

CALL = "/h5/mtop.aliexpress.seller.reverse.{}/1.0/"


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


def settled_of(shop: Shop, case: Case) -> Result:
    """What reading the portal finds of the case's unknown outcome."""
    report = shop.run(reconcile(shop.ctx, shop.ctx.settings.account))
    (found,) = [one for one in report.results if one.ref == case.key.ref]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(("action", "verb"), [("propose_solution", "saveSolution"), ("appeal", "submitAppeal")])
def test_an_answer_that_was_taken_and_not_heard_is_found_in_the_history(shop: Shop, action: Action, verb: str) -> None:
    case = shop.one_for(action)
    values, files = shop.answer(case, action)
    shop.mock.fault("drop_after", CALL.format(verb), method="POST")
    result = shop.send(case, shop.draft(case, action, values, *files))
    assert result.outcome == "unknown", result.public()
    settled = settled_of(shop, case)
    assert settled.outcome == "confirmed", settled.public()
    really = shop.really(case)
    assert really["messages"][-1]["from"] == "seller"
    assert sum(one["accepted"] for one in shop.writes()) == 1
    assert settled.receipt is not None and settled.receipt["number"].isdigit()


def test_an_answer_that_never_arrived_is_not_taken_for_sent(shop: Shop) -> None:
    case = shop.one_for("provide_tracking")
    values, files = shop.answer(case, "provide_tracking")
    shop.mock.fault("drop_before", CALL.format("fillReturnLogistics"), method="POST")
    result = shop.send(case, shop.draft(case, "provide_tracking", values, *files))
    assert result.outcome == "unknown", result.public()
    settled = settled_of(shop, case)
    assert settled.outcome in ("unknown", "cleared")
    assert not any(one["accepted"] for one in shop.writes())
