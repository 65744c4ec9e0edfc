"""Being at a portal as one account: its lock, its browser context, its guard, its page."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from loguru import logger
from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright

from agent.browser import open as opening
from agent.browser.guard import ReadingGuard, SendingGuard
from agent.browser.keepers import Kept, keeper_of
from agent.browser.narrate import Narrator
from agent.browser.pacing import Pacing
from agent.browser.recording import Recorder
from agent.browser.tab import Tab
from agent.errors import Paused, RebuttalError, SignedOut, UsageFault
from agent.locks import account_lock
from agent.policy import Policy, SendRule, load_policy
from agent.portal import Channel, Portal
from agent.reading.labels import Labels, load_labels
from agent.settings import AccountSettings, secret
from agent.store import Lease
from agent.words import say
from flows.context import Context

LEASE_S = 900
"""How long an account's lease lasts without being renewed."""
LEAVE_MS = 3_000
"""How long leaving the last page may take before it is closed."""
RENEW_AFTER = 100
"""After so many looks a reading run goes on in a fresh page."""
Mode = Literal["reading", "sending", "signing_in"]


@dataclass
class Visit:
    """One account at its portal. `guard` is None only while signing in."""

    account: AccountSettings
    portal: Portal
    tab: Tab
    context: BrowserContext
    lease: Lease | None
    reading: ReadingGuard | None = None
    sending: SendingGuard | None = None
    given: dict[str, Any] = field(default_factory=dict)
    """The sessionStorage that every new page of the context gets, by origin."""
    renewable: bool = False
    """Is the page one of a browser of our own that nobody watches or films?"""
    renewed_at: int = 0
    """How many pages had been looked at when the page was renewed last."""

    async def renew(self) -> None:
        """After so many looks, go on in a fresh page: what a page and the driver keep of each request grows with it.

        A page whose sessionStorage is not what a fresh one gets is left as it is.
        """
        tab, reading = self.tab, self.reading
        if reading is None or not self.renewable or tab.seen_pages - self.renewed_at < RENEW_AFTER:
            return
        self.renewed_at = tab.seen_pages
        old = tab.page
        with contextlib.suppress(Error):
            if await opening.session_storage(old) != self.given.get(opening.origin(old.url), {}):
                return
            page = await self.context.new_page()
            try:
                await guard_page(reading, self.context, page)
            except Error:
                await page.close()
                return
            tab.go_on_in(page)
            await leave(old)


@dataclass
class Browsers:
    """The browsers of one run: one of our own that accounts share, others as the settings say."""

    playwright: Playwright
    headed: bool = False
    pictures: bool = False
    slow_ms: int = 0
    narrator: Narrator | None = None
    """Names each step on the page, and waits where a person asks it to; None in runs that nobody watches."""
    recorder: Recorder | None = None
    """Keeps a trace and a film of each visit, masked."""
    _kept: list[Kept] = field(default_factory=list)
    _paces: dict[tuple[str, float], Pacing] = field(default_factory=dict)
    _own: Browser | None = None
    _attached: list[Browser] = field(default_factory=list)

    async def context(
        self,
        ctx: Context,
        account: AccountSettings,
        portal: Portal,
        state: dict[str, Any] | None,
    ) -> tuple[BrowserContext, bool]:
        """A context for the account, and whether it is ours to close."""
        zone = account.zone or portal.zone
        if account.browser == "persistent":
            profile = ctx.home.profile(account.store_name)
            context = await opening.persistent(
                self.playwright,
                profile,
                locale=portal.locale,
                zone=zone,
                headed=self.headed,
                chosen=ctx.settings.browser,
            )
            if state and state.get("cookies"):
                await context.add_cookies(state["cookies"])
            return context, True
        if account.browser != "launch":
            browser = await opening.attach(self.playwright, await self._address(ctx, account))
            self._attached.append(browser)
            if browser.contexts:
                return browser.contexts[0], False
            return await browser.new_context(), True
        if self._own is None:
            self._own = await opening.launch(
                self.playwright,
                headed=self.headed,
                chosen=ctx.settings.browser,
                pictures=self.pictures,
                slow_ms=self.slow_ms,
            )
        return await opening.new_context(self._own, locale=portal.locale, zone=zone, state=state), True

    async def _address(self, ctx: Context, account: AccountSettings) -> str:
        """Where the open browser answers; a program that keeps the store's browser is asked for it."""
        keeper = keeper_of(
            account.browser, lambda name: secret(ctx.home, name), ctx.home.sessions / "keeper-ports.json"
        )
        if keeper is None:
            return account.browser
        kept = await keeper.open()
        if kept.ours:
            self._kept.append(kept)
        return kept.address

    def pace(self, account: AccountSettings, base_url: str, usual_s: float) -> Pacing:
        """The pace of a host: one for all accounts of this run that visit it."""
        seconds = usual_s if account.pace_s is None else account.pace_s
        return self._paces.setdefault((urlsplit(base_url).netloc, seconds), Pacing(seconds))

    async def close(self) -> None:
        """End our own browser; attached ones are only let go."""
        for browser in (self._own, *self._attached):
            if browser is not None:
                await browser.close()
        for kept in self._kept:
            with contextlib.suppress(RebuttalError):  # the program is gone already, and the browser with it
                await kept.keeper.close()


