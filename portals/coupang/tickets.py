"""The Help Center: its tickets as a channel of their own, a new ticket, and a reply to one that asks (CP16, CM11)."""

from __future__ import annotations

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, Receipt
from portals.coupang import read_tickets as read
from portals.coupang.wuic import moment

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
        return next((f"{one} / {other}" for one, other in pairs if norm(one) != norm(other)), None)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> TicketReplyForm:
        return TicketReplyForm(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_replies(seen)


NEW = FormLabels(
    page="ticket_new",
    heading="tickets.new.heading",
    files="reply.files",
    file_name="appeal.file_name",
    submit="tickets.submit",
    receipt=Spot("receipt", texts=("tickets.receipt.heading",)),
    refusal=Spot("refusal", texts=("appeal.refused", "tickets.not_open")),
    landmarks=("tickets.category", "tickets.text", "tickets.about"),
)


class TicketForm(LabelledForm):
    """A new ticket about a case of another channel: the follow-up of an appeal, a message whose window is shut."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, NEW)
        self.channel = channel
        self.case = case

    async def look(self) -> Case:
        seen, documents = await self.channel.visit(self.tab, self.case.case_id, self.case.url)
        return self.channel.read_subject(seen, documents, self.case.case_id)

    async def open(self, packet: Packet) -> None:
        about = packet.case.case_id
        seen = await self.open_at(f"/help/tickets/new?about={about}", about)
        shown = seen.labelled("tickets.about").text
        self.prove(shown, about)

    def read_receipt(self, seen: Seen) -> Receipt:
        shown = seen.labelled("tickets.about").text
        if shown != self.case.case_id:
            raise seen.mismatch("tickets.about", self.case.case_id, shown)
        at = seen.labelled("tickets.opened")
        return Receipt(number=seen.labelled("tickets.number").text, at=moment(at).at, shown=at.text)


REPLY = FormLabels(
    page="ticket_reply",
    heading="tickets.reply.heading",
    files="reply.files",
    file_name="appeal.file_name",
    submit="tickets.reply.submit",
    receipt=Spot("receipt", texts=("tickets.reply.receipt.heading",)),
    refusal=Spot("refusal", texts=("appeal.refused", "tickets.not_open")),
    landmarks=("tickets.text", "tickets.number"),
)


class TicketReplyForm(LabelledForm):
    """What the Help Center asked for, added to its ticket."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, REPLY)
        self.channel = channel
        self.case = case

    async def look(self) -> Case:
        seen, documents = await self.channel.visit(self.tab, self.case.case_id, self.case.url)
        return self.channel.read_subject(seen, documents, self.case.case_id)

    async def open(self, packet: Packet) -> None:
        ticket = packet.case.case_id
        seen = await self.open_at(f"/help/tickets/{ticket}/reply", ticket)
        shown = seen.labelled("tickets.number").text
        self.prove(shown, ticket)

    def read_receipt(self, seen: Seen) -> Receipt:
        shown = seen.labelled("tickets.number").text
        if shown != self.case.case_id:
            raise seen.mismatch("tickets.number", self.case.case_id, shown)
        at = seen.labelled("tickets.answer.at")
        return Receipt(number=seen.labelled("tickets.answer.number").text, at=moment(at).at, shown=at.text)
