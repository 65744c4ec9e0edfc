"""Shopee's pages: where they are, what must be on them, and the reading clicks that lead through list and history."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Error

from agent.browser.gate import Gate, Spot
from agent.browser.patience import GOTO_MS
from agent.browser.tab import Tab, Wanted
from agent.errors import NotReady
from agent.evidence import FileFacts, Finding
from agent.evidence.finding import finding
from agent.evidence.naming import kind_of
from agent.policy import ActionRule, load_policy
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Draft
from agent.words import say
from portals.shopee import read, read_list
from portals.shopee.forms import DisputeForm, EvidenceForm, ReplyForm, ShopeeForm
from portals.shopee.going import FIRST_ROW, PROVE_TAB, SCROLL_HISTORY, UNCOVER

LIST = "/portal/sale/returnrefundcancel"
LIST_CALL = "/return_list/get_exceptional_case_list"
BUSY = ('[aria-busy="true"]', ".eds-loading", ".eds-spin", ".eds-skeleton", '[role="progressbar"]')
_PASSWORD = "input[type='password']"
_CODE = "input[autocomplete='one-time-code'], form:not(:has(input[type='password'])) input[placeholder='请输入']"

GATE = Gate(
    start="/account/signin",
    home="/",
    home_landmark="home.heading",
    username=f"form:has({_PASSWORD}) input:not([type='password']):not([type='checkbox']):not([type='hidden'])",
    password=_PASSWORD,
    submit=f"form:has({_PASSWORD}) button",
    wrong=".eds-form-item__error, form [role='alert']",
    code=_CODE,
    code_submit=f"form:has({_CODE}) button",
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",), css=(".nc_wrapper", ".nc-container", "[data-nc-idx]"),
             url=r"/verify(/|\?|$)"),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=(_CODE,)),
        Spot("sign_in", css=(_PASSWORD,), url=r"/account/(signin|login)"),
        Spot("down", texts=("gate.failed",)),
    ),
)  # fmt: skip
LISTED = Wanted("returns", ("list.heading", "list.status", "list.reason", "list.amount"), busy=BUSY)


class Returns(Channel):
    """Return and refund requests (WD1–WD7). Cancelled orders and failed deliveries have tabs of their own and no
    request number. One order may have several requests: the request's number is the case's (facts 5)."""

    name = read.CHANNEL
    filters = ("return_refund",)

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        """Page `number`, reached by the pager: nobody knows an address of a tab or page."""
        if number == 1:
            await tab.look(_at(tab, LIST), LISTED)
            await uncover(tab)
            if await _prove_tab(tab) != filter:
                await _press(tab, f'[data-case-tab="{filter}"]')
        else:
            await _next_page(tab)
        await _prove_tab(tab)
        return await tab.see(LISTED)

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_list.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        """The request's page; where it is over, with the window of its whole history, scrolled to its end."""
        wanted = Wanted(
            "return",
            ("info.heading", "result.heading", "claim.heading", "files.heading", "order.heading"),
            filled=("info.created", "info.reason", "info.amount"),
            busy=BUSY,
            subject=case_id,
        )
        seen = await tab.look(url, wanted)
        if seen.shows("history.heading"):
            await uncover(tab)
            await _open_history(tab, seen)
            seen = await tab.see(wanted)
        return seen

    async def visit(self, tab: Tab, case_id: str, url: str) -> tuple[Seen, dict[str, Fetched]]:
        """The request's page and, while a dispute is under way, its row in the list: the day until which Shopee wants
        evidence may stand in the row alone (facts 1.6)."""
        seen, files = await super().visit(tab, case_id, url)
        if seen.labels.word("status", read.status_in(seen.section("result.heading")).text) == "disputing":
            seen = _with_row(seen, await _row(tab, case_id))
        return seen, files

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts, reason = listed.facts, case.reason.shown if case.reason else ""
        pairs = ((facts["status"], case.status.shown), (facts["reason"], reason), (facts["order_id"], case.order_id))
        return first_difference(*pairs)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        """An appeal's reasons as this request has them; where Shopee asks for evidence, the appeal's continuation: its
        form has no reason and no address, and it may come after every dispute."""
        if action != "appeal":
            return rule
        if read.EVIDENCE_WANTED in case.flags:
            assert rule.files is not None
            return rule.model_copy(
                update={
                    "fields": {"text": rule.fields["text"]},
                    "files": rule.files.model_copy(update={"min_count": 1}),
                    "one_shot": False,
                    "allowed": None,
                    "consequence": "",
                    "deadline": "evidence",
                }
            )
        offered = reasons(case)
        reason = rule.fields["reason"]
        options = {name: label for name, label in reason.options.items() if name in offered}
        due = next((d.kind for d in case.deadlines if d.kind in ("appeal", "negotiate", "confirm_return")), "appeal")
        return rule.model_copy(
            update={
                "fields": rule.fields | {"reason": reason.model_copy(update={"options": options})},
                "deadline": due,
            }
        )

    def lint(self, draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
        """Evidence goes into modules, and the reason says which there are and which must be filled."""
        reason = draft.values.get("reason", "")
        if draft.action != "appeal" or reason not in rule.fields.get("reason", rule.fields["text"]).options:
            return []
        offered, required = modules(reason)
        given = [kind_of(file)[0] for file in draft.files]
        found = [
            finding(
                "WD4", "module", "block",
                say("The reason “{reason}” asks for {module}. Add a file of that kind.", reason=reason, module=name),
                name,
            )
            for name in required if name not in given
        ]  # fmt: skip
        found += [
            finding(
                "WD4", "slot", "block",
                say(
                    "The reason “{reason}” has no place for {module}; it has: {modules}.",
                    reason=reason, module=name, modules=", ".join(offered),
                ),
                name,
            )
            for name in dict.fromkeys(given) if name not in offered
        ]  # fmt: skip
        return found

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> ShopeeForm:
        if action == "reply":
            return ReplyForm(tab, rule, self, case)
        return (DisputeForm if "reason" in rule.fields else EvidenceForm)(tab, rule, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_sent(seen, action)


# -- what a reason asks for ------------------------------------------------------------------------------------------


@functools.cache
def _values(name: str) -> tuple[str, ...]:
    value = load_policy(Path(__file__).parent).channels[read.CHANNEL].rules[name].value
    assert isinstance(value, tuple)
    return value


def reasons(case: Case) -> tuple[str, ...]:
    """The dispute reasons that a request has: by whether goods came back, or never arrived."""
    if "return_number" in case.details:
        return _values("reasons_returned")
    received = case.reason is None or case.reason.is_ != "not_received"
    return _values("reasons_received" if received else "reasons_not_received")


def modules(reason: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The evidence modules of a reason in the form's order, and those of them that must be filled."""
    marked = _values(f"modules_{reason}")
    return tuple(one.rstrip("!") for one in marked), tuple(one[:-1] for one in marked if one.endswith("!"))


# -- going ------------------------------------------------------------------------------------------------------------


def _at(tab: Tab, path: str, **query: str) -> str:
    """An address; on the cross-border host with the shop's number, where the account's settings name it."""
    shop = str(tab.options.get("shop_id", ""))
    pairs = query | ({"cnsc_shop_id": shop} if shop else {})
    return path + ("?" + "&".join(f"{name}={quote(value)}" for name, value in pairs.items()) if pairs else "")


async def uncover(tab: Tab) -> None:
    """Close what lies over the page: guided tours and notices. Terms are closed, and never agreed to."""
    texts = [text for key in ("gate.dismiss", "shell.close") for text in tab.labels.texts[key]]
    for _ in range(4):
        if not await tab.page.evaluate(UNCOVER, texts):
            return
        with contextlib.suppress(Error):  # it closed by itself, or what comes next fails loudly
            await tab.page.locator("[data-uncover]").first.click(timeout=2_000)


async def _prove_tab(tab: Tab) -> str | None:
    """Mark the tab that is chosen, so that it can be seen; gives its name, or None where it can't be told."""
    names = [key for key in tab.labels.texts if key.startswith("words.tab.")]
    await tab.page.mouse.move(0, 0)
    found = await tab.page.evaluate(PROVE_TAB, {key.rpartition(".")[2]: tab.labels.texts[key] for key in names})
    return str(found) if found else None


async def _press(tab: Tab, css: str) -> None:
    """Press what loads the list anew, and wait for its rows."""
    target = tab.page.locator(css)
    if await target.count() != 1:
        raise (await tab.see(LISTED)).drift("words.tab.return_refund", say("the control is not on the page"))
    try:
        await target.evaluate("e => e.scrollIntoView({behavior: 'instant', block: 'center'})")
        async with tab.page.expect_response(lambda answer: LIST_CALL in answer.url, timeout=GOTO_MS):
            await target.click(timeout=5_000)
    except Error as fault:
        raise NotReady(
            say("{portal}: the {page} page stayed unfinished.", portal=tab.portal, page=LISTED.page),
            say("Run it again; if it stays so, look with `rebuttal sync --headed`."),
        ) from fault


async def _next_page(tab: Tab) -> None:
    """The pager's next page; that it came is told by its first row, not by the number of rows (facts 1.3)."""
    before = await tab.page.evaluate(FIRST_ROW)
    names = ", ".join(f'button[aria-label="{text}"]' for text in tab.labels.texts["list.next"])
    await _press(tab, names)
    try:
        await tab.page.wait_for_function(f"before => ({FIRST_ROW})() !== before", arg=before, timeout=GOTO_MS)
    except Error as fault:
        raise NotReady(
            say("{portal}: the {page} page stayed unfinished.", portal=tab.portal, page=LISTED.page),
            say("Run it again; if it stays so, look with `rebuttal sync --headed`."),
        ) from fault


async def _open_history(tab: Tab, seen: Seen) -> None:
    """Open the history's window and scroll it to its end: it loads as it is scrolled."""
    buttons = [
        button
        for text in seen.labels.texts["list.details"]
        for button in await tab.page.get_by_role("button", name=text, exact=True).all()
        if await button.is_visible()
    ]
    if len(buttons) != 1:
        raise seen.drift("list.details", say("{count} such buttons are there", count=len(buttons)))
    await buttons[0].click(timeout=5_000)
    await tab.see(Wanted("history", ("history.modal.heading",), busy=BUSY))
    headings = list(seen.labels.texts["history.modal.heading"])
    try:
        await tab.page.wait_for_function(SCROLL_HISTORY, arg=[headings, ", ".join(BUSY)], timeout=GOTO_MS)
    except Error as fault:
        raise NotReady(
            say("{portal}: the {page} page stayed unfinished.", portal=tab.portal, page="history"),
            say("Run it again; if it stays so, look with `rebuttal sync --headed`."),
        ) from fault


async def _row(tab: Tab, case_id: str) -> str:
    """The HTML of the request's row, out of the list searched for its number."""
    address = _at(tab, LIST, keyword=case_id, keywordType="return_sn")
    seen = await tab.look(address, Wanted("return row", LISTED.landmarks, busy=BUSY, subject=case_id))
    rows = [row for row in read_list.rows_of(seen) if row.shows("list.return_id")]
    own = [row for row in rows if row.labelled("list.return_id").text == case_id]
    if len(own) != 1:
        raise seen.drift("list.return_id", say("{count} rows have this number", count=len(own)))
    tree, at = seen.tree, own[0].element
    return tree.outer_html(at)


def _with_row(seen: Seen, row: str) -> Seen:
    """The request's page with its row laid behind it, as one page that is kept and can be read again."""
    html = f'{seen.page.html}<section {read.ROW}="">{row}</section>'
    return Seen(seen.page.model_copy(update={"html": html}), seen.labels, seen.policy)
