"""The guards: reading runs change nothing; a sending run lets one approved request out, once.

Reading: whatever is not GET or HEAD, or on the portal's list of reading POSTs, is failed in the browser and reported.

Sending: a Playwright route, because the browser's own network stack repeats a POST when a connection drops; here the
matching request is made by `route.fetch(max_retries=0)`, once, and only while the guard is armed. A route never sees
what a page sends while it is being left. So the same hold as in reading runs stands before it, and whatever it hands on
to the route goes under an address where nothing can be reached: only the route knows the true one.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from playwright.async_api import BrowserContext, Error, Page, Request, Route

from agent.browser.held import Held, Stopped
from agent.browser.patience import ANSWER_MS
from agent.policy import SendRule

__all__ = ["Check", "ReadingGuard", "SendingGuard", "Stopped"]

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
NO_ANSWER = frozenset({408, 425, 429})
"""HTTP statuses, besides 5xx, that come from something before the portal's own form handling."""
REPEATS = frozenset({307, 308})
"""Redirects on which a browser would send the same body once more; on 301 and 302 it does so with anything but POST."""
NOWHERE_PORT = 1
"""Browsers refuse to connect to this port, whatever listens there."""


NO_WINDOWS = """(() => {
  const opens = (form, by) => {
    const target = (by && by.getAttribute('formtarget')) || form.target;
    return target && !/^_(self|top|parent)$/i.test(target) && !window.frames[target];
  };
  const report = (form) => navigator.sendBeacon(form.action, '');  // held back like any other, and so reported
  const submit = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = function () { opens(this) ? report(this) : submit.call(this); };
  addEventListener('submit', (e) => {
    if (opens(e.target, e.submitter)) { e.preventDefault(); report(e.target); }
  }, true);
  window.open = () => null;
})()"""
"""A page that is only read opens no windows: one that is closed at once may have sent its form already."""


@dataclass
class ReadingGuard:
    """Fails every request that could change something. `stopped` lists what was held back."""

    reading_posts: tuple[str, ...] = ()
    stopped: list[Stopped] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)

    def allows(self, method: str, url: str) -> bool:
        """May this request go out in a reading run?"""
        return method in HARMLESS or (
            method == "POST" and any(re.search(p, urlsplit(url).path) for p in self.reading_posts)
        )

    async def attach(self, context: BrowserContext, page: Page) -> None:
        """Guard `page`; a window opened by the page is closed at once, because it would not be guarded in time."""
        held = Held(lambda method, url, kind: None if self.allows(method, url) else "reading run", self.stopped)
        self._held.append(held)
        await held.attach(context, page)
        await page.add_init_script(NO_WINDOWS)

    async def detach(self) -> None:
        """Stop guarding; only ever called before another guard takes over, or when the page closes."""
        for held in self._held:
            await held.detach()
        self._held.clear()


Check = Callable[[str, bytes | None, str], str | None]
"""Compares what is about to leave (address, body, content type) with the packet; gives what differs, or None."""


