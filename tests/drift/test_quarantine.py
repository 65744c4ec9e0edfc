"""A plausible wrong value stored in silence, the worst of all faults: what a changed page must never lead to."""

from __future__ import annotations

from typing import Any

import pytest

from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from portals.coupang import read_order
from tests.drift.conftest import KNOWN, UNKNOWN, Store


def rename(store: Store, path: str = "/orders/", old: str = KNOWN, new: str = UNKNOWN) -> None:
    store.mock.fault("rename_label", path, count="all", **{"from": old, "to": new})


def test_a_renamed_label_is_told_by_page_and_field_and_nothing_is_overwritten(synced: Store) -> None:
    before = synced.cases()
    rename(synced)
    report = synced.sync(full=True)
    assert synced.exit_code == 11
    decided = {i for i, c in before.items() if c.decided_at}
    assert {(e["page"], e["field"]) for e in report.errors} == {("order", "dispute.responsible")}
    assert all(KNOWN in e["looked_for"] and UNKNOWN in e["found"] for e in report.errors)
    assert synced.unread() >= decided
    after = synced.cases()
    assert {i: c.revision for i, c in after.items()} == {i: c.revision for i, c in before.items()}


@pytest.mark.long
def test_many_cases_are_one_alarm_and_one_bundle(synced: Store) -> None:
    rename(synced)
    report = synced.sync(full=True)
    assert report.drifted > 1
    (alarm,) = synced.alarms()
    assert alarm.scope == "coupang:main/refund_disputes/order/dispute.responsible"
    assert len({e["bundle"] for e in report.errors if e["bundle"]}) == 1
    synced.sync(full=True)
    (again,) = synced.alarms()
    assert (again.id, again.times) == (alarm.id, 2)


def test_one_changed_page_does_not_stop_the_others(synced: Store) -> None:
    ill = synced.a_case("action_needed")
    rename(synced, f"/orders/{ill}")
    for case_id in synced.cases():
        synced.mock.event("message", case_id=case_id, text="확인 부탁드립니다.")
    report = synced.sync()
    assert (report.drifted, report.changed) == (1, 8)
    assert synced.unread() == {ill}


@pytest.mark.long
def test_the_page_itself_is_kept_whatever_part_of_it_has_changed(synced: Store) -> None:
    """A landmark that is missing, a label no reader gets to, a file without its link: each is given up elsewhere."""
    case_id = synced.a_case("lost")
    for old, new in (("분쟁 정보", "클레임 현황"), ("결정문<", "판정서류<"), ("공제 합계", "차감 총액")):
        rename(synced, f"/orders/{case_id}", old, new)
        synced.sync(full=True)
        pages = [p for p in synced.ctx.store.pages.iterate("coupang", verdict="drifted") if p.subject == case_id]
        assert pages, old
        page = SeenPage.from_stored(synced.ctx.store.pages.get(pages[-1].sha256))
        assert new.strip("<") in page.html
        synced.mock.clear_faults()
        synced.sync()
        assert not synced.unread()


def test_a_new_dispute_that_cant_be_read_is_not_forgotten(synced: Store) -> None:
    made = synced.mock.event("new_case", state="action_needed")["case_id"]
    rename(synced, f"/orders/{made}")
    report = synced.sync()
    assert [e["case_id"] for e in report.errors] == [made]
    assert made not in synced.cases()
    synced.mock.clear_faults()
    assert (synced.sync().new, synced.exit_code, synced.alarms()) == (1, 0, [])


def test_the_alarm_ends_when_the_page_is_as_known_again(synced: Store) -> None:
    rename(synced)
    synced.sync(full=True)
    synced.mock.clear_faults()
    report = synced.sync()
    assert (synced.exit_code, report.drifted, synced.unread(), synced.alarms()) == (0, 0, set(), [])
    assert synced.right()


def test_an_alarm_does_not_wait_for_a_case_that_is_gone(synced: Store) -> None:
    ill = synced.a_case("lost")
    rename(synced, f"/orders/{ill}")
    synced.sync(full=True)
    listing = synced.ctx.store.listing
    others = [r for r in listing.all("coupang", "main", "refund_disputes") if r != ill]
    listing.vanished("coupang", "main", "refund_disputes", others, synced.ctx.clock())
    rows = synced.ctx.store.cases.rows(accounts=["coupang:main"])
    assert any(r.unread_since for r in rows)
    synced.mock.clear_faults()
    synced.sync()
    assert synced.alarms() == []


def test_another_case_on_the_page_is_never_stored_as_this_one(synced: Store) -> None:
    mine, other = synced.a_case("action_needed"), synced.a_case("lost")
    before = synced.cases()[mine]
    synced.mock.event("message", case_id=mine, text="안녕하세요.")
    synced.mock.fault("wrong_case", f"/orders/{mine}", count="all", case_id=other)
    report = synced.sync()
    assert synced.exit_code == 11
    assert [e["error"] for e in report.errors] == ["WrongSubject"]
    assert synced.cases()[mine] == before
    assert synced.unread() == {mine}


