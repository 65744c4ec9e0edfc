"""The guards: reading runs change nothing; a sending run lets one approved request out, once.

Reading: raw CDP `Fetch`, limited to Document, XHR, Fetch and Ping, so that images and scripts are never paused;
whatever is not GET or HEAD, or on the portal's list of reading POSTs, is failed in the browser and reported.

Sending: a Playwright route, because the browser's own network stack repeats a POST when a connection drops; here the
matching request is made by `route.fetch(max_retries=0)`, once, and only while the guard is armed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, Error, Page, Request, Route

from agent.browser.patience import ANSWER_MS
from agent.policy import SendRule

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Stopped:
    """A request that was held back."""

    method: str
    path: str
    why: str


@dataclass
class ReadingGuard:
    """Fails every request that could change something. `stopped` lists what was held back."""

    reading_posts: tuple[str, ...] = ()
    stopped: list[Stopped] = field(default_factory=list)
    _sessions: list[CDPSession] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def allows(self, method: str, url: str) -> bool:
        """May this request go out in a reading run?"""
        return method in HARMLESS or (
            method == "POST" and any(re.search(p, urlsplit(url).path) for p in self.reading_posts)
        )

    async def attach(self, context: BrowserContext, page: Page) -> None:
        """Guard `page`; a window opened by the page is closed at once, because it would not be guarded in time."""
        session = await context.new_cdp_session(page)
        self._sessions.append(session)
        session.on("Fetch.requestPaused", lambda event: self._spawn(self._paused(session, event)))
        await session.send(
            "Fetch.enable",
            {
                "patterns": [
                    {"urlPattern": "*", "resourceType": kind} for kind in ("Document", "XHR", "Fetch", "Ping", "Other")
                ]
            },
        )
        page.on("popup", lambda popup: self._spawn(self._close(popup)))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self, popup: Page) -> None:
        self.stopped.append(Stopped("OPEN", urlsplit(popup.url).path, "a window opened by the page"))
        await popup.close()

    async def _paused(self, session: CDPSession, event: dict[str, Any]) -> None:
        request = event["request"]
        try:
            if self.allows(request["method"], request["url"]):
                await session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
            else:
                self.stopped.append(Stopped(request["method"], urlsplit(request["url"]).path, "reading run"))
                await session.send(
                    "Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "BlockedByClient"}
                )
        except Error:
            pass  # the page went away while its request was held: nothing went out

    async def detach(self) -> None:
        """Stop guarding; only ever called before another guard takes over, or when the page closes."""
        for session in self._sessions:
            with contextlib.suppress(Error):
                await session.detach()
        self._sessions.clear()


Check = Callable[[Request], str | None]
"""Compares the body that is about to leave with the packet; gives what differs, or None."""


@dataclass
class SendingGuard:
    """Lets exactly one request that matches `rule` out, after `arm()`; uploads before it, each once per file."""

    rule: SendRule
    uploads_allowed: int
    reading_posts: tuple[str, ...] = ()
    stopped: list[Stopped] = field(default_factory=list)
    released: int = 0
    uploads: int = 0
    fault: str | None = None
    """Why the one request got no answer, or why it was held back although armed."""
    over: bool = False
    """The one request was answered, failed, or was held back: nothing more will come of it."""
    _armed: bool = False
    _check: Check | None = None
    _upload_check: Check | None = None

    async def attach(self, context: BrowserContext, upload_check: Check | None = None) -> None:
        """Guard every page of `context`."""
        self._upload_check = upload_check
        await context.route("**/*", self._handle)

    def arm(self, check: Check) -> None:
        """From now on one matching request may leave, if `check` finds the packet in it."""
        self._armed, self._check = True, check

    def disarm(self) -> None:
        """From now on nothing leaves."""
        self._armed = False

    def _matches(self, patterns: tuple[str, ...], request: Request) -> bool:
        path = urlsplit(request.url).path
        return any(re.search(pattern, path) for pattern in patterns)

    async def _handle(self, route: Route, request: Request) -> None:
        try:
            if request.method in HARMLESS:
                await route.continue_()
            elif request.method == self.rule.method and self._matches((self.rule.path,), request):
                await self._sending(route, request)
            elif self._matches(self.rule.uploads, request) and not self._armed and self.uploads < self.uploads_allowed:
                differs = self._upload_check(request) if self._upload_check else None
                if differs:
                    await self._stop(route, request, differs)
                else:
                    self.uploads += 1
                    await self._once(route)
            elif self._matches(self.rule.also + self.reading_posts, request):
                await self._once(route)
            else:
                await self._stop(route, request, "not the approved request")
        except Error:
            pass  # the page closed under the request; whether it left is told by `released`

    async def _sending(self, route: Route, request: Request) -> None:
        if not self._armed:
            await self._stop(route, request, "not armed")
        elif self.released:
            await self._stop(route, request, "a second sending request")
        elif differs := (self._check(request) if self._check else "nothing to compare with"):
            self.fault, self.over = differs, True
            await self._stop(route, request, differs)
        else:
            self.released += 1  # before anything leaves, and never taken back
            try:
                await self._once(route)
            finally:
                self.over = True

    async def _once(self, route: Route) -> None:
        """Make the request exactly once; a redirect is the browser's to follow, with GET."""
        try:
            response = await route.fetch(max_retries=0, max_redirects=0, timeout=ANSWER_MS)
        except Error as fault:
            self.fault = fault.message.splitlines()[0]
            await route.abort("failed")
            return
        await route.fulfill(response=response)

    async def _stop(self, route: Route, request: Request, why: str) -> None:
        self.stopped.append(Stopped(request.method, urlsplit(request.url).path, why))
        await route.abort("blockedbyclient")
