"""Nothing that changes state leaves a guarded page, in whatever way the page tries; an unguarded one sends it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from agent.browser import open as opening
from agent.browser.guard import ReadingGuard, SendingGuard
from agent.browser.held import Held
from agent.browser.provide import find_browser, find_headless_shell
from agent.policy import SendRule
from tests.sending.leaky import ALL, TRIES, Leaky, served

# A page that is being left may try the very address that the one request goes to.
RULE = SendRule(
    path="^(/never|/moved|/hit/parting keepalive|/hit/parting%20keepalive)$", source="a test", grade="assumed"
)
BROWSERS = [
    pytest.param(path, id=name)
    for name, path in (("shell", find_headless_shell()), ("chrome", find_browser()))
    if path is not None
]


@pytest.fixture
def leaky() -> Iterator[Leaky]:
    with served() as one:
        yield one


async def _visit(page: Page, leaky: Leaky) -> None:
    """Let the page try everything, then leave it."""
    await page.goto(f"{leaky.base_url}/ways")
    await page.wait_for_function(f"document.title >= {TRIES}", timeout=30_000)
    await page.goto(f"{leaky.base_url}/")
    await page.evaluate("fetch('/', {cache: 'no-store'})")  # whatever was under way before has arrived before this


async def _guarded(chosen: Path, leaky: Leaky, kind: str) -> tuple[set[str], int]:
    """What arrived, and how much was held back."""
    async with async_playwright() as playwright:
        browser = await opening.launch(playwright, chosen=chosen)
        context: BrowserContext = await opening.new_context(browser, locale="ko-KR", zone="Asia/Seoul", state=None)
        page = await context.new_page()
        guard: ReadingGuard | SendingGuard
        if kind == "reading":
            guard = ReadingGuard()
            await guard.attach(context, page)
        else:
            guard = SendingGuard(RULE, 0)
            await guard.attach(context)
        await _visit(page, leaky)
        await browser.close()
    return leaky.arrived, len(guard.stopped)


@pytest.mark.parametrize("kind", ["reading", "sending"])
@pytest.mark.parametrize("chosen", BROWSERS)
async def test_nothing_leaves_a_guarded_page(chosen: Path, kind: str, leaky: Leaky) -> None:
    arrived, stopped = await _guarded(chosen, leaky, kind)
    assert arrived == set()
    assert stopped >= 10, "the page did try"


async def test_an_unguarded_page_sends_all_of_it(leaky: Leaky) -> None:
    shell = find_headless_shell() or find_browser()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shell)
        page = await (await browser.new_context()).new_page()
        await _visit(page, leaky)
        assert leaky.wait_for(ALL), ALL - leaky.arrived
        await browser.close()


async def test_without_the_detour_a_parting_page_sends_to_the_sending_address_itself(
    leaky: Leaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SendingGuard, "_detour", lambda self, method, url: None)
    shell = find_headless_shell() or find_browser()
    assert shell is not None
    arrived, _ = await _guarded(shell, leaky, "sending")
    assert "parting keepalive" in arrived or leaky.wait_for({"parting keepalive"})


async def test_without_the_hold_before_the_route_a_parting_page_sends(
    leaky: Leaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_hold(self: Held, context: BrowserContext, page: Page) -> None:
        return None

    monkeypatch.setattr(Held, "attach", no_hold)
    shell = find_headless_shell() or find_browser()
    assert shell is not None
    arrived, _ = await _guarded(shell, leaky, "sending")
    assert "parting beacon" in arrived or leaky.wait_for({"parting beacon"})


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_redirect_that_asks_for_the_same_body_elsewhere_is_not_followed(guarded: bool, leaky: Leaky) -> None:
    async with async_playwright() as playwright:
        browser = await opening.launch(playwright)
        context = await browser.new_context()
        page = await context.new_page()
        guard = SendingGuard(RULE, 0)
        if guarded:
            await guard.attach(context)
            guard.arm(lambda *_: None)
        await page.goto(f"{leaky.base_url}/moved")
        submit = "() => { setTimeout(() => document.forms[0].submit()) }"
        if guarded:
            async with page.expect_event("requestfailed", lambda request: request.method == "POST", timeout=20_000):
                await page.evaluate(submit)
        else:
            await page.evaluate(submit)
            assert leaky.wait_for({"/elsewhere"})
        await browser.close()
    assert leaky.repeated == (0 if guarded else 1)
    if guarded:
        assert guard.fault is not None and "307" in guard.fault
        assert not guard.refusal_counts
