"""The untouched pages that mutants are made of: seen once in a real Chromium over the mock, with the truth beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import BrowserContext, Page

from agent.browser.open import launch, new_context, playwright_running
from agent.browser.pacing import Pacing
from agent.browser.tab import Tab, Wanted
from agent.portal import Fetched, Listed
from agent.reading.labels import Labels, load_labels
from agent.reading.page import SeenPage
from fixtures import serving
from fixtures.kernel.serving import Served
from portals.coupang import PORTAL
from portals.coupang.pages import RefundDisputes

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
"""The mock's clock at the start, so that a seed makes the same world on every day."""
PageKind = Literal["list", "detail", "receipt"]
CHANNEL = RefundDisputes()


@dataclass(frozen=True)
class Sample:
    """One untouched page. `truth`: the case's record as the mock knows it, a list's records, or a receipt's facts;
    None where what was read of the untouched page is the measure (`tests.mutants.anywhere`), `filter` then names the
    case of a detail page."""

    kind: PageKind
    name: str
    page: SeenPage
    english: SeenPage | None
    truth: Any
    filter: str = ""
    listed: Listed | None = None
    documents: dict[str, Fetched] | None = None
    portal: str = PORTAL.name
    channel: str = CHANNEL.name


def labels() -> Labels:
    """The labels that the product reads Coupang with."""
    return load_labels(PORTAL.name, PORTAL.folder)


async def sign_in(page: Page, served: Served) -> None:
    """Through the mock's sign-in, with its code, past no reminder."""
    served.event("password_nag", on=False)
    await page.goto(f"{served.base_url}/login")
    await page.fill("#username", served.username)
    await page.fill("#password", served.password)
    await page.click("#kc-login")
    await page.fill("#auth-mfa-code", served.otp())
    await page.click("#mfa-submit")
    await page.wait_for_selector("#wing-account")


def tab_for(context: BrowserContext, page: Page, base_url: str, bundles: Path, language: str = "ko") -> Tab:
    """A page of the store, as a visit makes it, without guards."""
    return Tab(
        PORTAL.name, "main", base_url, PORTAL.zone, labels(), PORTAL.gate, context, page, Pacing(0), bundles,
        language=language,
    )  # fmt: skip


@asynccontextmanager
async def signed_in(served: Served, bundles: Path, *, pictures: bool = False) -> AsyncIterator[Tab]:
    """A tab at the mock, signed in."""
    async with playwright_running() as playwright:
        browser = await launch(playwright, pictures=pictures)
        context = await new_context(browser, locale=PORTAL.locale, zone=PORTAL.zone, state=None)
        try:
            page = await context.new_page()
            await sign_in(page, served)
            yield tab_for(context, page, served.base_url, bundles)
        finally:
            await browser.close()


async def gather(seed: int, cases: int, bundles: Path) -> list[Sample]:
    """Every page of one mock world: both lists, all cases, the receipts of those that were appealed."""
    samples: list[Sample] = []
    with serving(("coupang",), seed=seed, cases=cases, now=NOW, options={"others": "0"}) as portals:
        served = portals["coupang"]
        async with signed_in(served, bundles) as tab:
            samples = await _korean(tab, seed, served)
            await tab.context.add_cookies([{"name": "wing-locale", "value": "en", "url": served.base_url}])
            tab.language = ""
            return [await _english(tab, sample) for sample in samples]


async def _korean(tab: Tab, seed: int, served: Served) -> list[Sample]:
    samples = []
    truth = {case["case_id"]: case for case in served.truth()}
    rows: dict[str, Listed] = {}
    for name in CHANNEL.filters:
        seen = await CHANNEL.listing(tab, name, 1)
        listing = CHANNEL.read_listing(seen, name, 1)
        rows |= {row.case_id: row for row in listing.rows}
        shown = [truth[row.case_id] for row in listing.rows]
        samples.append(Sample("list", f"{seed}/{name}", seen.page, None, shown, filter=name))
    assert set(rows) == set(truth), "the mock's lists hold every case"
    for case_id, row in rows.items():
        seen, documents = await CHANNEL.visit(tab, case_id, row.url)
        samples.append(
            Sample("detail", f"{seed}/{case_id}", seen.page, None, truth[case_id], listed=row, documents=documents)
        )
        for sent in CHANNEL.sent(seen, "appeal"):
            address = f"/orders/{case_id}/appeal/receipt/{sent.number}"
            receipt = await tab.look(address, Wanted("appeal", ("receipt.heading", "receipt.number"), subject=case_id))
            facts = {"order_id": case_id, "number": sent.number, "at": sent.at}
            samples.append(Sample("receipt", f"{seed}/{sent.number}", receipt.page, None, facts))
    return samples


async def _english(tab: Tab, sample: Sample) -> Sample:
    wanted = {
        "list": Wanted("orders", ("orders.list.heading",)),
        "detail": Wanted("order", ("dispute.heading", "messages.heading"), filled=("dispute.responsible",)),
        "receipt": Wanted("appeal", ("receipt.heading",)),
    }[sample.kind]
    seen = await tab.look(sample.page.url, wanted)
    return replace(sample, english=seen.page)
