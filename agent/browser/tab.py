"""One page of one account: goes to an address, sees it in one call, and names what went wrong."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from playwright.async_api import BrowserContext, Error, Page, Response
from playwright.async_api import TimeoutError as Late

from agent.browser.gate import Gate, Spot
from agent.browser.narrate import Narrator
from agent.browser.pacing import Pacing
from agent.browser.patience import GOTO_MS, READY_MS, read_patiently
from agent.errors import (
    Challenge,
    Denied,
    NotReady,
    PageDrift,
    PortalDown,
    RateLimited,
    RebuttalError,
    SignedOut,
    WrongStore,
)
from agent.policy import Policy
from agent.portal import Fetched
from agent.reading.labels import Labels, norm
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.words import say


@cache
def see_script() -> str:
    """The seeing script, for one argument as JSON text: a list of many texts would be wrapped one by one on its way."""
    see = (Path(__file__).parent.parent / "reading" / "see.js").read_text(encoding="utf-8")
    return f"(want) => ({see})(JSON.parse(want))"


@dataclass(frozen=True)
class Wanted:
    """What must be on a page before it is read. Keys are label keys; `subject` is the id that must be shown."""

    page: str
    landmarks: tuple[str, ...]
    filled: tuple[str, ...] = ()
    busy: tuple[str, ...] = ('[aria-busy="true"]', '[role="progressbar"]', ".skeleton", ".spinner", ".loading")
    subject: str | None = None
    ends: tuple[Spot, ...] = ()
    """Other ways this page may look that end the waiting (a receipt, a refusal)."""


@dataclass
class Tab:
    """A guarded page of one account. `base_url` has no path; `seen_pages` counts what was looked at."""

    portal: str
    account: str
    base_url: str
    zone: str
    labels: Labels
    gate: Gate
    context: BrowserContext
    page: Page
    pacing: Pacing
    bundles: Path
    step: Callable[[str], None] = lambda name: None
    wait_ms: int = READY_MS
    language: str = ""
    """The language the pages must be in (CP1); "" asserts nothing."""
    zone_basis: Literal["page", "account", "assumed"] = "account"
    before: Callable[[], None] = lambda: None
    """Asked before every visit; raises where the portal is paused."""
    policy: Policy | None = None
    """The portal's rules with the operator's over them; handed to the readers with each page."""
    store_label: str = ""
    """Label key under which every page names the store it shows; "" where the portal has one store a sign-in."""
    read_store: Callable[[Seen], str] | None = None
    """The same where no label stands beside the store's name."""
    store: str = ""
    """The store that the pages must be of; "" asserts nothing."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the account's settings say to this portal alone."""
    narrator: Narrator | None = None
    """Names each step on the page for a person who watches; its mark is off whenever the page is looked at."""
    seen_pages: int = 0
    ended: str | None = None
    """Name of the end that `see` met, out of `Wanted.ends`."""
    _date: tuple[datetime, float, float] | None = None
    """The portal's last Date, and when it was heard: on a clock that nobody sets, and on the machine's own."""
    _documents: dict[str, datetime] = field(default_factory=dict)
    _last: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("response", self._heard)

    def go_on_in(self, page: Page) -> None:
        """Take another page of the same context in place of the present one, which is the caller's to close."""
        self.page.remove_listener("response", self._heard)
        self.page = page
        self._documents.clear()
        page.on("response", self._heard)

    def _heard(self, response: Response) -> None:
        """Keep the portal's own clock: the Date header of its latest answer and when it came.

        A portal's pages may stand on several hosts: the document that the tab shows is its answer, whatever its host.
        """
        date = response.headers.get("date")
        if date and (self.own(response.url) or self._is_document(response)):
            try:
                at = parsedate_to_datetime(date).astimezone(UTC)
            except ValueError:
                return
            self._date = (at, time.monotonic(), time.time())
            if response.request.is_navigation_request():
                self._documents[response.url] = at

    def own(self, url: str) -> bool:
        """Is that address of the portal's own origin? A host that only begins like it is another's."""
        return urlsplit(url)[:2] == urlsplit(self.base_url)[:2]

    def _is_document(self, response: Response) -> bool:
        """Is it the document of the tab itself, and not of a frame in it?"""
        try:
            return response.request.is_navigation_request() and response.frame == self.page.main_frame
        except Error:  # a service worker's answer has no frame
            return False

    @property
    def server_now(self) -> datetime | None:
        """The portal's clock now, by its last Date header and the time since; at most a little early."""
        if self._date is None:
            return None
        at, heard, _ = self._date
        return at + timedelta(seconds=int(time.monotonic() - heard))

    @property
    def server_now_at_most(self) -> datetime | None:
        """The same, at most a little late: a clock that nobody sets may stand still while the machine sleeps."""
        if self._date is None:
            return None
        at, heard, wall = self._date
        return at + timedelta(seconds=math.ceil(max(time.monotonic() - heard, time.time() - wall)))

    def _seen_clock(self, got: dict[str, Any]) -> datetime | None:
        """The portal's clock when the page was seen, and never later than a countdown on it was painted for.

        It counts from the Date of the document itself, by the page's own clock, however late the page reached us. What
        the portal took to make its answer is taken off, and a second, because a ticking page is painted once a second.
        """
        date = self._documents.get(str(got["url"]).split("#")[0])
        if date is None or got.get("since_ms") is None:
            return self.server_now
        return date + timedelta(seconds=math.floor(got["since_ms"] / 1000) - 1)

    async def look(self, address: str, wanted: Wanted) -> Seen:
        """Go to `address` (path or full) and see it; again while the portal is down, reloaded once if not ready."""

        async def once() -> Seen:
            await self.goto(address)
            return await self.see(wanted)

        try:
            return await read_patiently(once)
        except NotReady:
            return await once()

    async def goto(self, address: str) -> None:
        """Go to `address`; answers that are no page become errors."""
        url = urljoin(self.base_url + "/", address)
        self.before()
        await self.pacing.wait(url)
        self.step(f"goto {urlsplit(url).path}")
        if self.narrator is not None:
            await self.narrator.at(self.page, say("goes to {path}", path=urlsplit(url).path))
            self.before()
        self.ended = None
        self._documents.clear()
        try:
            response = await self.page.goto(url, wait_until="commit", timeout=GOTO_MS)
        except Late:
            raise PortalDown(
                say("{portal} did not answer within {seconds} seconds.", portal=self.portal, seconds=GOTO_MS // 1000),
                say("Try again later."),
            ) from None
        except Error as fault:
            raise PortalDown(
                say("{portal} can't be reached: {why}", portal=self.portal, why=_net(fault)),
                say("Check the network and the portal, then run it again."),
            ) from None
        status = response.status if response else 200
        if status == 429:
            raise RateLimited(
                say("{portal} asks for fewer visits (429).", portal=self.portal),
                say("Wait an hour; set pace_s higher if it comes again."),
            )
        if status >= 500:
            raise PortalDown(
                say("{portal} answers with an error ({status}).", portal=self.portal, status=status),
                say("Try again later."),
            )

    async def see(self, wanted: Wanted, *, wait_ms: int | None = None) -> Seen:
        """The page as a person sees it, once it is ready; gates and shells become errors."""
        want = {
            "landmarks": [self.labels.texts[key] for key in wanted.landmarks],
            "filled": [self.labels.texts[key] for key in wanted.filled],
            "labels": sorted(self.labels.known) if wanted.filled else [],
            "busy": list(wanted.busy),
            "gates": [spot.wanted(self.labels) for spot in (*wanted.ends, *self.gate.spots)],
            "subject": wanted.subject,
            "wait_ms": self.wait_ms if wait_ms is None else wait_ms,
        }
        if self.narrator is not None:
            await self.narrator.at(self.page, say("reads the page “{page}”", page=wanted.page))
        got = await self._evaluate(want)
        self._last = got
        self.seen_pages += 1
        seen = Seen(
            SeenPage(
                portal=self.portal,
                account=self.account,
                page=wanted.page,
                url=got["url"],
                title=got["title"],
                language=got["language"],
                seen_at=datetime.now(UTC),
                server_at=self._seen_clock(got),
                zone=self.zone,
                zone_basis=self.zone_basis,
                subject=wanted.subject,
                html=got["html"],
                landmarks=wanted.landmarks,
            ),
            self.labels,
            self.policy,
        )
        self.ended = None
        if got["status"] == "gate":
            if got["gate"] in {spot.name for spot in wanted.ends}:
                self.ended = got["gate"]
                return seen
            raise self.at_gate(str(got["gate"]))
        if got["status"] == "timeout" and (got["busy"] or not got["html"].strip()):
            raise NotReady(
                say("{portal}: the {page} page stayed unfinished.", portal=self.portal, page=wanted.page),
                say("Run it again; if it stays so, look with `rebuttal sync --headed`."),
            )
        if got["status"] == "timeout" and got["missing"]:
            self._assert_language(seen)
            if self._names_store(seen):  # another store has other cases: not found there
                self._assert_store(seen)
            raise seen.drift(wanted.landmarks[got["missing"][0]], say("it is not on the page"), near=seen)
        self._assert_language(seen)
        self._assert_store(seen)
        return seen

    def _assert_store(self, seen: Seen) -> None:
        """One sign-in may have several stores: a page of another one is neither read nor filled in."""
        if not self.store or not (self.store_label or self.read_store):
            return
        shown = self.read_store(seen) if self.read_store else seen.labelled(self.store_label).text
        if norm(shown) != norm(self.store):
            raise WrongStore(
                say(
                    "{portal}:{account}: the page is of “{shown}”, not of “{wanted}”.",
                    portal=self.portal,
                    account=self.account,
                    shown=shown,
                    wanted=self.store,
                ),
                say(
                    "Nothing was read or sent. Sign in again: `rebuttal login {portal}:{account}` chooses the store.",
                    portal=self.portal,
                    account=self.account,
                ),
            )

    def _names_store(self, seen: Seen) -> bool:
        """Does a page, of whatever kind, name a store at all?"""
        if self.read_store is None:
            return bool(self.store_label) and seen.shows(self.store_label)
        try:
            return bool(self.read_store(seen))
        except PageDrift:
            return False

    def _assert_language(self, seen: Seen) -> None:
        """Some controls exist only in the portal's own language: a page in another one is not read or filled (CP1)."""
        shown = seen.page.language.lower().replace("_", "-")
        if self.language and shown and not shown.startswith(self.language):
            raise seen.drift(
                "language",
                say("the page is in “{shown}”, not in “{wanted}”", shown=shown, wanted=self.language),
                looked_for=(self.language,),
                found=(shown,),
            )

    async def _evaluate(self, want: dict[str, Any]) -> dict[str, Any]:
        """One evaluated call; a page that navigates away under it is looked at again where it arrives."""
        for _ in range(4):
            try:
                got: dict[str, Any] = await self.page.evaluate(see_script(), json.dumps(want))
                return got
            except Error as fault:
                if "context was destroyed" in fault.message or "navigating" in fault.message:
                    await self.page.wait_for_load_state("domcontentloaded", timeout=GOTO_MS)
                    continue
                raise PortalDown(
                    say("{portal}: the page can't be looked at: {why}", portal=self.portal, why=_net(fault)),
                    say("Run it again."),
                ) from None
        raise PortalDown(say("{portal}: the page keeps moving on.", portal=self.portal), say("Run it again."))

    def at_gate(self, name: str) -> RebuttalError:
        store = f"{self.portal}:{self.account}"
        if name in ("sign_in", "password", "code", "enter", "later", "store", "frame"):
            return SignedOut(
                say("{store} is signed out.", store=store), say("Sign in with `rebuttal login {store}`.", store=store)
            )
        if name == "challenge":
            return Challenge(
                say("{store}: the portal asks for proof that a person is there.", store=store),
                say("Answer it in a window: `rebuttal login {store}`.", store=store),
            )
        if name == "denied":
            return Denied(
                say("{store}: the portal denies access.", store=store),
                say("Open the portal in your own browser; if that works, attach to it (browser = a CDP address)."),
            )
        if name == "rate":
            return RateLimited(say("{portal} asks for fewer visits.", portal=self.portal), say("Try again in an hour."))
        return PortalDown(
            say("{portal} shows its maintenance or error page.", portal=self.portal), say("Try again later.")
        )

    async def fetch_file(self, url: str) -> Fetched:
        """The file behind a download link, by GET inside the session."""
        self.before()
        full = urljoin(self.base_url + "/", url)
        await self.pacing.wait(full)
        try:
            response = await self.context.request.get(full, timeout=GOTO_MS, max_redirects=5, max_retries=0)
        except Error as fault:
            raise PortalDown(
                say("{portal}: a document can't be fetched: {why}", portal=self.portal, why=_net(fault)),
                say("Run it again."),
            ) from None
        if response.status >= 400:
            raise PortalDown(
                say("{portal}: a document answers with {status}.", portal=self.portal, status=response.status),
                say("Run it again."),
            )
        return Fetched(_file_name(response.headers.get("content-disposition", ""), full), await response.body())

    async def picture(self) -> bytes | None:
        """The whole page as a JPEG, kept beside what was read from it (CM12); None where the browser gives none."""
        try:
            return await self.page.screenshot(full_page=True, type="jpeg", quality=80, timeout=10_000)
        except Error:
            return None

    async def leave_bundle(self, error: RebuttalError, page: str = "") -> Path | None:
        """Keep what a person needs to understand `error`: screenshot, seen page, address; never on sign-in pages."""
        if isinstance(error, SignedOut):
            return None
        folder = self.bundles / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{self.portal}-{self.account}-{error.name}"
        folder.mkdir(parents=True, mode=0o700)
        facts = {
            "error": error.name,
            "said": str(error.said),
            "todo": str(error.todo) if error.todo else None,
            "page": page,
            "url": _bare(self.page.url),
            "at": datetime.now(UTC).isoformat(),
            "portal_clock": str(self.server_now),
            "facts": {k: v for k, v in error.facts.items() if v},
        }
        (folder / "error.json").write_text(
            json.dumps(facts, ensure_ascii=False, indent=1, default=str), encoding="utf-8"
        )
        if self._last.get("html") and not isinstance(error, Challenge):
            (folder / "seen.html").write_text(self._last["html"], encoding="utf-8")
        try:
            await self.page.screenshot(path=folder / "page.png", timeout=5_000)
        except Error:
            (folder / "no-screenshot.txt").write_text("The browser gave no picture.\n", encoding="utf-8")
        error.bundle = str(folder)
        return folder


def _file_name(disposition: str, url: str) -> str:
    """The name that the portal gives a download, else the last part of its address."""
    message = Message()
    message["Content-Disposition"] = disposition
    given = message.get_filename()
    return Path(collapse_rfc2231_value(given) if given else urlsplit(url).path).name


def _net(fault: Error) -> str:
    """The short name of a network error."""
    line = fault.message.splitlines()[0]
    at = line.find("net::")
    return line[at:].split(" ")[0] if at >= 0 else line


def _bare(url: str) -> str:
    """An address without the values of its query that may be secrets (tokens, codes, states)."""
    parts = urlsplit(url)
    keep = [
        p
        for p in parts.query.split("&")
        if p.split("=")[0].lower()
        in ("page", "size", "status", "order_id", "orderid", "message_id", "case_id", "id", "tab", "filter")
    ]
    return parts._replace(query="&".join(keep), fragment="").geturl()
