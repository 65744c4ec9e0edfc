"""An order number that lost its digits, a deadline that stays in the calendar: opened with other people's programs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event

from agent.records import Message, Money, Outcome, SeenRef, Status
from agent.words import speak
from flows.archive import archive
from flows.export import COLUMNS, export
from tests.evidence.made import NOW, picture
from tests.flows.conftest import Desk

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0")


def book(desk: Desk) -> Any:
    return openpyxl.load_workbook(io.BytesIO(export(desk.ctx, format="xlsx")))


def column(sheet: Any, name: str) -> list[Any]:
    return [row[COLUMNS.index(name)] for row in sheet.iter_rows(min_row=2)]


def test_ids_stay_text_and_nothing_is_a_formula(desk: Desk) -> None:
    for number, text in enumerate(FORMULAS):
        desk.case(case_id=f"81234567890123456{number}", order_id="0012345", status=Status(shown=text, is_="unknown"))
    [sheet] = book(desk).worksheets
    assert sheet.title == "coupang"
    assert {cell.data_type for cell in column(sheet, "case_id")} == {"s"}
    assert [cell.value for cell in column(sheet, "order_id")] == ["0012345"] * len(FORMULAS)
    assert [cell.value for cell in column(sheet, "status_shown")] == list(FORMULAS)
    assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f" or c.hyperlink]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", f"A1:AI{len(FORMULAS) + 1}")


def test_amounts_are_numbers_and_long_texts_are_cut_not_lost(desk: Desk) -> None:
    desk.case(amount=Money(value=Decimal("37900.50"), currency="KRW"), url="https://x.example/" + "a" * 40_000)
    [sheet] = book(desk).worksheets
    assert column(sheet, "amount")[0].value == 37900.5
    assert len(column(sheet, "url")[0].value) == 32_767


def test_each_portal_has_its_sheet(desk: Desk) -> None:
    desk.case()
    desk.case(portal="ozon", channel="disputes", case_id="1", order_id="1")
    assert [sheet.title for sheet in book(desk).worksheets] == ["coupang", "ozon"]
    assert len(list(book(desk).worksheets[0].rows)) == 2


def test_the_csv_has_no_formula_in_any_column(desk: Desk) -> None:
    for number, text in enumerate(FORMULAS):
        desk.case(
            case_id=f"{text}{number}", order_id=text, url=text, flags=(text,), status=Status(shown=text, is_="unknown")
        )
    told = list(csv.reader(io.StringIO(export(desk.ctx, format="csv").decode("utf-8-sig"))))
    assert len(told) == len(FORMULAS) + 1
    assert not [cell for row in told for cell in row if cell.startswith(("=", "+", "-", "@"))]


# -- calendar ------------------------------------------------------------------------------------------------------


def events(feed: bytes) -> list[Event]:
    """The events as a calendar program of other people's making reads them; the lines are as short as RFC 5545 wants."""
    text = feed.decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    alarms = [line for line in re.sub(r"\r\n[ \t]", "", text).split("\r\n") if line.startswith("TRIGGER")]
    assert all(";RELATED=END" in line for line in alarms), "an alarm that counts from the start is half an hour early"
    return IcsCalendarStream.calendar_from_ics(text).events


def alarms(event: Event) -> list[timedelta]:
    """How long before its end an event is heard of."""
    return [-one.trigger for one in event.alarm if isinstance(one.trigger, timedelta)]


def test_a_deadline_is_an_entry_with_alarms_in_both_clocks(desk: Desk) -> None:
    desk.case()
    [event] = events(export(desk.ctx, format="ics"))
    assert event.dtend == datetime(2026, 5, 6, 3, tzinfo=UTC)
    assert event.summary == "appeal: coupang:main/refund_disputes/COO123456789"
    assert event.description and "2026-05-06 11:00 Shanghai; at the portal 2026-05-06 12:00 Seoul" in event.description
    assert (event.status, event.sequence) == ("CONFIRMED", 0)
    assert alarms(event) == [timedelta(hours=hours) for hours in (72, 24, 6, 2)]
    assert export(desk.ctx, format="ics") == export(desk.ctx, format="ics")


