"""An operator's morning from the first sign-in to the portal's receipt, in a real Chromium: once by mouse, once by keys."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from agent.browser.provide import find_browser, find_headless_shell
from fixtures.kernel.serving import Served
from flows import people
from flows.context import Context
from flows.desk.app import build
from flows.desk.serve import _listen
from tests.conftest import Workshop, sign_in
from tests.desk.conftest import PASSWORD

NOTE = "안녕하세요. 상품은 고객님께 배송 완료되었으며, 운송사 조회 화면을 첨부합니다.\n확인 부탁드립니다."
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WAIT_MS = 60_000
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

pytestmark = [pytest.mark.sends, pytest.mark.mock(seed=1, cases=9)]


class Morning:
    """A desk that is served, and one browser before it."""

    def __init__(self, ctx: Context, mock: Served, workshop: Workshop, folder: Path) -> None:
        self.ctx, self.mock, self.workshop, self.folder = ctx, mock, workshop, folder
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.violations: list[str] = []
        listener = _listen("127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.app = build(ctx, port=listener.getsockname()[1])
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_config=None, lifespan="off", server_header=False))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]})
        self.thread.start()

    def close(self) -> None:
        """End the server, and what it began."""
        self.app.state.desk.works.wait(WAIT_MS / 1000)
        self.server.should_exit = True
        self.thread.join(10)

    def picture(self, name: str, seed: int) -> Path:
        """A sharp picture that no other seed gives."""
        path = self.folder / name
        Image.frombytes("RGB", (700, 700), random.Random(seed).randbytes(700 * 700 * 3)).save(path)
        return path

    def spend(self, what: Callable[[Page], Awaitable[None]], locale: str) -> None:
        """Let `what` happen in a fresh browser context."""

        async def run() -> None:
            async with self.workshop.playwright_running() as playwright:
                browser = await playwright.chromium.launch(executable_path=find_headless_shell() or find_browser())
                try:
                    context: BrowserContext = await browser.new_context(
                        locale=locale, reduced_motion="reduce", viewport={"width": 1280, "height": 900}
                    )
                    context.set_default_timeout(WAIT_MS)
                    context.on("request", lambda request: self.asked.append(request.url))
                    page = await context.new_page()
                    page.on("pageerror", lambda fault: self.faults.append(str(fault)))
                    page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
                    await what(page)
                finally:
                    await browser.close()

        self.workshop.runner.run(run())

    async def look(self, page: Page, name: str) -> None:
        """Hold the page against WCAG 2.2 AA, in light and in dark."""
        if not await page.evaluate("typeof axe !== 'undefined'"):
            await page.evaluate(AXE)
        for scheme in ("dark", "light"):
            await page.emulate_media(color_scheme=scheme)
            found = await page.evaluate(
                "rules => axe.run(document, { runOnly: { type: 'tag', values: rules }, iframes: false,"
                " resultTypes: ['violations'] })",
                RULES,
            )
            self.violations += [
                f"{name} ({scheme}): {one['id']}: {node['html'][:160]}"
                for one in found["violations"]
                for node in one["nodes"]
            ]


@pytest.fixture
def morning(ctx: Context, mock: Served, workshop: Workshop, tmp_path: Path) -> Iterator[Morning]:
    """Before it begins: the account is signed in, nothing was read, nobody is known."""
    sign_in(ctx, mock, workshop.runner.run)
    folder = tmp_path / "evidence"
    folder.mkdir()
    made = Morning(ctx, mock, workshop, folder)
    yield made
    made.close()


def appealed(morning: Morning) -> None:
    """What must be true at the end, whichever way it was done."""
    arrived = [one for one in morning.mock.received("write") if one["path"].endswith("/appeal")]
    assert len(arrived) == 1, "it arrives once"
    (attempt,) = [a for a in morning.ctx.store.ledger.attempts() if a.state == "confirmed"]
    packet = morning.ctx.store.ledger.packet(attempt.digest, attempt.case)
    assert [(f["name"], f["sha256"]) for f in arrived[0]["files"]] == [(f.upload_name, f.sha256) for f in packet.files]
    (approval,) = morning.ctx.store.ledger.approvals(attempt.case)
    assert approval.by == packet.by == "小李"
    assert {link.who for link in morning.ctx.store.audit.story(attempt.case.ref)} == {"小李"}
    assert {urlsplit(url).netloc for url in morning.asked if not url.startswith(("data:", "blob:"))} == {
        urlsplit(morning.base).netloc
    }
    assert morning.faults == []
    assert morning.violations == []


def test_a_morning_by_mouse_in_chinese(morning: Morning) -> None:
    """First link, read, board, case, its page, draft with dropped evidence, packet, approval, sending, receipt, numbers."""
    token = people.first_link(morning.ctx)

    async def work(page: Page) -> None:
        await page.goto(f"{morning.base}/first/{token}")
        await morning.look(page, "first")
        await page.get_by_label("姓名").fill("小李")
        await page.get_by_label("密码", exact=True).fill(PASSWORD)
        await page.get_by_label("再输一次").fill(PASSWORD)
        await page.get_by_role("button", name="开始").click()
        await page.get_by_role("button", name="读取 coupang:main").click()
        await page.get_by_role("link", name="继续").click()
        await morning.look(page, "board")
        await (
            page.locator("tr[data-row]", has=page.locator('.left:not([data-near="over"])'))
            .locator("a.ref")
            .first.click()
        )
        await morning.look(page, "case")
        amount = page.locator(".fact", has=page.locator("dt", has_text="金额"))
        shown = (await amount.locator(".amount").inner_text()).split()[0]
        await amount.locator("a.trace").click()
        place = page.frame_locator("iframe.frame").locator("#here")
        await expect(place).to_contain_text(shown)
        await expect(place).to_be_in_viewport(timeout=WAIT_MS)
        await morning.look(page, "seen")
        await page.go_back()
        await page.get_by_role("navigation", name="此案件").get_by_role("link", name="草稿").click()
        await page.get_by_label("申诉类型").select_option("delivery_proof")
        await page.get_by_label("说明", exact=False).filter(has_not=page.locator("option")).last.fill(NOTE)
        await drop(page, morning.picture("택배.png", 1), morning.picture("box.png", 2))
        kinds = page.locator('select[name="new_kind"]')
        await expect(kinds).to_have_count(2)
        await kinds.nth(0).select_option("DeliveryProof")
        await kinds.nth(1).select_option("ShipmentPhoto")
        await morning.look(page, "draft")
        await page.get_by_role("button", name="保存并检查").click()
        await expect(page.get_by_text("已保存。")).to_be_visible(timeout=WAIT_MS)
        await morning.look(page, "draft saved")
        await page.get_by_role("navigation", name="此案件").get_by_role("link", name="待发包").click()
        await morning.look(page, "packet")
        await page.get_by_role("button", name="批准").click()
        await morning.look(page, "packet approved")
        await page.get_by_role("button", name="立即发送").dblclick()
        await expect(page.get_by_text("已确认", exact=False).first).to_be_visible(timeout=WAIT_MS)
        await morning.look(page, "work")
        await page.get_by_role("link", name="继续").click()
        await expect(page.locator(".receipt.confirmed .number")).to_be_visible(timeout=WAIT_MS)
        picture = page.locator(".receipt img")
        await picture.scroll_into_view_if_needed()
        await expect(picture).to_have_js_property("complete", True)
        assert await picture.evaluate("image => image.naturalWidth") > 100
        await morning.look(page, "receipt")
        for name, heading in (("数据", "numbers"), ("人员", "people")):
            await page.get_by_role("navigation", name="页面").get_by_role("link", name=name).click()
            await morning.look(page, heading)
        await page.goto(f"{morning.base}/me")
        await morning.look(page, "me")
        await page.goto(f"{morning.base}/case/a:b/c/d")
        await morning.look(page, "problem")
        morning.faults[:] = [fault for fault in morning.faults if "404" not in fault]
        await page.locator("#menu summary").click()
        await page.get_by_role("button", name="退出登录").click()
        await morning.look(page, "sign in")

    morning.spend(work, "zh-CN")
    appealed(morning)


async def drop(page: Page, *paths: Path) -> None:
    """Drop files where evidence is handed in."""
    given = [{"name": path.name, "data": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    await page.evaluate(
        """given => {
          const transfer = new DataTransfer();
          for (const one of given) {
            const bytes = Uint8Array.from(atob(one.data), letter => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], one.name, { type: 'image/png' }));
          }
          const place = document.querySelector('[data-drop]');
          place.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        given,
    )


