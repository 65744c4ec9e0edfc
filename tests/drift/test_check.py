"""An operator who can't tell a changed page from a lost session: what `check` says of each, and what its report shows."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from agent.reading.labels import load_labels
from agent.reading.seen import Seen
from agent.reading.tree import Tree
from flows import registry
from flows.check import CheckReport, PageCheck, check
from flows.contract import hold_case
from flows.frozen import load
from flows.report import powerless
from flows.report.write import render
from tests.drift.conftest import KNOWN, PAGES, UNKNOWN, Store

few = pytest.mark.mock(cases=4)
"""A world that is looked through quickly."""


def checked(store: Store) -> CheckReport:
    report: CheckReport = store.run(check(store.ctx, (store.account,)))
    return report


def verdicts(report: CheckReport) -> set[tuple[str, str]]:
    return {(page.page, page.verdict) for page in report.pages}


def of(report: CheckReport, page: str) -> list[PageCheck]:
    return [one for one in report.pages if one.page == page]


def test_sound_pages_are_read_and_nothing_is_touched(store: Store) -> None:
    report = checked(store)
    assert report.exit_code == 0
    assert {page.verdict for page in report.pages} == {"read"}
    assert {page.page for page in report.pages} >= {"home", "orders", "order", "appeal"}
    assert {page.what for page in of(report, "orders")} == {"disputed", "refunded"}
    statuses = {place.text for page in of(report, "order") for place in page.places if place.key == "dispute.status"}
    assert len(statuses) >= 4
    assert store.mock.received("write") == []
    assert store.cases() == {}
    assert {p.page for p in store.ctx.store.pages.iterate("coupang")} == set()


@few
def test_a_changed_page_is_told_with_field_texts_and_candidates(store: Store) -> None:
    store.mock.fault("rename_label", "/orders/", count="all", **{"from": KNOWN, "to": UNKNOWN})
    report = checked(store)
    assert report.exit_code == 11
    drifted = [page for page in of(report, "order") if page.verdict == "drifted"]
    assert drifted
    for page in drifted:
        told = page.public()
        assert told["field"] == "dispute.responsible"
        assert KNOWN in dict((one["key"], one["looked_for"]) for one in told["missing"])["dispute.responsible"]
        assert UNKNOWN in told["candidates"]
        assert told["found"]
    assert [p.verdict for p in store.ctx.store.pages.iterate("coupang", "order")] == ["drifted"] * len(drifted)


@few
def test_a_renamed_landmark_of_the_list_is_told_for_each_filter(store: Store) -> None:
    store.mock.fault("rename_label", "/orders?", count="all", **{"from": "분쟁 상태", "to": "클레임 단계"})
    report = checked(store)
    assert report.exit_code == 11
    lists = [page for page in report.pages if page.what in ("disputed", "refunded")]
    assert [(page.verdict, "orders.dispute_status" in dict(page.missing)) for page in lists] == [("drifted", True)] * 2
    assert all("클레임 단계" in page.candidates for page in lists)


@few
def test_a_lost_session_is_told_once_and_a_person_is_sent_for(synced: Store) -> None:
    synced.mock.event("expire_session")
    report = checked(synced)
    assert (report.exit_code, [page.verdict for page in report.pages]) == (10, ["signed_out"])


@few
def test_a_store_that_was_never_signed_in_is_told(synced: Store) -> None:
    synced.ctx.vault.forget("coupang:main")
    report = checked(synced)
    assert (report.exit_code, [page.verdict for page in report.pages]) == (10, ["signed_out"])


@few
def test_a_portal_that_is_down_is_unreachable_and_soon_left(store: Store) -> None:
    store.mock.fault("500", "/", count="all")
    report = checked(store)
    assert report.exit_code == 12
    assert {page.verdict for page in report.pages} == {"unreachable"}
    assert len(report.pages) <= 3


@few
def test_a_page_that_stays_a_shell_is_unreachable_and_the_others_are_read(store: Store) -> None:
    store.mock.fault("skeleton", "/orders?status=disputed", count="all")
    report = checked(store)
    assert report.exit_code == 12
    assert [p.verdict for p in report.pages if p.what == "disputed"] == ["unreachable"]
    assert [p.verdict for p in report.pages if p.what == "refunded"] == ["read"]
    assert {p.verdict for p in of(report, "order")} == {"read"}


@few
def test_a_list_that_holds_less_than_it_says_is_incomplete(store: Store) -> None:
    store.mock.fault("missing_page", "/orders?", count="all", keep=1)
    report = checked(store)
    assert report.exit_code == 11
    assert {page.verdict for page in of(report, "orders")} == {"incomplete"}


@few
def test_the_form_is_looked_at_and_left_alone(store: Store) -> None:
    report = checked(store)
    (form,) = of(report, "appeal")
    assert (form.verdict, store.mock.received("write")) == ("read", [])
    store.mock.fault("rename_label", "/orders/.*/appeal$", count="all", **{"from": "배송 증빙", "to": "배달 증명"})
    (form,) = of(checked(store), "appeal")
    assert (form.verdict, form.public()["field"]) == ("drifted", "appeal.type.delivery_proof")


@few
def test_a_form_whose_button_is_called_otherwise_is_drift_and_another_form_s_button_is_none(store: Store) -> None:
    store.mock.fault("second_submit", "/orders/.*/appeal$", count="all")
    (form,) = of(checked(store), "appeal")
    assert form.verdict == "read"
    store.mock.fault(
        "rename_label",
        "/orders/.*/appeal$",
        count="all",
        **{"from": 'type:primary">제출<', "to": 'type:primary">접수 완료<'},
    )
    (form,) = of(checked(store), "appeal")
    assert (form.verdict, form.public()["field"]) == ("drifted", "appeal.submit")


# -- the report ------------------------------------------------------------------------------------------------------


@pytest.fixture
def report() -> CheckReport:
    """One page that reads, and one that does not."""
    portal = registry.get("coupang")
    labels = load_labels("coupang", portal.folder)
    pages = []
    for name in ("lost-with-messages", "drifted-label-unknown"):
        page = load(PAGES / "coupang" / "order" / name).page
        held = hold_case(portal.channels[0], page, page.subject or "", labels)
        error = held.error
        done = PageCheck("coupang:main", "order", page.subject or "", "refund_disputes", seen=held.seen, error=error)
        if error is not None:
            done.verdict, done.candidates = "drifted", (UNKNOWN,)
            done.missing = (("dispute.responsible", (KNOWN,)),)
        pages.append(done)
    return CheckReport(pages)


NOW = __import__("datetime").datetime(2026, 3, 12, 9, tzinfo=__import__("datetime").UTC)


def test_every_value_found_is_marked_where_it_stood(report: CheckReport) -> None:
    text = render(report, NOW)
    page = report.pages[0]
    assert page.seen is not None
    for place in page.places:
        if place.element:
            assert place.key in text
    amount = re.search(r'<dd class="found" data-key="dispute\.amount">(.*?)</dd>', text)
    assert amount is not None
    assert unescape(amount[1]).strip() == "233,200원"


def test_what_was_not_found_is_listed_with_what_may_have_been_meant(report: CheckReport) -> None:
    text = render(report, NOW)
    assert f'<code>dispute.responsible</code></td><td class="texts"><span>{KNOWN}</span>' in text
    assert re.search(rf'<dt class="near">\s*{UNKNOWN}\s*</dt>', text)


def test_the_report_asks_nothing_of_any_network(report: CheckReport, run: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(report, NOW), encoding="utf-8")
    told = run(_opened(path))
    assert told["requests"] == [path.as_uri()]
    assert told["errors"] == []
    assert told["styled"] != "none"


async def _opened(path: Path) -> dict[str, Any]:
    from agent.browser import open as opening

    async with opening.playwright_running() as playwright:
        browser = await opening.launch(playwright, pictures=True)
        page = await browser.new_page()
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(path.as_uri())
        outline = await page.evaluate("getComputedStyle(document.querySelector('.found')).outlineStyle")
        hacked = await page.evaluate("window.hacked === undefined")
        assert hacked
        await page.close()
        return {"requests": requests, "errors": errors, "styled": outline}


NASTY = [
    "<script>window.hacked=1</script>",
    '<img src=x onerror="window.hacked=1">',
    '<img alt="<script>window.hacked=1</script>">',
    '<a href="javascript:window.hacked=1" onmouseover="window.hacked=1">x</a>',
    '<iframe src="https://evil.example"></iframe><object data="https://evil.example"></object>',
    '<dd title="x" style="background:url(https://evil.example)">&lt;script&gt;window.hacked=1&lt;/script&gt;</dd>',
    "<svg><script>window.hacked=1</script></svg><math><mtext><style>*{}</style></mtext></math>",
    '<form action="https://evil.example"><input name="x" value="&quot;><script>window.hacked=1</script>"></form>',
    "<textarea></textarea><script>window.hacked=1</script></textarea>",
    '<link rel="stylesheet" href="https://evil.example/x.css"><meta http-equiv="refresh" content="0;url=//evil.example">',
    '<td colspan="2&quot; onclick=&quot;window.hacked=1">x</td>',
]


@pytest.mark.parametrize("nasty", NASTY)
def test_a_page_shown_again_has_no_power(nasty: str) -> None:
    shown = powerless(Tree(f"<main><p>before</p>{nasty}<p>after</p></main>"), {}, frozenset())
    tags = re.findall(r"<\s*(/?)([a-zA-Z][\w-]*)([^>]*)>", shown)
    assert {name for _, name, _ in tags} <= {"div", "span", "p", "dd", "td", "table", "tr", "tbody"}
    assert all(re.fullmatch(r'( class="[a-z ]+"| data-key="[^"]*"| (col|row)span="\d+")*', rest) for _, _, rest in tags)


def test_all_of_it_together_runs_nothing_in_a_browser(run: Any, tmp_path: Path) -> None:
    portal = registry.get("coupang")
    page = load(PAGES / "coupang" / "order" / "won").page
    page = page.model_copy(update={"html": page.html.replace("</main>", "".join(NASTY) + "</main>")})
    seen = Seen(page, load_labels("coupang", portal.folder))
    seen.labelled("dispute.status")
    done = PageCheck(
        "coupang:main", "<script>window.hacked=1</script>", "'\"><img src=x onerror=window.hacked=1>", seen=seen
    )
    path = tmp_path / "report.html"
    path.write_text(render(CheckReport([done]), NOW), encoding="utf-8")
    told = run(_opened(path))
    assert told["requests"] == [path.as_uri()]


@few
def test_the_report_lies_in_the_home_for_its_owner_alone(store: Store) -> None:
    report = checked(store)
    assert report.path is not None
    assert report.path.parent == store.ctx.home.path / "reports"
    assert report.path.stat().st_mode & 0o077 == 0
    assert report.public()["report"] == str(report.path)
