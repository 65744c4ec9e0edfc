"""Seen pages, runs, alarms, figures: what is put is found again, once."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import StoreFault
from agent.records import Money
from agent.store import SettlementLine
from agent.words import say, speak
from tests.store.made import NOON, Clock, open_store


def test_a_file_comes_back_byte_by_byte_and_is_kept_once(tmp_path: Path) -> None:
    """An empty one, too."""
    with open_store(tmp_path) as store:
        for data in (b"", b"x" * 100_000, os.urandom(1000)):
            sha256 = store.blobs.put(data, "document", durable=True)
            written = store.blobs.path(sha256).stat().st_mtime_ns
            assert store.blobs.put(data, "document") == sha256
            assert store.blobs.get(sha256) == data
            assert store.blobs.path(sha256).stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["cut", "other", "gone"])
def test_a_damaged_file_is_never_taken_for_the_real_one(tmp_path: Path, damage: str) -> None:
    """Putting it again mends it."""
    with open_store(tmp_path) as store:
        sha256, other = store.blobs.put(b"decision " * 99, "document"), store.blobs.put(b"other", "document")
        path = store.blobs.path(sha256)
        if damage == "cut":
            os.truncate(path, path.stat().st_size - 3)
        elif damage == "other":
            path.write_bytes(store.blobs.path(other).read_bytes())
        else:
            path.unlink()
        with pytest.raises(StoreFault, match="missing" if damage == "gone" else "damaged"):
            store.blobs.get(sha256)
        store.blobs.put(b"decision " * 99, "document")
        assert store.blobs.get(sha256) == b"decision " * 99


def test_a_write_that_fails_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full in the middle of a file."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.store.blobs.os.fsync", full)
    with open_store(tmp_path) as store:
        with pytest.raises(StoreFault, match="disk is full"):
            store.blobs.put(b"page", "page", durable=True)
        assert [p for p in store.blobs.folder.rglob("*") if p.is_file()] == []


def test_seen_pages_are_listed_once_and_latest_last(tmp_path: Path) -> None:
    """What `reread` goes through."""
    with open_store(tmp_path) as store:
        first = store.pages.put("coupang", "main", "detail", "C1", b"one", NOON, channel="refund_disputes")
        assert (
            store.pages.put(
                "coupang", "main", "detail", "C1", b"one", NOON + timedelta(hours=1), channel="refund_disputes"
            )
            == first
        )
        last = store.pages.put(
            "coupang",
            "main",
            "detail",
            "C1",
            b"two",
            NOON + timedelta(hours=2),
            channel="refund_disputes",
            verdict="drifted",
        )
        store.pages.put("coupang", "main", "list", "", b"rows", NOON)
        assert [p.sha256 for p in store.pages.iterate("coupang", "detail")] == [last]
        assert [p.at for p in store.pages.iterate(page="detail", latest_only=False)] == [
            NOON + timedelta(hours=1),
            NOON + timedelta(hours=2),
        ]
        assert [p.page for p in store.pages.iterate()] == ["detail", "list"]
        assert store.pages.get(last) == b"two"
        assert len(list(store.pages.iterate(verdict="drifted"))) == 1
        store.pages.judge(last, "read")
        assert list(store.pages.iterate(verdict="drifted")) == []


def test_a_run_that_never_ended_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is gone; a run of this very process is still going."""
    clock = Clock()
    with open_store(tmp_path, clock) as store:
        done = store.runs.start("sync", ["coupang:main"], "li", "desk")
        store.runs.account_result(done, "coupang:main", "refund_disputes", {"listed": 3})
        store.runs.account_result(done, "coupang:main", "refund_disputes", {"listed": 4, "complete": True})
        store.runs.finish(done, 0)
        clock.move(minutes=1)
        going = store.runs.start("sync", [], "li", "desk")
        clock.move(minutes=1)
        monkeypatch.setattr("agent.store.runs._this_process", lambda: "999999999 1.00")
        store.runs.start("submit", [], "li", "desk")
        runs = store.runs.recent(machine="desk")
        assert [r.state for r in runs] == ["interrupted", "running", "finished"]
        assert runs[2].results == {"coupang:main": {"refund_disputes": {"listed": 4, "complete": True}}}
        assert [r.id for r in store.runs.recent(kind="sync", limit=1)] == [going]


def test_an_alarm_rings_once_per_change_of_state(tmp_path: Path) -> None:
    """Two hundred drifted cases are one alarm; after it was mended, the next drift rings again."""
    words = say("{page} of {portal} drifted", page="detail", portal=say("Coupang"))
    with open_store(tmp_path) as store:
        rings = [store.alarms.raise_("drift", "coupang:main", words, {"field": "amount"}) for _ in range(3)]
        assert rings == [True, False, False]
        assert store.alarms.raise_("drift", "ozon:main", words)
        (alarm, _) = store.alarms.open()
        assert (alarm.times, alarm.facts, alarm.words) == (3, {"field": "amount"}, words)
        speak("en")
        assert str(alarm.words) == "detail of Coupang drifted"
        assert [store.alarms.clear("drift", "coupang:main") for _ in range(2)] == [True, False]
        assert store.alarms.raise_("drift", "coupang:main", words)
        assert [a.closed_at is None for a in store.alarms.history("coupang:main")] == [False, True]


def test_figures_are_kept_exactly(tmp_path: Path) -> None:
    """No float ever touches them."""
    with open_store(tmp_path) as store:
        for hour, value in ((2, Decimal("0.10")), (1, None), (2, Decimal("0.3"))):
            store.metrics.put("coupang", "main", "score", NOON + timedelta(hours=hour), value, "%", f"{value}")
        assert [(m.value, m.shown) for m in store.metrics.series("coupang", name="score")] == [
            (None, "None"),
            (Decimal("0.3"), "0.3"),
        ]
        assert len(store.metrics.series(since=NOON + timedelta(minutes=90))) == 1


def test_a_settlement_line_counts_once(tmp_path: Path) -> None:
    """The same statement read every night."""
    line = SettlementLine(
        portal="coupang",
        account="main",
        statement="2025-06",
        line_id="1",
        order_id="COO1",
        kind="refund",
        amount=Money(value=Decimal("-37900"), currency="KRW"),
        settled_on=date(2025, 6, 9),
        shown="-37,900원",
    )
    other = line.model_copy(update={"shown": "-37,900 원"})
    with open_store(tmp_path) as store:
        assert [store.metrics.put_settlement(x) for x in (line, line, other)] == ["new", "unchanged", "changed"]
        assert store.metrics.settlements("coupang", "main", "COO1") == [other]
        assert store.metrics.settlements(order_id="COO2") == []
