"""What Ozon lets a seller send: the appeal, answers to return requests, messages and new support requests."""

from __future__ import annotations

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.tab import Tab
from agent.errors import CaseMoved
from agent.policy import ActionRule
from agent.portal import Channel
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, Receipt, nfc
from agent.words import say
from portals.ozon import read_returns, read_tickets
from portals.ozon.values import instant

_SEND_ICON = "button[type='submit']:has(svg path)"
"""The messenger's send button has no words (facts §5): it is the only one in its form that shows an icon."""


class OzonForm(LabelledForm):
    """A form with a hidden file input and previews; it begins at the case's own page."""

    def __init__(self, tab: Tab, rule: ActionRule, labels: FormLabels, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, labels, channel, case)
        self.address = ""

    def note(self, seen: Seen) -> None:
        self.address = self.leads_to(seen)

    def leads_to(self, seen: Seen) -> str:
        """Where the case's page leads to the form."""
        raise NotImplementedError

    async def open(self, packet: Packet) -> None:
        seen = await self.open_at(self.address, packet.case.case_id)
        self.prove(self.subject(seen), packet.case.case_id)

    def subject(self, seen: Seen) -> str:
        """The case that the form says it is for."""
        raise NotImplementedError

    def file_rows(self, seen: Seen) -> list[str]:
        """The previews in order: each names its file first."""
        tree = seen.tree
        lists = [
            me
            for me in range(len(tree.tags))
            if norm(tree.attrs(me).get("aria-label", "")) in seen.labels.of("appeal.attached")
        ]
        if len(lists) != 1:
            return []
        entries = [me for me in range(lists[0], tree.end[lists[0]]) if tree.tags[me] == "li"]
        return [tree.texts[tree.first[me]] for me in entries if tree.last[me] > tree.first[me]]

    def receipt(self, seen: Seen, number: str, at: str) -> Receipt:
        """The portal's number and time, under these labels."""
        moment = seen.labelled(at)
        return Receipt(number=seen.labelled(number).text, at=instant(moment), shown=moment.text)


class AppealForm(OzonForm):
    """Text, at most five files, the truth declaration; once (OZ4, OZ5)."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page="appeal",
                heading="appeal.heading",
                files="appeal.files",
                file_name="appeal.attached",
                submit="appeal.submit",
                receipt=Spot("receipt", texts=("appeal.receipt",)),
                refusal=Spot("refusal", texts=("appeal.refused", "appeal.not_open")),
                landmarks=("appeal.text", "appeal.declaration"),
            ),
            channel,
            case,
        )

    def leads_to(self, seen: Seen) -> str:
        part = seen.section("dispute.heading")
        links = {seen.tree.attrs(me).get("href", "") for me in part.controls("dispute.appeal", ("a",))}
        return links.pop() if len(links) == 1 else ""

    def subject(self, seen: Seen) -> str:
        return seen.labelled("disputes.posting").text

    def read_receipt(self, seen: Seen) -> Receipt:
        self.prove(seen.labelled("disputes.posting").text, self.case.case_id)
        return self.receipt(seen, "history.number", "appeal.receipt_at")


class AnswerForm(OzonForm):
    """One of the actions that the return request offers."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case, action: Action) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page="answer",
                heading=f"return.action.{action}",
                files="answer.files",
                file_name="appeal.attached",
                submit="answer.submit",
                receipt=Spot("receipt", texts=("answer.receipt",)),
                refusal=Spot("refusal", texts=("appeal.refused", "answer.not_open")),
            ),
            channel,
            case,
        )
        self.action = action

    def leads_to(self, seen: Seen) -> str:
        return read_returns.action_address(seen, self.action) or ""

    def subject(self, seen: Seen) -> str:
        return seen.labelled("returns.number").text

    def read_receipt(self, seen: Seen) -> Receipt:
        self.prove(seen.labelled("returns.number").text, self.case.case_id)
        return self.receipt(seen, "answer.number", "answer.at")


class ReplyForm(OzonForm):
    """A message in an open request; its receipt is the message itself, with the portal's id."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page="ticket",
                heading="ticket.thread.heading",
                files="new.files",
                file_name="appeal.attached",
                submit="",
                receipt=Spot("receipt", texts=("ticket.sent",)),
                refusal=Spot("refusal", texts=("appeal.refused", "ticket.locked")),
                button=_SEND_ICON,
            ),
            channel,
            case,
        )
        self.text = ""

    def leads_to(self, seen: Seen) -> str:
        return self.case.url

    def subject(self, seen: Seen) -> str:
        return read_tickets.read_case(seen).case_id

    async def fill(self, packet: Packet) -> None:
        field = packet.field("text")
        self.text = field.value if field else ""
        await super().fill(packet)

    def read_receipt(self, seen: Seen) -> Receipt:
        self.prove(self.subject(seen), self.case.case_id)
        number, said = read_tickets.own_messages(seen)[-1]
        if norm(said.text) != norm(nfc(self.text)):
            raise CaseMoved(
                say("The last message of {ref} is not the one that was approved.", ref=self.case.key.ref),
                say("Look at the request at the portal."),
            )
        return Receipt(number=number, at=said.at, shown=said.text[:80])


class TicketForm(OzonForm):
    """A new request after one that is closed and locked: topic, subtopic, text, files."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page="new ticket",
                heading="new.heading",
                files="new.files",
                file_name="appeal.attached",
                submit="new.submit",
                receipt=Spot("receipt", texts=("new.receipt",)),
                refusal=Spot("refusal", texts=("appeal.refused",)),
                landmarks=("new.topic", "new.subtopic"),
            ),
            channel,
            case,
        )

    def leads_to(self, seen: Seen) -> str:
        links = {seen.tree.attrs(me).get("href", "") for me in seen.controls("ticket.create", ("a",))}
        return links.pop() if len(links) == 1 else ""

    def subject(self, seen: Seen) -> str:
        return seen.labelled("new.ticket").read(read_tickets.number_in)

    def read_receipt(self, seen: Seen) -> Receipt:
        return Receipt(
            number=seen.labelled("new.number").read(read_tickets.number_in),
            at=instant(seen.labelled("new.at")),
            shown=seen.labelled("new.at").text,
        )
