"""What tests on a portal share: a mock that watches what reaches it, a home, a kept session, and one browser for all.

A test takes `signed_in` (the context of a home whose account is signed in) and `run` (runs a coroutine to its end), and
says `@pytest.mark.mock(seed=7, cases=30)` where the default world does not do. Whatever test has a `mock` fails when
anything that changes state reached the portal, unless it is marked `sends`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.util
import json
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

from agent.browser import open as opening
from agent.home import Home
from agent.settings import AccountSettings
from agent.words import speak, spoken
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

KEY = base64.b64encode(b"a key of thirty-two bytes, tests").decode()


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known; and let Ctrl-C reach what tests start, also where a shell's background job runs them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what is ignored here stays ignored in every child
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "mock(portal, seed, cases, latency_ms, now, options): the world of `mock`")
    config.addinivalue_line("markers", "sends: this test may change state at its mock")
    config.addinivalue_line("markers", "account(**options): options of the account, for the portals that know some")
    config.addinivalue_line("markers", "long: left out of `make test`; `make test-all` runs it too")
    config.addinivalue_line("markers", "truth: compares whole worlds; `make truth` compares twenty")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Every test speaks English unless it says otherwise, whatever the one before it spoke."""
    before = spoken()
    speak("en")
    yield
    speak(before)


# -- a portal ------------------------------------------------------------------------------------------------------


_PLAIN = {"coupang": {"others": "0"}}
"""Options of worlds that ask for none: Coupang's disputes alone, which most tests are about."""


_FIRST: dict[str, dict[str, Any]] = {"coupang": {"channels": ["refund_disputes"], "health": False}}
"""Options of an account for which a test asks for none."""


@pytest.fixture
def mock(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A mock portal (coupang, seed 1, the first nine cases: one of each status), and at the end what reached it."""
    marker = request.node.get_closest_marker("mock")
    world: dict[str, Any] = {"portal": "coupang", "seed": 1, "cases": 9} | (marker.kwargs if marker else {})
    name = world.pop("portal")
    world.setdefault("options", _PLAIN.get(name))
    with serving((name,), **world) as served:
        yield served[name]
        if request.node.get_closest_marker("sends") is None:
            nothing_sent(served[name])


def nothing_sent(mock: Served) -> None:
    """Fail when anything but signing in and searching reached the portal."""
    sent = [f"{one['method']} {one['path']}" for one in mock.received() if one["kind"] not in ("sign_in", "search")]
    assert sent == [], "reading changed something at the portal"


# -- a home --------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(request: pytest.FixtureRequest, mock: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with the one account `<portal>:main` at the mock; name and password stand in the environment.

    `@pytest.mark.account(channels=["messages"], …)` sets options of the account; without it Coupang's disputes alone
    are read, for each other page would cost every test its time.
    """
    made = Home(tmp_path / "home").create()
    marker = request.node.get_closest_marker("account")
    options = marker.kwargs if marker else _FIRST.get(mock.portal, {})
    lines = "".join(f"options.{name} = {json.dumps(value)}\n" for name, value in options.items())
    made.settings_file.write_text(settings_text(mock) + lines, encoding="utf-8")
    prefix = f"REBUTTAL_{mock.portal.upper()}_MAIN"
    monkeypatch.setenv(f"{prefix}_USERNAME", mock.username)
    monkeypatch.setenv(f"{prefix}_PASSWORD", mock.password)
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    return made


def settings_text(*mocks: Served, **more: Any) -> str:
    """Settings with one account `main` per mock; `more` are lines of the first table, given as TOML writes them."""
    lines = ['operator = "li"', 'zone = "Asia/Shanghai"', *(f"{name} = {value}" for name, value in more.items())]
    for mock in mocks:
        lines += ["", "[[account]]", f'portal = "{mock.portal}"', 'name = "main"', f'base_url = "{mock.base_url}"']
    return "\n".join(lines) + "\n"


@pytest.fixture
def ctx(home: Home) -> Iterator[Context]:
    """The context of a command in `home`."""
    with opened(home) as context:
        yield context


@pytest.fixture
def account(ctx: Context) -> AccountSettings:
    """The home's one account."""
    return ctx.settings.account[0]


@pytest.fixture
def signed_in(ctx: Context, mock: Served, run: Run[Any]) -> Context:
    """The context, its account signed in; the session lies in the vault as a real sign-in would leave it."""
    sign_in(ctx, mock, run)
    return ctx


def sign_in(ctx: Context, mock: Served, run: Run[Any]) -> None:
    """Sign `<portal>:main` in: over HTTP where `tests/portals/<portal>/signing.py` knows how, else in the browser."""
    store = f"{mock.portal}:main"
    if importlib.util.find_spec(f"tests.portals.{mock.portal}.signing"):
        signing = importlib.import_module(f"tests.portals.{mock.portal}.signing")
        ctx.vault.save(store, {"cookies": signing.session_cookies(mock), "origins": []})
        return
    from flows.login import login

    run(login(ctx, ctx.settings.named(store), headless=True, code_from=mock.otp))


# -- a browser -----------------------------------------------------------------------------------------------------


class Workshop:
    """One event loop, one Playwright and one Chromium per way of starting it, for all tests of this process."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self._playwright: Playwright | None = None
        self._stop: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._browsers: dict[tuple[bool, bool], Browser] = {}
        self._launch = opening.launch

    @contextlib.asynccontextmanager
    async def playwright_running(self) -> AsyncIterator[Playwright]:
        """In place of `agent.browser.open.playwright_running`: the one that is running already."""
        if self._playwright is None:
            manager = async_playwright()
            self._playwright = await manager.__aenter__()
            self._stop = manager.__aexit__
        yield self._playwright

    async def launch(self, playwright: Playwright, **how: Any) -> Browser:
        """In place of `agent.browser.open.launch`: a browser that stays when it is closed."""
        kind = (bool(how.get("headed")), bool(how.get("pictures", True)))
        if how.get("chosen") or how.get("slow_ms"):
            return await self._launch(playwright, **how)
        kept = self._browsers.get(kind)
        if kept is None or not kept.is_connected():
            kept = self._browsers[kind] = await self._launch(playwright, **how)
        return _Kept(kept)  # type: ignore[return-value]

    async def close(self) -> None:
        """End browsers and Playwright."""
        for browser in self._browsers.values():
            await browser.close()
        if self._stop is not None:
            await self._stop()


class _Kept:
    """A browser whose `close` ends what was opened through it and leaves the browser to the others."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[BrowserContext] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._browser, name)

    async def new_context(self, **options: Any) -> BrowserContext:
        self._opened.append(await self._browser.new_context(**options))
        return self._opened[-1]

    async def close(self) -> None:
        for context in self._opened:
            await context.close()


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """The loop and the browsers of this process; started when first used."""
    made = Workshop()
    with made.runner:
        yield made
        made.runner.run(made.close())


@pytest.fixture
def run(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Run[Any]:
    """Runs a coroutine to its end on the one loop; flows in it get the one browser, each in contexts of its own."""
    monkeypatch.setattr(opening, "playwright_running", workshop.playwright_running)
    monkeypatch.setattr(opening, "launch", workshop.launch)
    return workshop.runner.run