@contextlib.asynccontextmanager
async def browsers(
    *,
    headed: bool = False,
    pictures: bool = False,
    slow_ms: int = 0,
    narrator: Narrator | None = None,
    recorder: Recorder | None = None,
) -> AsyncIterator[Browsers]:
    """Browsers that end with the block, whatever happens in it."""
    async with opening.playwright_running() as playwright:
        shared = Browsers(playwright, headed, pictures or headed, slow_ms, narrator, recorder)
        try:
            yield shared
        finally:
            await shared.close()


def labels_of(ctx: Context, portal: Portal) -> Labels:
    """The portal's labels with the operator's over them."""
    return load_labels(portal.name, portal.folder, ctx.home.own_labels(portal.name))


def policy_of(ctx: Context, portal: Portal) -> Policy:
    """The portal's policy with the operator's over it."""
    return load_policy(portal.folder, ctx.home.own_policy(portal.name))


def channels_of(portal: Portal, account: AccountSettings) -> tuple[Channel, ...]:
    """The channels that a sync of the account reads: all, or those of its setting `options.channels`."""
    wanted = account.options.get("channels")
    if wanted is None:
        return portal.channels
    known = [channel.name for channel in portal.channels]
    for name in wanted if isinstance(wanted, list) and wanted else [wanted]:
        if name not in known:
            raise UsageFault(
                say(
                    "{store}: “{given}” is no channel of {portal}.",
                    store=account.store_name,
                    given=name,
                    portal=portal.name,
                ),
                say("Choose one of: {names}.", names=", ".join(known)),
            )
    return tuple(channel for channel in portal.channels if channel.name in wanted)


def keeps_session(account: AccountSettings) -> bool:
    """Is the session ours to keep? Not in a browser that a person opened. A kept profile alone is not enough: portals
    end sessions with the browser (Coupang's JSESSIONID is such a cookie)."""
    return account.browser in ("launch", "persistent")


def holder() -> str:
    """Who holds a lease: this process."""
    return f"{platform.node()}:{os.getpid()}"


async def guard_page(reading: ReadingGuard, context: BrowserContext, page: Page, *, pictures: bool = False) -> None:
    """Let nothing out of `page` that would change something, and load no fonts."""
    await reading.attach(context, page)
    if not pictures:
        await opening.no_fonts(context, page)


async def leave(page: Page) -> None:
    """Close `page`; what it sends on closing meets its guard while it is left."""
    with contextlib.suppress(Error):
        await page.goto("about:blank", timeout=LEAVE_MS)
        await page.evaluate("1")
    with contextlib.suppress(Error):  # the browser may be gone already, which is what is wanted
        await page.close()


