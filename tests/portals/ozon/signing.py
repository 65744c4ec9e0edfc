"""A session at the Ozon mock, made by its forms."""

from __future__ import annotations

from typing import Any

from fixtures.kernel.serving import Served
from tests.portals.signing import Visitor


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session: the address, the one-time code, and the company that is entered."""
    visitor = Visitor(mock)
    visitor.ask("/ozonid/send", email=mock.username)
    visitor.ask("/ozonid/code", code=mock.otp())
    visitor.ask("/ozonid/auth/done")
    visitor.ask("/app/registration/start")
    return visitor.cookies("o3-access-token", "sc_company_id")
