"""Pure reader of Lazada's list of return orders: one row per item."""

from __future__ import annotations

import re

from agent.portal import Listed, Listing
from agent.reading.seen import Row, Seen, Value
from agent.words import say
from portals.lazada.shown import instant, market_of, money, number

_COLUMNS = {
    "line": "list.line", "order": "list.order", "type": "list.type", "reason": "list.reason", "amount": "list.amount",
    "status": "list.status", "sla": "list.sla",
}  # fmt: skip
_PAGES = re.compile(r"(\d{1,5}) ?/ ?(\d{1,5})")


def read_listing(seen: Seen, filter: str, number_: int) -> Listing:
    """The rows of one page, under the tab that is proved to be chosen."""
    tab = chosen_tab(seen)
    if tab != filter:
        raise seen.mismatch("list.heading", filter, tab)
    here, last = place(seen)
    if here != number_:
        raise seen.mismatch("list.next", number_, here)
    total = seen.count("list.total")
    if total is None:
        raise seen.drift("list.total", say("the total is not on the page"))
    rows = [] if seen.shows("list.empty") else [_listed(row) for row in seen.rows(_COLUMNS)]
    if not rows and total and number_ == 1:
        raise seen.mismatch("list.total", "0 rows", total)
    return Listing(rows=tuple(rows), total=total, number=number_, last=here >= last)


def chosen_tab(seen: Seen) -> str:
    """The tab that says of itself that it is chosen; none or two is drift."""
    tree = seen.tree
    chosen = [
        Value(seen, "list.heading", me)
        for me in range(len(tree.tags))
        if tree.has(me, "aria-selected") and tree.attrs(me)["aria-selected"] == "true"
        and tree.attrs(me).get("role") == "tab"
    ]  # fmt: skip
    if len(chosen) != 1:
        raise seen.drift("list.heading", say("{count} tabs are chosen", count=len(chosen)))
    return chosen[0].word("tab")


def place(seen: Seen) -> tuple[int, int]:
    """Which page of how many, as the pager says it between its buttons."""
    tree, found = seen.tree, set()
    for at in seen.controls("list.next") or _disabled(seen):
        box = tree.parent[at]
        said = [tree.texts[n] for n in range(tree.first[box], tree.last[box]) if not tree.aside[n]]
        found |= {match.groups() for match in _PAGES.finditer(" ".join(said))}
    if len(found) != 1:
        raise seen.drift("list.next", say("which page of how many can't be told"))
    here, last = found.pop()
    return int(here), int(last)


def _disabled(seen: Seen) -> list[int]:
    """The button to the next page on the last one."""
    tree, forms = seen.tree, seen.labels.of("list.next")
    return [at for at, tag in enumerate(tree.tags) if tag == "button" and tree.named(at) in forms]


def _listed(row: Row) -> Listed:
    seen = row.seen
    row["status"].word("status")
    row["reason"].word("reason")
    row["type"].word("type")
    money(row["amount"], market_of(seen))
    row["order"].read(number)
    if not row["sla"].empty:
        instant(row["sla"], market_of(seen).zone)
    links = {seen.tree.attrs(at).get("href", "") for at in row.part.controls("list.view", ("a",))}
    if len(links) != 1 or not all(links):
        raise seen.drift("list.view", say("no link leads to the request"), found=(row.part.text[:120],))
    return Listed(
        case_id=row["line"].read(number),
        url=links.pop(),
        facts={name: row[name].text for name in _COLUMNS if name != "line"},
    )
