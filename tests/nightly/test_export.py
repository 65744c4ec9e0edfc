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


def events(feed: bytes) -> list[dict[str, Any]]:
    """The events, read by RFC 5545's own rules and none of the program that wrote them."""
    lines = re.sub(r"\r\n[ \t]", "", feed.decode()).split("\r\n")
    assert all(len(line.encode()) <= 75 for line in feed.decode().split("\r\n"))
    found: list[dict[str, Any]] = []
    inside: list[str] = []
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        name, *parameters = name.split(";")
        if name == "BEGIN":
            inside.append(value)
            if value == "VEVENT":
                found.append({"alarms": []})
        elif name == "END":
            assert inside.pop() == value
        elif inside[-1:] == ["VALARM"] and name == "TRIGGER":
            assert "RELATED=END" in parameters
            found[-1]["alarms"].append(value)
        elif inside[-1:] == ["VEVENT"]:
            found[-1][name] = value.replace("\\,", ",").replace("\\;", ";")
    assert inside == []
    return found


def test_a_deadline_is_an_entry_with_alarms_in_both_clocks(desk: Desk) -> None:
    desk.case()
    [event] = events(export(desk.ctx, format="ics"))
    assert event["DTEND"] == "20260506T030000Z"
    assert event["SUMMARY"] == "appeal: coupang:main/refund_disputes/COO123456789"
    assert "2026-05-06 11:00 Shanghai; at the portal 2026-05-06 12:00 Seoul" in event["DESCRIPTION"]
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", "0")
    assert event["alarms"] == ["-P3D", "-P1D", "-PT6H", "-PT2H"]
    assert export(desk.ctx, format="ics") == export(desk.ctx, format="ics")


def test_a_moved_deadline_is_the_same_entry_one_later_and_an_ended_case_cancels_it(desk: Desk) -> None:
    first = desk.case()
    [before] = events(export(desk.ctx, format="ics"))
    later = first.deadlines[0].model_copy(update={"at": NOW + timedelta(days=3), "basis": "instant"})
    desk.clock.move(hours=1)
    desk.case(deadlines=(later,))
    [moved] = events(export(desk.ctx, format="ics"))
    assert (moved["UID"], moved["SEQUENCE"], moved["DTEND"]) == (before["UID"], "1", "20260507T030000Z")
    desk.clock.move(hours=1)
    desk.case(status=Status(shown="종결", is_="won"), deadlines=(), outcome=Outcome(result="approved"))
    [over] = events(export(desk.ctx, format="ics"))
    assert (over["UID"], over["SEQUENCE"], over["STATUS"], over["alarms"]) == (before["UID"], "2", "CANCELLED", [])
    desk.clock.move(days=60)
    assert events(export(desk.ctx, format="ics")) == []


def test_a_countdown_worded_anew_is_no_newer_entry(desk: Desk) -> None:
    first = desk.case()
    near = first.deadlines[0].model_copy(update={"at": first.deadlines[0].at + timedelta(seconds=50)})
    desk.case(deadlines=(near,), flags=("x",))
    [event] = events(export(desk.ctx, format="ics"))
    assert event["SEQUENCE"] == "0"


def test_icalendar_reads_it_and_it_speaks_chinese(desk: Desk) -> None:
    from icalendar import Calendar

    desk.case()
    speak("zh-CN")
    read = Calendar.from_ical(export(desk.ctx, format="ics"))
    [event] = read.walk("VEVENT")
    assert str(event["SUMMARY"]).startswith("申诉：")
    assert event.decoded("DTEND") == datetime(2026, 5, 6, 3, tzinfo=UTC)
    assert len(event.walk("VALARM")) == 4


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
