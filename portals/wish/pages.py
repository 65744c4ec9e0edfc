"""Wish's pages: where they are and what must be on them. Addresses are assumed: no source gives them."""

from __future__ import annotations

from collections.abc import Mapping

from agent.browser.gate import Gate, Spot
from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.words import say
from portals.wish import common, read_refunds, read_tickets
from portals.wish.forms import WishForm, fields_left

_CODE = "input[autocomplete='one-time-code']"
GATE = Gate(
    start="/login",
    home="/home",
    home_landmark="home.heading",
    username="input[autocomplete='username'], input[name='username']",
    password="input[type='password']",
    submit="form:has(input[type='password']) button[type='submit']",
    wrong="#login-error, form [role='alert']",
    code=_CODE,
    code_submit=f"form:has({_CODE}) button[type='submit']",
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",), css=("#px-captcha", "iframe[title*='captcha' i]")),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=(_CODE,)),
        Spot("sign_in", css=("input[type='password']",), url=r"/login(/|\?|$)"),
        Spot("down", texts=("gate.failed",)),
    ),
)


class _Queue(Channel):
    """A list of the dashboard and the pages its rows lead to."""

    page: str
    heading: str
    landmarks: tuple[str, ...]
    filled: tuple[str, ...]
    addresses: Mapping[str, str]
    columns: Mapping[str, str]
    states: str

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        """The first page by its address, the others by the page's own link to the next."""
        wanted = Wanted(f"{self.page}s", (self.heading,))
        return await tab.look(self.addresses[filter] if number == 1 else _next(await tab.see(wanted)), wanted)

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return common.read_listing(seen, self.heading, self.columns, self.states, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        landmarks = (*self.landmarks, "todo.heading", "items.heading")
        return await tab.look(url, Wanted(self.page, landmarks, filled=self.filled, subject=case_id))

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return common.agrees(listed, case)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        return fields_left(case, action, rule)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> WishForm:
        return WishForm(tab, rule, self, case, action)


class Tickets(_Queue):
    """Support tickets: what customers ask and complain of (WD1)."""

    name = read_tickets.CHANNEL
    filters = ("open", "closed")
    page = "ticket"
    heading = "tickets.heading"
    landmarks = ("ticket.heading", "thread.heading")
    filled = ("ticket.state", "ticket.reason")
    addresses = {"open": "/tickets?tab=open", "closed": "/tickets?tab=closed"}
    columns = read_tickets.COLUMNS
    states = "status"

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        """The rows under the tab that is proved to be chosen."""
        tree = seen.tree
        chosen = [
            me
            for me in range(len(tree.tags))
            if tree.attrs(me).get("role") == "tab" and tree.attrs(me).get("aria-selected") == "true"
        ]
        if len(chosen) != 1 or tree.named(chosen[0]) not in seen.labels.of(f"tab.{filter}"):
            found = tuple(tree.value_text(me) for me in chosen)
            raise seen.drift(f"tab.{filter}", say("{count} tabs are chosen", count=len(chosen)), found=found)
        return super().read_listing(seen, filter, number)

    def whole(self, case: Case) -> bool:
        """A row does not change when the customer writes once more: what is open is read again at every sync."""
        return case.decided_at is not None

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_tickets.read_case(seen)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_tickets.read_sent(seen, action)


class Refunds(_Queue):
    """Orders that Wish refunded at the merchant's cost, and the disputes of those refunds."""

    name = read_refunds.CHANNEL
    page = "order"
    heading = "refunds.heading"
    landmarks = ("refund.heading", "history.heading")
    filled = ("refund.state", "refund.reason")
    addresses = {"all": "/history?payment=not_eligible"}
    columns = read_refunds.COLUMNS
    states = "dispute"

    def whole(self, case: Case) -> bool:
        """What is offered ends with its time and not with a change of the row."""
        return not case.actions

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_refunds.read_case(seen)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_refunds.read_sent(seen, action)


def _next(seen: Seen) -> str:
    """The link to the next page of the list."""
    links = {seen.tree.attrs(me).get("href", "") for me in seen.controls("list.next", ("a",))}
    if len(links) != 1:
        raise seen.drift("list.next", say("the list has {count} links to its next page", count=len(links)))
    return links.pop()
