"""A seller's own browser and profile: used, kept, and never closed on them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Error, async_playwright

from agent.browser.open import launch
from agent.browser.provide import find_browser
from agent.errors import PortalDown, UsageFault
from agent.home import Home
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.login import login
from flows.sync import SyncReport, sync
from tests.conftest import settings_text


@contextlib.contextmanager
def seller_browser(profile: Path) -> Iterator[str]:
    """A browser that a person opened with a debugging port; gives the port's address."""
    command = [str(find_browser()), "--headless", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}",
               "about:blank"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "DevTools listening on ws://" in line:
                    yield "http://" + line.split("ws://")[1].split("/")[0]
                    break
        finally:
            process.kill()


def tabs(address: str) -> list[str]:
    with urllib.request.urlopen(f"{address}/json") as answer:
        return [one["url"] for one in json.load(answer) if one["type"] == "page"]


def login_and_sync(ctx: Context, mock: Served) -> SyncReport:
    account = ctx.settings.account[0]
    asyncio.run(login(ctx, account, headless=True, code_from=mock.otp))
    return asyncio.run(sync(ctx, (account,)))


def with_browser(home: Home, mock: Served, browser: str) -> Iterator[Context]:
    text = settings_text(mock) + f'browser = "{browser}"\n'
    home.settings_file.write_text(text, encoding="utf-8")
    with opened(home) as ctx:
        yield ctx


@pytest.mark.long
def test_attaching_reads_and_leaves_the_sellers_own_pages_open(home: Home, mock: Served, tmp_path: Path) -> None:
    with seller_browser(tmp_path / "theirs") as address:
        for ctx in with_browser(home, mock, address):
            report = login_and_sync(ctx, mock)
            assert report.exit_code == 0, report.public()
            assert report.channels[0].complete
            assert not list(home.sessions.glob("*")), "a session in the seller's own browser is not ours to keep"
        assert tabs(address) == ["about:blank"]


@pytest.mark.long
def test_a_kept_profile_stays_signed_in_although_the_portal_ends_sessions_with_the_browser(
    home: Home, mock: Served
) -> None:
    for ctx in with_browser(home, mock, "persistent"):
        report = login_and_sync(ctx, mock)
        assert report.exit_code == 0, report.public()
        assert report.channels[0].complete


def test_no_browser_at_the_address_is_said_with_the_next_step(home: Home, mock: Served) -> None:
    for ctx in with_browser(home, mock, "http://127.0.0.1:9"):
        report = asyncio.run(sync(ctx, ctx.settings.account))
        assert report.exit_code == PortalDown.exit_code
        assert "--remote-debugging-port=9" in report.channels[0].errors[0]["todo"]


def test_a_window_where_no_screen_is_names_the_way_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise Error(
            "Looks like you launched a headed browser without having a XServer running.\nMissing X server or $DISPLAY"
        )

    async def opened_in_a_window() -> None:
        async with async_playwright() as playwright:
            monkeypatch.setattr(playwright.chromium, "launch", fail)
            await launch(playwright, headed=True)

    with pytest.raises(UsageFault, match="no screen") as caught:
        asyncio.run(opened_in_a_window())
    assert "--headless" in str(caught.value.todo)


def test_a_whole_browser_loads_no_pages_of_its_own_and_what_playwright_turns_off_stays_off() -> None:
    async def opened_as_a_store_is() -> tuple[set[str], list[set[str]]]:
        async with async_playwright() as playwright:
            browser = await launch(playwright, chosen=find_browser())
            await (await browser.new_context()).new_page()
            session = await browser.new_browser_cdp_session()
            targets = (await session.send("Target.getTargets", {"filter": [{}]}))["targetInfos"]
            lists = [word for one in psutil.Process().children(recursive=True) for word in _words(one)
                     if word.startswith("--disable-features=")]  # fmt: skip
            await browser.close()
        return {one["type"] for one in targets}, [set(one.partition("=")[2].split(",")) for one in lists]

    kinds, (theirs, ours, *_) = asyncio.run(opened_as_a_store_is())
    assert "page" in kinds and "browser_ui" not in kinds
    assert theirs < ours


def _words(process: psutil.Process) -> list[str]:
    """The command line of a browser's own process; none of one that ends or helps another."""
    with contextlib.suppress(psutil.Error):
        words: list[str] = process.cmdline()
        return [] if any(word.startswith("--type=") for word in words) else words
    return []