@dataclass
class SendingGuard:
    """Lets exactly one request that matches `rule` out, after `arm()`; uploads before it, each once per file."""

    rule: SendRule
    uploads_allowed: int
    reading_posts: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Names of the portal's hosts: the one request goes to them or below them; without any, wherever its path fits."""
    stopped: list[Stopped] = field(default_factory=list)
    released: int = 0
    uploads: int = 0
    fault: str | None = None
    """Why the one request got no answer, or why it was held back although armed."""
    status: int | None = None
    """HTTP status of the answer to the one request."""
    over: bool = False
    """The one request was answered, failed, or was held back: nothing more will come of it."""
    repeated: bool = False
    """The page tried to send a second time: what it shows now may be about that try."""
    upload_held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a file that the page wanted to upload at once was held back."""
    _armed: bool = False
    _check: Check | None = None
    _upload_check: Check | None = None
    _true: dict[str, str] = field(default_factory=dict)
    """The address under which the hold handed a request on to its true one."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def attach(self, context: BrowserContext, upload_check: Check | None = None) -> None:
        """Guard every page of `context`, those that are there and those to come."""
        self._upload_check = upload_check
        await context.route("**/*", self._handle)
        held = Held(self._unrouted, self.stopped, close_popups=False, detour=self._detour)
        for page in context.pages:
            await held.attach(context, page)

    def arm(self, check: Check) -> None:
        """From now on one matching request may leave, if `check` finds the packet in it."""
        self._armed, self._check = True, check

    def disarm(self) -> None:
        """From now on nothing leaves."""
        self._armed = False

    @property
    def refusal_counts(self) -> bool:
        """Is a refusal on the page the portal's word on the one request?

        Not where the connection broke, where something before the portal's own form handling answered, or where the
        page tried twice: its script then shows a refusal of its own, and the portal may have accepted.
        """
        answered = self.status is not None and self.status < 500 and self.status not in NO_ANSWER
        return self.released == 1 and self.fault is None and answered and not self.repeated

    def _matches(self, patterns: tuple[str, ...], url: str) -> bool:
        path = urlsplit(url).path
        return any(re.search(pattern, path) for pattern in patterns)

    def _is_sending(self, method: str, url: str) -> bool:
        return method == self.rule.method and self._matches((self.rule.path,), url) and self._at_home(url)

    def _at_home(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        return not self.hosts or any(host == own or host.endswith(f".{own}") for own in self.hosts)

    def _detour(self, method: str, url: str) -> str | None:
        """Where a request that the route is to make goes on to: if the route does not see it, it ends there."""
        if method in HARMLESS:
            return None
        parts = urlsplit(url)
        other = parts._replace(netloc=f"{parts.hostname}:{NOWHERE_PORT}", path=f"/{next(self._numbers)}", query="")
        self._true[other.geturl()] = url
        return other.geturl()

    def _unrouted(self, method: str, url: str, kind: str) -> str | None:
        """The hold before the route: only what the route itself decides on goes on to it, and never a beacon."""
        if method in HARMLESS:
            return None
        if kind == "Ping":
            return "a beacon"
        if self._is_sending(method, url):
            if self.released and self.over:
                self.repeated = True
                return "a second sending request"
            return None
        if self._matches(self.rule.uploads + self.rule.also + self.reading_posts, url):
            return None
        return "not the approved request"

    async def _handle(self, route: Route, request: Request) -> None:
        address = self._true.pop(request.url, None)
        try:
            why = await self._decide(route, request, address)
        except Error:
            return  # the page closed under the request; whether it left is told by `released`
        if why is not None:
            self.stopped.append(Stopped(request.method, urlsplit(address or request.url).path, why))
            try:
                await route.abort("blockedbyclient")
            except Error:
                return

    async def _decide(self, route: Route, request: Request, address: str | None) -> str | None:
        """Let the request go on its way to `address`, or say why not."""
        if request.method in HARMLESS:
            await route.continue_()
        elif address is None:
            return "not from the page that was filled in"
        elif self._is_sending(request.method, address):
            return await self._sending(route, request, address)
        elif self._matches(self.rule.uploads, address):
            return await self._upload(route, request, address)
        elif self._matches(self.rule.also + self.reading_posts, address):
            await self._once(route, request, address)
        else:
            return "not the approved request"
        return None

    async def _sending(self, route: Route, request: Request, address: str) -> str | None:
        if not self._armed:
            return "not armed"
        if self.released:
            self.repeated = True
            return "a second sending request"
        differs = _checked(self._check, request, address)
        if differs:
            self.fault, self.over = differs, True
            return differs
        self.released += 1  # before anything leaves, and never taken back
        try:
            self.fault = await self._once(route, request, address, sending=True)
        finally:
            self.over = True
        return None

    async def _upload(self, route: Route, request: Request, address: str) -> str | None:
        differs = None
        if self._armed or self.uploads >= self.uploads_allowed:
            differs = "not an approved upload"
        else:
            differs = _checked(self._upload_check, request, address)
        if differs:
            self.upload_held.set()
            return differs
        self.uploads += 1
        await self._once(route, request, address)
        return None

    async def _once(self, route: Route, request: Request, address: str, *, sending: bool = False) -> str | None:
        """Make the request exactly once, and say why no answer came; the browser follows a redirect, with GET."""
        try:
            response = await route.fetch(url=address, max_retries=0, max_redirects=0, timeout=ANSWER_MS)
        except Error as fault:
            await route.abort("failed")
            return fault.message.splitlines()[0]
        if sending:
            self.status = response.status
        if response.status in REPEATS or (response.status in (301, 302) and request.method != "POST"):
            await route.abort("failed")
            return f"the portal answered {response.status}: the browser should send it again elsewhere, and may not"
        onward = response.headers.get("location")
        if onward is None:
            await route.fulfill(response=response)
        else:
            await route.fulfill(response=response, headers={**response.headers, "location": urljoin(address, onward)})
        return None


def _checked(check: Check | None, request: Request, address: str) -> str | None:
    """What `check` says; a check that fails has not found the packet."""
    if check is None:
        return "nothing to compare with"
    try:
        return check(address, request.post_data_buffer, request.headers.get("content-type", ""))
    except Exception as fault:
        return f"the request can't be compared with the packet ({type(fault).__name__})"
