"""A page in memory: the form protocol, its script, and requests that pass through the real sending guard.

Nothing here waits, so the coroutines of the flows run to their end without an event loop (`finish`).
"""

from __future__ import annotations

import contextlib
import hashlib
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from playwright.async_api import Error

from agent.browser.form import Answer
from agent.browser.gate import Gate
from agent.browser.guard import SendingGuard
from agent.errors import NotReady, PacketAltered, PageDrift, PortalDown, RebuttalError, SignedOut, WrongSubject
from agent.policy import ActionRule, FieldRule, SendRule
from agent.portal import Channel, Fetched, Listing, Portal, Sent
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, Receipt, nfc
from agent.settings import AccountSettings
from agent.store import Store
from agent.store import engine as engines
from agent.words import Words, say
from flows import visit as visits
from flows.context import Context
from flows.visit import Visit, holding
from tests.torture.judge import Content
from tests.torture.memory_portal import KEYS, MemoryPortal, Response

T = TypeVar("T")

SCRIPTS = {
    "form": 30,
    "fetch": 20,
    "earlier": 8,
    "double_form": 5,
    "double_fetch": 5,
    "retry": 5,
    "swap_note": 3,
    "swap_choice": 3,
    "swap_file": 3,
    "drop_file": 2,
    "other_order": 2,
    "rewrites_note": 3,
    "no_rows": 2,
    "dead_button": 2,
    "click_raises": 3,
    "click_raises_after": 3,
}
"""How the page's own script sends the form, with weights."""

READING = ("down", "signed_out", "wrong_case", "drift", "not_ready")
"""What may go wrong at a step before the click."""


@dataclass
class Weather:
    """What one run of the program meets."""

    answer: str = "receipt"
    script: str = "form"
    trouble: str | None = None
    trouble_at: str = ""
    """The step of the form, or `visit` for the reading of a case, at which `trouble` comes."""
    between: Callable[[], None] | None = None
    """What happens at the portal between the last look and the click."""
    at_click: Callable[[], None] | None = None
    """What happens between the arming and the click: the machine sleeps."""


@dataclass
class Process:
    """What the page must know of the program that uses it; see `tests.torture.machine`."""

    portal: MemoryPortal
    weather: Weather
    node: str
    step: Callable[[str], None]
    may_deliver: Callable[[], bool]
    """When the program dies while its request is on the wire: does the request arrive nevertheless?"""
    objection: Callable[[Packet | None, str, int], str | None]
    """The torturer's own books: why nothing may be sent for this case, seen in this revision, under this fence."""
    delivered: dict[str, bool] = field(default_factory=dict)
    """Case id to whether a request of this program arrived and was accepted."""


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    coroutine.close()
    raise RuntimeError("it waited for something")


@dataclass
class _Request:
    """As far as guard and checks look at one."""

    method: str
    url: str
    headers: Mapping[str, str]
    post_data_buffer: bytes | None
    content: Content


@dataclass
class _Route:
    """One request in the guard's hands; `page` is what the browser shows in the end."""

    request: _Request
    send: Callable[[_Request], Response]
    page: str = "aborted"

    async def continue_(self) -> None:
        raise AssertionError("the browser itself would send it, and repeat it")

    async def abort(self, why: str) -> None:
        self.page = "aborted"

    async def fetch(self, *, url: str, max_retries: int, max_redirects: int, timeout: float) -> Response:  # noqa: ASYNC109
        assert (max_retries, max_redirects) == (0, 0)
        return self.send(self.request)

    async def fulfill(self, *, response: Response, headers: object = None) -> None:
        self.page = response.page


