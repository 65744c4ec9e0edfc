"""What a person sees is what is read: tricks of style and structure in a real Chromium, held against the seeing script."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page

import agent.browser.open as opening
from agent.reading.tree import Tree

SCRIPT = (Path(opening.__file__).parents[1] / "reading" / "see.js").read_text(encoding="utf-8")
Run = Callable[[Coroutine[Any, Any, Any]], Any]
WANT: dict[str, Any] = {
    "landmarks": [], "filled": [], "labels": [], "busy": ['[aria-busy="true"]'], "gates": [], "subject": None, "wait_ms": 300,
}  # fmt: skip


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Page]:
    async with opening.playwright_running() as playwright:
        browser = await opening.launch(playwright)
        context = await opening.new_context(browser, locale="ko-KR", zone="Asia/Seoul", state=None)
        try:
            yield await context.new_page()
        finally:
            await browser.close()


async def look(page: Page, **want: Any) -> dict[str, Any]:
    got: dict[str, Any] = await page.evaluate(SCRIPT, WANT | want)
    return got


def seen(run: Run, html: str, script: str = "", **want: Any) -> Tree:
    """The texts and fields of a page with this body."""

    async def see() -> dict[str, Any]:
        async with opened() as page:
            await page.set_content(f"<!DOCTYPE html><html><body>{html}</body></html>")
            if script:
                await page.evaluate(script)
            return await look(page, **want)

    return Tree(run(see())["html"])


HIDDEN = {
    "display none": '<div style="display:none">X</div>',
    "hidden attribute": "<div hidden>X</div>",
    "hidden until found": '<div hidden="until-found">X</div>',
    "visibility hidden": '<div style="visibility:hidden">X</div>',
    "visibility collapse": '<table><tr style="visibility:collapse"><td>X</td></tr></table>',
    "opacity 0": '<div style="opacity:0"><p><b>X</b></p></div>',
    "opacity nearly 0": '<div style="opacity:.2"><p style="opacity:.2"><b>X</b></p></div>',
    "content-visibility": '<div style="content-visibility:hidden">X<b>X</b></div>',
    "off to the left": '<div style="position:absolute;left:-9999px">X</div>',
    "off above": '<div style="position:absolute;top:-5000px">X</div>',
    "off to the right": '<div style="position:fixed;left:120vw">X</div>',
    "pushed out by indent": '<div style="text-indent:-9999px;overflow:hidden">X</div>',
    "sr-only": '<span style="position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0);white-space:nowrap">X</span>',
    "clip path": '<div style="clip-path:inset(50%)">X</div>',
    "no height": '<div style="height:0;overflow:hidden"><p>X</p></div>',
    "folded away": '<div style="max-height:0;overflow:hidden"><div><p>X</p></div></div>',
    "no width": '<div style="width:0;overflow:hidden">X</div>',
    "scaled to nothing": '<div style="transform:scale(0)"><p>X</p></div>',
    "no font size": '<div style="font-size:0">X</div>',
    "transparent letters": '<div style="color:transparent">X</div>',
    "another slide": '<div style="width:300px;overflow:hidden;white-space:nowrap"><div style="display:inline-block;width:300px">'
                     'shown</div><div style="display:inline-block;width:300px">X</div></div>',
    "closed details": "<details><summary>more</summary>X<p>X</p></details>",
    "closed dialog": "<dialog>X</dialog>",
    "closed popover": "<div popover>X</div>",
    "template": "<template><p>X</p></template>",
    "script and style": "<script>var a='X'</script><style>/* X */</style><noscript>X</noscript>",
    "hidden field": '<input type="hidden" value="X">',
    "password": '<input type="password" value="X">',
    "frame without size": '<iframe style="width:0;height:0;border:0" srcdoc="<p>X</p>"></iframe>',
    "tiny frame": '<iframe width="1" height="1" srcdoc="<p>X</p>"></iframe>',
    "hidden frame": '<iframe style="display:none" srcdoc="<p>X</p>"></iframe>',
    "field off the page": '<input style="position:absolute;left:-9999px" value="X">',
    "field squeezed": '<div style="height:0;overflow:hidden"><input value="X"><select><option>X</select></div>',
    "datalist": '<datalist><option value="X">X</option></datalist>',
}  # fmt: skip


def test_a_decoy_that_no_person_sees_is_never_read(run: Run) -> None:
    async def see() -> dict[str, str]:
        left = {}
        async with opened() as page:
            for name, html in HIDDEN.items():
                await page.set_content(f"<!DOCTYPE html><html><body><p>shown</p>{html}</body></html>")
                got = (await look(page))["html"]
                if "X" in got:
                    left[name] = got
        return left

    assert run(see()) == {}


SHOWN = {
    "visible inside hidden": '<div style="visibility:hidden">no<b style="visibility:visible">X</b></div>',
    "display contents": '<div style="display:contents"><span style="display:contents">X</span></div>',
    "no size, overflowing": '<div style="width:0;height:0;white-space:nowrap">X</div>',
    "far below": '<div style="height:9000px"></div><p>X</p>',
    "far below, skipped by content-visibility": '<div style="height:9000px"></div><div style="content-visibility:auto">X</div>',
    "far right in a scroller": '<div style="width:200px;overflow:auto"><div style="width:3000px;text-align:right">X</div></div>',
    "folded list": '<div style="height:40px;overflow:hidden"><p>a</p><p>b</p><p>c</p><p>X</p></div>',
    "cut by ellipsis": '<div style="width:40px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap">Xyz long text</div>',
    "tooltip out of its box": '<div style="width:30px;overflow:hidden"><div style="position:absolute;left:400px">X</div></div>',
    "letters painted by a picture": '<p style="background:linear-gradient(red,blue);-webkit-background-clip:text;color:transparent">X</p>',
    "open details": "<details open><summary>more</summary>X</details>",
    "open dialog": "<dialog open>X</dialog>",
    "half transparent": '<div style="opacity:.5">X</div>',
    "red letters": '<p style="color:rgb(255,0,0)">X</p>',
    "aria-hidden": '<p aria-hidden="true">X</p>',
    "frame of the same origin": '<iframe srcdoc="<p>X</p>"></iframe>',
    "fixed at the foot": '<div style="position:fixed;bottom:0">X</div>',
    "words from a style": "<style>.l::before{content:'X'}</style><p class=l>a</p>",
    "words from an attribute": "<style>td::before{content:attr(data-label)}</style><table><tr><td data-label=X>a</td></tr></table>",
}  # fmt: skip


def test_nothing_that_a_person_sees_is_left_out(run: Run) -> None:
    async def see() -> list[str]:
        lost = []
        async with opened() as page:
            for name, html in SHOWN.items():
                await page.set_content(f"<!DOCTYPE html><html><body>{html}</body></html>", wait_until="load")
                if not any("X" in text for text in Tree((await look(page))["html"]).texts):
                    lost.append(name)
        return lost

    assert run(see()) == []


def test_shadow_roots_are_read_as_they_are_composed(run: Run) -> None:
    tree = seen(
        run,
        '<x-panel><b slot="value">37,900원</b><i>unslotted</i></x-panel>',
        """() => { const r = document.querySelector('x-panel').attachShadow({mode: 'open'});
           r.innerHTML = '<dl><dt>환불 금액</dt><dd><slot name="value">fallback</slot></dd></dl><slot name="none">empty</slot>'; }""",
    )
    assert tree.texts == ["환불 금액", "37,900원", "empty"]
    assert [tree.tags[tree.parent[tree.owners[1]]]] == ["dd"]


def test_a_closed_shadow_root_gives_no_text_of_its_host(run: Run) -> None:
    tree = seen(run, "<x-a>decoy<b>decoy</b></x-a>", """() => {
        document.querySelector('x-a').attachShadow({mode: 'closed'}).innerHTML = '<p>inside</p>'; }""")  # fmt: skip
    assert "decoy" not in " ".join(tree.texts)


def test_fields_are_read_as_they_are_now_and_not_as_they_were_sent(run: Run) -> None:
    tree = seen(
        run,
        '<input id=a value="old"><textarea id=b>old</textarea><select id=c><option>one<option>two</select>'
        "<input id=d type=checkbox><input id=e type=radio checked>",
        """() => { a.value = 'new "1"'; b.value = ' line\\n<b>two</b>'; c.selectedIndex = 1; d.checked = true; }""",
    )
    values = {tree.attrs(i)["id"]: tree.field_value(i) for i in range(len(tree.tags)) if tree.attrs(i).get("id")}
    assert values == {"a": 'new "1"', "b": " line\n<b>two</b>", "c": "two", "d": "yes", "e": "yes"}


def test_a_tree_that_no_markup_can_say_keeps_its_shape(run: Run) -> None:
    """A row outside a table, a block in a paragraph: a browser reading the markup again would take them apart."""
    tree = seen(run, "<p id=p></p><div id=d></div>", """() => {
        const p = document.getElementById('p'), div = document.createElement('div'); div.textContent = 'in p'; p.append(div, 'after');
        const tr = document.createElement('tr'), td = document.createElement('td'); td.textContent = 'cell'; tr.append(td);
        document.getElementById('d').append(tr); }""")  # fmt: skip
    owner = {text: tree.owners[n] for n, text in enumerate(tree.texts)}
    assert tree.tags[tree.parent[owner["in p"]]] == "p" and tree.tags[owner["after"]] == "p"
    assert [tree.tags[owner["cell"]], tree.tags[tree.parent[owner["cell"]]]] == ["td", "tr"]


def test_figures_set_apart_by_style_are_two_figures(run: Run) -> None:
    tree = seen(run, '<p id=a><b>2</b><b style="margin-left:2em">5,000원</b></p><p id=b>37,<i>900</i>원</p>'
                     '<p id=c><span style="display:block">5</span><span>회</span></p>')  # fmt: skip
    said = {tree.attrs(i)["id"]: tree.value_text(i) for i in range(len(tree.tags)) if tree.attrs(i).get("id")}
    assert said == {"a": "2 5,000원", "b": "37,900원", "c": "5 회"}


def test_line_ends_that_are_shown_are_kept(run: Run) -> None:
    tree = seen(run, '<p style="white-space:pre-wrap" id=a>one\ntwo</p><p id=b>one\ntwo<br>three</p>')
    said = [tree.joined(tree.plain(i)) for i in range(len(tree.tags)) if tree.attrs(i).get("id")]
    assert said == ["one\ntwo", "one two\nthree"]


def test_late_content_is_waited_for_and_a_skeleton_is_not_read(run: Run) -> None:
    async def see() -> dict[str, Any]:
        async with opened() as page:
            await page.set_content("<p>책임 주체</p><p id=v aria-busy=true></p><p>끝</p>")
            await page.evaluate(
                """() => { setTimeout(() => { v.textContent = '판매자'; v.removeAttribute('aria-busy') }, 60) }"""
            )
            return await look(
                page, landmarks=[["책임 주체"]], filled=[["책임 주체"]], labels=["책임 주체", "끝"], wait_ms=5_000
            )

    got = run(see())
    assert got["status"] == "ready" and "판매자" in got["html"]


def test_a_value_that_never_comes_is_a_timeout_that_says_so(run: Run) -> None:
    async def see() -> dict[str, Any]:
        async with opened() as page:
            await page.set_content("<p>책임 주체</p><p></p><p>끝</p>")
            return await look(
                page, landmarks=[["책임 주체"]], filled=[["책임 주체"]], labels=["책임 주체", "끝"], wait_ms=50
            )

    got = run(see())
    assert (got["status"], got["unfilled"]) == ("timeout", [0])


GATE = {"name": "denied", "texts": ["Access Denied"], "css": [], "url": None}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<h1>Access Denied</h1>", "gate"),
        ('<h1>주문</h1><p style="display:none">Access Denied</p>', "ready"),
        ("<h1>주문</h1><p>Access Denied</p>", "ready"),
    ],
)
def test_a_gate_counts_only_where_it_stands_before_the_page(run: Run, body: str, status: str) -> None:
    async def see() -> dict[str, Any]:
        async with opened() as page:
            await page.set_content(body)
            return await look(page, landmarks=[["주문"]], gates=[GATE], wait_ms=50)

    assert run(see())["status"] == status


def test_a_page_that_moves_on_under_the_wait_is_an_error_of_the_call_and_not_a_page(run: Run) -> None:
    async def see() -> str:
        async with opened() as page:
            await page.set_content("<p>a</p>")
            look_at = asyncio.ensure_future(look(page, landmarks=[["never"]], wait_ms=20_000))
            await page.wait_for_timeout(50)
            await page.goto("data:text/html,<p>b</p>")
            try:
                await look_at
            except Error as fault:
                return fault.message
            return "looked at"

    said = run(see())
    assert "context was destroyed" in said or "navigat" in said


def test_looking_changes_nothing_on_the_page(run: Run) -> None:
    async def see() -> tuple[str, str]:
        async with opened() as page:
            await page.set_content(
                '<p>a<b style="opacity:0">b</b></p><input value=1><details><summary>s</summary>x</details>'
            )
            before = await page.content()
            await look(page)
            return before, await page.content()

    before, after = run(see())
    assert before == after


def test_a_page_whose_end_has_not_come_yet_is_not_ready(run: Run) -> None:
    """Its landmarks are there, and the last messages are not: what is read would look whole."""
    whole = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1 id=top>Case</h1><p>one"
            )
            await writer.drain()
            await whole.wait()
            writer.write(b"</p><p>two</p>")
            await writer.drain()
            writer.close()

    async def see() -> dict[str, Any]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, opened() as page:
            await page.goto(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", wait_until="commit")
            await page.wait_for_selector("#top")
            looking = asyncio.ensure_future(look(page, landmarks=[["Case"]], wait_ms=20_000))
            await page.evaluate("1")  # the script has looked once by then
            whole.set()
            return await looking

    got = run(see())
    assert (got["status"], Tree(got["html"]).texts) == ("ready", ["Case", "one", "two"])
