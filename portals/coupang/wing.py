"""Wing's returns (반품관리) and Coupang confirmation requests (쿠팡확인요청): lists, pages and forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.async_api import Error, FilePayload, Locator

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.patience import ROWS_MS
from agent.browser.tab import Tab, Wanted
from agent.errors import PacketAltered
from agent.policy import ActionRule, FieldRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Draft, Packet, Receipt
from agent.words import say
from portals.coupang import read_wing as read
from portals.coupang.wing_list import WINDOWS, portal_day, search, window
from portals.coupang.wuic import moment

if TYPE_CHECKING:
    from agent.evidence import FileFacts, Finding

RETURNS = "/tenants/sfl-portal/return-delivery"
REQUESTS = "/tenants/cs/coupang-confirm"


def _span(tab: Tab, filter: str) -> str:
    first, last = window(portal_day(tab) or datetime.now(UTC).date(), filter)
    return f"from={first}&to={last}"


async def _clocked(tab: Tab) -> None:
    """The spans are counted from the portal's day: hear its clock before the first of them."""
    if tab.server_now is None:
        await tab.look("/account", Wanted("account", ("account.vendor",)))


def per_item(case: Case, rule: ActionRule) -> ActionRule:
    """The rule with every field `problem@` there once for each item: `problem@7012345678`."""
    fields: dict[str, FieldRule] = {}
    repeated = {key: field for key, field in rule.fields.items() if key.endswith("@")}
    placed = False
    for key, field in rule.fields.items():
        if not key.endswith("@"):
            fields[key] = field
        elif not placed:
            placed = True
            fields |= {f"{name}{item.id}": each for item in case.items for name, each in repeated.items()}
    return rule.model_copy(update={"fields": fields})


