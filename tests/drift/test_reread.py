"""A mended reader that still leaves yesterday's wrong records, or an old page that wins over a new one."""

from __future__ import annotations

import dataclasses
import hashlib
from decimal import Decimal
from typing import Any

import pytest

from agent.locks import account_lock
from agent.reading.labels import Labels
from agent.reading.page import PageFile
from agent.records import Money
from flows.own_labels import add_text
from flows.reread import RereadReport, reread
from flows.visit import labels_of
from tests.drift.conftest import KNOWN, UNKNOWN, Offline

LOST, WON = "order/lost-with-messages", "order/won"
RENAMED = {f"<dt>{KNOWN}</dt>": f"<dt>{UNKNOWN}</dt>"}


def teach(home: Offline) -> None:
    add_text(home.ctx.home.own_labels("coupang"), "dispute.responsible", "ko", UNKNOWN, "test")


def wrong(home: Offline, name: str = LOST) -> Money:
    """A record with another amount than its page has, as an earlier reader may have made it."""
    page = home.page(name)
    case = home.read(page)
    assert case.amount is not None
    other = Money(value=case.amount.value + Decimal(100), currency="KRW")
    home.ctx.store.cases.save(case.model_copy(update={"amount": other}), "run", row_hash="hash")
    return case.amount


def test_shows_the_difference_and_writes_nothing_without_a_yes(offline: Offline) -> None:
    right = wrong(offline)
    page = offline.page(LOST)
    report = reread(offline.ctx)
    (one,) = report.corrections
    assert [(d.field, d.new) for d in one.differences] == [("amount", f"{right.value:,f} KRW")]
    assert any("amount" in str(line) and f"{right.value:,f} KRW" in str(line) for line in report.said)
    assert (report.written, offline.stored(page)) == (False, offline.stored(page))
    assert offline.stored(page).amount != right  # type: ignore[union-attr]
    refused = reread(offline.ctx, confirm=lambda shown: False)
    assert (refused.written, offline.stored(page).amount == right) == (False, False)  # type: ignore[union-attr]


def test_corrects_the_record_after_a_yes_and_then_has_nothing_to_do(offline: Offline) -> None:
    right = wrong(offline)
    shown: list[RereadReport] = []

    def yes(one: RereadReport) -> bool:
        shown.append(one)
        return True

    report = reread(offline.ctx, confirm=yes)
    assert (len(shown), report.written, report.exit_code) == (1, True, 0)
    assert offline.stored(offline.page(LOST)).amount == right  # type: ignore[union-attr]
    again = reread(offline.ctx, write=True)
    assert (again.corrections, again.written, again.unchanged) == ([], False, 1)
    (run,) = offline.ctx.store.runs.recent(kind="reread")
    assert (run.state, run.exit_code) == ("finished", 0)


def test_a_page_in_quarantine_that_reads_now_corrects_its_case(offline: Offline) -> None:
    offline.read(offline.page(LOST))
    changed = offline.page(LOST, minute=5, replace=RENAMED)
    offline.quarantine(changed)
    assert reread(offline.ctx, write=True).exit_code == 11
    assert offline.unread(changed)
    teach(offline)
    report = reread(offline.ctx, ("coupang",), write=True)
    assert (report.exit_code, report.written, len(report.corrections)) == (0, True, 1)
    assert offline.unread(changed) is None
    case = offline.stored(changed)
    assert case is not None
    assert case.seen is not None
    assert (case.seen.at, case.seen.sha256) == (changed.seen_at, changed.sha256)
    assert not list(offline.ctx.store.pages.iterate("coupang", verdict="drifted"))


def test_the_next_sync_need_not_go_where_a_page_was_read_after_the_list(offline: Offline) -> None:
    offline.read(offline.page(LOST))
    changed = offline.page(LOST, minute=5, replace=RENAMED)
    offline.quarantine(changed)
    key = offline.key(changed)
    row = offline.ctx.store.listing.get(key)
    assert row is not None
    assert row.read_hash is None
    teach(offline)
    reread(offline.ctx, write=True)
    row = offline.ctx.store.listing.get(key)
    assert row is not None
    assert row.read_hash == row.text_hash


def test_an_older_page_never_replaces_what_a_newer_one_said(offline: Offline) -> None:
    old = offline.page(LOST, minute=0, replace=RENAMED)
    offline.put(old, "drifted")
    newer = offline.page(LOST, minute=9, replace={"233,200원": "244,300원"})
    offline.read(newer)
    teach(offline)
    report = reread(offline.ctx, write=True)
    assert (report.written, report.corrections) == (False, [])
    assert offline.stored(newer).amount == Money(value=Decimal(244300), currency="KRW")  # type: ignore[union-attr]


