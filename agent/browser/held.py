"""Requests held inside the browser until they are judged: raw CDP `Fetch` on a page and on its foreign frames.

Only the kinds that can change something are held, so that scripts, styles and pictures are never slowed down.
Playwright's own routes are no substitute here: they hold everything, and let pass what a page sends while it is being
left (beacons, `keepalive`), because such a request belongs to no frame any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, Error, Page

KINDS = ("Document", "XHR", "Fetch", "Ping", "CSPViolationReport", "Other")
"""CDP resource types that a page can write with."""

Judge = Callable[[str, str, str], str | None]
"""Method, address and CDP resource type of a request to why it is held back, or None where it may go on."""
Detour = Callable[[str, str], str | None]
"""Method and address of a request that may go on to another address under which it goes on, or None: its own."""


@dataclass(frozen=True)
class Stopped:
    """A request that was held back."""

    method: str
    path: str
    why: str


@dataclass
class Held:
    """Judges what leaves a page. Windows that the page opens are closed at once: they could not be held in time."""

    judge: Judge
    stopped: list[Stopped]
    close_popups: bool = True
    detour: Detour = lambda method, url: None
    _sessions: list[CDPSession] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def attach(self, context: BrowserContext, page: Page) -> None:
        """Judge everything that `page` sends from now on."""
        session = await context.new_cdp_session(page)
        self._sessions.append(session)
        session.on("Fetch.requestPaused", lambda event: self._spawn(self._paused(session, (), event)))
        session.on("Target.attachedToTarget", lambda event: self._spawn(self._frame(session, (), event)))
        session.on("Target.receivedMessageFromTarget", lambda event: self._spawn(self._told(session, (), event)))
        await self._begin(session, ())
        if self.close_popups:
            page.on("popup", lambda popup: self._spawn(self._close(popup)))

    async def _begin(self, session: CDPSession, way: tuple[str, ...]) -> None:
        """Hold what this page or frame sends; frames of other sites, in processes of their own, wait for us."""
        patterns = [{"urlPattern": "*", "resourceType": kind} for kind in KINDS]
        await self._say(session, way, "Fetch.enable", {"patterns": patterns})
        frames = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": False, "filter": [{"type": "iframe"}]}
        await self._say(session, way, "Target.setAutoAttach", frames)

    async def _say(self, session: CDPSession, way: tuple[str, ...], method: str, params: dict[str, Any]) -> None:
        """One command, handed on through the frames of `way` to the innermost."""
        for step in reversed(way):
            message = json.dumps({"id": next(self._numbers), "method": method, "params": params})
            method, params = "Target.sendMessageToTarget", {"sessionId": step, "message": message}
        await session.send(method, params)

    async def _frame(self, session: CDPSession, way: tuple[str, ...], event: dict[str, Any]) -> None:
        way = (*way, event["sessionId"])
        with contextlib.suppress(Error):
            await self._begin(session, way)
            await self._say(session, way, "Runtime.runIfWaitingForDebugger", {})

    async def _told(self, session: CDPSession, way: tuple[str, ...], event: dict[str, Any]) -> None:
        """What a frame reports."""
        message, way = json.loads(event["message"]), (*way, event["sessionId"])
        answers = {
            "Fetch.requestPaused": self._paused,
            "Target.attachedToTarget": self._frame,
            "Target.receivedMessageFromTarget": self._told,
        }
        answer = answers.get(message.get("method"))
        if answer is not None:
            await answer(session, way, message["params"])

    async def _paused(self, session: CDPSession, way: tuple[str, ...], event: dict[str, Any]) -> None:
        request, held = event["request"], {"requestId": event["requestId"]}
        why = self.judge(request["method"], request["url"], event.get("resourceType", ""))
        with contextlib.suppress(Error):  # the page went away while its request was held: nothing went out
            if why is None:
                other = self.detour(request["method"], request["url"])
                await self._say(session, way, "Fetch.continueRequest", {**held, "url": other} if other else held)
                return
            self.stopped.append(Stopped(request["method"], urlsplit(request["url"]).path, why))
            await self._say(session, way, "Fetch.failRequest", {**held, "errorReason": "BlockedByClient"})

    async def _close(self, popup: Page) -> None:
        self.stopped.append(Stopped("OPEN", urlsplit(popup.url).path, "a window opened by the page"))
        with contextlib.suppress(Error):
            await popup.close()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def detach(self) -> None:
        """Hold nothing any more; only ever called before another guard takes over, or when the page closes."""
        for session in self._sessions:
            with contextlib.suppress(Error):
                await session.detach()
        self._sessions.clear()