@pytest.mark.long
def test_a_morning_by_keyboard_alone_in_english(morning: Morning) -> None:
    """Nothing is clicked: keys of the desk, Tab, Enter, space, arrows and letters."""
    token = people.first_link(morning.ctx)
    people.begin(morning.ctx, str(token), name="小李", password=PASSWORD)

    async def work(page: Page) -> None:
        keys = page.keyboard
        await page.goto(morning.base)
        await keys.type("小李")
        await keys.press("Tab")
        await keys.type(PASSWORD)
        await keys.press("Enter")
        await page.wait_for_url(f"{morning.base}/")
        await tab_to(page, 'form[action="/read/coupang:main"] button')
        await keys.press("Enter")
        await expect(page.locator("#onward")).to_be_focused(timeout=WAIT_MS)
        await keys.press("Enter")
        await page.locator("tr[data-row]").first.wait_for()
        await keys.press("?")
        await expect(page.locator("#help")).to_be_visible(timeout=WAIT_MS)
        await keys.press("Escape")
        await expect(page.locator("#help")).to_be_hidden(timeout=WAIT_MS)
        await keys.press("/")
        await expect(page.locator("#q")).to_be_focused(timeout=WAIT_MS)
        await keys.type("jkae")
        assert await page.locator("#q").input_value() == "jkae", "keys are letters where one types"
        await keys.press("Tab")
        await keys.press("j")
        await keys.press("j")
        await keys.press("k")
        await expect(page.locator("a.ref").first).to_be_focused(timeout=WAIT_MS)
        for _ in range(8):  # to the first case whose time is not over
            if (
                await page.evaluate("document.activeElement.closest('tr').querySelector('.left').dataset.near")
                != "over"
            ):
                break
            await keys.press("j")
        await keys.press("Enter")
        await page.wait_for_url("**/case/**")
        await keys.press("e")
        await page.wait_for_url("**/draft/**")
        await tab_to(page, '[name="field.appeal_type"]')
        await keys.press("ArrowDown")
        await tab_to(page, '[name="field.note"]')
        await keys.press("Control+a")
        await keys.insert_text(NOTE)
        await tab_to(page, "#files")
        async with page.expect_file_chooser() as chooser:
            await page.evaluate("0")  # the browser must have heard that the chooser is awaited
            await keys.press("Space")
        await (await chooser.value).set_files([morning.picture("proof.png", 3), morning.picture("box.png", 4)])
        await tab_to(page, '[name="new_kind"] >> nth=1')
        await keys.type("Photo before")
        await keys.press("Control+s")
        await expect(page.get_by_text("Saved. Nothing stands in the way")).to_be_visible(timeout=WAIT_MS)
        await keys.press("a")
        await page.wait_for_url("**/packet/**")
        await keys.press("a")
        await expect(page.locator("#approve")).to_be_focused(timeout=WAIT_MS)
        await keys.press("Enter")
        await page.locator('button[value="send"]').wait_for()
        await keys.press("a")
        await expect(page.locator('button[value="send"]')).to_be_focused(timeout=WAIT_MS)
        await keys.press("Enter")
        await expect(page.locator("#onward")).to_be_focused(timeout=WAIT_MS)
        await keys.press("Enter")
        await expect(page.locator(".receipt.confirmed .number")).to_be_visible(timeout=WAIT_MS)
        await morning.look(page, "receipt")

    morning.spend(work, "en")
    appealed(morning)


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until that element has the focus, as a person without a mouse has to."""
    wanted = page.locator(selector)
    for _ in range(120):
        if await wanted.count() and await wanted.first.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{selector} can't be reached by Tab")
