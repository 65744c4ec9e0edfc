"""Which thing on a page belongs to a label: the one beside it, in whatever boxes, rows or runs both stand.

A box is looked at as a row of units: its elements and loose texts that show something or could hold a value. Two units
are a pair. In a longer row the tags (`dt`/`dd`, `th`/`td`) or the known labels must tell labels from values without a
doubt, in one direction only; else it is drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent.errors import PageDrift
from agent.reading.labels import norm
from agent.reading.tree import FIELDS, Tree, colon
from agent.words import say

if TYPE_CHECKING:
    from agent.reading.seen import Part

CELLS = frozenset({"td", "th"})
_ANSWERS = frozenset({"td", "th", "dt", "dd"})
_PAIRS = (frozenset({"dt", "dd"}), frozenset({"th", "td"}))
_ICONS = frozenset({"i", "img", "svg", "br", "hr", "wbr", "sup", "button", "col", "a", "input"})
_BETWEEN = frozenset({"", "|", "·", "•", "/", "›", ","})
"""Compared forms of texts that only separate a label from its value."""
_LONGEST_LABEL = 40
_NO_VALUE = frozenset({"hidden", "button", "submit", "reset", "image", "file"})


class Unit(NamedTuple):
    """A child of a box: an element, or (`element` -1) one loose text; `first:last` are its texts."""

    element: int
    first: int
    last: int


class Spot(NamedTuple):
    """Where a label stands: an element, or (`element` -1) a loose text, or (`inline`) before a colon in a text."""

    element: int
    first: int
    last: int
    inline: bool = False


class Found(NamedTuple):
    """A value: the element it stands in, and its text where that is only a part of the element's."""

    element: int
    text: str | None = None


def has_field(tree: Tree, me: int) -> bool:
    """Does element `me` hold a field that a person could fill?"""
    return any(
        tree.tags[i] in FIELDS and tree.attrs(i).get("type") not in _NO_VALUE
        for i in range(me, tree.end[me])
        if tree.tags[i] in FIELDS
    )


def _shows_nothing(tree: Tree, kid: int) -> bool:
    """Is `kid`, which has no text and no field, a mere decoration? Else it is a place whose value is blank."""
    if tree.tags[kid] in _ANSWERS:
        return False
    return tree.tags[kid] in _ICONS or not _ICONS.isdisjoint(tree.tags[kid + 1 : tree.end[kid]])


def units(part: Part, box: int) -> list[Unit]:
    """What stands in `box`, as far as it belongs to `part`, in the order shown; decorations left out."""
    tree = part.seen.tree
    found: list[tuple[int, int, Unit]] = []
    for kid in tree.kids[box]:
        a, b = tree.first[kid], tree.last[kid]
        if a < part.first or b > part.last:
            continue
        if tree.count(kid):
            if tree.count(kid) == 1 and tree.form_of(kid) in _BETWEEN:
                continue
            found.append((a, 1, Unit(kid, a, b)))
        elif has_field(tree, kid) or not _shows_nothing(tree, kid):
            found.append((a, 0, Unit(kid, a, b)))
    taken = [range(u.first, u.last) for _, _, u in found]
    loose = [
        n
        for n in range(max(tree.first[box], part.first), min(tree.last[box], part.last))
        if tree.owners[n] == box and not tree.aside[n] and tree.norms[n] not in _BETWEEN
    ]
    if loose:
        found += [(n, 2, Unit(-1, n, n + 1)) for n in loose if not any(n in run for run in taken)]
        found.sort(key=lambda entry: entry[:2])
    return [unit for _, _, unit in found]


def form(tree: Tree, unit: Unit) -> str:
    """Compared form of a unit's text."""
    return tree.norms[unit.first] if unit.element < 0 else tree.form_of(unit.element)


def shown(tree: Tree, unit: Unit) -> str:
    """A unit's text, for saying what was found."""
    return tree.texts[unit.first] if unit.element < 0 else tree.value_text(unit.element)


def tag_of(tree: Tree, unit: Unit) -> str:
    """A unit's tag; a loose text has none."""
    return "" if unit.element < 0 else tree.tags[unit.element]


def spots(part: Part, key: str) -> list[Spot]:
    """Everywhere in `part` where the label `key` stands, in the order shown; in controls none does."""
    tree = part.seen.tree
    found: list[Spot] = []
    for text in part.seen.labels.of(key):
        if text in tree.forms:
            found += [Spot(i, tree.first[i], tree.last[i]) for i in tree.forms[text] if part.holds(i)]
        if text in tree.loose:
            found += [Spot(-1, n, n + 1) for n in tree.loose[text] if part.first <= n < part.last]
        if text in tree.inline:
            found += [Spot(-1, n, n + 1, True) for n in tree.inline[text] if part.first <= n < part.last]
    return sorted(found, key=lambda spot: spot.first) if len(found) > 1 else found


