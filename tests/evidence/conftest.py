"""Shared by the evidence tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.made import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder to put evidence in."""
    return Desk(tmp_path)
