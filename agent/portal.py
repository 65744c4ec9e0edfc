"""What a portal package gives to the kernel and the flows: the contract of `portals/<name>/__init__.py`."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.errors import WrongSubject
from agent.reading.page import PageFile
from agent.records import Action, Case, Document, Instant, Money, Record
from agent.words import Words, say

if TYPE_CHECKING:
    from agent.browser.form import CaseForm
    from agent.browser.gate import Gate
    from agent.browser.tab import Tab
    from agent.evidence import FileFacts, Finding
    from agent.policy import ActionRule
    from agent.reading.labels import Labels
    from agent.reading.seen import Seen
    from agent.sending.packet import Draft, Packet


class Listed(Record):
    """One row of a list: enough to name the case, to go to it, and to know whether it changed.

    `facts` are the shown texts that stand still while the case does (no countdowns).
    """

    case_id: str
    url: str
    facts: dict[str, str]
    status_is: str = "unknown"


class Listing(Record):
    """One page of a list. `total` is the portal's own count for the filter, None where it shows none."""

    rows: tuple[Listed, ...]
    total: int | None
    number: int
    last: bool


class Link(Record):
    """A file that the portal offers for download."""

    name: str
    url: str


@dataclass(frozen=True)
class Fetched:
    """A file as the portal gave it, under the portal's own name."""

    name: str
    data: bytes

    @property
    def document(self) -> Document:
        """Name, hash and size, as a record keeps them."""
        return Document(name=self.name, sha256=hashlib.sha256(self.data).hexdigest(), size=len(self.data))


class Sent(Record):
    """One answer of the seller that the portal says it has: proof for settling an unknown outcome."""

    number: str
    at: Instant | None
    what: str
    """The chosen type or the text, as far as the portal shows it, in compared form."""


class Measure(Record):
    """One health figure of an account as shown (CP14, CM10). `at`: the moment the page says it is of, None for now."""

    name: str
    value: Money | float
    shown: str
    unit: str = ""
    at: Instant | None = None


class Limit(Record):
    """A figure that must not get on the wrong side of a policy value: `rule` is a key of the portal's `[rules]`.

    `flag` is what it means for the account's open cases (`not_eligible`); of several limits on one figure the first
    that is broken counts, so the gravest stands first.
    """

    measure: str
    rule: str
    bad: Literal["below", "above"]
    flag: str = ""
    channels: tuple[str, ...] = ()
    """Channels whose cases bear the flag; none means all."""


class Settled(Record):
    """One settlement line (CP13). `statement` and `line` name it for good, so that reading it twice keeps it once."""

    statement: str
    line: str
    order_id: str
    on: date
    amount: Money
    kind: str
    shown: str


class Statement(Record):
    """One page of settlement lines."""

    lines: tuple[Settled, ...]
    last: bool


class HealthPage(ABC):
    """A page of figures about the account, read once at the end of each sync."""

    name: str
    limits: tuple[Limit, ...] = ()

    @abstractmethod
    async def see(self, tab: Tab) -> Seen:
        """Go to the page, and see it."""

    @abstractmethod
    def read(self, seen: Seen) -> tuple[Measure, ...]:
        """The figures on it; pure."""


class SettlementPage(ABC):
    """The list of settlement lines, read page by page at the end of each sync."""

    name: str

    @abstractmethod
    async def see(self, tab: Tab, number: int) -> Seen:
        """Go to page `number` (from 1), and see it."""

    @abstractmethod
    def read(self, seen: Seen, number: int) -> Statement:
        """The lines on it; pure."""


