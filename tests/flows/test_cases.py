"""The case that ends in two hours must stand on top, and a half-typed name must never mean another case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.errors import UsageFault
from agent.records import Case, Status
from flows.cases import listing, one, top
from flows.evidence import lint
from flows.evidence import listing as evidence_listing
from flows.urgency import Found
from tests.evidence.made import NOW, a_case
from tests.flows.conftest import Desk


def due(hours: float) -> dict[str, Any]:
    """A deadline in so many hours."""
    [first] = a_case().deadlines
    return {"deadlines": (first.model_copy(update={"at": NOW + timedelta(hours=hours)}),)}


def some(desk: Desk) -> list[Case]:
    """Open cases due in 50, 2 and -1 hours, one in review and one that is over."""
    closed = {"status": Status(shown="분쟁 종결", is_="closed"), "actions": (), "deadlines": ()}
    review = {"status": Status(shown="재심사 중", is_="in_review"), "actions": (), "deadlines": ()}
    facts: list[dict[str, Any]] = [due(50), due(2), due(-1), review, closed]
    return [
        desk.case(case_id=f"COO10000000{number}", order_id=f"COO10000000{number}", **one)
        for number, one in enumerate(facts)
    ]


def test_the_most_urgent_stands_on_top(desk: Desk) -> None:
    some(desk)
    assert [row.case_id[-1] for row in listing(desk.ctx)] == ["2", "1", "0", "3"]


def test_a_page_of_the_list_is_its_most_urgent_part_and_counts_the_rest(desk: Desk) -> None:
    some(desk)
    found = top(desk.ctx, limit=2)
    assert ([row.case_id[-1] for row in found.rows], found.total) == (["2", "1"], 4)
    assert top(desk.ctx, limit=2, portals=("ozon",)) == Found([], 0)


@pytest.mark.parametrize(("asked", "found"), [
    ({"due": timedelta(hours=48)}, "21"),
    ({"statuses": ("in_review",)}, "3"),
    ({"statuses": ("closed",)}, "4"),
    ({"everything": True}, "21034"),
    ({"portals": ("coupang",)}, "2103"),
    ({"accounts": ("coupang:other",)}, ""),
    ({"accounts": ("coupang:main",), "due": timedelta(days=9)}, "210"),
])  # fmt: skip
def test_the_list_keeps_what_is_asked_for(desk: Desk, asked: dict[str, Any], found: str) -> None:
    some(desk)
    assert "".join(row.case_id[-1] for row in listing(desk.ctx, **asked)) == found


def test_an_unknown_status_or_portal_is_a_fault_and_not_an_empty_list(desk: Desk) -> None:
    with pytest.raises(UsageFault, match="no status “in_reviw”") as fault:
        listing(desk.ctx, statuses=("in_reviw",))
    assert "Did you mean in_review?" in str(fault.value.todo)
    with pytest.raises(UsageFault, match="no portal “cupang”"):
        listing(desk.ctx, portals=("cupang",))


def test_a_case_is_found_by_any_part_that_is_its_own(desk: Desk) -> None:
    wanted = some(desk)[1]
    for name in (wanted.key.ref, wanted.case_id, "000001", "coo100000001"):
        assert one(desk.ctx, name).case == wanted


def test_a_part_of_several_names_lists_them_and_takes_none(desk: Desk) -> None:
    cases = some(desk)
    with pytest.raises(UsageFault, match="names 5 cases") as fault:
        one(desk.ctx, "COO1")
    assert all(case.key.ref in str(fault.value.said) for case in cases)


def test_an_unknown_case_is_a_fault_with_the_next_step(desk: Desk) -> None:
    for ask in (one, lint, evidence_listing):
        with pytest.raises(UsageFault, match="No case is named") as fault:
            ask(desk.ctx, "COO999")
        assert "rebuttal sync" in str(fault.value.todo)


def test_a_case_shows_all_that_happened_to_it(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    desk.approve(case)
    moved = desk.case(flags=("senior_review",))
    told = one(desk.ctx, case.case_id).public()
    assert told["case"] == moved.public()
    assert [seen["revision"] for seen in told["history"]] == [case.revision, moved.revision]
    assert [link["what"] for link in told["story"]] == ["drafted", "frozen", "approved"]
    assert len(told["drafts"]) == len(told["packets"]) == len(told["approvals"]) == 1
    assert len(told["packets"][0]["digest"]) == 64


def test_the_checklist_says_what_is_there_and_what_is_missing(desk: Desk) -> None:
    case = desk.case()
    empty = evidence_listing(desk.ctx, case.case_id)
    assert empty.enough is False
    assert any("MISSING    DeliveryProof" in str(line) for line in empty.said)
    desk.draft(case, files=(desk.file(),))
    half = evidence_listing(desk.ctx, case.case_id).public()
    assert [(line["kind"], line["there"]) for line in half["checklist"] if line["required"]] == [
        ("DeliveryProof", True), ("ShipmentPhoto", False),
    ]  # fmt: skip
    desk.draft(case)
    full = evidence_listing(desk.ctx, case.case_id)
    assert full.enough is True
    assert [file["kind"] for file in full.public()["files"]] == ["DeliveryProof", "ShipmentPhoto"]


def test_lint_looks_at_the_files_as_they_are_now(desk: Desk) -> None:
    case = desk.case()
    assert desk.draft(case).blocked == []
    (desk.folder / "proof.jpg").write_bytes(b"")
    assert {one.code for one in lint(desk.ctx, case.case_id).blocked} == {"CP6.empty"}
