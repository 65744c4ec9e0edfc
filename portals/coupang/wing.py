"""Wing's returns (반품관리) and Coupang confirmation requests (쿠팡확인요청): lists, pages and forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.async_api import Error, FilePayload, Locator

from agent.browser.patience import ROWS_MS
from agent.browser.tab import Tab, Wanted
from agent.errors import PacketAltered
from agent.policy import ActionRule, FieldRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Draft, Packet
from agent.words import say
from portals.coupang import read_wing as read
from portals.coupang.forms import FormPlace, PageForm, form_labels
from portals.coupang.wing_list import WINDOWS, portal_day, search, window

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
        return first_difference(*pairs)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        return per_item(case, rule)

    def lint(self, draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
        from portals.coupang.lint_wing import lint_request

        return lint_request(draft, case, rule, facts)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> RequestForm:
        return RequestForm(tab, rule, REQUEST, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_filed(seen)


REQUEST = FormPlace(
    f"{RETURNS}/confirm?receiptId={{case}}",
    form_labels(
        "confirm_form",
        "confirm.form.heading",
        "confirm.submit",
        receipt="confirm.done.heading",
        closed="confirm.not_open",
        landmarks=("confirm.fee", "confirm.goods", "confirm.reason"),
        files="confirm.files",
    ),
    subject="confirm.receipt",
    number="confirm.number",
    at="confirm.at",
)


class RequestForm(PageForm):
    """A confirmation request: two ticks, a block per option, a reason, files through a page of another origin."""

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
        return first_difference(*pairs)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> PageForm:
        return PageForm(tab, rule, WITHDRAW, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_withdrawal(seen)


WITHDRAW = FormPlace(
    f"{REQUESTS}/{{case}}/withdraw",
    form_labels(
        "withdraw",
        "confirm.withdraw_form.heading",
        "confirm.withdraw_submit",
        receipt="confirm.withdraw_done.heading",
        closed="confirm.withdraw_not_open",
        landmarks=("confirm.withdraw_reason", "confirm.number"),
        files="confirm.files",
    ),
    subject="confirm.number",
    number="returns.number",
    at="confirm.withdraw_at",
)
"""Taking one's own request back while it is only received."""
