"""What the eBay tests share: an operator with fit answers, and one whose settings allow to pay the buyer."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.browser.tab import Tab
from agent.home import Home
from agent.records import Action, Case
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from tests.conftest import Run, settings_text, sign_in
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop

ADDRESS = {"full_name": "Ann Miller", "phone": "+1 555 010 0199", "street": "18 Harbour Lane", "city": "Portland",
           "postal_code": "97201", "country": "US"}  # fmt: skip
FOR: dict[tuple[str, str], dict[str, Any]] = {
    ("payment_disputes", "appeal"): {"reason": "not_as_described"},
    ("requests", "provide_tracking"): {"status": "action_needed"},
    ("requests", "reply"): {"status": "waiting"},
}
"""Which of the cases that offer an action the tests take for it."""
Values = dict[str, str]
Files = tuple[tuple[str, Path], ...]


MAIN = Main("payment_disputes", "action", {"statement": "comments"})


class Shop(AnyShop):
    """An operator at the eBay mock."""

    def first(self, channel: str, action: Action) -> Case:
        """A case for the action."""
        if (channel, action) == ("payment_disputes", "accept"):
            return next(c for c in self.cases(channel) if action in c.actions and "not_as" not in c.reason.is_)  # type: ignore[union-attr]
        if action == "accept":
            return next(c for c in self.cases(channel) if c.actions[:1] == ("accept",) and "escalate" in c.actions)
        if action == "escalate":
            return next(c for c in self.cases(channel) if action in c.actions and c.status.is_ == "waiting")
        return self.case(channel, action, **FOR.get((channel, action), {}))

    def answer(self, case: Case, action: Action) -> tuple[Values, Files]:
        """A fit answer: values and files."""
        about = f"Hello, about order {case.order_id}: "
        if case.channel == "cases":
            text = (
                "When the case was closed it was not known that the parcel had arrived.\nThe carrier's page shows it."
            )
            return {"new_information": "delivered", "explanation": text}, (self.file("DeliveryProof", "appeal.jpg"),)
        if case.channel == "payment_disputes":
            if action == "accept":
                return {"response": "accept"}, ()
            text = (
                f"Order {case.order_id} was delivered to the buyer's address.\nThe carrier's page shows the signature."
            )
            described = case.reason is not None and case.reason.is_ in ("not_as_described", "counterfeit")
            files = (self.file("DeliveryProof", "delivery.jpg", size=(700, 800)),
                     self.file("ProductPhoto", "product.jpg", size=(600, 800)))  # fmt: skip
            return {"statement": text} | (ADDRESS if described else {}), files
        if action == "reply":
            return {
                "message": f"{about}thank you for writing. We have asked the carrier and write again on Friday."
            }, ()
        if action == "provide_tracking":
            return {"carrier": "ups", "number": "1Z999AA10123456784"}, ()
        if action == "accept":
            return {"decision": "refund"}, ()
        if action == "propose_solution":
            return {"amount": "5.50", "message": f"{about}we offer 5.50. Please accept the offer on this page."}, ()
        if action == "escalate":
            return {
                "reason": "communication",
                "explanation": "The buyer has not answered our questions about the parcel.",
            }, ()
        said = max(n for n, message in enumerate(case.messages, start=1) if message.from_ == "buyer")
        return {"buyer_confirmation": str(said), "agree": "yes"}, ()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages and file rows that never come are waited for no longer than two seconds."""
    monkeypatch.setattr("flows.visit.Tab", functools.partial(Tab, wait_ms=2_000))
    monkeypatch.setattr("agent.browser.form.ROWS_MS", 2_000)


@pytest.fixture
def fresh(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator, nothing read yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")


@pytest.fixture
def shop(fresh: Shop) -> Shop:
    """The operator, everything read."""
    report = fresh.sync()
    assert report.exit_code == 0, report.public()
    return fresh


@pytest.fixture
def paying(mock: Served, home: Home, run: Run[Any], tmp_path: Path) -> Iterator[Shop]:
    """The operator of a seller whose settings allow actions that pay the buyer."""
    home.settings_file.write_text(settings_text(mock, allow_money_actions="true"), encoding="utf-8")
    with opened(home) as ctx:
        sign_in(ctx, mock, run)
        made = Shop(ctx, mock, run, tmp_path / "evidence")
        assert made.sync().exit_code == 0
        yield made
