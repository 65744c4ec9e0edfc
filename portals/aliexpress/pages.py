"""AliExpress's pages: where they are, what must be on them, and the dialogs of its seven actions."""

from __future__ import annotations

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Gate, Spot
from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, HealthPage, Listed, Listing, Measure, Sent
from agent.reading.labels import first_difference
from agent.reading.moments import read_moment
from agent.reading.seen import Seen
from agent.records import Action, Case, Money
from agent.sending.packet import Packet, Receipt
from portals.aliexpress import read, read_list
from portals.aliexpress.shown import clock_of, money, percent

PAGE_SIZE = 20
"""The list offers no other."""
BUSY = ('[aria-busy="true"]', ".next-loading", ".ait-loading", ".next-skeleton", ".ait-skeleton")

GATE = Gate(
    start="/m_apps/home",  # signed out, every page leads to the sign-in host by itself
    home="/m_apps/home",
    home_landmark="home.heading",
    username="#loginName, #fm-login-id",
    password="#password, #fm-login-password",
    submit="#login-submit, #fm-login-submit, button[type=submit]",
    wrong="#login-error",
    dismiss=("gate.dismiss",),
    spots=(
        Spot(
            "challenge",
            texts=("gate.challenge",),
            css=("#baxia-login-check-code", "#baxia-dialog-content", "#nc_1_n1t"),
        ),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("sign_in", css=("#loginName", "#fm-login-id"), url=r"//login\.aliexpress\.com/"),
        Spot("down", texts=("gate.failed",)),
    ),
)


class Disputes(Channel):
    """Disputes of the shop (AE1–AE7). One list holds all, ended ones too: a dispute that opened and ended between two
    readings stands in it."""

    name = read.CHANNEL
    filters = ("all",)

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await tab.look(
            f"/m_apps/dispute-management/list?screenItemsStatus={filter}&pageSize={PAGE_SIZE}&current={number}",
            Wanted("disputes", ("list.heading", "list.product", "list.reason", "list.status", "list.ops"), busy=BUSY),
        )

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_list.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url,
            Wanted(
                "dispute",
                ("info.heading", "dispute.status", "goods.heading", "plans.heading", "appeals.heading",
                 "history.heading"),
                filled=("dispute.status", "dispute.reason"),
                busy=BUSY,
                subject=case_id,
            ),
        )  # fmt: skip

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_case(seen, documents)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts, reason = listed.facts, case.reason.shown if case.reason else ""
        pairs = ((facts["status"], case.status.shown), (facts["reason"], reason), (facts["order_id"], case.order_id))
        if wrong := first_difference(*pairs):
            return wrong
        if case.amount != money(facts["amount"])[0]:
            return f"{facts['amount']} / {case.amount}"
        return None

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        """Only a plan that lies on the table can be accepted: the platform's is not always there. One by which the goods
        come back asks for an address."""
        if action != "accept":
            return rule
        kinds = {str(offer.from_): offer.kind for offer in case.offers}
        solution, address = rule.fields["solution"], rule.fields["return_address"]
        options = {owner: label for owner, label in solution.options.items() if owner in kinds}
        back = tuple(owner for owner in options if kinds[owner] == "return_and_refund")
        fields = {
            "solution": solution.model_copy(update={"options": options}),
            "return_address": address.model_copy(update={"shown_when": {"solution": back}}),
        }
        return rule.model_copy(update={"fields": rule.fields | fields})

    def pays(self, case: Case, packet: Packet) -> Money | None:
        """What the plan that is agreed to pays; of a return and refund too."""
        chosen = packet.field("solution")
        plan = next((offer for offer in case.offers if chosen is not None and offer.from_ == chosen.value), None)
        return plan.amount if plan is not None else super().pays(case, packet)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> DisputeForm:
        return DisputeForm(tab, rule, self, case, action)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_sent(seen, action)


def labels_for(action: Action) -> FormLabels:
    """The parts of an action's dialog; all dialogs are built alike, only the button of `accept` reads otherwise."""
    return FormLabels(
        page=f"form.{action}",
        heading=f"form.{action}.heading",
        files="form.files",
        file_name="form.file_name",
        submit="form.agree" if action == "accept" else "form.submit",
        receipt=Spot("receipt", texts=("receipt.heading",)),
        refusal=Spot("refusal", texts=("form.refused",)),
        landmarks=("form.dispute",),
        opener=f"action.{action}",
    )


class DisputeForm(LabelledForm):
    """One of the dialogs on the dispute's page (AE2, AE4, AE5, AE7, WD6, appeal)."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Disputes, case: Case, action: Action) -> None:
        super().__init__(tab, rule, labels_for(action), channel, case)

    async def open(self, packet: Packet) -> None:
        case_id = packet.case.case_id
        seen = await self.open_at(self.case.url, case_id)
        shown = seen.section(self.labels.heading).labelled("form.dispute").text
        self.prove(shown, case_id)

    def read_receipt(self, seen: Seen) -> Receipt:
        part, clock = seen.section("receipt.heading"), clock_of(seen)
        if part.labelled("receipt.dispute").text != self.case.case_id:
            raise seen.mismatch("receipt.dispute", self.case.case_id, part.labelled("receipt.dispute").text)
        value = part.labelled("receipt.at")
        at = value.read(lambda text: read_moment(text, zone=clock.zone, zone_basis=clock.basis))
        return Receipt(number=part.labelled("receipt.number").text, at=at.at, shown=value.text)


class Assessment(HealthPage):
    """The shop's dispute rates: counted when a dispute is filed (AE3)."""

    name = "assessment"

    async def see(self, tab: Tab) -> Seen:
        return await tab.look(
            "/m_apps/store-assessment-new/assessment",
            Wanted("assessment", ("health.heading", "health.dispute_rate"), filled=("health.dispute_rate",), busy=BUSY),
        )

    def read(self, seen: Seen) -> tuple[Measure, ...]:
        names = ("dispute_rate", "arbitration_rate", "fault_rate")
        values = {name: seen.labelled(f"health.{name}") for name in names}
        return tuple(
            Measure(name=name, value=value.read(percent), shown=value.text, unit="%") for name, value in values.items()
        )
