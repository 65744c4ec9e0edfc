"""What an operator is told of a case is what eBay has, on whichever of its hosts it stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.portals.ebay.conftest import Shop
from tests.truth import differences, exported, named

pytestmark = pytest.mark.mock(portal="ebay", seed=4, cases=0, now=datetime(2026, 3, 12, 17, tzinfo=UTC))


def test_a_countdown_counts_from_the_clock_of_the_host_it_stands_on(fresh: Shop) -> None:
    """Payment disputes have a host of their own; our clock is months ahead of the portal's here."""
    fresh.mock.event("new_case", channel="payment_disputes", state="action", count=6)
    assert fresh.sync("payment_disputes").exit_code == 0
    told, truth = exported(fresh.ctx), {named(case): case for case in fresh.mock.truth()}
    assert told.keys() == truth.keys()
    assert {name: found for name, case in truth.items() if (found := differences(told[name], case))} == {}
    assert any(due["basis"] == "countdown" for case in told.values() for due in case["deadlines"])
    hosts = {case["url"].split("/dispute/")[0] for case in truth.values()}
    assert fresh.mock.base_url not in hosts, "the disputes stand on the list's own host: nothing is proved"


def test_a_dispute_that_was_decided_tells_what_was_taken_and_what_was_protected(fresh: Shop) -> None:
    made = fresh.mock.event("new_case", channel="payment_disputes", state="contested")["case_id"]
    fresh.mock.event("decide", case_id=made, outcome="lost")
    assert fresh.sync("payment_disputes").exit_code == 0
    case = fresh.known("payment_disputes", made)
    assert case.status.is_ == "lost" and case.actions == ()
    assert case.decision is not None and case.amount is not None
    taken = {line.label: line.amount.value for line in case.decision.deductions}
    recovered = case.outcome.recovered.value if case.outcome and case.outcome.recovered else 0
    assert taken["Amount recouped from you"] + recovered == case.amount.value
    assert taken["Dispute fee"] == 20