def value_of(part: Part, key: str, spot: Spot) -> Found:
    """The value of the label at `spot`; drift where there is none, or more than one could be it."""
    tree = part.seen.tree
    if spot.inline:
        return Found(tree.owners[spot.first], _rest(part, spot.first))
    unit = beside(part, key, Unit(spot.element, spot.first, spot.last))
    if unit.element >= 0:
        return Found(unit.element)
    return Found(tree.owners[unit.first], tree.texts[unit.first])


def _rest(part: Part, number: int) -> str:
    """What stands behind the colon of a text, up to the end of its line or the next label."""
    tree, named = part.seen.tree, part.seen.labels.named
    text = tree.texts[number]
    value = text[colon(text) + 1 :].strip()
    for n in range(number + 1, min(tree.last[tree.owners[number]], part.last)):
        before = tree.texts[n][: max(colon(tree.texts[n]), 0)]
        if tree.seps[n] == "\n" or tree.aside[n] or tree.norms[n] in named or norm(before) in named:
            break
        value += tree.seps[n] + tree.texts[n]
    return value


def beside(part: Part, key: str, label: Unit) -> Unit:
    """The unit that belongs to the label; drift where none does, or more than one could."""
    tree = part.seen.tree
    tied = _tied(part, label)
    if tied is not None:
        return tied
    unit = label
    box = tree.owners[label.first] if label.element < 0 else tree.parent[label.element]
    while box >= part.element:
        row = units(part, box)
        if unit not in row:
            break
        at = row.index(unit)
        if tree.tags[box] == "tr" and all(_is_label(part, u) for u in row):
            return _below(part, key, box, row[at].element)
        if len(row) > 1:
            return row[_partner(part, key, row, at)]
        unit = Unit(box, tree.first[box], tree.last[box])
        box = tree.parent[box]
    raise _none(part, key)


def _none(part: Part, key: str, *found: str) -> PageDrift:
    return part.seen.drift(key, say("no value stands beside the label"), found=found)


def _tied(part: Part, label: Unit) -> Unit | None:
    """The field that a `<label for>` names, if it is on the page once."""
    tree = part.seen.tree
    at = tree.within("label", tree.owners[label.first])
    target = tree.attrs(at).get("for") if at >= 0 else None
    if not target:
        return None
    found = [i for i in range(len(tree.tags)) if tree.has(i, "id") and tree.attrs(i)["id"] == target]
    if len(found) != 1 or tree.tags[found[0]] not in FIELDS:
        return None
    return Unit(found[0], tree.first[found[0]], tree.last[found[0]])


def _is_label(part: Part, unit: Unit) -> bool:
    tree = part.seen.tree
    return tag_of(tree, unit) in ("th", "dt", "label") or form(tree, unit) in part.seen.labels.known


def _partner(part: Part, key: str, row: list[Unit], at: int) -> int:
    """The place in `row` of the value that belongs to the label at `at`."""
    tree, labels = part.seen.tree, part.seen.labels
    tags = [tag_of(tree, u) for u in row]
    said = [form(tree, u) in labels.known for u in row]
    said[at] = True
    if any(set(tags) == pair for pair in _PAIRS):  # the tags tell; value-first lists and figures over words included
        said = [tag == tags[at] or (word and n != at) for n, (tag, word) in enumerate(zip(tags, said, strict=True))]
        spot = _next(said, at, 1 if said[0] else -1)
    elif len(row) == 2:
        spot = None if said[1 - at] or tags[1 - at] in ("th", "dt", "label") else 1 - at
    else:
        spot = _in_run(tags, said, [form(tree, u) in labels.named for u in row], at)
    if spot is None:
        raise _unclear(part, key, row, at)
    return spot


def _next(said: list[bool], at: int, step: int) -> int | None:
    """The one value between the label at `at` and the next label or the end."""
    spot, beyond = at + step, at + 2 * step
    if not 0 <= spot < len(said) or said[spot] or (step < 0 and not said[-1]):
        return None
    return spot if not 0 <= beyond < len(said) or said[beyond] else None


def _in_run(tags: list[str], said: list[bool], named: list[bool], at: int) -> int | None:
    """In a run of labels and values that no pair of tags tells apart: labels must stand at every second place.

    `said`: what can only be a label; `named`: what is one, or a value that reads the same (“Buyer”), which is a label
    in a label's place.
    """
    if len(tags) % 2 or any(said[n] and (n - at) % 2 for n in range(len(tags))):
        return None
    step = -1 if at % 2 else 1
    labels, values = set(tags[at % 2 :: 2]), set(tags[1 - at % 2 :: 2])
    if len(labels) == 1 and len(values) == 1 and labels != values:
        return at + step
    if not named[0 if step > 0 else -1]:
        return None
    beyond = at + 2 * step
    return at + step if not 0 <= beyond < len(said) or named[beyond] else None


