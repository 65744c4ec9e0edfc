"""Choosing the store and country that a session shows, on the page where Amazon asks for it."""

from __future__ import annotations

from playwright.async_api import Error

from agent.browser.patience import GOTO_MS
from agent.browser.tab import Tab

_SWITCHER = "/account-switcher/default/merchantMarketplace?returnTo=/home"
_ROW = "button.full-page-account-switcher-account-details"
"""The one class here that scripts have relied on over years (facts §3)."""


async def choose_store(tab: Tab, wanted: str) -> bool:
    """Choose `Store | Country` in the switcher; False where the page does not offer it."""
    page = tab.page
    names = [part.strip() for part in wanted.split("|")]
    if not await page.locator(_ROW).count():
        await tab.goto(_SWITCHER)
        try:
            await page.locator(_ROW).first.wait_for(timeout=tab.wait_ms)
        except Error:
            return False
    for name in names:
        rows = [row for row in await page.locator(_ROW).all() if await row.is_visible()]
        hits = [row for row in rows if (await row.inner_text()).strip() == name]
        if len(hits) != 1:
            return False
        await hits[0].click(timeout=5_000)
    for text in tab.labels.texts["switcher.confirm"]:
        button = page.get_by_role("button", name=text, exact=True)
        if await button.count() == 1:
            async with page.expect_navigation(wait_until="domcontentloaded", timeout=GOTO_MS):
                await button.click(timeout=5_000)
            return True
    return False
