"""What open shadow roots cost the one-call seeing: pages of Katal components against the same pages without any.

The plain twin of a page is made in the browser: each shadow root is put in the place of its host, so that a person sees
the same texts in the same places. Both are seen by turns, and must be seen alike.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from typing import Any

from playwright.async_api import Page, Route, async_playwright

from agent.browser.provide import find_browser, find_headless_shell
from agent.browser.tab import see_script
from fixtures import serving
from tests.portals.amazon.signing import session_cookies

ROUNDS = 60
GOAL = 1.3
PAGES = {
    "a list of 25 claims": "/gp/guarantee-claims/home.html?tab=OTHERS",
    "a wizard's step": "/safet-claims/create-v2",
    "a claim": "",
}
"""What is seen; the claim is the one with the longest history."""
_FLAT = """() => {
  const styles = new Set();
  const into = (from, to) => { for (const n of from) add(n, to); };
  const add = (n, to) => {
    if (n.nodeType === 3) { to.append(n.data); return; }
    if (n.nodeType !== 1 || /^(SCRIPT|TEMPLATE)$/.test(n.tagName)) return;
    if (n.tagName === 'STYLE') { styles.add(n.textContent); return; }
    if (n.tagName === 'SLOT') { const given = n.assignedNodes(); into(given.length ? given : n.childNodes, to); return; }
    const own = n.tagName.includes('-'), made = document.createElement(own ? 'div' : n.tagName);
    for (const { name, value } of n.attributes) made.setAttribute(name, value);
    if (own) made.style.display = getComputedStyle(n).display;
    into(n.shadowRoot ? n.shadowRoot.childNodes : n.childNodes, made);
    to.append(made);
  };
  const body = document.createElement('body');
  into(document.body.childNodes, body);
  const links = [...document.querySelectorAll('link[rel=stylesheet]')].map((l) => l.outerHTML).join('');
  return `<!doctype html><html lang="${document.documentElement.lang}"><head><base href="${location.href}">${links}`
    + `<style>${[...styles].join('')}</style></head>${body.outerHTML}</html>`;
}"""


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """The cost of seeing each page, as a ratio to its plain twin."""
    return asyncio.run(_run(max(10, int(ROUNDS * scale))))


async def _run(rounds: int) -> list[dict[str, Any]]:
    rows = []
    with serving(("amazon",), seed=1, cases=60) as served:
        mock = served["amazon"]
        longest = max((c for c in mock.truth() if c["channel"] == "claims"), key=lambda c: len(c["messages"]))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=find_headless_shell() or find_browser())
            context = await browser.new_context()
            await context.add_cookies(session_cookies(mock))  # type: ignore[arg-type]
            for what, path in PAGES.items():
                shadow, plain = await context.new_page(), await context.new_page()
                await shadow.goto(f"{mock.base_url}{path}" if path else longest["url"])
                await shadow.wait_for_timeout(500)  # what comes late has come
                await _put(plain, f"{mock.base_url}/twin", await shadow.evaluate(_FLAT))
                ratio, middle, size = await _by_turns(shadow, plain, rounds)
                how = f"medians of {rounds} by turns; {middle:.1f} ms, {size} texts"
                rows.append(
                    {"what": f"seeing {what} in shadow roots / plain", "ratio": ratio, "goal": GOAL, "how": how}
                )
                await shadow.close()
                await plain.close()
            await browser.close()
    return rows


async def _put(page: Page, address: str, html: str) -> None:
    """Show `html` at an address of the same site: styles of another site can't be looked through, which costs more."""

    async def give(route: Route) -> None:
        await route.fulfill(body=html, content_type="text/html; charset=utf-8")

    await page.route(address, give)
    await page.goto(address)
    await page.unroute(address)


async def _by_turns(shadow: Page, plain: Page, rounds: int) -> tuple[float, float, int]:
    spent: dict[bool, list[float]] = {True: [], False: []}
    told: dict[bool, list[str]] = {}
    for turn in range(rounds + 5):
        for first in (turn % 2 == 0, turn % 2 == 1):
            begun = time.perf_counter()
            got = await (shadow if first else plain).evaluate(see_script(), _WANT)
            if turn >= 5:  # the first looks warm the engine up
                spent[first].append(time.perf_counter() - begun)
            told[first] = [text for text in re.split(r"\s*<[^>]*>\s*", got["html"]) if text]
    assert told[True] == told[False], "the twins are not seen alike"
    middle = statistics.median(spent[True])
    return middle / statistics.median(spent[False]), middle * 1000, len(told[True])


_WANT = '{"landmarks": [], "filled": [], "labels": [], "busy": [], "gates": [], "subject": null, "wait_ms": 1000}'
