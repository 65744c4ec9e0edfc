"""A case is never lost, never half written, never listed in the wrong place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.records import CaseKey, Message, SeenRef, Status
from agent.store import ListRow
from tests.store.made import NOON, Clock, case, deadline, key, open_store


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """Every field."""
    whole = case(
        messages=(Message(at=NOON, from_="buyer", text="어디에 있나요"),),
        missing={"outcome": "not decided"},
        seen=SeenRef(sha256="a" * 64, at=NOON),
    )
    with open_store(tmp_path) as store:
        assert store.cases.save(whole, "run") == "new"
        assert store.cases.get(whole.key) == whole
        assert store.cases.get(key("C2")) is None


def test_reading_the_same_twice_changes_nothing(tmp_path: Path) -> None:
    """Only when it was last seen."""
    clock = Clock()
    with open_store(tmp_path, clock) as store:
        store.cases.save(case(), "one")
        clock.move(hours=1)
        assert store.cases.save(case(seen=SeenRef(sha256="b" * 64, at=clock.at)), "two") == "unchanged"
        row = store.cases.row(key())
        assert row is not None
        assert (row.changed_at, row.last_read_at, row.seen_sha256) == (NOON, clock.at, "b" * 64)
        assert len(store.cases.history(key())) == 1


def test_every_revision_is_kept(tmp_path: Path) -> None:
    """Also one that comes back."""
    lost = case(status=Status(shown="기각", is_="lost"))
    with open_store(tmp_path) as store:
        assert [store.cases.save(c, "run") for c in (case(), lost, case())] == ["new", "changed", "changed"]
        assert [o.case.status.is_ for o in store.cases.history(key())] == ["action_needed", "lost", "action_needed"]


def test_a_value_that_went_missing_is_a_change(tmp_path: Path) -> None:
    """The reasons for missing values are not in the revision."""
    with open_store(tmp_path) as store:
        store.cases.save(case(), "run")
        assert store.cases.save(case(missing={"decided_at": "not shown"}), "run") == "changed"


@pytest.mark.parametrize("second", [-40, 0, 40])
def test_a_countdown_keeps_its_best_bound(tmp_path: Path, second: int) -> None:
    """A countdown in minutes jitters by a minute; the seller sees the latest bound and no change."""
    at = NOON + timedelta(hours=48)
    with open_store(tmp_path) as store:
        store.cases.save(case(), "run")
        again = case(deadlines=(deadline(at + timedelta(seconds=second)),))
        assert store.cases.save(again, "run") == "unchanged"
        kept = store.cases.get(key())
        row = store.cases.row(key())
        assert kept is not None and row is not None
        assert kept.deadlines[0].at == row.next_deadline_at == at + timedelta(seconds=max(0, second))


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_moved_countdown_is_a_change(tmp_path: Path, hours: int) -> None:
    """The platform gave time, or took it: the new one is right, also when it is earlier."""
    at = NOON + timedelta(hours=48 + hours)
    with open_store(tmp_path) as store:
        store.cases.save(case(), "run")
        assert store.cases.save(case(deadlines=(deadline(at),)), "run") == "changed"
        kept = store.cases.get(key())
        assert kept is not None and kept.deadlines[0].at == at
        assert len(store.cases.history(key())) == 2


def test_the_list_goes_by_urgency(tmp_path: Path) -> None:
    """Soonest deadline of what needs action, then none, then what waits, then what is over."""
    over = Status(shown="종결", is_="closed")
    waits = Status(shown="검토중", is_="in_review")
    cases = [
        case("over", status=over, deadlines=(deadline(NOON),)),
        case("waits", status=waits, deadlines=()),
        case("timeless", deadlines=()),
        case("later", deadlines=(deadline(NOON + timedelta(days=3)),)),
        case("soon", deadlines=(deadline(NOON + timedelta(days=9), kind="reply"), deadline(NOON + timedelta(days=1)))),
    ]
    with open_store(tmp_path) as store:
        for one in cases:
            store.cases.save(one, "run")
        rows = store.cases.rows()
        assert [row.case_id for row in rows] == ["soon", "later", "timeless", "waits", "over"]
        assert [row.needs_action for row in rows] == [True, True, True, False, False]
        assert rows[0].next_deadline_kind == "appeal" and rows[0].amount == case().amount
        assert rows[0].actions == ("appeal",) and rows[0].flags == ("vip",)


def test_filters_keep_what_was_asked_for(tmp_path: Path) -> None:
    """Each by itself."""
    other = case(
        "E1",
        portal="ebay",
        account="de",
        channel="returns",
        flags=("a", "vip_gold"),
        order_id="4%_2",
        status=Status(shown="Waiting", is_="waiting"),
    )
    with open_store(tmp_path) as store:
        store.cases.save(case(), "run")
        store.cases.save(other, "run")
        rows = store.cases.rows
        found = [
            rows(portals=["ebay"]),
            rows(accounts=["ebay:de"]),
            rows(channels=["returns"]),
            rows(statuses=["waiting"]),
            rows(flags=["a"]),
            rows(text="4%_"),
            rows(text="WAITING"),
        ]
        assert [[r.case_id for r in f] for f in found] == [["E1"]] * len(found)
        for wrong in (rows(flags=["vip_"]), rows(accounts=["ebay:main"]), rows(text="%"), rows(due_before=NOON)):
            assert [r.case_id for r in wrong if r.case_id == "C1"] == []
        assert [r.case_id for r in rows(flags=["vip"])] == ["C1"]
        assert [r.case_id for r in rows(due_before=NOON + timedelta(hours=49))] == ["C1"]
        assert len(rows(limit=1)) == 1 and len(rows(open_only=True)) == 2


def test_a_case_is_found_by_any_part_of_its_name(tmp_path: Path) -> None:
    """An exact id wins over a part of a longer one."""
    with open_store(tmp_path) as store:
        for name in ("C1", "C12", "X9"):
            store.cases.save(case(name), "run")
        about = case("TK1").model_copy(update={"channel": "tickets", "order_id": "C1"})
        store.cases.save(about, "run")
        found = {
            text: [c.case_id for c in store.cases.find(text)]
            for text in (
                "C1",
                "coupang:main/refund_disputes/C12",
                "x9",
                "COOX9",
                "main/ref",
                "coupang:main/tickets",
                "%",
                "",
            )
        }
    assert found == {
        "C1": ["C1"],
        "coupang:main/refund_disputes/C12": ["C12"],
        "x9": ["X9"],
        "COOX9": ["X9"],
        "main/ref": ["C1", "C12", "X9"],
        "coupang:main/tickets": ["TK1"],
        "%": [],
        "": [],
    }


def test_a_page_that_drifted_leaves_the_record_alone(tmp_path: Path) -> None:
    """The case says since when it was not read, and is visited again until it is."""
    clock = Clock()
    with open_store(tmp_path, clock) as store:
        store.cases.save(case(), "run", row_hash="h1")
        clock.move(hours=5)
        for hour in (1, 2):
            store.cases.mark_unread(key(), f"drift {hour}")
        row, listed = store.cases.row(key()), store.listing.get(key())
        assert row is not None and listed is not None
        assert (row.unread_since, row.unread_why, listed.read_hash) == (NOON, "drift 2", None)
        assert store.cases.get(key()) == case()
        store.cases.save(case(), "run", row_hash="h1")
        row, listed = store.cases.row(key()), store.listing.get(key())
        assert row is not None and listed is not None
        assert (row.unread_since, row.unread_why, listed.read_hash) == (None, None, "h1")


def test_a_row_counts_as_read_only_with_its_case(tmp_path: Path) -> None:
    """Killed between list and detail: the next sync still visits the detail."""
    with open_store(tmp_path) as store:
        store.listing.save("coupang", "main", "refund_disputes", [ListRow(case_id="C1", text_hash="h1")], NOON)
        row = store.listing.get(key())
        assert row is not None and row.read_hash is None
        store.cases.save(case(), "run", row_hash="h1")
        store.listing.save("coupang", "main", "refund_disputes", [ListRow(case_id="C1", text_hash="h2")], NOON)
        row = store.listing.get(key())
        assert row is not None and (row.read_hash, row.text_hash) == ("h1", "h2")


def test_rows_that_vanish_are_told_once_and_kept(tmp_path: Path) -> None:
    """And forgiven when they come back."""
    place = ("coupang", "main", "refund_disputes")
    rows = [ListRow(case_id=f"C{i}", text_hash="h", shown={"status": "대기"}) for i in range(3)]
    later = NOON + timedelta(days=1)
    with open_store(tmp_path) as store:
        store.listing.save(*place, rows, NOON)
        assert store.listing.vanished(*place, {"C0"}, later) == (["C1", "C2"], ["C1", "C2"])
        assert store.listing.vanished(*place, {"C0"}, later) == ([], ["C1", "C2"])
        store.listing.save(*place, rows[1:2], later)
        known = store.listing.all(*place)
        assert {k: v.gone_since for k, v in known.items()} == {"C0": None, "C1": None, "C2": later}
        assert known["C1"].seen_at == later and known["C1"].shown == {"status": "대기"}
        assert store.listing.all("coupang", "main", "messages") == {}


def test_ten_thousand_cases_are_listed_without_opening_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is made of columns: not one record is parsed."""
    from agent.records import Case
    from agent.store import schema

    with open_store(tmp_path) as store:
        store.cases.save(case(), "run")
        with store.writing() as conn:
            row = dict(conn.execute(schema.cases.select()).mappings().one())
            conn.execute(schema.cases.insert(), [{**row, "ref": str(i), "case_id": str(i)} for i in range(10_000)])
        monkeypatch.setattr(Case, "model_validate_json", None)
        assert len(store.cases.rows()) == 10_001


def test_the_export_has_every_case(tmp_path: Path) -> None:
    """Or just those named."""
    with open_store(tmp_path) as store:
        for name in ("B", "A"):
            store.cases.save(case(name), "run")
        assert [c.case_id for c in store.cases.export()] == ["A", "B"]
        assert [c.case_id for c in store.cases.export([key("B").ref])] == ["B"]
        assert isinstance(store.cases.rows()[0].key, CaseKey)