class Channel(ABC):
    """One queue of a portal through which a case runs. Page objects go and see; `read…` methods are pure."""

    name: str
    filters: tuple[str, ...] = ("all",)
    """The list is read once per filter; together they hold every case."""
    overlapping: bool = False
    """A list that is scrolled and not paged: page `number` is a window over it, and windows show some rows twice."""
    keeps_picture: bool = False
    """A screenshot is kept whenever a case changed: where the page is the only proof later (CM12)."""

    @abstractmethod
    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        """Go to page `number` (from 1) of the list under `filter`, and see it."""

    @abstractmethod
    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        """The rows on it; proves that `filter` is the one chosen."""

    @abstractmethod
    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        """Go to the case's own page, and see it."""

    @abstractmethod
    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        """The case as the page and its documents (by `Link.name`) show it."""

    async def visit(self, tab: Tab, case_id: str, url: str) -> tuple[Seen, dict[str, Fetched]]:
        """The case's page and the files it offers, fetched inside the session."""
        seen = await self.detail(tab, case_id, url)
        files = {link.name: await tab.fetch_file(link.url) for link in self.documents(seen)}
        kept = tuple(PageFile(key=key, **file.document.model_dump()) for key, file in files.items())
        seen.page = seen.page.model_copy(update={"files": kept})
        return seen, files

    def read_subject(self, seen: Seen, documents: dict[str, Fetched], case_id: str) -> Case:
        """`read`, and the proof that it is the case that was asked for; raises `WrongSubject`.

        A page that makes the reader itself fail is not the page it knows: `PageDrift`, and the others go on."""
        from agent.reading.cut import noted

        try:
            case = self.read(seen, documents)
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as fault:
            raise seen.drift("", say("its reader fails: {what}", what=f"{type(fault).__name__}: {fault}")) from fault
        if case.case_id != case_id:
            raise WrongSubject(
                say("{asked} was asked for, the page shows {shown}.", asked=case_id, shown=case.case_id),
                say("Nothing was stored or sent. Run `rebuttal sync` again; then look at the bundle."),
            )
        return noted(case, seen)

    def documents(self, seen: Seen) -> tuple[Link, ...]:
        """The files to keep with the case."""
        return ()

    def whole(self, case: Case) -> bool:
        """Was all read that there is? A case that was not is read again at the next sync, whatever its row says."""
        return True

    def agrees(self, listed: Listed, case: Case) -> str | None:
        """What the list row and the case's own page say differently; None where they agree."""
        return None

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        """The rule of an action as this case has it: a form with a block per item has fields per item."""
        return rule

    def lint(self, draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
        """What this form asks for beyond single fields: of two fields together, of fields and files."""
        return []

    def pays(self, case: Case, packet: Packet) -> Money | None:
        """What an action that moves money pays the buyer, at the most: the amount typed, else what the case is about.

        It is said to whoever approves; channels where the sum follows from a choice say so themselves.
        """
        typed = next((field.value for field in packet.fields if field.kind == "amount"), None)
        if typed is None or case.limit is None:
            return case.amount
        return Money(value=Decimal(typed), currency=case.limit.currency)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> CaseForm:
        """The form of an action; channels without one raise."""
        raise NotImplementedError(f"{self.name} has no form for {action}")

    async def report(self, tab: Tab) -> Fetched | None:
        """The portal's own export of the channel, to hold the list against; None where it has none (OZ6)."""
        return None

    def read_report(self, file: Fetched, labels: Labels) -> tuple[Listed, ...]:
        """Its lines, whose `facts` have the names of the list's; pure. Raises `Unreadable`."""
        return ()

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        """The seller's answers that the portal lists on the case's page."""
        return ()


@dataclass(frozen=True)
class Portal:
    """One seller centre. `zone` is the clock its pages show; pages are asked for, and asserted, in `language`."""

    name: str
    title: str
    base_url: str
    hosts: tuple[str, ...]
    zone: str
    locale: str
    language: str
    currency: str
    folder: Path
    gate: Gate
    channels: tuple[Channel, ...]
    cookies: tuple[dict[str, str], ...] = ()
    """Language and market cookies to be set before the first page."""
    health: tuple[HealthPage, ...] = ()
    settlement: SettlementPage | None = None
    store_label: str = ""
    """Label key under which every page names the store it shows, where one sign-in may have several; the account's
    setting `options.store` says which one it is."""
    read_store: Callable[[Seen], str] | None = None
    """The same where pages name their store without a label beside it; drift where a page names none."""
    choose_store: Callable[[Tab, str], Awaitable[bool]] | None = None
    """Switches a session that is being signed in over to the store of that name; False where it is not offered."""
    zone_assumed: bool = False
    """True where the portal does not say which clock its pages show."""
    checklist: tuple[Words, ...] = ()
    """What to look after at the portal before relying on this, said when an account is set up."""

    def channel(self, name: str) -> Channel:
        """The channel of that name; StopIteration is a fault of ours."""
        return next(c for c in self.channels if c.name == name)
