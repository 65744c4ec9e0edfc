"""A session at the eBay mock, made by its forms."""

from __future__ import annotations

from typing import Any

from fixtures.kernel.serving import Served
from tests.portals.signing import Visitor


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session: name, then password."""
    visitor = Visitor(mock)
    visitor.ask("/signin/s/name", userid=mock.username)
    visitor.ask("/signin/s", **{"userid": mock.username, "pass": mock.password})
    return visitor.cookies()
