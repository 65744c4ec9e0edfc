"""What the Wish tests share: an operator, and the worlds that are read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.records import Action, Case
from fixtures.kernel.serving import Served
from flows.context import Context
from tests.conftest import Run
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop
from tests.portals.wish.answers import answer

WORLD: dict[str, Any] = {"seed": 3, "cases": 16}
"""The world of tests that share one: English pages that name their clock."""

MAIN = Main(
    "refund_disputes",
    "none",
    {name: name for name in ("carrier_link", "fulfilled_on", "delivered_on", "destination", "notes")},
)


class Shop(AnyShop):
    """An operator at the Wish mock."""

    def answer(self, case: Case, action: Action) -> tuple[dict[str, str], tuple[tuple[str, Path], ...]]:
        """A fit answer: values and files."""
        return answer(self, case, action)


@pytest.fixture
def fresh(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator, nothing read yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")
