"""`rebuttal export --format xlsx`: a sheet per portal, ids as text, no cell that a spreadsheet would execute."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from agent.records import Case
from flows.context import Context
from flows.export import COLUMNS, row_of

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_LETTERS = 32_767
"""Of one cell; a longer text would be left out by the writer."""
_CUT = "…"
_NUMBERS = ("amount", "recovered", "appeals_used", "appeals_allowed")
"""The only columns that are numbers; every other cell is text, so that no id loses its digits (XX6)."""
_MOST_DIGITS = 15
"""Of a number that a spreadsheet keeps whole."""
_WIDE = {"ref": 44, "url": 40, "items": 40, "clauses": 16, "status_shown": 20, "reason_shown": 20, "revision": 16}
_USUAL_WIDTH = 18


def xlsx(ctx: Context) -> bytes:
    """Every case that is known, the columns those of the CSV; the header stays in sight and filters."""
    import xlsxwriter

    cases = ctx.store.cases.export()
    answers = {row.ref: row.sending or "" for row in ctx.store.cases.rows()}
    out = io.BytesIO()
    # Without these a text that begins with "=" or "http" would become a formula or a link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": "Rebuttal", "created": ctx.clock().replace(tzinfo=None, microsecond=0)})
        text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "bottom": 1})
        for portal in sorted({case.portal for case in cases}) or ["-"]:
            sheet = book.add_worksheet(portal[:31])
            _sheet(ctx, sheet, [case for case in cases if case.portal == portal], answers, text, head)
    return out.getvalue()


def _sheet(
    ctx: Context, sheet: Worksheet, cases: list[Case], answers: dict[str, str], text: Format, head: Format
) -> None:
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(cases), 1), len(COLUMNS) - 1)
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, _WIDE.get(name, _USUAL_WIDTH), None if name in _NUMBERS else text)
        sheet.write_string(0, column, name, head)
    for line, case in enumerate(cases, 1):
        zones = (ctx.zone, ctx.portal_zone(case.portal, case.account))
        row = row_of(case, answers.get(case.key.ref, ""), zones, as_text=True)
        for column, name in enumerate(COLUMNS):
            value = row[name]
            if name in _NUMBERS and value and sum(letter.isdigit() for letter in value) <= _MOST_DIGITS:
                sheet.write_number(line, column, float(value))
            elif value:
                sheet.write_string(line, column, _cell(value), text)


def _cell(value: str) -> str:
    return value if len(value) <= MOST_LETTERS else value[: MOST_LETTERS - 1] + _CUT