def _unclear(part: Part, key: str, row: list[Unit], at: int) -> PageDrift:
    tree = part.seen.tree
    others = tuple(shown(tree, u)[:60] for n, u in enumerate(row) if n != at)[:4]
    if len(row) == 2:
        return _none(part, key, *others)
    return part.seen.drift(key, say("which value belongs to the label can't be told"), found=others)


def own_rows(tree: Tree, table: int) -> list[int]:
    """The rows of a table, without those of tables inside it and without its foot (totals are no rows)."""
    found: list[int] = []
    for kid in tree.kids[table]:
        if tree.tags[kid] == "tr":
            found.append(kid)
        elif tree.tags[kid] in ("thead", "tbody"):
            found += [k for k in tree.kids[kid] if tree.tags[k] == "tr"]
    return found


def cells_of(tree: Tree, row: int) -> list[int]:
    """The cells of a row: of a table's row its `td` and `th`, else all its elements."""
    if tree.tags[row] == "tr":
        return [k for k in tree.kids[row] if tree.tags[k] in CELLS]
    return tree.kids[row]


def spans(tree: Tree, cell: int) -> bool:
    """Does a cell reach over other columns or rows?"""
    raw = tree.attrs(cell) if tree.has(cell, "colspan") or tree.has(cell, "rowspan") else {}
    return raw.get("colspan", "1") != "1" or raw.get("rowspan", "1") != "1"


def _below(part: Part, key: str, row: int, cell: int) -> Unit:
    """The value under a header cell, where exactly one row stands under the header."""
    tree = part.seen.tree
    rows = own_rows(tree, tree.within("table", row)) if tree.within("table", row) >= 0 else []
    at = rows.index(row) if row in rows else len(rows)
    heads = cells_of(tree, row)
    if at + 1 >= len(rows):
        raise _none(part, key)
    values = cells_of(tree, rows[at + 1])
    more = at + 2 < len(rows) and not all(
        _is_label(part, Unit(c, tree.first[c], tree.last[c])) for c in cells_of(tree, rows[at + 2])
    )
    if len(values) != len(heads) or more or any(spans(tree, c) for c in (*heads, *values)):
        raise part.seen.drift(
            key,
            say("which value belongs to the label can't be told"),
            found=tuple(tree.value_text(c)[:60] for c in values[:4]),
        )
    found = values[heads.index(cell)]
    unit = Unit(found, tree.first[found], tree.last[found])
    if _is_label(part, unit):
        raise _none(part, key, shown(tree, unit))
    return unit


def unknown_labels(part: Part) -> tuple[str, ...]:
    """Texts that stand where labels stand, and are none that is known: a renamed label shows among them."""
    tree, known = part.seen.tree, part.seen.labels.named
    found: dict[str, None] = {}
    rows: dict[int, list[Unit]] = {}

    def row_of(box: int) -> list[Unit]:
        if box not in rows:
            rows[box] = units(part, box)
        return rows[box]

    def note(unit: Unit) -> None:
        text = form(tree, unit)
        if text and text not in known and len(text) <= _LONGEST_LABEL and any(c.isalpha() for c in text):
            found[shown(tree, unit)] = None

    for me in range(part.element, tree.end[part.element]):
        if tree.tags[me] in ("dt", "th", "label") and tree.count(me) and part.holds(me):
            note(Unit(me, tree.first[me], tree.last[me]))
    groups: set[int] = set()
    for spot in sorted(me for f in known & tree.forms.keys() for me in tree.forms[f] if part.holds(me)):
        unit, box = Unit(spot, tree.first[spot], tree.last[spot]), tree.parent[spot]
        row = row_of(box) if box >= part.element else []
        while len(row) == 1 and box > part.element and unit in row:
            unit, box = Unit(box, tree.first[box], tree.last[box]), tree.parent[box]
            row = row_of(box)
        if unit not in row or len(row) < 2:
            continue
        tag, group = tag_of(tree, unit), tree.parent[box] if len(row) == 2 else box
        if tag in _ANSWERS or box <= part.element or group in groups:
            continue  # terms and header cells are noted already, and what stands in an answer's place is none
        groups.add(group)
        alike = [row] if len(row) > 2 else [
            row_of(kid) for kid in tree.kids[group] if tree.tags[kid] == tree.tags[box] and len(row_of(kid)) == 2
        ]  # fmt: skip
        places = [n % 2 for r in alike for n, u in enumerate(r) if form(tree, u) in known]
        at = int(2 * sum(places) > len(places))
        if len(row) > 2 and (len(places) < 2 or len(set(places)) > 1):
            continue
        for r in alike:
            for other in r[at::2]:
                if tag_of(tree, other) == tag_of(tree, alike[0][at]):
                    note(other)
    return tuple(found)
