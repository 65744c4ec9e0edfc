"""`rebuttal login`: sign in as far as it goes without a person, who finishes codes and challenges; keep the session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error, Frame

from agent.browser.gate import ONE_TAB, SHOWN
from agent.browser.open import session_state
from agent.browser.tab import Tab, Wanted
from agent.errors import Challenge, NeedsPerson, SignedOut, WrongStore
from agent.portal import Portal
from agent.settings import AccountSettings, Credentials
from agent.words import Words, say
from flows.context import Context
from flows.visit import browsers, keeps_session, visiting

PERSON_MS = 600_000
"""How long a person may take in the window."""
_STEPS = 12
_LOOKS = 2
"""How often a button that is not there is looked for again."""
_CODES = 3
_FRAME_MS = 10_000
"""How long the frame with the form may take to show something that is known."""


@dataclass
class SignedIn:
    """What came of signing in."""

    account: str
    said: Words
    exit_code: int = 0

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"account": self.account, "said": str(self.said)}


async def login(
    ctx: Context, account: AccountSettings, *, headless: bool = False, code_from: Callable[[], str] | None = None
) -> SignedIn:
    """Sign `account` in and keep its session encrypted. A challenge goes to the person, who needs the window (XX4)."""
    portal: Portal = ctx.portal(account.portal)
    async with (
        browsers(headed=not headless, pictures=True) as shared,
        visiting(ctx, shared, account, "signing_in") as visit,
    ):
        chain = _Chain(visit.tab, portal, ctx.credentials(account), headless, code_from, ctx.console.print)
        chain.hosts += account.sign_in_hosts
        chain.wanted = str(account.options.get("store", ""))
        if portal.gate.one_tab:
            await visit.tab.page.add_init_script(ONE_TAB)
        await chain.run()
        await _in_store(visit.tab, portal, str(account.options.get("store", "")))
        if keeps_session(account):
            ctx.vault.save(account.store_name, await session_state(visit.context, visit.tab.page))
    ctx.store.alarms.clear("needs_person", account.store_name)
    return SignedIn(account.store_name, say("{store} is signed in.", store=account.store_name))


async def _in_store(tab: Tab, portal: Portal, wanted: str) -> None:
    """See to it that the session is in the store that the account is for; raises `WrongStore`."""
    if not wanted or not (portal.store_label or portal.read_store):
        return
    tab.store = wanted
    home = Wanted("sign_in", (portal.gate.home_landmark,), busy=())
    try:
        await tab.see(home)
    except WrongStore:
        if portal.choose_store is None or not await portal.choose_store(tab, wanted):
            raise
        await tab.see(home)


class _Chain:
    """The obstacles between the start and the portal's home page, each known by its own page."""

    def __init__(
        self,
        tab: Tab,
        portal: Portal,
        credentials: Credentials,
        headless: bool,
        code_from: Callable[[], str] | None,
        tell: Callable[[str], None],
    ) -> None:
        self.tab = tab
        self.tell = tell
        self.gate = portal.gate
        self.hosts = (urlsplit(tab.base_url).hostname or "", *portal.hosts)
        self.store = f"{tab.portal}:{tab.account}"
        self.credentials = credentials
        self.headless = headless
        self.code_from = code_from
        self.typed = False
        self.tried = False
        self.codes = 0
        self.gone = 0
        self.choose = portal.choose_store
        self.wanted = ""
        """The store to be chosen where the portal asks for one before it shows anything."""
        self.frame: Frame | None = None
        """The frame whose obstacle is being met."""

    async def run(self) -> None:
        """From the start to home; raises where only a person can go on and there is no window."""
        await self.tab.goto(self.gate.start)
        for _ in range(_STEPS):
            await self._look(None)
            if self.tab.ended is None:
                await self._dismiss()
                return
            await self._meet(self.tab.page.main_frame)
        raise NeedsPerson(
            say("{store}: signing in goes round in a circle.", store=self.store),
            say("Sign in with a visible window: `rebuttal login {store}`.", store=self.store),
        )

    async def _meet(self, place: Frame) -> None:
        """Meet the obstacle that `place` shows. What types does so only on pages of the portal's own hosts: elsewhere, and
        in a frame of somebody else's, a person goes on."""
        types = self.frame is not None or self.tab.ended in ("sign_in", "password", "code")
        if types and not self._at_home(place):
            return await self._wait_for_person(self._foreign(place))
        await getattr(self, f"_{self.tab.ended}", self._elsewhere)()

    async def _look(self, wait_ms: int | None) -> None:
        await self.tab.see(
            Wanted("sign_in", (self.gate.home_landmark,), busy=(), ends=self.gate.spots), wait_ms=wait_ms
        )

    async def _wait_for_person(self, error: NeedsPerson) -> None:
        """In a window: until the obstacle is gone. Without one: a person is needed."""
        if self.headless:
            raise error
        here = "frame" if self.frame else self.tab.ended
        self.tell(str(say("{why} Go on in the window that is open; this waits for you.", why=error.said)))
        for _ in range(PERSON_MS // 1000):
            with contextlib.suppress(Error):
                await self.tab.page.wait_for_timeout(1000)
            await self._look(1000)
            if self.tab.ended != here:
                return
        raise error

    async def _press(self, fill: dict[str, str], button: str, stays: str) -> bool:
        """Fill and press; True when the page took it, False when it shows its word for wrong."""
        page, place = self.tab.page, self.frame or self.tab.page
        for selector, text in fill.items():
            await self._type(selector, text)
        gone = asyncio.ensure_future(
            place.wait_for_function("field => !document.querySelector(field)", arg=stays, timeout=30_000)
        )
        moved = asyncio.ensure_future(page.wait_for_event("framenavigated", timeout=30_000))
        await place.click(button, timeout=10_000, no_wait_after=True)
        await asyncio.wait({gone, moved}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (gone, moved):
            waiting.cancel()
        await asyncio.gather(gone, moved, return_exceptions=True)
        try:
            await place.wait_for_load_state("domcontentloaded")
            wrong = place.locator(self.gate.wrong)
            return not (await wrong.count() and await wrong.first.is_visible())
        except Error:
            if self.frame is None:
                raise
            return True  # the frame is gone with the page that held it

    async def _type(self, selector: str, text: str) -> None:
        """Type into a field of the very document that was looked at, for page or frame may have moved on."""
        place = self.frame or self.tab.page.main_frame
        field = await place.wait_for_selector(selector, timeout=10_000)
        if field is None or not self._at_home(place):
            raise self._foreign(place)
        await field.fill(text, timeout=10_000)

    def _at_home(self, frame: Frame) -> bool:
        """Is its page of the portal's own hosts, or below them, and no less safe than the portal's own?"""
        parts, own = urlsplit(frame.url), urlsplit(self.tab.base_url)
        host = parts.hostname or ""
        return parts.scheme in ("https", own.scheme) and any(
            name and (host == name or host.endswith(f".{name}")) for name in self.hosts
        )

    def _foreign(self, frame: Frame) -> SignedOut:
        return SignedOut(
            say(
                "{store}: the form to sign in is of {host}, which is not the portal's own.",
                store=self.store,
                host=urlsplit(frame.url).hostname or "?",
            ),
            say(
                "Nothing was typed. Look whose it is: sign in yourself in a window (`rebuttal login {store}`), or, if it is the"
                " portal's, name it as sign_in_hosts of this account in rebuttal.toml.",
                store=self.store,
            ),
        )

    async def _frame(self) -> None:
        """The form stands in a frame: what is in there is met in there, and by the same steps."""
        spots = [spot for spot in self.gate.spots if spot.css and spot.name != "frame"]
        handle = await self.tab.page.query_selector(self.gate.frame)
        frame = await handle.content_frame() if handle else None
        try:
            assert frame is not None
            shown = await frame.wait_for_function(SHOWN, arg=[list(spot.css) for spot in spots], timeout=_FRAME_MS)
            self.tab.ended = spots[int(await shown.json_value()) - 1].name
        except (Error, AssertionError):
            return await self._gone()
        self.frame = frame
        try:
            await self._meet(frame)
        finally:
            self.frame = None

    async def _sign_in(self) -> None:
        name, password = self.credentials.username, self.credentials.password
        signed_out = SignedOut(
            say("{store}: name and password are wanted.", store=self.store),
            say("Put them in .env, or sign in with a visible window: `rebuttal login {store}`.", store=self.store),
        )
        if not name or (password is None and self.gate.password):
            return await self._wait_for_person(signed_out)
        if self.typed:
            return await self._wait_for_person(self._wrong_password())
        self.typed = True
        here = self.gate.password and not self.gate.password_submit
        if not await self._press(
            {self.gate.username: name}
            | ({self.gate.password: password.get_secret_value()} if here and password else {}),
            self.gate.submit,
            self.gate.username,
        ):
            self.tab.ended = "sign_in"
            await self._wait_for_person(self._wrong_password())

    async def _password(self) -> None:
        """The password on a page of its own, tried once."""
        password = self.credentials.password
        if password is None or self.tried:
            return await self._wait_for_person(self._wrong_password())
        self.tried = True
        fill = {self.gate.password: password.get_secret_value()}
        if not await self._press(fill, self.gate.password_submit, self.gate.password):
            self.tab.ended = "password"
            await self._wait_for_person(self._wrong_password())

    def _wrong_password(self) -> SignedOut:
        return SignedOut(
            say("{store}: the portal does not accept this name and password.", store=self.store),
            say("Correct them in .env. They were tried once; too many tries lock the account."),
        )

    async def _code(self) -> None:
        wanted = SignedOut(
            say("{store}: the portal wants its one-time code.", store=self.store),
            say("Run `rebuttal login {store} --code -` and type the code.", store=self.store),
        )
        if self.code_from is None:
            return await self._wait_for_person(wanted)
        if self.codes >= _CODES:
            raise SignedOut(
                say("{store}: the one-time code was wrong {count} times.", store=self.store, count=self.codes),
                say("Wait for a new code, then run `rebuttal login {store}` again.", store=self.store),
            )
        self.codes += 1
        code = (await asyncio.to_thread(self.code_from)).strip()
        if not code:
            raise wanted
        await self._press({self.gate.code: code}, self.gate.code_submit, self.gate.code)

    async def _challenge(self) -> None:
        await self._wait_for_person(
            Challenge(
                say("{store}: the portal asks for proof that a person is there.", store=self.store),
                say("Answer it in a window: `rebuttal login {store}`.", store=self.store),
            )
        )

    async def _enter(self) -> None:
        """Press the one button that leads on; which page comes next is seen afterwards."""
        for key in self.gate.enter:
            for text in self.tab.labels.texts[key]:
                button = self.tab.page.get_by_role("button", name=text, exact=True)
                if await button.count() != 1:
                    continue
                with contextlib.suppress(Error):  # the page went on by itself, which is what is wanted
                    await button.click(timeout=2_000, no_wait_after=True)
                await self.tab.page.wait_for_load_state("domcontentloaded")
                self.gone = 0
                return
        await self._gone()

    async def _gone(self) -> None:
        """The button to press is not there: the page may be going on by itself, so it is waited for the next one, and
        looked at again a few times."""
        self.gone += 1
        if self.gone > _LOOKS:
            await self._elsewhere()
        with contextlib.suppress(Error):
            await self.tab.page.wait_for_event("domcontentloaded", timeout=2_000)

    async def _later(self) -> None:
        for key in self.gate.later:
            for text in self.tab.labels.texts[key]:
                button = self.tab.page.get_by_role("button", name=text, exact=True)
                if await button.count() == 1:
                    await button.click(no_wait_after=True)
                    with contextlib.suppress(Error):  # until it is gone the old page could be taken for the next one
                        await button.wait_for(state="detached", timeout=10_000)
                    await self.tab.page.wait_for_load_state("domcontentloaded")
                    self.gone = 0
                    return
        await self._gone()

    async def _store(self) -> None:
        """A sign-in with several stores: the account's own is chosen where its settings name it, else by a person."""
        if self.wanted and self.choose is not None and await self.choose(self.tab, self.wanted):
            return
        await self._wait_for_person(
            WrongStore(
                say("{store}: the portal asks which store to show.", store=self.store),
                say(
                    "Choose it in a window: `rebuttal login {store}`; or name it in the settings: options.store.",
                    store=self.store,
                ),
            )
        )

    async def _dismiss(self) -> None:
        """Close notices, so that they do not come again today; leaving them open harms nothing."""
        for key in self.gate.dismiss:
            for text in self.tab.labels.texts[key]:
                for button in await self.tab.page.get_by_role("button", name=text, exact=True).all():
                    with contextlib.suppress(Error):
                        if await button.is_visible():
                            await button.click(timeout=1_000)

    async def _elsewhere(self) -> None:
        raise self.tab.at_gate(str(self.tab.ended))
