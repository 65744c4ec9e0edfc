"""What others wrote is shown without power, and only where it belongs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from agent.reading.labels import load_labels
from agent.reading.page import SeenPage
from agent.records import Attachment, Case, Decision, Document, Message, Reason, SeenRef, Status
from flows import cases, registry
from flows.contract import hold_case
from flows.desk.call import at
from flows.expected import Expected
from flows.frozen import load
from tests.desk.conftest import Visitor, links
from tests.evidence.made import NOW, pdf, picture
from tests.flows.conftest import Desk

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"
SCRIPT = "<script>alert(1)</script>"
EVIL = f'"><img src=x onerror=alert(1)>{SCRIPT}'
HTML = (
    f"<h1>주문 상세</h1><script>alert(1)</script><p onclick='alert(1)'>{SCRIPT}&lt;b&gt;</p>"
    '<a href="javascript:alert(1)">링크</a><form action="https://evil.example"><input name="x" value="&quot;&gt;&lt;img&gt;">'
    '<button>제출</button></form><iframe src="https://evil.example"></iframe><img src="https://evil.example/p.png" onerror="x">'
    '<style>@import "https://evil.example"</style><meta http-equiv="refresh" content="0;url=https://evil.example">'
    "<dl><dt>주문번호</dt><dd>COO123456789</dd></dl>"
)


def seen_page(desk: Desk, html: str = HTML) -> SeenRef:
    """A page as the portal's script might have been made to leave it."""
    page = SeenPage(
        portal="coupang", account="main", page="order", url="https://portal.example/", title="t", language="ko",
        seen_at=NOW, server_at=NOW, zone="Asia/Seoul", subject="COO123456789", html=html,
    )  # fmt: skip
    sha = desk.ctx.store.pages.put(
        "coupang", "main", "order", "COO123456789", page.stored(), NOW, channel="refund_disputes"
    )
    return SeenRef(sha256=sha, at=NOW)


def test_a_seen_page_has_no_power(desk: Desk, visitor: Any) -> None:
    """No tag, no attribute, no address of it survives; and were one to, its policy and its frame forbid everything."""
    seen = seen_page(desk)
    case = desk.case(seen=seen)
    one: Visitor = visitor("look")
    outer = one.get(at(f"seen/{seen.sha256}", case.key)).text
    assert re.search(r'<iframe [^>]*sandbox=""', outer)
    (address,) = links(outer, "/frame/")
    answer = one.get(address.partition("#")[0])
    html = answer.text.partition("<body>")[2].lower()
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9]+)", html))
    assert tags <= {"main", "div", "span", "h1", "p", "dl", "dt", "dd", "html", "body"}, tags
    attributes = set(re.findall(r"<[a-z0-9]+((?:\s+[a-z-]+=\"[^\"]*\")*)\s*>", html))
    names = {name for group in attributes for name in re.findall(r"([a-z-]+)=", group)}
    assert names <= {"class", "data-key", "id"}, names
    assert "evil.example" not in html and "javascript:" not in html
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "allow-" not in policy
    assert "script-src" not in policy and "unsafe" not in policy


def test_a_value_leads_to_its_place_on_the_seen_page(desk: Desk, visitor: Any) -> None:
    """Click, and it stands marked: every amount, instant, text and name of a frozen page of the model portal."""
    frozen = load(PAGES / "coupang" / "order" / "lost-with-messages")
    portal = registry.get("coupang")
    labels = load_labels(portal.name, portal.folder)
    case = hold_case(portal.channels[0], frozen.page, frozen.subject, labels).case
    assert case is not None
    sha = desk.ctx.store.pages.put(
        "coupang", case.account, "order", case.case_id, frozen.page.stored(), NOW, channel=case.channel
    )
    case = case.model_copy(update={"seen": SeenRef(sha256=sha, at=NOW)})
    desk.ctx.store.cases.save(case, "sync")
    one: Visitor = visitor("look")
    page = one.get(at("case", case.key)).text
    assert len({a for a in links(page, "/seen/") if "at=" in a}) >= 10
    amount = re.search(r'<span class="amount">[^<]*</span> <a class="trace" href="([^"]*)"', page)
    assert amount is not None and case.amount is not None
    (frame,) = links(one.get(unescape(amount[1])).text, "/frame/")
    marked = re.search(
        r'id="here"[^>]*>(?:<[^>]*>)*([^<]*)<', one.get(frame.partition("#")[0]).text.partition("<body>")[2]
    )
    assert marked is not None and f"{case.amount.value:,f}" in marked[1]