def test_what_was_seen_meanwhile_is_not_overwritten(offline: Offline) -> None:
    wrong(offline)
    newer = offline.page(LOST, minute=30, replace={"233,200원": "244,300원"})

    def meanwhile(report: RereadReport) -> bool:
        offline.read(newer)
        return True

    report = reread(offline.ctx, confirm=meanwhile)
    assert (report.written, report.older) == (False, 1)
    assert offline.stored(newer).amount == Money(value=Decimal(244300), currency="KRW")  # type: ignore[union-attr]


def test_a_record_whose_newer_page_cant_be_read_is_corrected_and_stays_unread(offline: Offline) -> None:
    right = wrong(offline)
    offline.quarantine(offline.page(LOST, minute=5, replace={"분쟁 상태": "클레임 상태"}))
    report = reread(offline.ctx, write=True)
    assert (report.exit_code, report.written) == (11, True)
    page = offline.page(LOST)
    assert offline.stored(page).amount == right  # type: ignore[union-attr]
    assert offline.unread(page)


def test_a_page_that_was_refused_for_its_list_row_stays_in_quarantine(offline: Offline) -> None:
    """It reads well by itself; that it is the truth, the list denied."""
    offline.read(offline.page(LOST))
    other = offline.page(LOST, minute=5, replace={"233,200원": "244,300원"})
    offline.put(other, "drifted")
    offline.ctx.store.cases.mark_unread(offline.key(other), "list and page disagree")
    report = reread(offline.ctx, write=True)
    assert (report.exit_code, report.written) == (11, False)
    assert offline.unread(other)
    assert offline.stored(other).amount == Money(value=Decimal(233200), currency="KRW")  # type: ignore[union-attr]


def test_a_page_without_one_of_its_landmarks_stays_in_quarantine(offline: Offline) -> None:
    page = offline.page(LOST, minute=5, landmarks=("dispute.heading", "receipt.heading"))
    offline.read(offline.page(LOST))
    offline.put(page, "drifted")
    report = reread(offline.ctx, write=True)
    assert [getattr(d.error, "field", "") for d in report.drifted] == ["receipt.heading"]
    assert not report.written


def test_a_case_that_was_never_read_is_made_from_its_page(offline: Offline) -> None:
    """A withdrawn dispute has no decision, and so no file that only a visit could fetch."""
    page = offline.page("order/waiting-with-messages", replace={"<dt>분쟁 사유</dt>": "<dt>클레임 사유</dt>"})
    offline.put(page, "drifted")
    add_text(offline.ctx.home.own_labels("coupang"), "dispute.reason", "ko", "클레임 사유", "test")
    report = reread(offline.ctx, write=True)
    assert (report.wants_visit, report.written, report.exit_code) == ([], True, 0)
    case = offline.stored(page)
    assert case is not None
    assert case.status.is_ == "waiting"


def test_a_file_that_was_not_fetched_with_the_page_wants_a_visit(offline: Offline) -> None:
    page = offline.page(LOST, replace=RENAMED, files=())
    offline.put(page, "drifted")
    teach(offline)
    report = reread(offline.ctx, write=True)
    assert report.wants_visit == [offline.key(page).ref]
    assert offline.stored(page) is None


def test_a_file_that_was_fetched_with_the_page_is_held_against_it(offline: Offline) -> None:
    data = b"no PDF at all"
    sha256 = offline.ctx.store.blobs.put(data, "document")
    assert sha256 == hashlib.sha256(data).hexdigest()
    files = (PageFile(key="decision", name="decision.pdf", sha256=sha256, size=len(data)),)
    page = offline.page(LOST, replace=RENAMED, files=files)
    offline.put(page, "drifted")
    teach(offline)
    report = reread(offline.ctx, write=True)
    assert [getattr(d.error, "field", "") for d in report.drifted] == ["dispute.document"]
    assert offline.stored(page) is None


def test_a_reader_that_has_become_worse_is_told_and_takes_nothing_away(
    offline: Offline, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = offline.read(offline.page(LOST))

    def poorer(*given: Any) -> Labels:
        labels = labels_of(*given)
        return dataclasses.replace(labels, texts=labels.texts | {"dispute.amount": ("Betrag",)})

    monkeypatch.setattr("flows.reread.labels_of", poorer)
    report = reread(offline.ctx, write=True)
    assert (report.exit_code, [d.lost for d in report.drifted]) == (11, [True])
    assert offline.stored(offline.page(LOST)) == case


def test_an_account_at_work_is_left_alone_and_the_others_go_on(offline: Offline) -> None:
    right = wrong(offline)
    with account_lock(offline.ctx.home, "coupang:main"):
        report = reread(offline.ctx, write=True)
    assert (report.written, report.exit_code, [f.name for f in report.faults]) == (False, 1, ["Busy"])
    assert offline.stored(offline.page(LOST)).amount != right  # type: ignore[union-attr]


def test_two_pages_of_two_cases_are_two_corrections(offline: Offline) -> None:
    wrong(offline, LOST)
    wrong(offline, WON)
    report = reread(offline.ctx, write=True)
    assert (report.pages, len(report.corrections), report.written) == (2, 2, True)