class MemoryForm:
    """The appeal form of one case."""

    def __init__(self, process: Process, visit: Visit, case: Case) -> None:
        self.process = process
        self.visit = visit
        self.case = case
        self.packet: Packet | None = None
        self.chosen: dict[str, tuple[str, ...]] = {}
        self.kind, self.note, self.page = "", "", "form"
        self.files: list[tuple[str, bytes]] = []
        self.revision = ""
        self.clicked = False

    @property
    def _guard(self) -> SendingGuard:
        assert self.visit.sending is not None
        return self.visit.sending

    async def look(self) -> Case:
        """The case, anew."""
        _trouble(self.process, "look", self.case.case_id)
        seen, _ = self.process.portal.read(self.case.case_id)
        self.revision = seen.revision
        return seen

    async def open(self, packet: Packet) -> None:
        """The form."""
        _trouble(self.process, "open", packet.order_id)
        self.packet = packet
        if self.process.weather.between:
            self.process.weather.between()
            self.process.weather.between = None

    async def fill(self, packet: Packet) -> None:
        """Type and choose."""
        choice, note = packet.field("appeal_type"), packet.field("note")
        assert choice is not None and note is not None
        self.kind, self.note = KEYS[choice.value], note.value
        if self.process.weather.script == "rewrites_note":
            self.note = self.note[:-1]

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """Files; some pages upload them at once."""
        _trouble(self.process, "attach", packet.order_id)
        self.files = [(f.upload_name, contents[f.sha256]) for f in packet.files]
        if self.process.weather.script == "no_rows":
            raise PacketAltered(say("The portal does not show every file."))
        if self.process.weather.script == "earlier":
            for name, data in self.files:
                body, content_type = _multipart({"orderId": self.case.order_id}, [(name, data)])
                await self._send("/upload/files", body, content_type, self._content(), lambda _: Response(200, "form"))

    async def differences(self, packet: Packet) -> list[Words]:
        """What the form holds that is not the packet."""
        _trouble(self.process, "differences", packet.order_id)
        self.chosen = {"appealType": (self.kind,)}
        note = packet.field("note")
        return [] if note and nfc(self.note) == nfc(note.value) else [say("note: it holds something else")]

    async def survey(self) -> Mapping[str, FieldRule]:
        """Nobody looks at it untouched."""
        return {}

    async def aim(self) -> None:
        """The button."""
        _trouble(self.process, "aim", self.case.order_id)

    async def click(self) -> None:
        """The one click, and what the page's script makes of it."""
        assert not self.clicked, "clicked twice"
        self.clicked = True
        if self.process.weather.at_click:
            self.process.weather.at_click()
            self.process.weather.at_click = None
        script = self.process.weather.script
        if script == "click_raises":
            raise Error("Locator.click: Timeout 10000ms exceeded.")
        await self._beacon()
        if script == "dead_button":
            return
        if script.startswith("double"):
            await self._submit()
        self.page = await self._submit()
        if script == "retry" and self.page in ("aborted", "error"):
            self.page = await self._submit()
        by_script = script in ("fetch", "double_fetch", "retry", "earlier")
        if by_script and self.page in ("aborted", "error"):
            self.page = "refusal"  # the script says that something went wrong, in the same place as a refusal
        if script == "click_raises_after":
            raise Error("Locator.click: Target page, context or browser has been closed")

    async def answer(self, over: Callable[[], bool]) -> Answer | None:
        """What the page shows."""
        case_id = self.case.case_id
        if self.page == "receipt":
            _, (appeal, *_) = self.process.portal.read(case_id)[0], self._listed(case_id)
            return Answer("confirmed", Receipt(number=appeal.number, at=appeal.at, shown="then"))
        if self.page == "wrong_receipt":
            raise WrongSubject(say("The receipt is of another order."))
        if self.page == "unreadable_receipt":
            raise _drift("receipt")
        return Answer("refused", words="[ERR-DS-099] …") if self.page == "refusal" else None

    def _listed(self, case_id: str) -> list[Sent]:
        """The receipt shows the appeal, also while the case's own page does not yet."""
        appeal = self.process.portal.matters[case_id].appeal
        assert appeal is not None
        return [Sent(number=appeal.number, at=appeal.at, what=appeal.kind)]

    async def _submit(self) -> str:
        """The form as the page's script sends it, perhaps not as it was read back."""
        kind, note, files, order = self.kind, self.note, list(self.files), self.case.order_id
        match self.process.weather.script:
            case "swap_note":
                note += "!"
            case "swap_choice":
                kind = next(code for code in KEYS.values() if code != kind)
            case "swap_file":
                files[0] = (files[0][0], files[0][1] + b"!")
            case "drop_file":
                files = files[1:]
            case "other_order":
                order = next((one for one in self.process.portal.matters if one != order), "COO000000000")
        fields = {"_csrf": "…", "orderId": order, "appealType": kind, "note": note.replace("\n", "\r\n")}
        earlier = self.process.weather.script == "earlier"
        body, content_type = _multipart(fields, [] if earlier else files)
        content = self._content(order, kind, note, files)
        return await self._send(f"/orders/{order}/appeal", body, content_type, content, self._deliver)

    async def _beacon(self) -> None:
        page = await self._send("/winglayout/beacon", b"{}", "application/json", self._content(), self._leaked)
        assert page == "aborted"

    def _leaked(self, request: _Request) -> Response:
        raise AssertionError(f"{request.url} left")

    async def _send(
        self, path: str, body: bytes, content_type: str, content: Content, deliver: Callable[[_Request], Response]
    ) -> str:
        url = f"https://portal.example{path}"
        if self._guard._unrouted("POST", url, "Document") is not None:
            return "aborted"
        elsewhere = self._guard._detour("POST", url)
        assert elsewhere is not None, "the browser itself could send it"
        route = _Route(_Request("POST", elsewhere, {"content-type": content_type}, body, content), deliver)
        await self._guard._handle(route, route.request)  # type: ignore[arg-type]
        return route.page

    def _deliver(self, request: _Request) -> Response:
        """On the wire: the program may die before or behind it."""
        process, case_id = self.process, self.case.case_id
        assert self.visit.lease is not None
        attempt = f"fence {self.visit.lease.fence}"
        objection = process.objection(self.packet, self.revision, self.visit.lease.fence)

        def arrive() -> Response:
            try:
                return process.portal.receive(process.weather.answer, request.content, attempt, objection)
            finally:
                arrived = [a for a in process.portal.arrivals if a.attempt == attempt]
                if arrived:
                    process.delivered[case_id] = arrived[-1].accepted

        try:
            process.step("wire: out")
        except BaseException:
            if process.may_deliver():
                with contextlib.suppress(Error):
                    arrive()
            raise
        answer = arrive()
        process.step("wire: in")
        return answer

    def _content(
        self, order: str = "", kind: str = "", note: str = "", files: list[tuple[str, bytes]] | None = None
    ) -> Content:
        key = next((key for key, code in KEYS.items() if code == kind), kind)
        sums = tuple((n, len(d), hashlib.sha256(d).hexdigest()) for n, d in files or ())
        return order or self.case.order_id, key, nfc(note), sums