@pytest.mark.parametrize(
    "sha", ["0" * 64, "../../rebuttal.toml", "..%2f..%2frebuttal.toml", "%2e%2e/%2e%2e/.env", "a" * 63]
)
@pytest.mark.parametrize("verb", ["seen", "frame", "document", "picture"])
def test_no_address_leads_out_of_the_case(desk: Desk, visitor: Any, verb: str, sha: str) -> None:
    """Neither by walking up nor by a hash of something else."""
    case = desk.case()
    answer = visitor("look").get(f"/{verb}/{sha}/coupang:main/refund_disputes/COO123456789")
    assert answer.status_code == 404
    assert "operator =" not in answer.text and case.status.shown not in answer.text


def test_a_document_is_given_only_to_its_own_case(desk: Desk, visitor: Any) -> None:
    """Known hashes of other cases, of pages and of sessions' files are none of this one."""
    store = desk.ctx.store
    mine, other = store.blobs.put(pdf(), "document"), store.blobs.put(pdf(3), "document")
    secret = store.blobs.put(b"not for anybody", "page")
    document = Document(name="결정문.pdf", sha256=mine, size=10)
    case = desk.case(decision=Decision(text="x", document=document))
    desk.case(
        case_id="COO987654321", decision=Decision(text="y", document=Document(name="b.pdf", sha256=other, size=9))
    )
    one: Visitor = visitor("look")
    good = one.get(at(f"document/{mine}", case.key))
    assert good.status_code == 200 and good.headers["content-disposition"].startswith("attachment")
    assert good.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in good.headers["content-security-policy"]
    assert one.get(at(f"document-page/{mine}/1", case.key)).headers["content-type"] == "image/png"
    assert one.get(at(f"document-page/{mine}/99", case.key)).status_code == 404
    for wrong in (other, secret):
        for verb in (f"document/{wrong}", f"document-page/{wrong}/1", f"picture/{wrong}", f"seen/{wrong}"):
            assert one.get(at(verb, case.key)).status_code == 404, verb


def test_evidence_is_shown_as_what_it_is(desk: Desk, visitor: Any) -> None:
    """A page with scripts that is called a picture is shown as nothing."""
    case = desk.case()
    files = (desk.file("page.jpg", SCRIPT.encode()), desk.file("other.jpg", picture()), desk.file("paper.jpg", pdf()))
    desk.draft(case, files=files)
    one: Visitor = visitor("look")
    assert one.get(at("evidence/appeal/0", case.key)).status_code == 404
    assert one.get(at("evidence/appeal/1", case.key)).headers["content-type"] == "image/jpeg"
    assert one.get(at("evidence/appeal/2", case.key)).headers["content-type"] == "image/png"
    for wrong in ("appeal/3", "appeal/99", "reply/0", "..%2f..%2fx/0"):
        assert one.get(at(f"evidence/{wrong}", case.key)).status_code == 404


def test_a_script_in_a_case_is_a_text(desk: Desk, visitor: Any) -> None:
    """In status, reason, decision, message, names of files and items, alarms, and in a search."""
    message = Message(
        at=datetime(2026, 5, 3, tzinfo=UTC), from_="buyer", text=EVIL, attachments=(Attachment(name=EVIL),)
    )
    case: Case = desk.case(
        status=Status(shown=EVIL, is_="action_needed"), reason=Reason(shown=EVIL, is_="other"), messages=(message,),
        decision=Decision(text=EVIL, requested_evidence=(EVIL,)), details={EVIL: EVIL}, missing={"x": EVIL},
        url="javascript:alert(1)", flags=(EVIL,),
    )  # fmt: skip
    from agent.words import say

    desk.ctx.store.alarms.raise_("unavailable", "coupang:main", say("{store}: {state}.", store=EVIL, state=EVIL))
    desk.draft(case, text=EVIL)
    one: Visitor = visitor("approve")
    for path in ("/", f"/?q={EVIL}", at("case", case.key), at("draft", case.key), at("packet", case.key)):
        html = one.get(path).text
        assert "<img src=x" not in html, path
        assert SCRIPT not in html and 'href="javascript:' not in html, path
        assert "&lt;script&gt;" in html or path == at("packet", case.key), path


def test_an_awaited_answer_is_shown_from_when_to_when(
    desk: Desk, visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two days there is nothing to do; after the second one asks."""
    case = desk.case(status=Status(shown="재심사 중", is_="in_review"), actions=(), deadlines=())
    window = Expected(NOW + timedelta(days=4), NOW + timedelta(days=9))
    monkeypatch.setattr(cases, "expected_answer", lambda *known: window)
    page = visitor("look").get(at("case", case.key)).text
    due = re.findall(r'class="due-kind">([^<]*)<.*?datetime="([^"T]*)', page, re.DOTALL)
    assert due == [
        ("answer not expected before", f"{window.first:%Y-%m-%d}"),
        ("answer expected by", f"{window.last:%Y-%m-%d}"),
    ]