def test_a_text_that_the_page_cut_is_not_stored_for_the_whole(synced: Store) -> None:
    case_id = next(i for i, c in synced.cases().items() if c.decision and c.decision.text and len(c.decision.text) > 20)
    before = synced.cases()[case_id]
    synced.mock.fault("truncate_text", f"/orders/{case_id}", count="all", keep=12)
    synced.sync(full=True)
    assert synced.exit_code == 11
    assert synced.cases()[case_id].decision == before.decision
    assert synced.unread() == {case_id}


def test_a_page_behind_the_list_is_refused_where_they_differ(synced: Store) -> None:
    case_id = synced.a_case("in_review")
    before = synced.cases()[case_id]
    synced.mock.event("review_result", case_id=case_id, result="approved")
    synced.mock.fault("stale_page", f"/orders/{case_id}", count="all")
    report = synced.sync()
    assert [(e["case_id"], e["error"]) for e in report.errors] == [(case_id, "Mismatch")]
    assert synced.cases()[case_id] == before
    synced.mock.clear_faults()
    synced.sync()
    assert synced.cases()[case_id].status.is_ == "won"


@pytest.mark.long
def test_a_page_behind_the_list_is_looked_at_again_where_nothing_else_tells(synced: Store) -> None:
    """Only a message is new: status, reason and amount are the same on the old page."""
    case_id = synced.a_case("lost")
    known = len(synced.cases()[case_id].messages)
    synced.mock.event("message", case_id=case_id, text="추가로 확인 부탁드립니다.")
    synced.mock.fault("stale_page", f"/orders/{case_id}", count=2)
    assert synced.sync().visited == 1
    assert len(synced.cases()[case_id].messages) == known
    synced.mock.clear_faults()
    assert synced.sync().visited == 1
    assert len(synced.cases()[case_id].messages) == known + 1
    assert synced.sync().visited == 0


def test_an_amount_that_list_and_page_say_differently_is_refused(synced: Store) -> None:
    case_id = synced.a_case("action_needed")
    before = synced.cases()[case_id].amount
    assert before is not None
    synced.mock.event("change_amount", case_id=case_id, amount=int(before.value) + 900)
    synced.mock.fault("stale_page", f"/orders/{case_id}", count="all")
    report = synced.sync()
    assert [e["error"] for e in report.errors] == ["Mismatch"]
    assert synced.cases()[case_id].amount == before
    synced.mock.clear_faults()
    synced.sync()
    assert synced.right()


def test_a_page_in_another_language_is_not_read(synced: Store) -> None:
    before = synced.cases()
    synced.mock.fault("rename_label", "/orders/", count="all", **{"from": 'lang="ko"', "to": 'lang="en"'})
    report = synced.sync(full=True)
    assert synced.exit_code == 11
    assert {e["field"] for e in report.errors} == {"language"}
    assert synced.cases() == before


def test_a_store_set_to_english_is_asked_for_in_korean(synced: Store) -> None:
    synced.mock.event("language", to="en")
    synced.sync(full=True)
    assert (synced.exit_code, synced.right()) == (0, True)


def test_a_notice_over_the_page_changes_nothing(synced: Store) -> None:
    synced.mock.fault("popup", "/orders", count="all")
    report = synced.sync(full=True)
    assert (synced.exit_code, report.drifted, synced.right()) == (0, 0, True)


@pytest.mark.parametrize("path", ["/orders?", "/orders/COO"])
def test_a_skeleton_that_never_fills_is_no_change_of_the_page(synced: Store, path: str) -> None:
    before = synced.cases()
    synced.mock.fault("skeleton", path, count="all")
    report = synced.sync(full=True)
    assert synced.exit_code == 12
    assert {e["error"] for e in report.errors} <= {"NotReady", "PortalDown"}
    assert (report.drifted, synced.alarms(), synced.cases()) == (0, [], before)


def test_a_page_that_makes_the_reader_itself_fail_stops_no_other(
    synced: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = synced.a_case("lost")
    whole = read_order.read_items

    def fails(seen: Seen, *more: Any) -> Any:
        if seen.page.subject == ill:
            raise IndexError("tuple index out of range")
        return whole(seen, *more)

    monkeypatch.setattr("portals.coupang.read.read_items", fails)
    report = synced.sync(full=True)
    assert [(e["case_id"], e["error"]) for e in report.errors] == [(ill, "PageDrift")]
    assert (report.drifted, report.unchanged, synced.unread()) == (1, 8, {ill})
