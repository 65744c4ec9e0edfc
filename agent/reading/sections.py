"""The part of a page under a heading: from it to the next of the same or a higher rank, in the heading's box."""

from __future__ import annotations

from bisect import bisect, bisect_left
from typing import TYPE_CHECKING, NamedTuple

from agent.reading.beside import Spot, spots, units
from agent.reading.tree import Tree
from agent.words import say

if TYPE_CHECKING:
    from agent.reading.seen import Part

_BOXES = frozenset({"section", "article", "aside", "dialog", "fieldset", "form", "nav", "footer", "header"})
"""Elements that are a part of a page by themselves: what stands after them is not under a heading in them."""
_BOX_ROLES = frozenset({"dialog", "alertdialog", "region", "tabpanel", "article", "complementary", "alert", "tooltip"})
_BODIES = frozenset({"table", "dl", "ul", "ol", "section", "article", "form", "p", "textarea", "pre"})
_LISTS = frozenset({"table", "dl", "ul", "ol", "article"})
_SAYING = frozenset({"span", "em", "strong", "b", "i", "small", "mark"})
_SLIGHT = 40
"""A heading may have that many letters of links, counts and hints beside it in its own bar."""
_MOST_TEXTS = 12
_UNRANKED = 7


class Section(NamedTuple):
    """`heading` is the heading's element; `box`, `first`, `last` the part under it; `marks` what else it says."""

    heading: int
    box: int
    first: int
    last: int
    marks: tuple[str, ...]


def find_section(part: Part, key: str) -> Section | None:
    """The part under the heading `key`; None without such a heading, drift where two could be it."""
    tree = part.seen.tree
    found: dict[int, Section] = {}
    ranked: dict[int, bool] = {}
    for spot in spots(part, key):
        heading, rank = _heading(tree, spot)
        if heading < 0 or spot.inline:
            continue
        found[heading] = _under(part, tree, spot, heading, rank)
        ranked[heading] = rank < _UNRANKED
    if any(ranked.values()):
        found = {h: s for h, s in found.items() if ranked[h]}
    if len(found) > 1:  # a guide or notice may name a part of the page; what has no label under it is no such part
        found = {h: s for h, s in found.items() if _has_body(part, s)} or found
    if len(found) > 1:
        raise part.seen.drift(
            key,
            say("the heading is on the page {count} times", count=len(found)),
            found=tuple(part.seen.tree.text(s.first, s.last)[:60] for s in found.values() if s.last > s.first),
        )
    return next(iter(found.values()), None)


def signs_of(part: Part, key: str) -> tuple[str, ...]:
    """What tells that the heading `key`, which is not there, was only renamed: a text that stands under it alone; or
    a heading that nobody knows, at a rank at which known ones stand, over a label, a list or a table."""
    tree, labels = part.seen.tree, part.seen.labels
    own = [me for form in labels.under(key) for me in tree.forms.get(form, ()) if part.holds(me)]
    if own:
        return tuple(tree.value_text(me)[:60] for me in sorted(own))
    ranks: set[int] = set()
    unknown: list[Section] = []
    for me in tree.titles:
        if not tree.count(me) or not part.holds(me):
            continue
        rank = tree.rank(me)
        first = tree.plain(me)[0]
        said = {tree.form_of(me), tree.norms[first]}  # a heading may have a mark or a count behind its own text
        if said & labels.headings:
            ranks.add(rank)
        elif not said & labels.named:
            unknown.append(_under(part, tree, Spot(me, first, first + 1), me, rank))
    return tuple(
        tree.value_text(one.heading)[:60] for one in unknown if tree.rank(one.heading) in ranks and _has_body(part, one)
    )


