"""A session at the Amazon mock, made by its forms in whatever order they come."""

from __future__ import annotations

import re
from typing import Any

from fixtures.kernel.serving import Served
from tests.portals.signing import Visitor


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session."""
    visitor = Visitor(mock)
    page = visitor.ask("/ap/signin")
    for _ in range(6):
        if visitor.holds("at-main"):
            break
        name = re.search(r'name="(email|password|otpCode)"', page)
        given = {"email": mock.username, "password": mock.password}
        value = {name[1]: given.get(name[1]) or mock.otp()} if name else {"go": "1"}
        page = visitor.ask("/ap/signin/step", **value)
    return visitor.cookies("at-main", script_free=("at-main",))
