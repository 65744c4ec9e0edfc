"""The loop: a full sync against an idiomatic Playwright script and plain HTTP; a second sync; memory; the CLI's start."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from typing import Any

import httpx
from playwright.async_api import BrowserContext, Page, async_playwright

from agent.browser.provide import find_browser, find_headless_shell
from flows.sync import sync
from tests.bench.portal import Memory, Mock, disputes_only, served, signed_in

ROUNDS = 5
FIELDS = {
    "분쟁 상태": "dd", "분쟁 사유": "dd", "환불 금액": "dd", "분쟁 접수일시": "dd", "결정일시": "dd", "책임 주체": "dd", "공제 합계": "dd",
    "근거 조항": "dd", "결정 내용": "dd", "요청 증빙": "dd", "이의 제기 기한": "dd", "이의 제기 횟수": "dd", "결정문": "dd",
}  # fmt: skip
ORDER = ("주문번호", "주문일시", "주문 상태", "구매자", "택배사")


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """All measures of the loop."""
    with disputes_only():
        return [*_against(max(20, int(200 * scale))), *_again(max(100, int(1000 * scale))), *_start()]


def _against(cases: int) -> list[dict[str, Any]]:
    ours, naive, floor = [], [], []
    with served(cases) as mocks:
        mock = mocks["coupang"]
        urls = [c["url"] for c in mock.control("truth") if c["channel"] == "refund_disputes"]
        with signed_in(mocks) as first:
            state = {"coupang:main": first.vault.load("coupang:main") or {}}
        for _ in range(ROUNDS):
            ours.append(_ours(mocks, state, cases))
            naive.append(asyncio.run(_naive(mock, state["coupang:main"], urls)))
            floor.append(_floor(state["coupang:main"], urls))
    per = f"{cases} cases, medians of {ROUNDS} alternating runs"
    middle = statistics.median(ours)
    return [
        {
            "what": "full sync / one locator read per field",
            "ratio": middle / statistics.median(naive),
            "goal": 0.35,
            "how": per,
        },
        {"what": "full sync / plain HTTP floor", "ratio": middle / statistics.median(floor), "how": per},
    ]


def _ours(mocks: dict[str, Mock], state: dict[str, Any], cases: int) -> float:
    with signed_in(mocks, state) as ctx:
        begun = time.perf_counter()
        report = asyncio.run(sync(ctx, ctx.settings.account))
        spent = time.perf_counter() - begun
    assert report.exit_code == 0 and report.channels[0].new == cases, report.public()
    return spent


async def _naive(mock: Mock, state: dict[str, Any], urls: list[str]) -> float:
    """What one writes from the documentation: go, then ask for each field, then click the download."""
    begun = time.perf_counter()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_headless_shell() or find_browser())
        context: BrowserContext = await browser.new_context(storage_state={k: state[k] for k in ("cookies", "origins")})  # type: ignore[arg-type]
        page = await context.new_page()
        for number in range(1, len(urls) // 100 + 3):
            await page.goto(f"{mock.base_url}/orders?status=all&size=100&page={number}")
            await page.locator("#order-table tbody tr:visible").first.wait_for()
            await page.locator("#order-table tbody tr:visible").all_inner_texts()
        for url in urls:
            await _naive_case(page, url)
        await browser.close()
    return time.perf_counter() - begun


async def _naive_case(page: Page, url: str) -> None:
    await page.goto(url)
    await page.locator('#dispute-responsible:not([aria-busy="true"])').wait_for()
    for label in ORDER:
        await page.locator(f'th:text-is("{label}") + td:visible').first.text_content()
    for label, tag in FIELDS.items():
        await page.locator(f'.wing-main dt:text-is("{label}") + {tag}').first.text_content()
    for row in await page.locator('section[aria-labelledby="h-items"] tbody tr').all():
        await row.locator("td").all_text_contents()
    for entry in await page.locator(".wing-talk li").all():
        for part in (".who", "time", "p"):
            await entry.locator(part).text_content()
    link = page.locator('.wing-main a[href$="decision-summary"]')
    if await link.count():
        async with page.expect_download() as waiting:
            await link.click()
        await (await waiting.value).path()


def _floor(state: dict[str, Any], urls: list[str]) -> float:
    cookies = {c["name"]: c["value"] for c in state["cookies"]}
    begun = time.perf_counter()
    with httpx.Client(cookies=cookies) as client:
        for url in urls:
            client.get(url)
            client.get(f"{url}/dispute/responsible")
            client.get(f"{url}/decision-summary")
    return time.perf_counter() - begun


def _again(cases: int) -> list[dict[str, Any]]:
    """A second sync with 1 % changed against the full one, and its memory against a sync of a fifth of the cases."""
    with served(cases // 5) as mocks, signed_in(mocks) as ctx, Memory() as small:
        asyncio.run(sync(ctx, ctx.settings.account))
    with served(cases) as mocks, signed_in(mocks) as ctx:
        begun = time.perf_counter()
        with Memory() as large:
            asyncio.run(sync(ctx, ctx.settings.account))
        full = time.perf_counter() - begun
        truth = [
            c
            for c in mocks["coupang"].control("truth")
            if c["channel"] == "refund_disputes" and c["status"]["is"] == "action_needed"
        ]
        for case in truth[: cases // 100]:
            mocks["coupang"].control("event", {"type": "withdraw", "case_id": case["case_id"]})
        begun = time.perf_counter()
        report = asyncio.run(sync(ctx, ctx.settings.account))
        second = time.perf_counter() - begun
        assert report.channels[0].changed == cases // 100, report.public()
    return [
        {"what": "second sync, 1 % changed / full sync", "ratio": second / full, "goal": 0.06, "how": f"{cases} cases, one run"},
        {"what": "peak memory, all cases / a fifth of them", "ratio": large.peak / small.peak, "goal": 1.15,
         "how": f"{cases} and {cases // 5} cases, unique set size of the process tree without the mock"},
    ]  # fmt: skip


def _start() -> list[dict[str, Any]]:
    def once(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    bare, cli = [], []
    for _ in range(9):
        bare.append(once("pass"))
        cli.append(once("import flows.cli"))
    return [{"what": "import of the CLI / bare Python", "ratio": statistics.median(cli) / statistics.median(bare),
             "how": f"medians of 9; the CLI {statistics.median(cli):.2f} s (goal ≤ 0.4 s)"}]  # fmt: skip
