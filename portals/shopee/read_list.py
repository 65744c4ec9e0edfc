"""Pure reader of Shopee's list of return requests, whose rows are links."""

from __future__ import annotations

import re

from agent.portal import Listed, Listing
from agent.reading.labels import norm
from agent.reading.seen import Part, Seen, Value
from agent.words import say
from portals.shopee.shown import market_of, money, number, order_number

CHOSEN = "data-chosen-tab"
"""Attribute that `pages.prove_tab` puts on the tab that is chosen, which a page tells by class or colour only."""
_COLUMNS = {"product": "list.product", "amount": "list.amount", "reason": "list.reason", "status": "list.status"}
_ROW = re.compile(r"/portal/sale/(return|order)/\d*")
_PAGES = re.compile(r"(\d+)\s*/\s*(\d+)")


def read_listing(seen: Seen, filter: str, number_: int) -> Listing:
    """The rows of one page, under the tab that is proved to be chosen."""
    chosen = [at for at in range(len(seen.tree.tags)) if seen.tree.has(at, CHOSEN)]
    if len(chosen) != 1:
        raise seen.drift("words.tab.return_refund", say("{count} tabs are chosen", count=len(chosen)))
    tab = Value(seen, "list.heading", chosen[0]).word("tab")
    if tab != filter:
        raise seen.mismatch("list.heading", filter, tab)
    here, last = _place(seen)
    if here != number_:
        raise seen.mismatch("list.next", number_, here)
    total = read_total(seen)
    rows = []
    for row in rows_of(seen):
        if not row.shows("list.return_id"):  # cancelled orders have no request number; they stand under other tabs
            raise seen.drift(
                "list.return_id", say("a row under this tab has no request number"), found=(row.text[:80],)
            )
        rows.append(_listed(seen, row))
    if not rows and total and number_ == 1:
        raise seen.mismatch("list.total", f"0 rows on page {number_}", total)
    return Listing(rows=tuple(rows), total=total, number=number_, last=here >= last)


def _place(seen: Seen) -> tuple[int, int]:
    """Which page of how many, as the pager says it."""
    forms = {seen.tree.text(seen.tree.first[at], seen.tree.last[at]) for at in _pagers(seen)}
    found = {match.groups() for form in forms if (match := _PAGES.search(form))}
    if len(found) != 1:
        raise seen.drift("list.next", say("which page of how many can't be told"), found=tuple(forms)[:3])
    here, last = found.pop()
    return int(here), int(last)


def _pagers(seen: Seen) -> list[int]:
    """The box around the button that leads to the next page."""
    tree, forms = seen.tree, seen.labels.of("list.next")
    return [
        tree.parent[at]
        for at in range(len(tree.tags))
        if tree.tags[at] == "button" and norm(tree.attrs(at).get("aria-label", "")) in forms
    ]


def read_total(seen: Seen) -> int:
    """The count over the list: `7 Yêu cầu`."""
    found = set()
    for word in seen.labels.of("list.total"):
        for form in seen.tree.forms:
            match = re.fullmatch(r"(\d{1,7})" + re.escape(word), form)
            if match:
                found.add(int(match[1]))
    if len(found) != 1:
        raise seen.drift("list.total", say("{count} totals are shown", count=len(found)))
    return found.pop()


def rows_of(seen: Seen) -> list[Part]:
    """Each row is one link; links in a menu or a cell lead elsewhere or show no number."""
    tree = seen.tree
    return [
        Part(seen, at)
        for at, tag in enumerate(tree.tags)
        if tag == "a" and _ROW.search(tree.attrs(at).get("href", "")) and Part(seen, at).shows("list.order_id")
    ]


def _listed(seen: Seen, row: Part) -> Listed:
    numbers, cells = row.labelled("list.return_id"), cells_of(seen, row)
    market = market_of(seen)
    cells["status"].word("status")
    cells["reason"].word("reason")
    money(cells["amount"], market)
    order = row.labelled("list.order_id")
    hints = " · ".join(text for text in hint_texts(seen, row, cells))
    return Listed(
        case_id=numbers.read(number),
        url=seen.tree.attrs(row.element)["href"],
        facts={name: cells[name].text for name in _COLUMNS} | {"order_id": order.read(order_number), "hints": hints},
    )


def hint_texts(seen: Seen, row: Part, cells: dict[str, Value]) -> list[str]:
    """What stands in a row besides its head and cells: days, the mark of a second dispute."""
    body = seen.tree.parent[cells["status"].element]
    return [seen.tree.texts[n] for n in range(seen.tree.last[body], row.last)]


def cells_of(seen: Seen, row: Part) -> dict[str, Value]:
    """The cells of a row, under the header that stands apart: by place, where both have as many."""
    tree = seen.tree
    heads = {}
    for name, key in _COLUMNS.items():
        found = [at for at in seen.places(key) if tree.within("a", at) < 0]
        if not found:
            raise seen.drift(key, say("the column is not on the page"), near=seen)
        heads[name] = found
    first = heads["status"]
    headers = []
    for at in first:
        box = tree.parent[at]
        while box > 0 and not all(any(box < s < tree.end[box] for s in found) for found in heads.values()):
            box = tree.parent[box]
        headers.append(box)
    if len(set(headers)) != 1 or headers[0] <= 0:
        raise seen.drift("list.status", say("{count} headers have these columns", count=len(set(headers))))
    columns = tree.kids[headers[0]]
    where = {
        name: [n for n, c in enumerate(columns) for s in found if c <= s < tree.end[c]] for name, found in heads.items()
    }
    for name, places in where.items():
        if len(places) != 1:
            raise seen.drift(_COLUMNS[name], say("the column is there {count} times", count=len(places)))
    lines = [
        at for at in range(row.element + 1, tree.end[row.element])
        if len(tree.kids[at]) == len(columns) and tree.last[at] > tree.first[at]
    ]  # fmt: skip
    if len(lines) != 1:
        raise seen.drift("list.product", say("a dispute has {count} lines of cells", count=len(lines)),
                         found=(row.text[:120],))  # fmt: skip
    cells = tree.kids[lines[0]]
    return {name: Value(seen, _COLUMNS[name], cells[places[0]]) for name, places in where.items()}
