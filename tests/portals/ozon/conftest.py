"""What the Ozon tests share: an operator, and the world that is read once for all who leave its clock alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.kernel.serving import Served
from flows.context import Context
from tests.conftest import Run
from tests.portals.main import Main
from tests.portals.shop import Shop

WORLD = {"seed": 2, "cases": 30}
"""One dispute of each status, two windows of each list."""

MAIN = Main("refund_disputes", "action_needed", {"text": "text", "declaration": "declaration"})

__all__ = ["MAIN", "WORLD", "Shop"]


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator; nothing is read yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")
