"""A session at the Wish mock, made by its form."""

from __future__ import annotations

from typing import Any

from fixtures.kernel.serving import Served
from tests.portals.signing import Visitor


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session: name and password."""
    visitor = Visitor(mock)
    visitor.ask("/api/login", username=mock.username, password=mock.password)
    return visitor.cookies(script_free=("session",))
