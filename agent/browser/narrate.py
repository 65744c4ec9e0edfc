"""Each step named on the page for a person who watches, with a switch to wait and go on; off before the page is read.

The mark is one element of ours in a closed shadow root, so that no label, no locator and no click of the page's can
reach into it. It is there only while nothing is read: `at` shows it, waits, and takes it off again before it returns.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar, cast

from loguru import logger
from playwright.async_api import Error, Page

from agent.words import Words, say

F = TypeVar("F")

TAG = "rebuttal-step"
"""The element's name; nothing with this name is on a page while it is read, hashed or pictured."""
_CHANNEL = "__rebuttalStep"
_SHOW = """([tag, title, text, wait, go, waiting]) => {
  document.querySelector(tag)?.remove();
  if (!document.documentElement) return;
  const mark = document.createElement(tag);
  const root = mark.attachShadow({mode: 'closed'});
  const box = document.createElement('div');
  box.style.cssText = 'all:initial;position:fixed;z-index:2147483647;right:16px;top:64px;max-width:440px;' +
    'padding:10px 14px;font:14px/1.5 system-ui,sans-serif;color:#fff;background:#12324a;border-radius:6px;' +
    'box-shadow:0 2px 10px rgba(0,0,0,.4)';
  const words = document.createElement('div');
  words.textContent = title + ': ' + text;
  const button = document.createElement('button');
  button.style.cssText = 'all:initial;cursor:pointer;margin-top:8px;padding:3px 12px;font:14px system-ui,sans-serif;' +
    'color:#12324a;background:#fff;border-radius:4px;display:inline-block';
  button.textContent = waiting ? go : wait;
  let now = waiting;
  mark.toggle = () => {
    now = !now;
    button.textContent = now ? go : wait;
    if (window.__rebuttalStep) window.__rebuttalStep(now ? 'wait' : 'go');
  };
  button.addEventListener('click', (event) => { event.stopPropagation(); mark.toggle(); });
  box.append(words, button);
  root.append(box);
  document.documentElement.append(mark);
}"""
_OFF = "tag => document.querySelectorAll(tag).forEach((one) => one.remove())"


class Narrator:
    """Says every step in the log and on the page, slowly. `stop_and_go` is what the page's button does too."""

    def __init__(
        self,
        *,
        slow_s: float = 1.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        told: Callable[[Words], None] = lambda words: None,
    ) -> None:
        self._slow_s = slow_s
        self._sleep = sleep
        self._told = told
        self._going = asyncio.Event()
        self._going.set()
        self._pages: set[int] = set()
        self.steps: list[Words] = []
        self.heard = asyncio.Event()
        """Set when a page's button was pressed for the first time."""

    @property
    def waits(self) -> bool:
        """Is it asked to wait?"""
        return not self._going.is_set()

    def stop_and_go(self, wait: bool) -> None:
        """Wait before the next step, or go on."""
        (self._going.clear if wait else self._going.set)()
        self.heard.set()

    async def at(self, page: Page, step: Words) -> None:
        """Name the step that comes next; returns once it may be taken, with nothing of ours on the page."""
        self.steps.append(step)
        logger.info("{}", step)
        self._told(step)
        try:
            await self._listen(page)
            with contextlib.suppress(Error):  # a page that is just being left shows nothing, and is not waited for
                await page.evaluate(
                    _SHOW, [TAG, "Rebuttal", str(step), str(say("Wait")), str(say("Go on")), self.waits]
                )
            await self._sleep(self._slow_s)
            await self._going.wait()
        finally:
            await self.off(page)

    async def off(self, page: Page) -> None:
        """Take the mark off the page."""
        with contextlib.suppress(Error):
            await page.evaluate(_OFF, TAG)

    async def _listen(self, page: Page) -> None:
        """Hear the page's button."""
        if id(page) in self._pages:
            return
        self._pages.add(id(page))
        await page.expose_function(_CHANNEL, lambda what: self.stop_and_go(what == "wait"))


class _Narrated:
    """A form whose steps are named before they are taken."""

    _STEPS: ClassVar[dict[str, Words]] = {
        "open": say("opens the form"),
        "fill": say("fills in the form"),
        "attach": say("attaches the files"),
        "differences": say("reads back what the form holds"),
        "aim": say("looks for the button, and does not press it"),
    }

    def __init__(self, form: Any, page: Page, narrator: Narrator) -> None:
        self._form = form
        self._page = page
        self._narrator = narrator

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._form, name)
        step = self._STEPS.get(name)
        if step is None:
            return found

        async def told(*given: Any, **named: Any) -> Any:
            await self._narrator.at(self._page, step)
            return await found(*given, **named)

        return told


def narrated(form: F, page: Page, narrator: Narrator) -> F:
    """`form`, with each of its steps named on `page` before it is taken; it can't tell the difference."""
    return cast("F", _Narrated(form, page, narrator))
