"""Coupang's pages: where they are, what must be on them, and the appeal form."""

from __future__ import annotations

from agent.browser.form import CaseForm, FormLabels, LabelledForm
from agent.browser.gate import Gate, Spot
from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Link, Listed, Listing, Sent
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, Receipt
from agent.words import say
from portals.coupang import read
from portals.coupang.forms import PageForm
from portals.coupang.read_messages import read_related_tickets
from portals.coupang.shown import money
from portals.coupang.tickets import NEW

PAGE_SIZE = 100
"""The largest the list offers: fewer pages, fewer shifts while paging."""

GATE = Gate(
    start="/login",
    home="/dashboard",
    home_landmark="dashboard.heading",
    username="#username",
    password="#password",
    submit="#kc-login",
    wrong="#input-error",
    code="#auth-mfa-code",
    code_submit="#mfa-submit",
    later=("gate.later",),
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",)),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=("#auth-mfa-code",)),
        Spot("sign_in", css=("#kc-login", "form.re-login-form"), url=r"//xauth\.coupang\.com/"),
        Spot("later", texts=("gate.later",)),
    ),
)


class RefundDisputes(Channel):
    """Refunded and disputed orders (CP1–CP19)."""

    name = read.CHANNEL
    filters = ("disputed", "refunded")

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await tab.look(
            f"/orders?status={filter}&size={PAGE_SIZE}&page={number}",
            Wanted("orders", ("orders.heading", "orders.list.heading", "orders.order_id", "orders.dispute_status")),
        )

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url,
            Wanted(
                "order",
                ("order.info.heading", "dispute.heading", "dispute.status", "history.heading", "messages.heading"),
                filled=("dispute.responsible", "dispute.status"),
                subject=case_id,
            ),
        )

    def documents(self, seen: Seen) -> tuple[Link, ...]:
        value = seen.section("dispute.heading").labelled("dispute.document")
        if value.href is None:
            if norm(value.text) not in seen.labels.of("words.document.none"):
                raise seen.drift("dispute.document", say("there is no link to it"), found=(value.text,))
            return ()
        return (Link(name="decision", url=value.href),)

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_case(seen, documents)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts, reason = listed.facts, case.reason.shown if case.reason else ""
        if listed.status_is != case.status.is_ and norm(facts["status"]) != norm(case.status.shown):
            return f"{facts['status']} / {case.status.shown}"
        if norm(facts["reason"]) != norm(reason):
            return f"{facts['reason']} / {reason}"
        if case.amount != money(facts["amount"]):
            return f"{facts['amount']} / {case.amount}"
        return None

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> CaseForm:
        if action == "open_ticket":
            return PageForm(tab, rule, NEW, self, case)
        return AppealForm(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_related_tickets(seen) if action == "open_ticket" else read.read_history(seen)


APPEAL = FormLabels(
    page="appeal",
    heading="appeal.heading",
    files="appeal.files",
    file_name="appeal.file_name",
    submit="appeal.submit",
    receipt=Spot("receipt", texts=("receipt.heading",)),
    refusal=Spot("refusal", texts=("appeal.refused", "appeal.not_open")),
    landmarks=("appeal.type", "appeal.note"),
)


class AppealForm(LabelledForm):
    """“Appeal This Decision”: type, files, short note, once per order (CP6, CP7, CP8)."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: RefundDisputes, case: Case) -> None:
        super().__init__(tab, rule, APPEAL, channel, case)

    async def open(self, packet: Packet) -> None:
        seen = await self.open_at(f"/orders/{packet.order_id}/appeal", packet.order_id)
        shown = seen.labelled("appeal.order").text
        self.prove(shown, packet.order_id)

    def read_receipt(self, seen: Seen) -> Receipt:
        return read.read_receipt(seen, self.case.order_id)
