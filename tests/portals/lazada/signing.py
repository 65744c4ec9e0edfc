"""A session at the Lazada mock, made by its form."""

from __future__ import annotations

from typing import Any

from fixtures.kernel.serving import Served
from tests.portals.signing import Visitor


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session: name and password, and the code where the mock wants one."""
    visitor = Visitor(mock)
    visitor.ask("/apps/seller/login/submit", account=mock.username, password=mock.password)
    visitor.ask("/apps/seller/login/otp", otp=mock.otp())
    return visitor.cookies(script_free=("JSID",))
