"""The Message Center: its list by class, a message's page, and the form of an answer (CM1–CM9)."""

from __future__ import annotations

from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Link, Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case
from portals.coupang import read_messages as read
from portals.coupang.forms import FormPlace, PageForm, form_labels
from portals.coupang.tickets import NEW

PAGE_SIZE = 50
_LIST = Wanted(
    "messages", ("inbox.heading", "inbox.list.heading", "inbox.number", "inbox.state", "inbox.read", "inbox.received")
)


class Messages(Channel):
    """Order Messages, Policy Alerts and Inventory Warnings.

    Opening a message marks it read at the portal, which the portal does not count as an answer (CM4), but which a
    store's staff may go by. The account's setting `options.open_messages` (default true) says whether messages that
    nobody has opened yet are opened. With false such a message is known by its list row alone: class, marks, state and
    deadline, without thread and without an action; it is looked up again at every sync and read as soon as a person has
    opened it.
    """

    name = read.CHANNEL
    filters = ("order", "policy", "inventory")
    keeps_picture = True

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await tab.look(f"/messages?class={filter}&size={PAGE_SIZE}&page={number}", _LIST)

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"/messages/view?message_id={case_id}",
            Wanted(
                "message",
                ("inbox.view.heading", "inbox.info.heading", "inbox.thread.heading", "inbox.answers.heading"),
                filled=("inbox.state",),
                subject=case_id,
            ),
        )

    async def visit(self, tab: Tab, case_id: str, url: str) -> tuple[Seen, dict[str, Fetched]]:
        if not tab.options.get("open_messages", True):
            row = await tab.look(
                f"/messages?message_id={case_id}", Wanted(_LIST.page, _LIST.landmarks, subject=case_id)
            )
            if read.unopened(row, case_id):
                return row, {}
        return await self.opened(tab, case_id, url)

    async def opened(self, tab: Tab, case_id: str, url: str) -> tuple[Seen, dict[str, Fetched]]:
        """The message's own page and files, whatever the setting says."""
        return await super().visit(tab, case_id, url)

    def documents(self, seen: Seen) -> tuple[Link, ...]:
        return read.attachments(seen)

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_row(seen) if seen.page.page == _LIST.page else read.read_case(seen, documents)

    def whole(self, case: Case) -> bool:
        return "messages" not in case.missing

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts = listed.facts
        pairs = (
            (facts["state"], case.status.shown),
            (facts["kind"], case.reason.shown if case.reason else ""),
            (facts["order"].strip("-"), case.order_shown or case.order_id),
        )
        return first_difference(*pairs)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> PageForm:
        if action == "open_ticket":
            return PageForm(tab, rule, NEW, self, case)
        return AnswerForm(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        if seen.page.page == _LIST.page:
            return ()
        return read.read_related_tickets(seen) if action == "open_ticket" else read.read_answers(seen)


ANSWER = FormPlace(
    "/messages/reply?message_id={case}",
    form_labels(
        "reply",
        "reply.heading",
        "reply.submit",
        receipt="reply.receipt.heading",
        closed="reply.not_open",
        landmarks=("reply.text", "inbox.number"),
    ),
    subject="inbox.number",
    number="inbox.answer.number",
    at="inbox.answer.at",
)


class AnswerForm(PageForm):
    """An answer: text and pictures, once for each time the portal asks (CM4, CM5)."""

    channel: Messages

    def __init__(self, tab: Tab, rule: ActionRule, channel: Messages, case: Case) -> None:
        super().__init__(tab, rule, ANSWER, channel, case)

    async def look(self) -> Case:
        seen, documents = await self.channel.opened(self.tab, self.case.case_id, self.case.url)
        return self.channel.read_subject(seen, documents, self.case.case_id)
