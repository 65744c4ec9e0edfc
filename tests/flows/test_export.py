"""An order number that a spreadsheet rounds, or a buyer's text that it executes: what the export prevents."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from agent.records import Item, Money, Outcome, Status
from flows.export import COLUMNS, export
from tests.evidence.made import NOW
from tests.flows.conftest import Desk


def rows(desk: Desk) -> list[dict[str, str]]:
    """The CSV, read again."""
    return list(csv.DictReader(io.StringIO(export(desk.ctx, format="csv").decode("utf-8-sig"), newline="")))


def test_json_is_an_array_of_public_records(desk: Desk) -> None:
    cases = [desk.case(), desk.case(case_id="COO123456780", order_id="COO123456780")]
    told = json.loads(export(desk.ctx, format="json"))
    assert told == sorted((case.public() for case in cases), key=lambda case: case["case_id"])
    assert {"portal", "account", "channel", "case_id", "order_id", "url", "status", "reason", "amount", "opened_at",
            "decided_at", "deadlines", "decision", "actions", "appeals", "items", "messages", "flags", "outcome",
            "revision", "seen"} <= set(told[0])  # fmt: skip


def test_nothing_known_is_an_empty_array_and_a_table_of_headings(desk: Desk) -> None:
    assert json.loads(export(desk.ctx, format="json")) == []
    assert export(desk.ctx, format="csv").decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


def test_the_table_opens_with_its_letters_whole(desk: Desk) -> None:
    desk.case()
    assert export(desk.ctx, format="csv").startswith(b"\xef\xbb\xbf")
    [row] = rows(desk)
    assert row["reason_shown"] == "미수령"
    assert (row["amount"], row["currency"]) == ("37900", "KRW")
    assert row["deadline_at"] == "2026-05-06 03:00:00"
    assert row["deadline_operator"] == "2026-05-06 11:00:00 +0800"
    assert row["deadline_portal"] == "2026-05-06 12:00:00 +0900"


@pytest.mark.parametrize(("order_id", "cell"), [
    ("COO123456789", "COO123456789"),
    ("8123456789012345678", "8123456789012345678\t"),
    ("0012345", "0012345\t"),
    ("12E5", "12E5\t"),
    ("2026-05-01", "2026-05-01\t"),
])  # fmt: skip
def test_an_order_number_stays_text(desk: Desk, order_id: str, cell: str) -> None:
    desk.case(case_id=order_id, order_id=order_id)
    assert rows(desk)[0]["order_id"] == cell


@pytest.mark.parametrize("name", [
    "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", "|calc", "%0A",
])  # fmt: skip
def test_a_text_is_never_a_formula(desk: Desk, name: str) -> None:
    desk.case(reason=None, status=Status(shown=name, is_="unknown"), items=(Item(id="1", name="x", quantity=1),))
    cell = rows(desk)[0]["status_shown"]
    assert cell == f"'{name}"


@pytest.mark.parametrize(("status", "settled_on", "hold"), [
    ("action_needed", None, "yes"),
    ("withdrawn", None, "yes"),
    ("closed", None, "yes"),
    ("lost", None, "yes"),
    ("won", None, "yes"),
    ("won", date(2026, 5, 16), "no"),
])  # fmt: skip
def test_an_order_in_dispute_is_held_until_its_money_is_back(
    desk: Desk, status: Any, settled_on: date | None, hold: str
) -> None:
    outcome = Outcome(
        result="approved", at=NOW, recovered=Money(value=Decimal(37900), currency="KRW"), settled_on=settled_on
    )
    desk.case(status=Status(shown="…", is_=status), outcome=outcome if status == "won" else None)
    assert rows(desk)[0]["order_hold"] == hold


def test_where_the_answer_stands_is_in_the_table(desk: Desk) -> None:
    case = desk.case()
    assert rows(desk)[0]["answer"] == ""
    desk.draft(case)
    desk.approve(case)
    assert rows(desk)[0]["answer"] == "approved"
