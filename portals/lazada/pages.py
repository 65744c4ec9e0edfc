"""Lazada's pages: where they are, what must be on them, and the reading clicks that lead through the list."""

from __future__ import annotations

import contextlib

from playwright.async_api import Error

from agent.browser.gate import Gate, Spot
from agent.browser.patience import GOTO_MS
from agent.browser.tab import Tab, Wanted
from agent.errors import NotReady, WrongSubject
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.labels import first_difference
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.words import say
from portals.lazada import read, read_list
from portals.lazada.forms import AgreementForm, DialogForm, LazadaForm, RefusalForm, ReplyForm
from portals.lazada.going import FIRST_ROW, UNCOVER

HOME = "/portal/home/index"
BUSY = ('[aria-busy="true"]', ".next-loading-indicator", ".next-skeleton", '[role="progressbar"]')
_PASSWORD = "input[type='password']"
_CODE = "input[autocomplete='one-time-code'], form:not(:has(input[type='password'])) input[placeholder*='验证码']"
_FRAMES = tuple(f"body:not(:has(a[href*='/apps/'])) iframe[src*='{word}']" for word in ("login", "passport"))
"""The frame of a sign-in; a page inside the seller center, with its menu, may have one of the kind for its own ends."""

GATE = Gate(
    start="/apps/seller/login",
    home=HOME,
    home_landmark="home.heading",
    username=f"form:has({_PASSWORD}) input:not([type='password']):not([type='checkbox']):not([type='hidden'])",
    password=_PASSWORD,
    submit=f"form:has({_PASSWORD}) button",
    wrong=".next-form-item-help, form [role='alert']",
    code=_CODE,
    code_submit=f"form:has({_CODE}) button",
    frame=", ".join(_FRAMES),
    one_tab=True,
    enter=("gate.enter",),
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",), css=(".nc_wrapper", ".nc-container", "[data-nc-idx]")),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=(_CODE,)),
        Spot("sign_in", css=(_PASSWORD,)),
        Spot("frame", css=_FRAMES),
        Spot("enter", texts=("gate.enter",), url=r"/apps/register/|/apps?/seller/login|/page/login"),
        Spot("down", texts=("gate.failed",)),
    ),
)
LISTED = Wanted("returns", ("list.heading", "list.line", "list.status", "list.reason", "list.total"), busy=BUSY)


