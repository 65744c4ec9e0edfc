"""Amazon's pages: where they are, what must be on them, and which gates stand before them."""

from __future__ import annotations

from datetime import date

from agent.browser.gate import Gate, Spot
from agent.browser.tab import Tab, Wanted
from agent.errors import PageDrift
from agent.evidence.files import FileFacts
from agent.evidence.finding import Finding, finding
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, HealthPage, Limit, Listed, Listing, Measure, Sent
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Draft
from agent.words import say
from portals.amazon import new_claim, read_cases, read_chargebacks, read_claims, read_returned, read_safet
from portals.amazon.forms import AmazonForm
from portals.amazon.markets import market_of
from portals.amazon.values import percent

BUSY = ("kat-spinner", '[aria-busy="true"]', '[role="progressbar"]')
END = "page.feedback"
"""What stands last on every page: before it has come, tabs and buttons may still be missing."""
FIELD_MS = 15_000
"""The field on a SAFE-T claim may come as late as that (facts §6)."""

GATE = Gate(
    start="/home",  # signed out, it leads to the sign-in host by itself
    home="/home",
    home_landmark="home.heading",
    enter=("gate.enter",),
    later=("gate.use_password",),
    username="#ap_email, #ap_email_login",
    submit="#continue",
    password="#ap_password",
    password_submit="#signInSubmit",
    wrong="#auth-error-message-box",
    code="#auth-mfa-otpcode, input[name='otpCode']",
    code_submit="#auth-signin-button, form:has(#auth-mfa-otpcode) #signInSubmit",
    dismiss=("gate.dismiss",),
    spots=(
        Spot("challenge", texts=("gate.challenge",), css=("#cvf-captcha-form", "#auth-captcha-image"), url=r"/ap/cvf"),
        Spot("denied", texts=("gate.denied",)),
        Spot("rate", texts=("gate.rate",)),
        Spot("code", css=("#auth-mfa-otpcode", "input[name='otpCode']")),
        Spot("password", css=("#ap_password",)),
        Spot("sign_in", css=("#ap_email", "#ap_email_login")),
        Spot("later", texts=("gate.passkey",)),
        Spot("enter", texts=("gate.enter",)),
        Spot("store", texts=("switcher.heading",)),
        Spot("down", texts=("gate.failed",)),
    ),
)


async def _look(tab: Tab, address: str, wanted: Wanted) -> Seen:
    """An address that differs from the one before behind the # alone would load nothing anew."""
    if "#" in address:
        await tab.page.goto("about:blank")
    return await tab.look(address, wanted)