class Returns(Channel):
    """Returns with their fault type; from the goods' arrival 168 business hours for a confirmation request."""

    name = read.RETURNS
    filters = WINDOWS

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        await _clocked(tab)
        return await search(
            tab,
            f"{RETURNS}/list?{_span(tab, filter)}&page={number}",
            Wanted(
                "returns", ("returns.heading", "returns.list.heading", "returns.number", "returns.state", "wing.at")
            ),
        )

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read.read_returns(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"{RETURNS}/detail/{case_id}",
            Wanted(
                "return",
                ("returns.view.heading", "returns.info.heading", "returns.items.heading", "returns.requests.heading"),
                filled=("returns.state",),
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_return(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts = listed.facts
        party = case.decision.responsible.shown if case.decision and case.decision.responsible else ""
        pairs = (
            (facts["state"], case.status.shown),
            (facts["reason"], case.reason.shown if case.reason else ""),
            (facts["fault"], party),
            (facts["order"], case.order_id),
        )
        return next((f"{one} / {other}" for one, other in pairs if norm(one) != norm(other)), None)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        return per_item(case, rule)

    def lint(self, draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
        from portals.coupang.lint_wing import lint_request

        return lint_request(draft, case, rule, facts)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> RequestForm:
        return RequestForm(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_filed(seen)


REQUEST = FormLabels(
    page="confirm_form",
    heading="confirm.form.heading",
    files="confirm.files",
    file_name="appeal.file_name",
    submit="confirm.submit",
    receipt=Spot("receipt", texts=("confirm.done.heading",)),
    refusal=Spot("refusal", texts=("appeal.refused", "confirm.not_open")),
    landmarks=("confirm.fee", "confirm.goods", "confirm.reason"),
)


class RequestForm(LabelledForm):
    """A confirmation request: two ticks, a block per option, a reason, files through a page of another origin."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Returns, case: Case) -> None:
        super().__init__(tab, rule, REQUEST)
        self.channel = channel
        self.case = case

    async def look(self) -> Case:
        seen, documents = await self.channel.visit(self.tab, self.case.case_id, self.case.url)
        return self.channel.read_subject(seen, documents, self.case.case_id)

    async def open(self, packet: Packet) -> None:
        receipt = packet.case.case_id
        seen = await self.open_at(f"{RETURNS}/confirm?receiptId={receipt}", receipt)
        shown = seen.labelled("confirm.receipt").text
        self.prove(shown, receipt)

    async def _field(self, key: str, scope: Locator, seen: Seen) -> Locator:
        """A field of one option stands in that option's block, which is named by its id."""
        item = key.partition("@")[2]
        if not item:
            return await super()._field(key, scope, seen)
        blocks = [
            block
            for text in self.tab.labels.texts["confirm.option"]
            for block in await scope.get_by_role("group", name=f"{text} {item}", exact=True).all()
            if await block.is_visible()
        ]
        if len(blocks) != 1:
            raise seen.drift("confirm.option", say("{count} blocks are for {item}", count=len(blocks), item=item))
        return await self._find(self.fields[key].label, blocks[0], seen)

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """Give the files to the uploader in its frame; each must come back as a row of the form itself."""
        if not packet.files:
            return
        names = [file.upload_name for file in packet.files]
        frames = [f'iframe[title="{text}"]' for text in self.tab.labels.texts["confirm.files"]]
        target = self.form.frame_locator(", ".join(frames)).locator('input[type="file"]')
        payload: list[FilePayload] = [
            {"name": f.upload_name, "mimeType": f.media_type, "buffer": contents[f.sha256]} for f in packet.files
        ]
        try:
            await target.set_input_files(payload, timeout=ROWS_MS)
            await self.tab.page.wait_for_function(
                "([form, names]) => names.every((n) => form.innerText.includes(n))",
                arg=[await self.form.element_handle(), names],
                timeout=ROWS_MS,
            )
        except Error as fault:
            raise PacketAltered(
                say("The portal does not show every file: {why}", why=fault.message.splitlines()[0]),
                say("Nothing was sent. Look with `rebuttal debug`, then try again."),
            ) from None

    def read_receipt(self, seen: Seen) -> Receipt:
        shown = seen.labelled("confirm.receipt").text
        if shown != self.case.case_id:
            raise seen.mismatch("confirm.receipt", self.case.case_id, shown)
        at = seen.labelled("confirm.at")
        return Receipt(number=seen.labelled("confirm.number").text, at=moment(at).at, shown=at.text)


class ConfirmationRequests(Channel):
    """Coupang confirmation requests: received, under review, approved in whole or part, paid, rejected, withdrawn."""

    name = read.REQUESTS
    filters = WINDOWS

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        await _clocked(tab)
        return await search(
            tab,
            f"{REQUESTS}/list?{_span(tab, filter)}&page={number}",
            Wanted(
                "requests", ("confirm.heading", "confirm.list.heading", "confirm.number", "confirm.state", "wing.at")
            ),
        )

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read.read_requests(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"{REQUESTS}/{case_id}",
            Wanted(
                "request",
                ("confirm.view.heading", "confirm.info.heading", "confirm.history.heading"),
                filled=("confirm.state",),
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_request(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts = listed.facts
        pairs = ((facts["state"], case.status.shown), (facts["order"], case.order_id))
        return next((f"{one} / {other}" for one, other in pairs if norm(one) != norm(other)), None)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> WithdrawForm:
        return WithdrawForm(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_withdrawal(seen)


WITHDRAW = FormLabels(
    page="withdraw",
    heading="confirm.withdraw_form.heading",
    files="confirm.files",
    file_name="appeal.file_name",
    submit="confirm.withdraw_submit",
    receipt=Spot("receipt", texts=("confirm.withdraw_done.heading",)),
    refusal=Spot("refusal", texts=("appeal.refused", "confirm.withdraw_not_open")),
    landmarks=("confirm.withdraw_reason", "confirm.number"),
)


class WithdrawForm(LabelledForm):
    """Taking one's own request back while it is only received."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: ConfirmationRequests, case: Case) -> None:
        super().__init__(tab, rule, WITHDRAW)
        self.channel = channel
        self.case = case

    async def look(self) -> Case:
        seen, documents = await self.channel.visit(self.tab, self.case.case_id, self.case.url)
        return self.channel.read_subject(seen, documents, self.case.case_id)

    async def open(self, packet: Packet) -> None:
        request = packet.case.case_id
        seen = await self.open_at(f"{REQUESTS}/{request}/withdraw", request)
        shown = seen.labelled("confirm.number").text
        self.prove(shown, request)

    def read_receipt(self, seen: Seen) -> Receipt:
        shown = seen.labelled("confirm.number").text
        if shown != self.case.case_id:
            raise seen.mismatch("confirm.number", self.case.case_id, shown)
        at = seen.labelled("confirm.withdraw_at")
        return Receipt(number=seen.labelled("returns.number").text, at=moment(at).at, shown=at.text)
