"""What the Lazada tests share: an operator with fit answers, and one whose settings allow to pay the buyer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.records import Action, Case
from fixtures.kernel.serving import Served
from fixtures.lazada.rules import REASON_IDS
from flows.context import Context, opened
from tests.conftest import Run, settings_text, sign_in
from tests.portals.answering import Answer
from tests.portals.lazada.answers import answer
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop

MAIN = Main(
    "reverse_orders",
    "asked",
    {"reason": "reasonId", "comment": "comment"},
    {"reason": {name: str(number) for name, number in REASON_IDS.items()}},
)


class Shop(AnyShop):
    """An operator at the Lazada mock, whose one channel is `reverse_orders`."""

    def first(self, action: Action, status: str | None = None) -> Case:
        """The first item that offers `action`, where given in that status."""
        return self.case("reverse_orders", action, **({"status": status} if status else {}))  # type: ignore[arg-type]

    def answer(self, case: Case, action: Action) -> Answer:
        """A fit answer: values and files."""
        return answer(self, case, action)


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator; nothing is read yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")


@pytest.fixture
def paying(mock: Served, home: Home, run: Run[Any], tmp_path: Path) -> Iterator[Shop]:
    """The operator of a seller whose settings allow actions that pay the buyer; nothing is read yet."""
    home.settings_file.write_text(settings_text(mock, allow_money_actions="true"), encoding="utf-8")
    with opened(home) as ctx:
        sign_in(ctx, mock, run)
        yield Shop(ctx, mock, run, tmp_path / "evidence")
