"""Which shop a session works for: a sign-in on the cross-border host has several, and all pages are the chosen one's."""

from __future__ import annotations

from playwright.async_api import Error

from agent.browser.patience import GOTO_MS
from agent.browser.tab import Tab


async def choose_store(tab: Tab, wanted: str) -> bool:
    """Switch the session over to the shop `wanted` while signing in; False where the picker does not offer it."""
    await tab.goto("/portal/shop")
    await tab.page.wait_for_load_state("domcontentloaded")
    names = [one for one in await tab.page.get_by_text(wanted, exact=True).all() if await one.is_visible()]
    for name in names:
        for text in tab.labels.texts["account.enter"]:
            row = name.locator("xpath=ancestor::*[.//a or .//button][1]")
            enter = row.get_by_role("link", name=text, exact=True).or_(row.get_by_role("button", name=text, exact=True))
            if await enter.count() != 1:
                continue
            try:
                async with tab.page.expect_navigation(wait_until="domcontentloaded", timeout=GOTO_MS):
                    await enter.click(timeout=5_000)
            except Error:
                return False
            return True
    return False