def _heading(tree: Tree, spot: Spot) -> tuple[int, int]:
    """The heading's element and rank for a label at `spot`; -1 where it heads nothing (a link, a cell, a menu)."""
    at = spot.element if spot.element >= 0 else tree.owners[spot.first]
    heading, up = at, at
    while up > 0 and tree.first[up] <= spot.first and tree.count(up) <= _MOST_TEXTS:
        if tree.rank(up):
            first = tree.plain(up)[0]
            return (up, tree.rank(up)) if first == spot.first else (-1, 0)
        if (tree.first[up], tree.last[up]) == (tree.first[at], tree.last[at]):
            heading = up
        up = tree.parent[up]
    if spot.element < 0 or _elsewhere(tree, at):
        return -1, 0
    return heading, _UNRANKED


def _elsewhere(tree: Tree, me: int) -> bool:
    """Does a text stand where no heading stands: in a link, a control, a cell?"""
    return any(tree.within(tag, me) >= 0 for tag in ("a", "button", "td", "th", "dt", "dd", "label", "option"))


def _under(part: Part, tree: Tree, spot: Spot, heading: int, rank: int) -> Section:
    box, inner = tree.parent[heading], heading
    start = tree.last[heading]
    while box > part.element and not _closed(tree, box, start) and not _body_after(part, box, inner):
        box, inner = tree.parent[box], box
    box = max(box, part.element)
    stop = max(min(tree.last[box], part.last), start)
    headings, known = part.seen.labels.headings, part.seen.labels.known
    titles = tree.titles
    after = (
        range(heading + 1, tree.end[box])
        if rank == _UNRANKED
        else titles[bisect(titles, heading) : bisect_left(titles, tree.end[box])]
    )
    for i in after:
        if start <= tree.first[i] < stop and tree.last[i] > tree.first[i]:
            other = tree.rank(i)
            form = tree.form_of(i)
            if other:  # a label of ours in a heading's element heads its own value and no new part
                ends = other <= rank and (form not in known or form in headings)
            else:
                ends = rank == _UNRANKED and form in headings and not _elsewhere(tree, i)
            if ends:
                stop = tree.first[i]
                break
    says = [n for n in tree.plain(heading) if not spot.first <= n < spot.last]
    if rank == _UNRANKED:
        says += _beside(part, heading)
    return Section(heading, box, start, stop, tuple(tree.texts[n] for n in says))


def _beside(part: Part, heading: int) -> list[int]:
    """A plain box has its marks beside it: the texts in what follows it in its line, up to the first that we know."""
    tree, known = part.seen.tree, part.seen.labels.known
    beside: list[int] = []
    me, stop = tree.end[heading], tree.end[tree.parent[heading]]
    while me < stop and tree.tags[me] in _SAYING:
        texts = tree.plain(me)
        if any(tree.norms[n] in known for n in texts):
            break
        beside += texts
        me = tree.end[me]
    return beside


def _closed(tree: Tree, box: int, start: int) -> bool:
    """Does the heading's part end with `box`, because such a box is a part by itself?"""
    role = tree.attrs(box).get("role", "") if tree.has(box, "role") else ""
    return (tree.tags[box] in _BOXES or role in _BOX_ROLES) and tree.last[box] > start


def _body_after(part: Part, box: int, inner: int) -> bool:
    """Does more than the heading's own bar stand after it in `box`?"""
    tree, named = part.seen.tree, part.seen.labels.named
    letters = 0
    for unit in units(part.seen, box):
        if 0 <= unit.element <= inner or unit.first < tree.last[inner]:
            continue
        if unit.element < 0:
            letters += len(tree.texts[unit.first])
            continue
        inside = range(unit.element, tree.end[unit.element])
        texts = tree.plain(unit.element)
        if any(tree.tags[i] in _BODIES for i in inside) or any(tree.norms[n] in named for n in texts):
            return True
        letters += sum(len(tree.texts[n]) for n in texts)
    return letters > _SLIGHT


def _has_body(part: Part, section: Section) -> bool:
    """Does anything under the heading read like a label of this portal, or stand in a list or table?"""
    tree, named = part.seen.tree, part.seen.labels.named
    if any(tree.norms[n] in named and not tree.aside[n] for n in range(section.first, section.last)):
        return True
    return any(
        tree.tags[i] in _LISTS and section.first <= tree.first[i] < tree.last[i] <= section.last
        for i in range(section.box, tree.end[section.box])
    )
