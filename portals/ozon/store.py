"""Which company a session works for: one sign-in may have several, and all pages are the chosen one's."""

from __future__ import annotations

from playwright.async_api import Error

from agent.browser.patience import GOTO_MS
from agent.browser.tab import Tab


async def choose_store(tab: Tab, wanted: str) -> bool:
    """Switch the session over to the company `wanted` while signing in; False where the page does not offer it."""
    page = tab.page
    for text in tab.labels.texts["account.switch"]:
        for opener in await page.get_by_role("button", name=text, exact=True).all():
            if await opener.is_visible():
                await opener.click(timeout=5_000)
    for text in tab.labels.texts["account.switch"]:
        chooser = page.get_by_label(text, exact=True).and_(page.locator("select"))
        if await chooser.count() != 1 or not await chooser.is_visible():
            continue
        try:
            await chooser.select_option(label=wanted, timeout=2_000)
        except Error:
            return False
        button = page.locator("form").filter(has=chooser).get_by_role("button", name=text, exact=True)
        async with page.expect_navigation(wait_until="domcontentloaded", timeout=GOTO_MS):
            await button.click(timeout=5_000)
        return True
    return False
