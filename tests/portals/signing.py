"""Signing in over HTTP, as each portal's `signing.py` builds on it: quicker than a browser, with the same cookies."""

from __future__ import annotations

import http.cookiejar
import urllib.parse
import urllib.request
from typing import Any

from fixtures.kernel.serving import Served


class Visitor:
    """Somebody who fills in a mock's sign-in forms without a browser and keeps its cookies."""

    def __init__(self, mock: Served) -> None:
        self._base = mock.base_url
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def ask(self, path: str, **fields: str) -> str:
        """Post `fields` to `path`, or get it when there are none; the answer's text."""
        data = urllib.parse.urlencode(fields).encode() if fields else None
        with self._opener.open(self._base + path, data) as answer:
            return str(answer.read().decode("utf-8", "replace"))

    def cookies(self, *names: str, script_free: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The cookies as a browser's state has them; only `names` when some are given."""
        return [
            {"name": one.name, "value": one.value, "domain": "127.0.0.1", "path": "/", "expires": -1,
             "httpOnly": one.name in script_free, "secure": False, "sameSite": "Lax"}
            for one in self._jar if not names or one.name in names
        ]  # fmt: skip

    def holds(self, name: str) -> bool:
        """Was a cookie of this name set?"""
        return any(one.name == name for one in self._jar)