@contextlib.contextmanager
def holding(ctx: Context, account: AccountSettings) -> Iterator[Lease]:
    """The account for this process alone: this machine's file lock, and the lease of the database. Raises `Busy`."""
    with account_lock(ctx.home, account.store_name):
        lease = ctx.store.leases.take(account.store_name, holder(), LEASE_S, machine=platform.node(), alone_here=True)
        try:
            yield lease
        finally:
            with contextlib.suppress(RebuttalError):  # what can't be given back runs out by itself
                ctx.store.leases.release(lease)


@contextlib.asynccontextmanager
async def visiting(
    ctx: Context,
    shared: Browsers,
    account: AccountSettings,
    mode: Mode,
    *,
    send: SendRule | None = None,
    uploads: int = 0,
    step: Callable[[str], None] = lambda name: None,
) -> AsyncIterator[Visit]:
    """The account at its portal, alone: OS lock, lease, session, guard. Raises `SignedOut` without a kept session."""
    portal: Portal = ctx.portal(account.portal)
    with holding(ctx, account) as lease:
        state = ctx.vault.load(account.store_name) if keeps_session(account) else None
        if state is None and account.browser == "launch" and mode != "signing_in":
            raise SignedOut(
                say("{store} was never signed in here.", store=account.store_name),
                say("Sign in with `rebuttal login {store}`.", store=account.store_name),
            )
        context, ours = await shared.context(ctx, account, portal, state)
        page = await context.new_page()
        tab: Tab | None = None
        try:
            visit = await _arrive(ctx, shared, account, portal, mode, context, page, send, uploads, step)
            visit.lease, tab = lease, visit.tab
            visit.given = (state or {}).get("session_storage") or {}
            visit.renewable = ours and not shared.headed and shared.narrator is None and shared.recorder is None
            recording = shared.recorder.of(context, page) if shared.recorder is not None else contextlib.nullcontext()
            async with recording:
                yield visit
            if mode != "signing_in" and keeps_session(account):
                ctx.vault.save(account.store_name, await opening.session_state(context, visit.tab.page))
        finally:
            await leave(tab.page if tab is not None else page)
            with contextlib.suppress(Error):
                await (context.close() if ours else context.unroute_all())


async def _arrive(
    ctx: Context,
    shared: Browsers,
    account: AccountSettings,
    portal: Portal,
    mode: Mode,
    context: BrowserContext,
    page: Page,
    send: SendRule | None,
    uploads: int,
    step: Callable[[str], None],
) -> Visit:
    """The account's page with its guard, its labels and rules; nothing has been asked of the portal yet."""
    base_url = (account.base_url or portal.base_url).rstrip("/")
    policy = policy_of(ctx, portal)
    if portal.cookies:
        await context.add_cookies([{**c, "url": base_url} for c in portal.cookies])  # type: ignore[typeddict-item]
    reading_posts = tuple(p for c in policy.channels.values() for p in c.reading_posts) + policy.reading_posts
    reading = ReadingGuard(reading_posts) if mode == "reading" else None
    hosts = (urlsplit(base_url).hostname or "", *portal.hosts)
    sending = SendingGuard(send, uploads, reading_posts, hosts) if send is not None else None
    if reading is not None:
        await guard_page(reading, context, page, pictures=shared.pictures)
    paused = ctx.home.path / "paused" / portal.name

    def stopped() -> None:
        if paused.exists():
            raise Paused(
                say("{portal} is paused.", portal=portal.name),
                say("Go on with `rebuttal resume {portal}`.", portal=portal.name),
            )

    def taken(name: str) -> None:
        logger.bind(account=account.store_name).info("{}", name)
        step(name)

    tab = Tab(
        portal.name,
        account.name,
        base_url,
        account.zone or portal.zone,
        labels_of(ctx, portal),
        portal.gate,
        context,
        page,
        shared.pace(account, base_url, ctx.settings.pace_s),
        ctx.home.bundles,
        language=portal.language,
        zone_basis="account" if account.zone else "assumed" if portal.zone_assumed else "account",
        before=stopped,
        step=taken,
        policy=policy,
        narrator=shared.narrator,
        options=account.options,
        store_label=portal.store_label,
        read_store=portal.read_store,
        store="" if mode == "signing_in" else str(account.options.get("store", "")),
    )
    return Visit(account, portal, tab, context, None, reading, sending)
