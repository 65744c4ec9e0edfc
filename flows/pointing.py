"""A person points at something in a window: one element picked, nothing pressed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from playwright.async_api import Error, Page

from agent.words import Words

Ready = Callable[[Page], Awaitable[None]]
"""Called when the window waits for the person."""

_NOTE = """(text) => {
  let host = document.querySelector('rebuttal-note');
  if (!host) { host = document.createElement('rebuttal-note'); document.documentElement.append(host); }
  host.hidden = !text;
  host.style.cssText = 'position:fixed;left:0;right:0;top:0;z-index:2147483647;pointer-events:none';
  const root = host.inside ??= host.attachShadow({ mode: 'closed' });
  root.textContent = '';
  const bar = document.createElement('div');
  bar.style.cssText = 'background:#16325c;color:#fff;font:16px/1.5 system-ui,sans-serif;padding:10px 16px';
  bar.textContent = text;
  root.append(bar);
}"""
_ESCAPED = """() => new Promise((go) => {
  const heard = (event) => { if (event.key === 'Escape') { removeEventListener('keydown', heard, true); go(true); } };
  addEventListener('keydown', heard, true);
})"""
_TEXT = """(element) => (element.innerText ?? element.textContent ?? '').trim()
  || element.getAttribute('aria-label') || element.value || element.placeholder || ''"""


async def note(page: Page, words: Words | None) -> None:
    """A bar that says what is wanted; None takes it away. It is no part of the page read, and stands at the head of the
    window, because a small screen cuts its foot off."""
    with contextlib.suppress(Error):
        await page.evaluate(_NOTE, str(words) if words else "")


async def point(page: Page, words: Words, ready: Ready | None = None) -> str | None:
    """The text a person clicks on in the window, by Playwright's own picking: the page hears nothing of the click.

    None when they press Escape or close the window.
    """
    await note(page, words)
    picking = asyncio.ensure_future(page.pick_locator())
    escaping = asyncio.ensure_future(page.evaluate(_ESCAPED))
    pressing = asyncio.ensure_future(ready(page)) if ready is not None else None
    try:
        await asyncio.wait({picking, escaping}, return_when=asyncio.FIRST_COMPLETED)
        if not picking.done():
            return None
        try:
            locator = await picking
            return str(await locator.first.evaluate(_TEXT, timeout=5_000)).strip()
        except Error:
            return None
    finally:
        with contextlib.suppress(Error):
            await page.cancel_pick_locator()
        await note(page, None)
        for task in (picking, escaping, pressing):
            if task is not None:
                task.cancel()
        await asyncio.gather(*(t for t in (picking, escaping, pressing) if t is not None), return_exceptions=True)
