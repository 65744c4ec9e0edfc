"""The rows of a table, or of a list of cards, by the labels of their columns: in any order, with any others between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.reading.beside import Found, cells_of, own_rows, spans, spots, value_of
from agent.reading.tree import Tree
from agent.words import say

if TYPE_CHECKING:
    from agent.reading.seen import Part

Lines = list[tuple[int, dict[str, Found]]]
"""Rows: each its element, and where the values stand by column name."""
_CLIMB = 4
"""A header may be wrapped that often apart from its rows."""


def table_rows(part: Part, columns: dict[str, str], needed: list[str]) -> Lines:
    """The rows of the one table, or else of the cards, that have the labels of `columns`; see `Part.rows`."""
    heads = {name: part.places(key) for name, key in columns.items()}
    if all(heads[name] for name in needed):
        headers = _headers(part, heads, needed)
        if len(headers) > 1:
            raise part.seen.drift(columns[needed[0]], say("two tables have these columns"))
        if headers:
            return _grid(part, columns, heads, headers[0], needed)
    for name in needed:
        if not spots(part, columns[name]):
            raise part.seen.drift(columns[name], say("the column is not on the page"), near=part)
    return _cards(part, columns, needed)


# -- under a header --------------------------------------------------------------------------------------------------


def _headers(part: Part, heads: dict[str, list[int]], needed: list[str]) -> list[int]:
    """Elements whose children are the column headers, each label alone in its own; none where they are strewn."""
    tree = part.seen.tree
    found: list[int] = []
    for start in heads[needed[0]]:
        box = tree.parent[start]
        while box >= part.element and not all(any(box < s < tree.end[box] for s in heads[n]) for n in needed):
            box = tree.parent[box]
        if box >= part.element and box not in found and _is_header(part, box, heads, needed):
            found.append(box)
    return found


def _is_header(part: Part, box: int, heads: dict[str, list[int]], needed: list[str]) -> bool:
    tree, known = part.seen.tree, part.seen.labels.known
    cells = cells_of(tree, box)
    taken: set[int] = set()
    for name in needed:
        inside = [s for s in heads[name] if box < s < tree.end[box]]
        cell = next((c for c in cells if c <= inside[0] < tree.end[c]), -1)
        if len(inside) != 1 or cell < 0 or cell in taken or tree.form_of(cell) != tree.form_of(inside[0]):
            return False
        taken.add(cell)
    if all(tree.tags[c] == "th" or (tree.has(c, "role") and tree.attrs(c)["role"] == "columnheader") for c in cells):
        return True
    if any(tree.tags[c] == "dd" for c in cells):
        return False
    words = [c for c in cells if tree.count(c)]
    if 2 * sum(tree.form_of(c) in known for c in words) <= len(words):
        return False  # labels and values in one run
    return not any(s > tree.end[box] and _like(part, box, s) for name in needed for s in heads[name])


def _like(part: Part, box: int, spot: int) -> bool:
    """Does the label at `spot` stand in a box like `box`? Then both are cards and none is a header."""
    tree = part.seen.tree
    width = len(cells_of(tree, box))
    while spot >= part.element:
        spot = tree.parent[spot]
        if tree.tags[spot] == tree.tags[box] and len(cells_of(tree, spot)) == width:
            return True
    return False


def _grid(part: Part, columns: dict[str, str], heads: dict[str, list[int]], header: int, needed: list[str]) -> Lines:
    tree = part.seen.tree
    first = columns[needed[0]]
    cells = _wide(part, header, first)
    where: dict[str, int] = {}
    for name, places in heads.items():
        hit = {n for n, c in enumerate(cells) for s in places if c <= s < tree.end[c] and header < s < tree.end[header]}
        if len(hit) > 1:
            raise part.seen.drift(columns[name], say("the column is there {count} times", count=len(hit)))
        if hit:
            where[name] = hit.pop()
    rows: Lines = []
    for line in _lines(part, header, len(cells), first):
        if [tree.form_of(c) for c in cells_of(tree, line)] == [tree.form_of(c) for c in cells_of(tree, header)]:
            continue  # the header once more, as long tables repeat it
        here = _wide(part, line, first)
        if len(here) != len(cells):
            raise part.seen.drift(
                first,
                say("a row has {got} cells, the header has {want}", got=len(here), want=len(cells)),
                found=(tree.value_text(line)[:120],),
            )
        got: dict[str, Found] = {}
        for name, n in where.items():
            if here.count(here[n]) > 1:
                raise part.seen.drift(columns[name], say("a cell reaches over several columns"))
            got[name] = Found(here[n])
        rows.append((line, got))
    return rows


def _wide(part: Part, row: int, key: str) -> list[int]:
    """The cells of a row, one entry for each column they reach over; cells that reach over rows are drift."""
    tree = part.seen.tree
    cells: list[int] = []
    for cell in cells_of(tree, row):
        if not spans(tree, cell):
            cells.append(cell)
            continue
        width = tree.attrs(cell).get("colspan", "1")
        if tree.attrs(cell).get("rowspan", "1") != "1" or not width.isdecimal() or not 0 < int(width[:3]) < 100:
            raise part.seen.drift(key, say("a cell reaches over several rows"), found=(tree.value_text(cell)[:60],))
        cells += [cell] * int(width)
    return cells


def _lines(part: Part, header: int, width: int, key: str) -> list[int]:
    """The rows under a header: its later siblings, or those of the group it stands in."""
    tree = part.seen.tree
    at = header
    for _ in range(_CLIMB):
        up = tree.parent[at]
        if up < 0 or at <= part.element:
            return []
        after = [k for k in tree.kids[up] if k > at and tree.tags[k] != "tfoot" and tree.last[k] <= part.last]
        lines: list[int] = []
        odd: int | None = None
        for kid in after:
            here = _rows_in(part, kid, width, header)
            if here:
                if odd is not None:
                    raise part.seen.drift(key, say("something else stands between the rows"), found=_said(part, odd))
                lines += here
            elif tree.last[kid] > tree.first[kid] and not _says_nothing(part, kid):
                if not lines and tree.tags[kid] in ("tr", "tbody"):
                    raise part.seen.drift(key, say("under the header stand no such rows"), found=_said(part, kid))
                odd = kid
        if lines:
            return _true_rows(part, lines, key)
        if after and (odd is None or tree.tags[up] in ("table", "tbody")):
            return []
        at = up
    return []


def _said(part: Part, me: int) -> tuple[str, ...]:
    return (part.seen.tree.value_text(me)[:120],)


def _rows_in(part: Part, me: int, width: int, header: int) -> list[int]:
    """The rows that `me` is or holds; none where it is something else."""
    tree = part.seen.tree
    tag, kids = tree.tags[me], tree.kids[me]
    if tag == "tr" or (tree.has(me, "role") and tree.attrs(me)["role"] == "row"):
        return [me]
    if tag == "table":
        return own_rows(tree, me)
    if tag == "tbody":
        return [k for k in kids if tree.tags[k] == "tr"]
    if width < 2 or not kids:
        return []
    if all(len(tree.kids[k]) == width and tree.count(k) for k in kids) and (
        len(kids) != width or _built(tree, kids, header)
    ):
        return list(kids)
    if len(kids) == width and tree.count(me):
        return [me]
    return _rows_in(part, kids[0], width, header) if len(kids) == 1 else []


def _built(tree: Tree, rows: list[int], header: int) -> bool:
    """Are these, of as many as there are columns, built like the header? Else they are the cells of one row."""
    cell = tree.tags[tree.kids[header][0]]
    return all(tree.tags[r] == tree.tags[header] and all(tree.tags[c] == cell for c in tree.kids[r]) for r in rows)


def _says_nothing(part: Part, me: int) -> bool:
    """Is its text one that we know, such as “no results”?"""
    return part.seen.tree.form_of(me) in part.seen.labels.named


def _true_rows(part: Part, lines: list[int], key: str) -> list[int]:
    """Rows with more than one cell; a single cell is left out only where it is empty, or says what we know."""
    tree = part.seen.tree
    rows = []
    for line in lines:
        cells = cells_of(tree, line)
        if len(cells) > 1:
            rows.append(line)
        elif tree.last[line] > tree.first[line] and not _says_nothing(part, line):
            raise part.seen.drift(key, say("between the rows stands an unknown text"), found=_said(part, line))
    return rows


# -- as cards --------------------------------------------------------------------------------------------------------


def _cards(part: Part, columns: dict[str, str], needed: list[str]) -> Lines:
    """Each the largest box that has the first label once, the other labels once inside."""
    tree = part.seen.tree
    heads = {name: spots(part, key) for name, key in columns.items()}
    marks = [spot.first for spot in heads[needed[0]]]
    boxes: list[int] = []
    for mark in marks:
        box = tree.owners[mark]
        while tree.parent[box] >= part.element and len(_inside(tree, tree.parent[box], marks)) == 1:
            box = tree.parent[box]
        if len(needed) == 1 or any(_inside(tree, box, [s.first for s in heads[n]]) for n in needed[1:]):
            boxes.append(box)  # a label that stands all alone elsewhere heads no card
    rows: Lines = []
    for box in boxes:
        card = part.piece(box)
        got: dict[str, Found] = {}
        for name, key in columns.items():
            here = [s for s in heads[name] if tree.first[box] <= s.first < tree.last[box]]
            if len(here) > 1 or (not here and name in needed):
                raise part.seen.drift(key, say("the label is in one card {count} times", count=len(here)), near=card)
            if here:
                got[name] = value_of(card, key, here[0])
        rows.append((box, got))
    if not rows:
        raise part.seen.drift(columns[needed[0]], say("the columns stand in no table"), near=part)
    group = boxes[0]
    while not all(group <= b < tree.end[group] for b in boxes):
        group = tree.parent[group]
    for name in needed:  # a label outside the cards is a card unread
        for number in _inside(tree, group, [s.first for s in heads[name]]):
            if not any(tree.first[b] <= number < tree.last[b] for b in boxes):
                raise part.seen.drift(
                    columns[name], say("a card lacks the other labels"), found=_said(part, tree.owners[number])
                )
    return rows


def _inside(tree: Tree, box: int, numbers: list[int]) -> list[int]:
    return [n for n in numbers if tree.first[box] <= n < tree.last[box]]
