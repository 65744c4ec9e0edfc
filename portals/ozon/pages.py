"""Ozon's pages: where they are, what must be on them, and how a virtual list is scrolled through."""

from __future__ import annotations

from urllib.parse import quote

from agent.browser.gate import Gate, Spot
from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import (
    Channel,
    Fetched,
    HealthPage,
    Limit,
    Link,
    Listed,
    Listing,
    Measure,
    Sent,
    SettlementPage,
    Statement,
)
from agent.reading.labels import Labels
from agent.reading.seen import Seen
from agent.records import Action, Case
from portals.ozon import read, read_account, read_returns, read_tickets
from portals.ozon.forms import AnswerForm, AppealForm, OzonForm, ReplyForm, TicketForm

GATE = Gate(
    start="/app/registration/signin",
    home="/app/dashboard/main",
    home_landmark="home.heading",
    enter=("gate.enter",),
    username="#email, input[type='email']",
    submit="form:has(input[type='email']) button[type='submit']",
    wrong="[role='alert']",
    code="input[autocomplete='one-time-code']",
    code_submit="form:has(input[autocomplete='one-time-code']) button[type='submit']",
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",)),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=("input[autocomplete='one-time-code']",)),
        Spot("sign_in", css=("#email", "input[type='email']")),
        Spot("enter", texts=("gate.enter",)),
    ),
)

_SCROLL = """(step) => new Promise((done) => {
  const boxes = [...document.querySelectorAll("*")].filter((e) => e.clientHeight > 120
    && e.scrollHeight > e.clientHeight + 4 && /auto|scroll/.test(getComputedStyle(e).overflowY));
  boxes.sort((a, b) => b.scrollHeight - a.scrollHeight);
  const box = boxes[0] || document.scrollingElement;
  box.scrollTop = step * Math.floor(box.clientHeight * 0.7);
  let frames = 4;
  const wait = () => (frames-- ? requestAnimationFrame(wait) : done());
  wait();
})"""
"""Rows unmount as the list is scrolled (facts §5): each window overlaps the one before by about a third."""


class _Scrolled(Channel):
    """A channel whose list is one page that is scrolled: `number` counts windows from the top."""

    overlapping = True
    address: str
    wanted: Wanted

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        """Window `number` of the list; scrolling is reading."""
        if number == 1:
            return await tab.look(self.address, self.wanted)
        await tab.page.evaluate(_SCROLL, number - 1)
        return await tab.see(self.wanted)


class RefundDisputes(_Scrolled):
    """Refunded postings with the tag Dispute (OZ1–OZ9)."""

    name = read.CHANNEL
    filters = ("arbitration",)
    address = "/app/postings/fbs?tab=arbitration"
    wanted = Wanted("disputes", ("disputes.heading", "disputes.posting", "disputes.status"))

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"{self.address}&postingDetails={quote(case_id)}",
            Wanted(
                "dispute",
                ("dispute.info.heading", "dispute.heading", "disputes.status", "history.heading", "talk.heading"),
                filled=("dispute.basis", "disputes.status"),
                subject=case_id,
            ),
        )

    def documents(self, seen: Seen) -> tuple[Link, ...]:
        address = read.rule_link(seen)
        return () if address is None else (Link(name="rule", url=address),)

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_case(seen, documents)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return read.agrees(listed, case)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> OzonForm:
        return AppealForm(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_sent(seen)

    async def report(self, tab: Tab) -> Fetched | None:
        """The Dispute Report, made by the portal when it is asked for (OZ6)."""
        return await tab.fetch_file("/app/reports/disputes/download?format=csv")

    def read_report(self, file: Fetched, labels: Labels) -> tuple[Listed, ...]:
        return read_account.read_report(file, labels)


class Returns(_Scrolled):
    """Return requests: the seller has a day, else they are approved automatically (facts §4)."""

    name = read_returns.CHANNEL
    address = "/app/returns/rfbs?status=all"
    wanted = Wanted("returns", ("returns.heading",))

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_returns.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"/app/returns/rfbs/{quote(case_id)}",
            Wanted(
                "return",
                ("return.heading", "return.answer.heading", "return.ruling.heading", "return.actions.heading"),
                filled=("returns.status",),
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_returns.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return read_returns.agrees(listed, case)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> OzonForm:
        return AnswerForm(tab, rule, self, case, action)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_returns.read_sent(seen, action)


class Tickets(_Scrolled):
    """Support requests in the messenger."""

    name = read_tickets.CHANNEL
    filters = ("support_v2",)
    address = "/app/messenger?group=support_v2"
    wanted = Wanted("tickets", ("tickets.heading",))

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_tickets.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url,
            Wanted(
                "ticket",
                ("ticket.topic", "ticket.status", "ticket.thread.heading"),
                filled=("ticket.status",),
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_tickets.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return read_tickets.agrees(listed, case)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> OzonForm:
        return (TicketForm if action == "open_ticket" else ReplyForm)(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_tickets.read_sent(seen, action)


class Ratings(HealthPage):
    """Account Health and the seller's ratings (OZ10)."""

    name = "ratings"
    limits = (
        Limit(measure="account_health", rule="account_health_low", bad="below", flag="strict_review",
              channels=(read.CHANNEL,)),
        Limit(measure="refund_rate", rule="refund_rate_high", bad="above", flag="strict_review",
              channels=(read.CHANNEL,)),
        Limit(measure="cancellation", rule="cancellation_block", bad="above"),
        Limit(measure="shipment_delay", rule="shipment_delay_block", bad="above"),
    )  # fmt: skip

    async def see(self, tab: Tab) -> Seen:
        return await tab.look("/app/rating/main", Wanted("ratings", ("health.heading", "health.account")))

    def read(self, seen: Seen) -> tuple[Measure, ...]:
        return read_account.read_health(seen)


class Accruals(SettlementPage):
    """Money that came back after an appeal (OZ6)."""

    name = "accruals"

    async def see(self, tab: Tab, number: int) -> Seen:
        return await tab.look("/app/finances/accruals", Wanted("accruals", ("finance.heading",)))

    def read(self, seen: Seen, number: int) -> Statement:
        return read_account.read_accruals(seen)
