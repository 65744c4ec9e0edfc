"""eBay's pages: where they are, what must be on them, and which account and site they must be of."""

from __future__ import annotations

from urllib.parse import urlsplit

from agent.browser.gate import Gate, Spot
from agent.browser.tab import Tab, Wanted
from agent.errors import PageDrift, WrongStore
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, HealthPage, Limit, Listed, Listing, Measure, Sent
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.words import say
from portals.ebay import common, read_cases, read_disputes, read_requests
from portals.ebay.forms import EbayForm, fields_left
from portals.ebay.shown import SITES
from portals.ebay.standards import read_standards

GATE = Gate(
    start="/ws/eBayISAPI.dll?SignIn",
    home="/sh/ovw",
    home_landmark="home.heading",
    username="#userid, [data-testid=userid]",
    submit="#signin-continue-btn",
    password="#pass, [data-testid=pass]",
    password_submit="#sgnBt",
    wrong="#signin-error-msg",
    code="input[autocomplete='one-time-code']",
    code_submit="form:has(input[autocomplete='one-time-code']) button[type='submit']",
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",), css=("#captcha_form",)),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=("input[autocomplete='one-time-code']",)),
        Spot("password", css=("#pass", "[data-testid=pass]")),
        Spot("sign_in", css=("#userid", "[data-testid=userid]")),
        Spot("down", texts=("gate.failed",)),
    ),
)
_HOSTS = {"www.ebay.com": "us", "www.ebay.co.uk": "uk", "www.ebay.com.au": "au", "www.ebay.de": "de"}
PAGE_SIZE = 25


class _Queue(Channel):
    """One tab of Requests and disputes. A tab holds all, ended ones too."""

    status_words: str
    page: str
    landmarks: tuple[str, ...]

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        """The first page by its address, the others by the page's own link to the next."""
        wanted = Wanted("list", ("list.heading",))
        if number == 1:
            address = f"/sh/ord/?filter=status:{_TABS[filter]}&limit={PAGE_SIZE}"
        else:
            address = _next(await tab.see(wanted))
        return _at_home(tab, await tab.look(address, wanted))

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return common.read_listing(seen, filter, self.status_words, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        """The matter's own page, by the link that its row had; where it had none, by its order's page."""
        if urlsplit(url).path.endswith("/ord/details"):
            order = await tab.look(url, Wanted("order", ("order.number",), subject=case_id))
            url = common.way_from_order(_at_home(tab, order), case_id)
        wanted = Wanted(
            self.page,
            (*self.landmarks, "todo.heading", "items.heading", "activity.heading", "common.status"),
            filled=("common.status", "common.reason"),
            subject=case_id,
        )
        return _at_home(tab, await tab.look(url, wanted))

    def whole(self, case: Case) -> bool:
        """A row does not change when the buyer writes: what is still open is read again at every sync."""
        return case.decided_at is not None

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return common.agrees(listed, case)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        return fields_left(case, action, rule)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> EbayForm:
        return EbayForm(tab, rule, self, case, action)


_TABS = {"returns": "RETURN_REQUESTS", "inr": "INR_REQUESTS", "cases": "CASES", "disputes": "PAYMENT_DISPUTES"}
"""Addresses of the four tabs: of the form that is known of other tabs (facts §10), their last words are assumed."""


class Requests(_Queue):
    """Item-not-received requests and return requests (WD1)."""

    name = read_requests.CHANNEL
    filters = ("inr", "returns")
    status_words = "status_request"
    page = "request"
    landmarks = ("request.heading",)

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_requests.read_case(seen)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_requests.read_sent(seen, action)


class Cases(_Queue):
    """Cases that eBay decides, and appeals against them."""

    name = read_cases.CHANNEL
    filters = ("cases",)
    status_words = "status_case"
    page = "case"
    landmarks = ("case.heading",)

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_cases.read_case(seen)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_cases.read_sent(seen, action)


class PaymentDisputes(_Queue):
    """Payment disputes, which the buyer's payment institution decides."""

    name = read_disputes.CHANNEL
    filters = ("disputes",)
    status_words = "status_dispute"
    page = "payment_dispute"
    landmarks = ("dispute.heading",)

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_disputes.read_case(seen)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_disputes.read_sent(seen, action)


def _next(seen: Seen) -> str:
    """The link to the next page of the list."""
    links = {seen.tree.attrs(me).get("href", "") for me in seen.controls("list.next", ("a",))}
    if len(links) != 1:
        raise seen.drift("list.next", say("the list has {count} links to its next page", count=len(links)))
    return links.pop()


def _at_home(tab: Tab, seen: Seen) -> Seen:
    """Prove that the page is of the country site that the account sells on: its setting `options.site`, else its host.

    Behind a right address may be a wrong site, whose clock, days off and currency are others.
    """
    wanted = tab.options.get("site") or _HOSTS.get(urlsplit(tab.base_url).hostname or "")
    try:
        shown = seen.labelled("page.site").word("site")
    except PageDrift:
        if wanted:
            raise
        return seen
    if wanted and shown != wanted:
        raise WrongStore(
            say("{portal}:{account}: the page is of the site “{shown}”, not of “{wanted}”.", portal=tab.portal,
                account=tab.account, shown=shown, wanted=wanted),
            say("Nothing was read or sent. Sign in to the right site, or correct options.site of the account."),
        )  # fmt: skip
    language = SITES[shown].language
    if seen.page.language and not seen.page.language.lower().startswith(language):
        raise seen.drift(
            "language",
            say("the page is in “{shown}”, not in “{wanted}”", shown=seen.page.language, wanted=language),
            looked_for=(language,),
            found=(seen.page.language,),
        )
    return seen


class SellerStandards(HealthPage):
    """The seller's level: what share of sales went wrong."""

    name = "seller_standards"
    limits = (
        Limit(measure="defect_rate", rule="defect_rate_max", bad="above"),
        Limit(measure="unresolved_rate", rule="unresolved_rate_max", bad="above"),
    )

    async def see(self, tab: Tab) -> Seen:
        return _at_home(
            tab, await tab.look("/sh/performance", Wanted("standards", ("health.heading", "health.defect_rate")))
        )

    def read(self, seen: Seen) -> tuple[Measure, ...]:
        return read_standards(seen)