class ReverseOrders(Channel):
    """Items of return, refund and cancellation requests (WD1–WD7); one request may have several, each with its own
    state, buttons and deadline."""

    name = read.CHANNEL
    filters = ("all",)

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        """Page `number`, reached by menu, tab and pager: nobody knows the address of the list (facts 6)."""
        if number == 1:
            await self._enter(tab, filter)
        else:
            await _next_page(tab)
        return await tab.see(LISTED)

    async def _enter(self, tab: Tab, filter: str) -> None:
        """To the list by the link of the menu, then to the tab, unless it is the one chosen."""
        home = await tab.look(HOME, Wanted("home", ("home.heading", "menu.returns")))
        links = {home.tree.attrs(at).get("href", "") for at in home.controls("menu.returns", ("a",))}
        if len(links) != 1:
            raise home.drift("menu.returns", say("{count} links of the menu lead there", count=len(links)))
        seen = await tab.look(links.pop(), LISTED)
        await uncover(tab)
        if read_list.chosen_tab(seen) == filter:
            return
        tabs = [
            one
            for text in dict.fromkeys(tab.labels.texts[f"words.tab.{filter}"])
            for one in await tab.page.get_by_role("tab", name=text, exact=True).all()
            if await one.is_visible()
        ]
        if len(tabs) != 1:
            raise seen.drift(f"words.tab.{filter}", say("the control is on the page {count} times", count=len(tabs)))
        await tabs[0].click(timeout=5_000)

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_list.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        """The request's page, on which the item's card must stand."""
        wanted = Wanted(
            "request",
            ("info.heading", "info.request", "items.heading", "list.line", "list.status", "history.heading"),
            filled=("info.request", "list.line", "list.status", "list.reason"),
            busy=BUSY,
            subject=case_id,
        )
        return await tab.look(url, wanted)

    async def visit(self, tab: Tab, case_id: str, url: str) -> tuple[Seen, dict[str, Fetched]]:
        """The request's page with the chat about its order laid at its end, as one page that is kept: what the buyer
        wrote, and whether he pressed Resolve Issue, stands in the chat alone (WD6)."""
        seen, files = await super().visit(tab, case_id, url)
        order = seen.section("info.heading").labelled("list.order").text
        chat = await tab.look(
            read.chat_address(seen), Wanted("chat", ("chat.heading", "list.order"), busy=BUSY, subject=order)
        )
        part = chat.section("chat.heading")
        if part.labelled("list.order").text != order:
            raise WrongSubject(
                say(
                    "{asked} was asked for, the page shows {shown}.",
                    asked=order,
                    shown=part.labelled("list.order").text,
                ),
                say("Nothing was stored or sent. Run `rebuttal sync` again; then look at the bundle."),
            )
        own, end, rest = seen.page.html.rpartition("</main>")
        html = f"{own}<section>{chat.tree.outer_html(part.element)}</section>{end}{rest}"
        return Seen(seen.page.model_copy(update={"html": html}), seen.labels, seen.policy), files

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read.read_case(seen)

    def whole(self, case: Case) -> bool:
        """A row does not change when the buyer writes: what is still open is read again at every sync."""
        return case.decided_at is not None

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts, reason = listed.facts, case.reason.shown if case.reason else ""
        due = case.deadlines[0].shown if case.deadlines else "-"
        pairs = ((facts["status"], case.status.shown), (facts["reason"], reason), (facts["order"], case.order_id),
                 (facts["sla"], due), (facts["type"], case.details.get("type", "")))  # fmt: skip
        return first_difference(*pairs)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        """Reasons for a refusal follow from where the item stands; of the answers that agree, those that the page has."""
        changed: dict[str, object] = {}
        due = next((deadline.kind for deadline in case.deadlines), None)
        if action != "reply" and due is not None:
            changed["deadline"] = due
        if action == "appeal":
            back = due == "confirm_return"
            reason = rule.fields["reason"]
            options = {key: text for key, text in reason.options.items() if key.startswith("return_") == back}
            changed["fields"] = rule.fields | {"reason": reason.model_copy(update={"options": options})}
        if action == "accept":
            answer = rule.fields["answer"]
            options = {key: text for key, text in answer.options.items() if key in case.details}
            changed["fields"] = rule.fields | {"answer": answer.model_copy(update={"options": options})}
        return rule.model_copy(update=changed)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> LazadaForm:
        if action == "reply":
            return ReplyForm(tab, rule, self, case)
        if action == "accept":
            return AgreementForm(tab, rule, self, case)
        return (RefusalForm if action == "appeal" else DialogForm)(tab, rule, action, self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read.read_sent(seen, action)


async def uncover(tab: Tab) -> None:
    """Close what lies over the page: notices. An agreement is closed, and never agreed to."""
    texts = [text for key in ("gate.dismiss", "shell.close") for text in tab.labels.texts[key]]
    for _ in range(4):
        if not await tab.page.evaluate(UNCOVER, texts):
            return
        with contextlib.suppress(Error):  # it closed by itself, or what comes next fails loudly
            await tab.page.locator("[data-uncover]").first.click(timeout=2_000)


async def _next_page(tab: Tab) -> None:
    """The pager's next page; that it came is told by its first row."""
    buttons = [
        one
        for text in dict.fromkeys(tab.labels.texts["list.next"])
        for one in await tab.page.get_by_role("button", name=text, exact=True).all()
        if await one.is_visible()
    ]
    if len(buttons) != 1:
        raise (await tab.see(LISTED)).drift(
            "list.next", say("the control is on the page {count} times", count=len(buttons))
        )
    before = await tab.page.evaluate(FIRST_ROW)
    try:
        await buttons[0].click(timeout=5_000)
        await tab.page.wait_for_function(f"before => {{ const now = ({FIRST_ROW})(); return now && now !== before }}",
                                         arg=before, timeout=GOTO_MS)  # fmt: skip
    except Error as fault:
        raise NotReady(
            say("{portal}: the {page} page stayed unfinished.", portal=tab.portal, page=LISTED.page),
            say("Run it again; if it stays so, look with `rebuttal sync --headed`."),
        ) from fault
