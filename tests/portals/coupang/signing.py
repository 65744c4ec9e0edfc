"""A session at the Coupang mock, made by its forms."""

from __future__ import annotations

from typing import Any

from fixtures.kernel.serving import Served
from tests.portals.signing import Visitor


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session: password, one-time code, and the page that asks for a newer password."""
    visitor = Visitor(mock)
    visitor.ask("/auth/realms/seller/login-actions/authenticate", username=mock.username, password=mock.password)
    visitor.ask("/login/code", code=mock.otp(), realActionType="Submit")
    if not visitor.holds("JSESSIONID"):
        visitor.ask("/configuration/account/change-password/guide", later="1")
    return [one for one in visitor.cookies(script_free=("JSESSIONID",)) if one["name"] != "AUTH_SESSION_ID"]
