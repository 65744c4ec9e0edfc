"""The Help Center: its tickets as a channel of their own, a new ticket, and a reply to one that asks (CP16, CM11)."""

from __future__ import annotations

from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case
from portals.coupang import read_tickets as read
from portals.coupang.forms import FormPlace, PageForm, form_labels

PAGE_SIZE = 50


class Tickets(Channel):
    """Support tickets. A ticket never counts as an answer to a message, and is never merged with one (CM11)."""

    name = read.CHANNEL

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await tab.look(
            f"/help/tickets?size={PAGE_SIZE}&page={number}",
            Wanted("tickets", ("tickets.heading", "tickets.list.heading", "tickets.number", "tickets.state")),
        )

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read.read_listing(seen, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"/help/tickets/{case_id}",
            Wanted(
                "ticket",
                ("tickets.view.heading", "tickets.info.heading", "tickets.thread.heading"),
                filled=("tickets.state",),
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts = listed.facts
        pairs = ((facts["state"], case.status.shown), (facts["category"], case.reason.shown if case.reason else ""))
        return first_difference(*pairs)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> PageForm:
        return PageForm(tab, rule, REPLY, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_replies(seen)


NEW = FormPlace(
    "/help/tickets/new?about={case}",
    form_labels(
        "ticket_new",
        "tickets.new.heading",
        "tickets.submit",
        receipt="tickets.receipt.heading",
        closed="tickets.not_open",
        landmarks=("tickets.category", "tickets.text", "tickets.about"),
    ),
    subject="tickets.about",
    number="tickets.number",
    at="tickets.opened",
)
"""A new ticket about a case of another channel: the follow-up of an appeal, a message whose window is shut."""
REPLY = FormPlace(
    "/help/tickets/{case}/reply",
    form_labels(
        "ticket_reply",
        "tickets.reply.heading",
        "tickets.reply.submit",
        receipt="tickets.reply.receipt.heading",
        closed="tickets.not_open",
        landmarks=("tickets.text", "tickets.number"),
    ),
    subject="tickets.number",
    number="tickets.answer.number",
    at="tickets.answer.at",
)
"""What the Help Center asked for, added to its ticket."""
