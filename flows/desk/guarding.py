"""What stands before every page of the desk: for whom it listens, who may post, how much, and the headers of answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.desk.limits import Bucket

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing inline, nothing from elsewhere, framed by nobody."""

POWERLESS = "default-src 'none'; img-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox"
"""For what others wrote (seen pages, evidence, documents): it may not even run as a page of this place."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
}
_SMALL, _LARGE = 1 << 20, 300 << 20
"""Bytes that may be posted: to most addresses, and where files are handed in."""

_SAFE = ("GET", "HEAD", "OPTIONS")


def loopback(host: str) -> bool:
    """Whether an address to listen at can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def answers_to(host: str, port: int, names: Iterable[str] = ()) -> frozenset[str]:
    """The `Host` headers that are answered: a name that an attacker made point here is none of them (DNS rebinding)."""
    known = {"127.0.0.1", "localhost", "[::1]"}
    if host not in ("0.0.0.0", "::", ""):
        known.add(f"[{host}]" if ":" in host else host.lower())
    given = {name.strip().lower() for name in names if name.strip()}
    bare = {name for name in given if ":" not in name.rpartition("]")[2]}
    return frozenset({f"{name}:{port}" for name in known | bare} | given | (known if port == 80 else set()))


class Guard:
    """Middleware: host, origin, size and rate of requests; headers of answers."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], large: tuple[str, ...] = ()) -> None:
        self._app = app
        self._hosts = hosts
        self._large = large
        """Beginnings of the addresses to which files are handed in."""
        self._rate = Bucket(size=600, every_s=0.05)
        self._posts = Bucket(size=60, every_s=0.5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name not in headers:
                        headers[name] = value
                if "server" in headers:
                    del headers["server"]
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await PlainTextResponse(refused[1], refused[0], refused[2])(scope, receive, answer)
            return
        if scope["method"] not in _SAFE:
            receive = _limited(receive, self._most(scope["path"]))
        await self._app(scope, receive, answer)

    def _most(self, path: str) -> int:
        return _LARGE if path.startswith(self._large) else _SMALL

    def _refused(self, scope: Scope) -> tuple[int, str, dict[str, str]] | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._hosts:
            return 421, "this address is not served here", {}
        who = (scope.get("client") or ("?", 0))[0]
        if not self._rate.take(who):
            return 429, "too many requests", {"Retry-After": "5"}
        site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
        if scope["method"] in _SAFE:
            if site in ("cross-site", "same-site") and mode not in (None, "navigate"):
                return 403, "not for other sites", {}
            return None
        if not self._posts.take(who):
            return 429, "too many requests", {"Retry-After": "10"}
        if not self._ours(headers, site):
            return 403, "not for other sites", {}
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most(scope["path"]):
            return 413, "too large", {}
        return None

    def _ours(self, headers: Headers, site: str | None) -> bool:
        """Does what is posted come from a page of this desk? Browsers say so in headers that no page can set."""
        if site is not None and site != "same-origin":
            return False
        origin = headers.get("origin")
        if origin is None:
            return site == "same-origin"
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == headers["host"].lower()


class TooLarge(Exception):
    """More was posted than may be."""


def _limited(receive: Receive, most: int) -> Receive:
    """`receive`, which ends a request that is longer than it said."""
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        body: Any = message.get("body", b"")
        got += len(body)
        if got > most:
            raise TooLarge
        return message

    return counted