def test_a_moved_deadline_is_the_same_entry_one_later_and_an_ended_case_cancels_it(desk: Desk) -> None:
    first = desk.case()
    [before] = events(export(desk.ctx, format="ics"))
    later = first.deadlines[0].model_copy(update={"at": NOW + timedelta(days=3), "basis": "instant"})
    desk.clock.move(hours=1)
    desk.case(deadlines=(later,))
    [moved] = events(export(desk.ctx, format="ics"))
    assert (moved.uid, moved.sequence) == (before.uid, 1)
    assert moved.dtend == datetime(2026, 5, 7, 3, tzinfo=UTC)
    desk.clock.move(hours=1)
    desk.case(status=Status(shown="종결", is_="won"), deadlines=(), outcome=Outcome(result="approved"))
    [over] = events(export(desk.ctx, format="ics"))
    assert (over.uid, over.sequence, over.status, alarms(over)) == (before.uid, 2, "CANCELLED", [])
    desk.clock.move(days=60)
    assert events(export(desk.ctx, format="ics")) == []


def test_a_countdown_worded_anew_is_no_newer_entry(desk: Desk) -> None:
    first = desk.case()
    near = first.deadlines[0].model_copy(update={"at": first.deadlines[0].at + timedelta(seconds=50)})
    desk.case(deadlines=(near,), flags=("x",))
    [event] = events(export(desk.ctx, format="ics"))
    assert event.sequence == 0


def test_the_calendar_speaks_chinese(desk: Desk) -> None:
    desk.case()
    speak("zh-CN")
    [event] = events(export(desk.ctx, format="ics"))
    assert event.summary and event.summary.startswith("申诉：")
    assert len(alarms(event)) == 4


# -- archive -------------------------------------------------------------------------------------------------------


def test_the_whole_case_is_in_one_file_that_unzip_takes(desk: Desk, tmp_path: Path) -> None:
    if shutil.which("unzip") is None:
        pytest.skip("unzip is not installed")
    page = json.dumps({"html": "<p>분쟁</p>", "url": "https://x"}).encode()
    store = desk.ctx.store
    sha = store.pages.put("coupang", "main", "dispute", "COO123456789", page, NOW, channel="refund_disputes")
    shot = store.blobs.put(picture(), "screenshot")
    talk = Message(at=NOW, from_="buyer", text="=1+1")
    case = desk.case(messages=(talk,), seen=SeenRef(sha256=sha, at=NOW))
    other = desk.case(case_id="COO999", order_id="COO999")
    with store.writing() as conn:
        store.audit.append(conn, "sync", "archived", case.key.ref, {"page": sha, "picture": shot})
        store.audit.append(conn, "sync", "archived", other.key.ref, {"page": "0" * 64})
    desk.draft(case)
    desk.approve(case)
    file = tmp_path / "case.zip"
    file.write_bytes(archive(desk.ctx, "COO123456789"))
    assert subprocess.run(["unzip", "-tq", str(file)], capture_output=True).returncode == 0
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        read = {name: packed.read(name) for name in names}
    manifest = json.loads(read["manifest.json"])
    assert manifest["files"] == {n: hashlib.sha256(d).hexdigest() for n, d in read.items() if n != "manifest.json"}
    assert manifest["missing"] == []
    assert read["pages/001-20260504T030000Z-dispute.json"] == page
    assert "분쟁" in read["pages/001-20260504T030000Z-dispute.html"].decode()
    assert picture() in read.values()
    assert [one for one in names if one.startswith("sent/")]
    assert {link["ref"] for link in json.loads(read["audit.json"])} == {case.key.ref}
    assert "'=1+1" in read["messages.csv"].decode("utf-8-sig")
    assert "案件" in read["README.txt"].decode()
    assert archive(desk.ctx, "COO123456789") == file.read_bytes()
