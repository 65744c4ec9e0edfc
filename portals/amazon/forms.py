"""What Amazon lets a seller send: which form belongs to which action, and how its receipt is read."""

from __future__ import annotations

from agent.browser.form import FormLabels
from agent.browser.gate import Spot
from agent.browser.tab import Tab
from agent.policy import ActionRule
from agent.portal import Channel
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, Receipt
from portals.amazon import read_cases
from portals.amazon.kat import KatForm
from portals.amazon.markets import market_of
from portals.amazon.values import instant


def _labels(
    page: str, heading: str, submit: str, landmarks: tuple[str, ...], opener: str = "", receipt: str = "receipt.heading"
) -> FormLabels:
    return FormLabels(
        page=page,
        heading=heading,
        files="form.files",
        file_name="form.file_name",
        submit=submit,
        receipt=Spot("receipt", texts=(receipt,)),
        refusal=Spot("refusal", texts=("form.refused",)),
        landmarks=landmarks,
        opener=opener,
    )


_FORMS: dict[tuple[str, str], FormLabels] = {
    ("claims", "reply"): _labels(
        "form.reply", "form.reply.heading", "form.submit", ("form.case", "form.comment"), "action.reply"
    ),
    ("claims", "appeal"): _labels(
        "form.appeal", "form.appeal.heading", "form.submit", ("form.case", "form.reason", "form.information"),
        "action.appeal",
    ),
    ("claims", "accept"): _labels(
        "form.accept", "form.accept.heading", "form.refund_button", ("form.case", "form.confirm"), "action.accept"
    ),
    ("claims", "request_close"): _labels(
        "form.close", "form.request_close.heading", "form.submit", ("form.case", "form.message"), "action.request_close"
    ),
    ("chargebacks", "appeal"): _labels(
        "form.represent", "represent.heading", "represent.submit", ("form.case", "represent.comments")
    ),
    ("chargebacks", "accept"): _labels(
        "form.accept", "chargeback.refund.heading", "form.refund_button", ("form.case", "chargeback.confirm")
    ),
    ("safe_t", "reply"): _labels("form.safet", "safet.answer.heading", "safet.send", ("form.case", "safet.text")),
    ("safe_t", "appeal"): _labels("form.safet", "safet.answer.heading", "safet.send", ("form.case", "safet.text")),
    ("safe_t", "open_ticket"): _labels(
        "form.safet_new", "safet.new.heading", "form.submit", ("claims.order_id", "safet.new.items.heading"),
        receipt="safet.summary.heading",
    ),
    ("case_log", "reply"): _labels("form.case_reply", "case.answer.heading", "safet.send", ("cases.id",)),
    ("case_log", "open_ticket"): _labels(
        "form.help", "help.heading", "safet.send", ("form.case", "help.subject", "help.body")
    ),
    ("case_log", "request_close"): _labels(
        "form.case_close", "case.close.heading", "case.confirm", ("form.case", "case.resolved"), "case.close"
    ),
}  # fmt: skip


class AmazonForm(KatForm):
    """One of the forms; it begins at the case's own page and names the case once more."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case, action: Action) -> None:
        super().__init__(tab, rule, _FORMS[channel.name, action], channel, case)
        self.action = action
        self.address = case.url
        self.subject = case.order_id if channel.name == "claims" else case.case_id
        """What the form and its receipt name: a claim by its order, all others by their own number."""

    def note(self, seen: Seen) -> None:
        self.address = self.leads_to(seen)

    def leads_to(self, seen: Seen) -> str:
        """Where the form stands: on the case's own page, or where that leads."""
        return (read_cases.contact_link(seen) or "") if self.action == "open_ticket" else self.case.url

    async def open(self, packet: Packet) -> None:
        await self.tab.page.goto("about:blank")  # an address that differs behind the # alone would load nothing anew
        seen = await self.open_at(self.address, self.subject)
        if "form.case" in self.labels.landmarks:
            self.prove(seen.section(self.labels.heading).labelled("form.case").text, self.subject)
        else:
            self.prove(seen.labelled(self.labels.landmarks[0]).text, self.subject)

    def read_receipt(self, seen: Seen) -> Receipt:
        part = seen.section("receipt.heading")
        shown = part.labelled("receipt.case").text
        if shown != self.subject:
            raise seen.mismatch("receipt.case", self.subject, shown)
        at = part.labelled("receipt.at")
        return Receipt(number=part.labelled("receipt.number").text, at=instant(at, market_of(seen)), shown=at.text)
