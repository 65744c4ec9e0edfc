"""An account that reads one channel, pages that are given up quickly, and frozen pages in a store."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.visit
from agent.browser.tab import Tab
from agent.errors import PageDrift
from agent.home import Home
from agent.portal import Fetched, Portal
from agent.reading.page import PageFile, SeenPage
from agent.records import Case, CaseKey
from agent.settings import AccountSettings
from agent.store import Alarm, ListRow
from fixtures.kernel.pdf import make_pdf
from fixtures.kernel.serving import Served
from flows import registry
from flows.context import Context, opened
from flows.contract import hold_case
from flows.frozen import load
from flows.sync import ChannelReport, SyncReport, sync
from flows.visit import labels_of
from tests.conftest import KEY, settings_text

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"
UNKNOWN = "귀책 대상"
"""No text that Rebuttal knows for whom the portal holds responsible."""
KNOWN = "책임 주체"


# -- live ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(mock: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose account reads refund disputes only."""
    made = Home(tmp_path / "home").create()
    text = settings_text(mock) + 'options = { channels = ["refund_disputes"] }\n'
    made.settings_file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("REBUTTAL_COUPANG_MAIN_USERNAME", mock.username)
    monkeypatch.setenv("REBUTTAL_COUPANG_MAIN_PASSWORD", mock.password)
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    return made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that never gets ready is given up after a second."""
    monkeypatch.setattr(flows.visit, "Tab", functools.partial(Tab, wait_ms=1_000))


@dataclass
class Store:
    """One store at the mock, and what a seller sees of it."""

    ctx: Context
    account: AccountSettings
    mock: Served
    run: Callable[[Any], Any]
    last: SyncReport | None = None

    def sync(self, *, full: bool = False) -> ChannelReport:
        """What came of the disputes."""
        self.last = self.run(sync(self.ctx, (self.account,), full=full))
        return next(c for c in self.last.channels if c.channel == "refund_disputes")

    @property
    def exit_code(self) -> int:
        assert self.last is not None
        return self.last.exit_code

    def cases(self) -> dict[str, Case]:
        return {c.case_id: c for c in self.ctx.store.cases.export()}

    def a_case(self, status: str) -> str:
        return next(c.case_id for c in self.cases().values() if c.status.is_ == status)

    def unread(self) -> set[str]:
        return {r.case_id for r in self.ctx.store.cases.rows() if r.unread_since is not None}

    def alarms(self, kind: str = "drift") -> list[Alarm]:
        return [a for a in self.ctx.store.alarms.open() if a.kind == kind]

    def right(self) -> bool:
        """Does every record say what is true at the portal?"""
        truth = {t["case_id"]: t for t in self.mock.truth() if t["channel"] == "refund_disputes"}
        mine = self.cases()
        return set(truth) == set(mine) and all(
            mine[i].status.is_ == t["status"]["is"]
            and mine[i].model_dump(mode="json")["amount"] == t["amount"]
            and (mine[i].decision is None) == (t["decision"] is None)
            and [m.text for m in mine[i].messages] == [m["text"] for m in t["messages"]]
            for i, t in truth.items()
        )


@pytest.fixture
def store(signed_in: Context, account: AccountSettings, mock: Served, run: Any) -> Store:
    """The store, never synced."""
    return Store(signed_in, account, mock, run)


@pytest.fixture
def synced(store: Store) -> Store:
    """The store after a clean sync."""
    report = store.sync()
    assert (store.exit_code, report.complete, report.drifted) == (0, True, 0)
    return store


# -- stored ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offline]:
    """A home with no portal behind it, to put frozen pages into."""
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    home = Home(tmp_path / "offline").create()
    home.settings_file.write_text('operator = "li"\n[[account]]\nportal = "coupang"\nname = "main"\n', encoding="utf-8")
    with opened(home) as ctx:
        yield Offline(ctx, registry.get("coupang"))


@dataclass
class Offline:
    """A store of frozen pages."""

    ctx: Context
    portal: Portal

    def page(self, name: str, *, minute: int = 0, replace: dict[str, str] | None = None, **more: Any) -> SeenPage:
        """A frozen page, seen at that minute, with texts in it (and in the file it offers) replaced."""
        frozen = load(PAGES / "coupang" / name)
        html, lines = frozen.page.html, _document(frozen.expected)
        for old, new in (replace or {}).items():
            assert old in html, old
            html = html.replace(old, new)
            lines = [line.replace(old, new) for line in lines]
        if lines:
            file = make_pdf("결정문 (Decision Summary)", lines)
            sha256 = self.ctx.store.blobs.put(file, "document")
            more = {"files": (PageFile(key="decision", name="decision.pdf", sha256=sha256, size=len(file)),)} | more
        at = datetime(2026, 3, 12, 9, tzinfo=UTC) + timedelta(minutes=minute)
        return frozen.page.model_copy(update={"html": html, "seen_at": at, **more})

    def files(self, page: SeenPage) -> dict[str, Fetched]:
        """What was fetched with a page."""
        return {one.key: Fetched(one.name, self.ctx.store.blobs.get(one.sha256)) for one in page.files}

    def key(self, page: SeenPage) -> CaseKey:
        assert page.subject is not None
        return CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id=page.subject)

    def put(self, page: SeenPage, verdict: Any) -> str:
        """Into the store of pages."""
        return self.ctx.store.pages.put(
            "coupang",
            "main",
            page.page,
            page.subject or "",
            page.stored(),
            page.seen_at,
            channel="refund_disputes",
            verdict=verdict,
        )

    def read(self, page: SeenPage) -> Case:
        """Page and record, as a sync that read it leaves them."""
        assert page.subject is not None
        labels = labels_of(self.ctx, self.portal)
        case = hold_case(self.portal.channels[0], page, page.subject, labels, self.files(page)).case
        assert case is not None
        facts = {"status": case.status.shown, "reason": case.reason.shown if case.reason else "",
                 "amount": f"{case.amount.value:,f}원" if case.amount else ""}  # fmt: skip
        row = ListRow(case_id=case.case_id, text_hash="hash", shown=facts)
        self.ctx.store.listing.save("coupang", "main", "refund_disputes", [row], page.seen_at)
        self.put(page, "read")
        self.ctx.store.cases.save(case, "run", row_hash="hash")
        return case

    def quarantine(self, page: SeenPage) -> PageDrift:
        """A page that can't be read, as a sync leaves it."""
        assert page.subject is not None
        held = hold_case(self.portal.channels[0], page, page.subject, labels_of(self.ctx, self.portal))
        assert isinstance(held.error, PageDrift)
        self.put(page, "drifted")
        self.ctx.store.cases.mark_unread(self.key(page), str(held.error.said))
        return held.error

    def stored(self, page: SeenPage) -> Case | None:
        return self.ctx.store.cases.get(self.key(page))

    def unread(self, page: SeenPage) -> str | None:
        row = self.ctx.store.cases.row(self.key(page))
        return row.unread_why if row is not None else None


def _document(expected: dict[str, Any]) -> list[str]:
    """The lines of the file in which the portal says once more what the page says; none for an undecided case."""
    decision = expected.get("decision")
    if not decision:
        return []
    deductions = [(d["label"], int(d["amount"]["value"])) for d in decision["deductions"]]
    return [
        f"주문번호 (Order ID): {expected['case_id']}",
        f"환불 금액 (Refund Amount): {int(expected['amount']['value']):,}원",
        f"책임 주체 (Responsible Party): {decision['responsible']['shown']}",
        f"근거 조항 (Clause): {', '.join(decision['clauses'])}",
        *(f"- {label}: {amount:,}원" for label, amount in deductions),
        f"공제 합계 (Total Deduction): {sum(amount for _, amount in deductions):,}원",
        "결정 내용 (Decision)",
        decision["text"],
    ]
