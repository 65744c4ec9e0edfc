"""What the AliExpress tests share: an operator with fit answers, and one whose shop may pay the buyer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.records import Action, Case
from fixtures.kernel.serving import Served
from flows.context import Context
from tests.conftest import Run
from tests.portals.aliexpress.answers import answer
from tests.portals.answering import Answer
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop

WORLD = {"seed": 5, "cases": 19}
"""One dispute of each state."""
STATE: dict[Action, str] = {
    "accept": "wait_seller", "propose_solution": "wait_seller", "apply_withdrawal": "wait_seller",
    "escalate": "wait_receipt", "cancel_escalation": "return_platform", "provide_tracking": "wait_tracking",
    "appeal": "ruled_refund",
}  # fmt: skip
"""For each action a state in which it is offered."""


MAIN = Main("disputes", "ruled_refund", {"appeal_type": "appealType", "statement": "content"})


class Shop(AnyShop):
    """An operator at the AliExpress mock, whose one channel is `disputes`."""

    def one_for(self, action: Action) -> Case:
        """A dispute made for this test alone, that offers `action`."""
        return self.fresh("disputes", action, state=STATE[action])

    def first(self, action: Action) -> Case:
        """The first dispute that offers `action`."""
        return self.case("disputes", action)

    def by_id(self, case_id: str) -> Case:
        """One dispute as the records have it now."""
        return self.known("disputes", case_id)

    def answer(self, case: Case, action: Action) -> Answer:
        """A fit answer: values and files."""
        return answer(self, case, action)


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Iterator[Shop]:
    """The operator of a world of his own, everything read."""
    made = Shop(signed_in, mock, run, tmp_path / "evidence")
    report = made.sync()
    assert report.exit_code == 0, report.public()
    yield made
