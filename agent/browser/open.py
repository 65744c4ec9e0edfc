"""Opening a browser for one account: launched, with a kept profile, or attached to one a person already opened."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, async_playwright

from agent.browser.provide import NO_SCREEN, find_browser, find_headless_shell
from agent.errors import PortalDown, UsageFault
from agent.words import say

VIEWPORT = {"width": 1440, "height": 900}
"""A desktop window; some portals serve nothing else (OZ11)."""
_NO_PICTURES = "--blink-settings=imagesEnabled=false"
_GUARDABLE = ("--disable-shared-workers", "--block-new-web-contents")
"""No place from which a page could send past the guards: shared workers, and (in the headless shell) new windows."""
_OFF = (
    # A window of a whole browser loads these two pages of its own: as much work as a portal's page, for nobody.
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    # What Playwright turns off; of two such lists the browser takes the last.
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion",
)  # fmt: skip
_ARGS = (*_GUARDABLE, f"--disable-features={','.join(_OFF)}")
_POPUPS = "--disable-popup-blocking"
"""What Playwright adds by itself. Without it Chrome opens no window that nobody clicked for: a reading run has none."""
_FONTS = ("*.woff", "*.woff2", "*.ttf", "*.otf")
_SESSION_KEEPER = """() => Object.fromEntries(Object.keys(sessionStorage).map((k) => [k, sessionStorage.getItem(k)]))"""
_SESSION_GIVER = """(() => { const kept = %s; const mine = kept[location.origin]; if (mine && !sessionStorage.length)
  for (const [k, v] of Object.entries(mine)) sessionStorage.setItem(k, v); })()"""


@contextlib.asynccontextmanager
async def playwright_running() -> AsyncIterator[Playwright]:
    """Playwright's driver, ended with the block."""
    async with async_playwright() as playwright:
        yield playwright


def _executable(chosen: Path | None, headed: bool) -> Path:
    """The browser to start: the operator's choice, else an installed one (the small headless shell where it does)."""
    if chosen is not None:
        if not chosen.exists():
            raise UsageFault(
                say("There is no browser at {path}.", path=chosen), say("Correct `browser` in rebuttal.toml.")
            )
        return chosen
    found = (None if headed else find_headless_shell()) or find_browser()
    if found is None:
        raise UsageFault(
            say("No Chrome, Edge or Chromium was found on this machine."),
            say("Install one of them, or run `make setup`, or name it as `browser` in rebuttal.toml."),
        )
    return found


async def launch(
    playwright: Playwright, *, headed: bool = False, chosen: Path | None = None, pictures: bool = True, slow_ms: int = 0
) -> Browser:
    """A browser of our own. Reading runs load no pictures."""
    try:
        return await playwright.chromium.launch(
            executable_path=_executable(chosen, headed),
            headless=not headed,
            slow_mo=slow_ms,
            args=[*_ARGS] if pictures else [*_ARGS, _NO_PICTURES],
            ignore_default_args=[_POPUPS],
        )
    except Error as fault:
        _no_screen(fault)
        raise UsageFault(
            say("The browser does not start: {why}", why=fault.message.splitlines()[0]), say("Run `rebuttal doctor`.")
        ) from None


def _no_screen(fault: Error) -> None:
    """A window was asked for where none can open."""
    if "Missing X server" in fault.message:
        raise UsageFault(*NO_SCREEN) from None


def context_options(*, locale: str, zone: str, state: dict[str, Any] | None) -> dict[str, Any]:
    """A context of a portal: its language, its clock, no service workers (they would pass the guards by)."""
    options: dict[str, Any] = {
        "locale": locale,
        "timezone_id": zone,
        "viewport": VIEWPORT,
        "service_workers": "block",
        "accept_downloads": True,
    }
    if state:
        options["storage_state"] = {k: v for k, v in state.items() if k in ("cookies", "origins")}
    return options


async def new_context(browser: Browser, *, locale: str, zone: str, state: dict[str, Any] | None) -> BrowserContext:
    """A fresh context holding the account's kept session, sessionStorage included."""
    context = await browser.new_context(**context_options(locale=locale, zone=zone, state=state))
    await give_session_storage(context, state)
    return context


async def persistent(
    playwright: Playwright, profile: Path, *, locale: str, zone: str, headed: bool, chosen: Path | None = None
) -> BrowserContext:
    """A context on a profile folder that is kept between runs."""
    options = context_options(locale=locale, zone=zone, state=None)
    try:
        return await playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=_executable(chosen, True),
            headless=not headed,
            args=[*_ARGS],
            ignore_default_args=[_POPUPS],
            **options,
        )
    except Error as fault:
        _no_screen(fault)
        raise UsageFault(
            say("The browser does not start on its profile: {why}", why=fault.message.splitlines()[0]),
            say("Close any window that uses {profile}, then run it again.", profile=profile),
        ) from None


async def attach(playwright: Playwright, address: str) -> Browser:
    """A browser that a person opened with a debugging port; leaving it closes nothing of theirs."""
    try:
        return await playwright.chromium.connect_over_cdp(address, timeout=10_000, no_defaults=True)
    except Error:
        raise PortalDown(
            say("No browser answers at {address}.", address=address),
            say(
                "Start it with --remote-debugging-port={port}, then run this again.",
                port=urlsplit(address).port or 9222,
            ),
        ) from None


async def give_session_storage(context: BrowserContext, state: dict[str, Any] | None) -> None:
    """Put kept sessionStorage back before a page's own scripts run."""
    kept = (state or {}).get("session_storage")
    if kept:
        import json

        await context.add_init_script(_SESSION_GIVER % json.dumps(kept))


async def session_state(context: BrowserContext, page: Page) -> dict[str, Any]:
    """Cookies, local storage and the page's sessionStorage, to be kept encrypted."""
    state: dict[str, Any] = dict(await context.storage_state())
    with contextlib.suppress(Error):
        kept = await session_storage(page)
        if kept:
            state["session_storage"] = {origin(page.url): kept}
    return state


async def session_storage(page: Page) -> dict[str, Any]:
    """What the page's own origin keeps for this page alone."""
    return dict(await page.evaluate(_SESSION_KEEPER))


def origin(url: str) -> str:
    """Scheme, host and port of an address, as browsers name an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def no_fonts(context: BrowserContext, page: Page) -> None:
    """Reading needs no fonts; blocked over CDP, which costs nothing per request."""
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.setBlockedURLs", {"urls": list(_FONTS)})
