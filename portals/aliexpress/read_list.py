"""Pure reader of AliExpress's dispute list, where each dispute is a table of its own."""

from __future__ import annotations

import re

from agent.portal import Listed, Listing
from agent.reading.seen import Part, Seen, Value
from agent.words import say
from portals.aliexpress.shown import money

_COLUMNS = {
    "product": "list.product", "reason": "list.reason", "amount": "list.amount", "status": "list.status",
    "ops": "list.ops",
}  # fmt: skip


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The rows of one page, under the tab that is proved to be chosen; each row is a table of its own."""
    chosen = [at for at in _with_role(seen, "tab") if seen.tree.attrs(at).get("aria-selected") == "true"]
    if len(chosen) != 1:
        raise seen.drift("list.heading", say("{count} tabs are chosen", count=len(chosen)))
    chosen_tab = Value(seen, "list.heading", chosen[0])
    if chosen_tab.word("filter") != filter:
        raise seen.mismatch("list.heading", seen.wording(f"words.filter.{filter}"), chosen_tab.text)
    pages = [t for t in seen.tree.texts if re.fullmatch(r"\d+\s*/\s*\d+", t)]
    if len(pages) != 1:
        raise seen.drift("list.next", say("which page of how many can't be told"), found=tuple(pages))
    here, last = (int(part) for part in pages[0].split("/"))
    if here != number:
        raise seen.mismatch("list.next", number, here)
    total = seen.count("list.total")
    rows = [_listed(seen, row) for row in _rows(seen)]
    if not rows and total and number == 1:
        raise seen.mismatch("list.total", say("{count} rows on page {number}", count=0, number=number), total)
    return Listing(rows=tuple(rows), total=total, number=number, last=here >= last)


def _with_role(seen: Seen, role: str) -> list[int]:
    return [at for at in range(len(seen.tree.tags)) if seen.tree.attrs(at).get("role") == role]


def _rows(seen: Seen) -> list[tuple[Part, dict[str, Value]]]:
    """Each dispute's own table: a line with its numbers, and a line of cells under the header that stands apart."""
    tree = seen.tree
    heads = {name: seen.places(key) for name, key in _COLUMNS.items()}
    absent = [name for name, found in heads.items() if not found]
    if absent:
        raise seen.drift(_COLUMNS[absent[0]], say("the column is not on the page"), near=seen)
    lines = [at for at, tag in enumerate(tree.tags) if tag == "tr" and tree.last[at] > tree.first[at]]
    header = [at for at in lines if all(any(at < s < tree.end[at] for s in found) for found in heads.values())]
    if len(header) != 1:
        raise seen.drift("list.status", say("{count} headers have these columns", count=len(header)))
    cells = tree.kids[header[0]]
    where = {name: next(n for n, c in enumerate(cells) for s in found if c <= s < tree.end[c])
             for name, found in heads.items()}  # fmt: skip
    rows = []
    for table in (at for at, tag in enumerate(tree.tags) if tag == "table" and at > header[0]):
        full = [at for at in lines if table < at < tree.end[table] and len(tree.kids[at]) == len(cells)]
        if len(full) != 1:
            raise seen.drift("list.product", say("a dispute has {count} lines of cells", count=len(full)),
                             found=(tree.value_text(table)[:120],))  # fmt: skip
        line = tree.kids[full[0]]
        rows.append((Part(seen, table), {name: Value(seen, _COLUMNS[name], line[n]) for name, n in where.items()}))
    return rows


def _listed(seen: Seen, row: tuple[Part, dict[str, Value]]) -> Listed:
    part, cells = row
    number = part.labelled("list.dispute_id")
    if number.href is None:
        raise seen.drift("list.dispute_id", say("no link leads to the dispute"))
    cells["status"].word("status")
    cells["amount"].read(money)
    steady = {name: cells[name].text for name in _COLUMNS}
    return Listed(
        case_id=number.text,
        url=number.href,
        facts=steady | {name: part.labelled(f"list.{name}").text for name in ("order_id", "opened_at")},
    )