def _multipart(fields: Mapping[str, str], files: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """A body as a browser writes it."""
    boundary = b"----torture"
    parts = [
        b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (k.encode(), v.encode()) for k, v in fields.items()
    ]
    parts += [
        b'Content-Disposition: form-data; name="files"; filename="%s"\r\nContent-Type: image/png\r\n\r\n%s'
        % (name.encode(), data)
        for name, data in files
    ]
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts) + b"--%s--\r\n" % boundary
    return body, f"multipart/form-data; boundary={boundary.decode()}"


def _drift(page: str) -> PageDrift:
    return PageDrift(say("The page is not the page we know."), page=page)


def _trouble(process: Process, at: str, case_id: str) -> None:
    if process.weather.trouble is None or process.weather.trouble_at != at:
        return
    faults: dict[str, RebuttalError] = {
        "down": PortalDown(say("The portal does not answer.")),
        "signed_out": SignedOut(say("Signed out.")),
        "wrong_case": WrongSubject(say("{case} was asked for.", case=case_id)),
        "drift": _drift(at),
        "not_ready": NotReady(say("A skeleton.")),
    }
    raise faults[process.weather.trouble]


@dataclass
class MemorySeen:
    """What was read from the portal at one moment."""

    page: SeenPage
    case: Case
    listed: tuple[Sent, ...]


