"""A seller's own window, closed at night by a program: what attaching and letting go prevents."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Playwright

from agent.browser import open as opening
from agent.browser.provide import find_browser
from agent.browser.tab import Tab
from agent.errors import DONE
from agent.home import Home
from fixtures.kernel.serving import Served
from flows import visit
from flows.context import opened
from flows.sync import sync
from tests.conftest import Run, settings_text
from tests.portals.coupang.signing import session_cookies


class Chrome:
    """A browser that the seller opened with a debugging port."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self.address = address

    def pages(self) -> list[str]:
        """The addresses of its open pages."""
        with urllib.request.urlopen(f"{self.address}/json/list") as answer:
            return sorted(one["url"] for one in json.load(answer) if one["type"] == "page")


@pytest.fixture
def chrome(tmp_path: Path) -> Iterator[Chrome]:
    profile = tmp_path / "theirs"
    argv = [str(find_browser()), "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}",
            "--no-sandbox", "--no-first-run", "--disable-gpu", "about:blank"]  # fmt: skip
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    port = ""
    for line in process.stderr:  # it names its address there, once it listens
        if b"DevTools listening on" in line:
            port = line.decode().rpartition("127.0.0.1:")[2].partition("/")[0]
            break
    yield Chrome(process, f"http://127.0.0.1:{port}")
    process.terminate()
    process.wait(timeout=20)
    process.stderr.close()


@pytest.mark.mock(cases=3)
def test_the_sellers_own_pages_stay_open_and_the_store_is_read(
    home: Home, mock: Served, run: Run[Any], chrome: Chrome, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[object] = []
    monkeypatch.setattr(visit, "RENEW_AFTER", 1)
    monkeypatch.setattr(Tab, "go_on_in", lambda tab, page: moved.append(page))
    home.settings_file.write_text(settings_text(mock) + f'browser = "{chrome.address}"\n', encoding="utf-8")
    theirs = f"{mock.base_url}/orders"

    async def as_the_seller() -> None:
        async with opening.playwright_running() as playwright:
            await _open(playwright, chrome.address, session_cookies(mock), theirs)

    run(as_the_seller())
    before = chrome.pages()
    assert theirs in before
    with opened(home) as ctx:
        report = run(sync(ctx, ctx.settings.account))
        assert report.exit_code == DONE, report.public()
        assert len(ctx.store.cases.rows()) == 3
        assert ctx.vault.load("coupang:main") is None, "a session in the seller's browser is not ours to keep"
    assert chrome.process.poll() is None
    assert chrome.pages() == before
    assert moved == [], "a fresh page every so often is for a browser of our own"


async def _open(playwright: Playwright, address: str, cookies: list[dict[str, Any]], url: str) -> None:
    browser = await playwright.chromium.connect_over_cdp(address)
    context = browser.contexts[0]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(url)
    await browser.close()
