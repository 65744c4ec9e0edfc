"""Which shop a session works for: one cross-border sign-in has a shop in several countries, each with its own cases."""

from __future__ import annotations

from playwright.async_api import Error

from agent.browser.patience import GOTO_MS
from agent.browser.tab import Tab


async def choose_store(tab: Tab, wanted: str) -> bool:
    """Switch the session over to the shop `wanted` while signing in; False where the home page does not offer it.

    The one row that names the shop exactly has exactly one way in; of two alike none is taken (facts 5).
    """
    rows = [
        name.locator("xpath=ancestor::*[.//a or .//button][1]")
        for name in await tab.page.get_by_text(wanted, exact=True).all()
        if await name.is_visible()
    ]
    ways = [
        way
        for row in rows
        for text in dict.fromkeys(tab.labels.texts["account.enter"])
        for way in await row.get_by_role("link", name=text, exact=True).or_(
            row.get_by_role("button", name=text, exact=True)
        ).all()
    ]  # fmt: skip
    if len(ways) != 1:
        return False
    try:
        async with tab.page.expect_navigation(wait_until="domcontentloaded", timeout=GOTO_MS):
            await ways[0].click(timeout=5_000)
    except Error:
        return False
    return True