class _Queue(Channel):
    """What the four channels have in common."""

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> AmazonForm:
        return AmazonForm(tab, rule, self, case, action)

    def lint(self, draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
        """A day must be one of the calendar, and in the past."""
        found = []
        for key, field in rule.fields.items():
            if field.kind != "date" or not draft.values.get(key):
                continue
            try:
                past = date.fromisoformat(draft.values[key]) <= draft.at.date()
            except ValueError:
                past = False
            if not past:
                words = say(
                    "“{value}” in “{key}” is no day up to today. Write it as 2026-03-12.",
                    value=draft.values[key],
                    key=key,
                )
                found.append(finding(field.rule, "day", "block", words, key))
        return found


class Claims(_Queue):
    """A-to-z Guarantee Claims (WD1–WD7, facts §4)."""

    name = read_claims.CHANNEL
    filters = read_claims.FILTERS

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await _look(
            tab, f"/gp/guarantee-claims/home.html?tab={filter.upper()}&page={number}",
            Wanted("claims", ("claims.heading", END), busy=BUSY),
        )  # fmt: skip

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_claims.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await _look(
            tab,
            url,
            Wanted(
                "claim",
                ("claim.heading", "claims.status", "items.heading", "items.id", "history.heading", END),
                filled=("claims.status", "claims.amount"),
                busy=BUSY,
                subject=case_id.partition("_")[0],
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_claims.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return read_claims.agrees(listed, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_claims.read_sent(seen, action)


class Chargebacks(_Queue):
    """Chargeback claims: a page whose parts come by script, each behind its own # (facts §5)."""

    name = read_chargebacks.CHANNEL

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await _look(
            tab, f"/gp/chargebacks/home.html#/all?page={number}",
            Wanted("chargebacks", ("chargebacks.heading", END), busy=BUSY),
        )  # fmt: skip

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_chargebacks.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await _look(
            tab,
            url,
            Wanted(
                "chargeback",
                ("chargeback.heading", "claims.status", "items.heading", "history.heading", END),
                filled=("claims.status",),
                busy=BUSY,
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_chargebacks.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return read_chargebacks.agrees(listed, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_chargebacks.read_sent(seen, action)


class SafeTClaims(_Queue):
    """SAFE-T claims: what Amazon is asked to repay after a return (facts §6).

    Beside the claims stand the refunded orders for which one may be filed: `open_ticket`, because a matter is opened
    that is not there yet; `appeal` is what is done about a claim that was denied.
    """

    name = read_safet.CHANNEL
    filters = (*read_safet.FILTERS, read_returned.FILTER)

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        if filter == read_returned.FILTER:
            return await _look(
                tab, f"/gp/returns/list/v2?filter={filter.upper()}&page={number}",
                Wanted("returns", ("returns.heading", END), busy=BUSY),
            )  # fmt: skip
        return await _look(
            tab, f"/safet-claims?pageSize=100&dateFilterValue=90&tab={filter.upper()}&page={number}",
            Wanted("safet_claims", ("safet.heading", END), busy=BUSY),
        )  # fmt: skip

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        if filter == read_returned.FILTER:
            return read_returned.read_listing(seen, number)
        return read_safet.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        if read_returned.ORDER.fullmatch(case_id):
            there = ("returned.heading", "returned.status", "items.heading", END)
            wanted = Wanted(read_returned.PAGE, there, filled=("returned.status",), busy=BUSY, subject=case_id)
            return await _look(tab, url, wanted)
        landmarks = ("safet.summary.heading", "safet.status", "items.heading", "history.heading", END)
        wanted = Wanted("safet", landmarks, filled=("safet.status",), busy=BUSY, subject=case_id)
        seen = await _look(tab, url, wanted)
        if not read_safet.waits_for_field(seen):
            return seen
        late = Wanted("safet", (*landmarks, "safet.text"), busy=BUSY, subject=case_id)
        try:
            return await tab.see(late, wait_ms=FIELD_MS)
        except PageDrift:
            return seen  # the reader says that it did not come

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        if seen.page.page == read_returned.PAGE:
            return read_returned.read_case(seen)
        return read_safet.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        if read_returned.ORDER.fullmatch(case.case_id):
            return read_returned.agrees(listed, case)
        return read_safet.agrees(listed, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        if seen.page.page == read_returned.PAGE:
            return read_returned.read_sent(seen, action)
        return read_safet.read_sent(seen, action)

    def rule_for(self, case: Case, action: Action, rule: ActionRule) -> ActionRule:
        return new_claim.rule_for(case, rule) if action == "open_ticket" else rule

    def lint(self, draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
        found = super().lint(draft, case, rule, facts)
        return found + new_claim.lint(draft, case, rule, facts) if draft.action == "open_ticket" else found

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> AmazonForm:
        kind = new_claim.NewClaimForm if action == "open_ticket" else AmazonForm
        return kind(tab, rule, self, case, action)


class CaseLog(_Queue):
    """The seller's own support cases (facts §7): never a claim, whatever is closed here."""

    name = read_cases.CHANNEL

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await _look(
            tab, f"/cu/case-lobby?page={number}", Wanted("case_log", ("cases.heading", END), busy=BUSY)
        )  # fmt: skip

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        return read_cases.read_listing(seen, filter, number)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await _look(
            tab,
            url,
            Wanted(
                "support_case",
                ("case.heading", "cases.status", "history.heading", END),
                filled=("cases.status",),
                busy=BUSY,
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        return read_cases.read_case(seen)

    def agrees(self, listed: Listed, case: Case) -> str | None:
        return read_cases.agrees(listed, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        return read_cases.read_sent(seen, action)


class AccountHealth(HealthPage):
    """Account Health: the rating, the defect rate with its parts, the shipping figures (facts §7)."""

    name = "account_health"
    limits = (
        Limit(measure="order_defect_rate", rule="order_defect_rate_high", bad="above", flag="odr_high",
              channels=("claims", "chargebacks")),
        Limit(measure="account_health_rating", rule="health_rating_low", bad="below"),
        Limit(measure="late_shipment", rule="late_shipment_high", bad="above"),
        Limit(measure="tracking", rule="tracking_low", bad="below"),
    )  # fmt: skip

    async def see(self, tab: Tab) -> Seen:
        return await tab.look(
            "/performance/dashboard",
            Wanted("health", ("health.heading", "health.rating", END), filled=("health.rating",), busy=BUSY),
        )

    def read(self, seen: Seen) -> tuple[Measure, ...]:
        market_of(seen)
        rating = seen.section("health.rating.heading").labelled("health.rating")
        found = [Measure(name="account_health_rating", value=rating.read(float), shown=rating.text)]
        for row in seen.section("health.service.heading").rows({"metric": "health.metric", "seller": "health.seller"}):
            if not row["seller"].empty:
                found.append(Measure(name=row["metric"].word("metric"), value=row["seller"].read(percent),
                                     shown=row["seller"].text, unit="%"))  # fmt: skip
        shipping = seen.section("health.shipping.heading")
        for name in ("late_shipment", "cancel", "tracking"):
            value = shipping.labelled(f"health.{name}")
            found.append(Measure(name=name, value=value.read(percent), shown=value.text, unit="%"))
        return tuple(found)