class MemoryChannel(Channel):
    """The one channel."""

    name = "refund_disputes"

    def __init__(self, process: Process, clock: Callable[[], datetime]) -> None:
        self.process = process
        self.clock = clock

    async def listing(self, tab: Any, filter: str, number: int) -> Seen:
        raise NotImplementedError

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        raise NotImplementedError

    async def detail(self, tab: Any, case_id: str, url: str) -> Seen:
        _trouble(self.process, "visit", case_id)
        case, listed = self.process.portal.read(case_id)
        page = SeenPage(
            portal="coupang",
            account="main",
            page="order",
            url=case.url,
            title="",
            language="ko",
            seen_at=self.clock(),
            server_at=self.process.portal.now(),
            zone="Asia/Seoul",
            html=case.model_dump_json(),
        )
        return cast(Seen, MemorySeen(page, case, listed))

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return cast(MemorySeen, seen).case

    async def visit(self, tab: Any, case_id: str, url: str) -> tuple[Seen, dict[str, Fetched]]:
        return await self.detail(tab, case_id, url), {}

    def form(self, tab: Any, case: Case, action: Action, rule: ActionRule) -> Any:
        return MemoryForm(self.process, tab.visit, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return cast(MemorySeen, seen).listed


class MemoryContext(Context):
    """A context whose one portal is in memory."""

    process: Process

    def open_quickly(self) -> Store:
        """The store, without looking at the database's version first."""
        address = engines.locate(self.settings.database or self.home.database)
        self.__dict__["store"] = store = Store(address, self.home.blobs, clock=self.clock)
        self._closing.callback(store.close)
        return store

    def portal(self, name: str) -> Portal:
        """The portal in memory, whatever is asked for."""
        return Portal(
            name="coupang",
            title="",
            base_url="https://portal.example",
            hosts=("portal.example",),
            zone="Asia/Seoul",
            locale="ko-KR",
            language="ko",
            currency="KRW",
            folder=Path(__file__).parent / "memory",
            gate=cast(Gate, None),
            channels=(MemoryChannel(self.process, self.clock),),
        )


class Node:
    """In place of `platform` in `flows.visit`: the name of the machine whose program runs just now."""

    name = "desk"

    def node(self) -> str:
        """As `platform.node`."""
        return self.name


@contextlib.asynccontextmanager
async def browsers(**how: Any) -> AsyncIterator[Any]:
    """In place of `flows.visit.browsers`: no browser, and nobody who watches one."""
    yield types.SimpleNamespace(narrator=None, recorder=None)


@contextlib.asynccontextmanager
async def visiting(
    ctx: MemoryContext,
    shared: object,
    account: AccountSettings,
    mode: str,
    *,
    send: SendRule | None = None,
    uploads: int = 0,
    step: Callable[[str], None] = lambda name: None,
) -> AsyncIterator[Visit]:
    """In place of `flows.visit.visiting`: the same lock and lease, the real sending guard, a page in memory."""
    process = ctx.process
    cast(Node, cast(Any, visits).platform).name = process.node
    with holding(ctx, account) as lease:
        _trouble(process, "session", "-")
        tab = _Tab(process)
        tab.visit = Visit(account, ctx.portal("coupang"), cast(Any, tab), cast(Any, _Browser()), lease)
        tab.visit.sending = SendingGuard(send, uploads) if send is not None else None
        yield tab.visit


class _Tab:
    """A tab, as far as the flows ask for one."""

    visit: Visit
    wait_ms = 1

    def __init__(self, process: Process) -> None:
        self._process = process
        self.page = self

    @property
    def server_now(self) -> datetime:
        """The portal's clock."""
        return self._process.portal.now()

    server_now_at_most = server_now

    def before(self) -> None:
        """Never paused."""

    async def leave_bundle(self, error: RebuttalError, page: str = "") -> None:
        """Nothing."""

    async def screenshot(self, **how: Any) -> bytes:
        """A picture."""
        return b"a picture"


class _Browser:
    """A browser context, as far as the sending guard asks for one."""

    pages: tuple[()] = ()

    async def route(self, pattern: str, handler: Callable[..., Awaitable[None]]) -> None:
        """The guard's handler is called by the page itself."""
