"""Finding values on a seen page the way a person finds them: by the label beside, the header above, the heading over.

Exactly one match, or `PageDrift`; nothing is guessed. Each value found is written to `Seen.found` with where it stood.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from agent.errors import Mismatch, PageDrift
from agent.policy import Policy
from agent.reading.labels import Labels, norm
from agent.reading.page import SeenPage
from agent.reading.tree import Tree
from agent.reading.unreadable import Unreadable
from agent.words import say

T = TypeVar("T")
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "legend": 4, "caption": 4, "summary": 4}
_CONTROLS = frozenset({"button", "option", "select", "textarea"})
_CELLS = ("td", "th")
EMPTY = frozenset({"", "-", "–", "—", "n/a", "없음", "нет", "无", "--"})
"""What portals write where there is nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stood: the element's number on the seen page, and under which label key it was found."""

    key: str
    element: int
    text: str


class Value:
    """One text found on the page, and the element it stood in."""

    __slots__ = ("element", "key", "seen", "text")

    def __init__(self, seen: Seen, key: str, element: int, text: str | None = None) -> None:
        self.seen = seen
        self.key = key
        self.element = element
        self.text = seen.tree.value_text(element) if text is None else text
        seen.found.append(Place(key, element, self.text))

    @property
    def empty(self) -> bool:
        """Is there nothing, as portals write nothing?"""
        return self.text.strip().lower() in EMPTY

    @property
    def pieces(self) -> list[str]:
        """Its texts one by one, as they stand in separate elements or lines."""
        tree = self.seen.tree
        return tree.texts[tree.first[self.element] : tree.last[self.element]]

    @property
    def href(self) -> str | None:
        """The address of the only link in it; None without one."""
        tree = self.seen.tree
        links = [
            tree.attrs(i)["href"]
            for i in range(self.element, tree.end[self.element])
            if tree.tags[i] == "a" and tree.attrs(i).get("href")
        ]
        return links[0] if len(set(links)) == 1 else None

    @property
    def part(self) -> Part:
        """The value as a part of the page, to look inside it."""
        return Part(self.seen, self.element)

    def read(self, reader: Callable[[str], T]) -> T:
        """The text as `reader` understands it; what it can't read is drift of this field."""
        try:
            return reader(self.text)
        except Unreadable as fault:
            raise self.seen.drift(
                self.key,
                say("“{text}” can't be read", text=self.text[:80]),
                found=(self.text[:120],),
                looked_for=(fault.wanted,),
            ) from None

    def word(self, group: str) -> str:
        """What the text means in a vocabulary of the portal; an unknown word is drift."""
        word = self.seen.labels.word(group, self.text)
        if word is None:
            raise self.seen.drift(
                self.key,
                say("“{text}” is not a word known for it", text=self.text[:80]),
                looked_for=self.seen.labels.words(group),
                found=(self.text[:120],),
            )
        return word

    def items(self) -> tuple[str, ...]:
        """The texts of its list entries, or its own text where it is no list; empty where it is empty."""
        tree = self.seen.tree
        entries = [i for i in range(self.element, tree.end[self.element]) if tree.tags[i] == "li"]
        if entries:
            return tuple(tree.value_text(i) for i in entries)
        return () if self.empty else (self.text,)


class Part:
    """A piece of the page: an element, narrowed to a run of the texts in it."""

    __slots__ = ("element", "first", "last", "name", "seen")

    def __init__(
        self, seen: Seen, element: int, first: int | None = None, last: int | None = None, name: str = ""
    ) -> None:
        self.seen = seen
        self.element = element
        self.first = seen.tree.first[element] if first is None else first
        self.last = seen.tree.last[element] if last is None else last
        self.name = name

    # -- finding labels ------------------------------------------------------------------------------------------

    def _holds(self, me: int) -> bool:
        tree = self.seen.tree
        return (
            self.element <= me < tree.end[self.element] and tree.first[me] >= self.first and tree.last[me] <= self.last
        )

    def places(self, key: str) -> list[int]:
        """Elements in this part whose whole text is one of the label's texts."""
        tree = self.seen.tree
        return sorted(i for form in self.seen.labels.of(key) for i in tree.forms.get(form, ()) if self._holds(i))

    def shows(self, key: str) -> bool:
        """Does this part show that text?"""
        return bool(self.places(key)) or any(
            self.first <= n < self.last for f in self.seen.labels.of(key) for n in self.seen.tree.inline.get(f, ())
        )

    @property
    def text(self) -> str:
        """All text of the part in one line."""
        return self.seen.tree.text(self.first, self.last) if self.last > self.first else ""

    # -- by the label beside -------------------------------------------------------------------------------------

    def labelled(self, key: str) -> Value:
        """The value beside the label `key`; drift where the label is not there, is there twice, or stands alone."""
        value = self.maybe(key)
        if value is None:
            raise self.seen.drift(key, say("the label is not on the page"), near=self)
        return value

    def maybe(self, key: str) -> Value | None:
        """The value beside the label `key`, or None where the part has no such label."""
        tree = self.seen.tree
        spots = [
            i
            for i in self.places(key)
            if tree.tags[i] not in _CONTROLS and tree.within("button", i) < 0 and tree.within("thead", i) < 0
        ]
        inline = [
            n
            for f in self.seen.labels.of(key)
            for n in tree.inline.get(f, ())
            if self.first <= n < self.last and tree.within("button", tree.owners[n]) < 0
        ]
        if len(spots) + len(inline) > 1:
            raise self.seen.drift(
                key,
                say("the label is on the page {count} times", count=len(spots) + len(inline)),
                found=tuple(tree.text(tree.first[i], tree.last[i]) for i in spots),
            )
        if inline:
            text = tree.texts[inline[0]]
            cut = min(at for at in (text.find(":"), text.find("：")) if at >= 0)
            return Value(self.seen, key, tree.owners[inline[0]], text[cut + 1 :].strip())
        return self._value(key, spots[0]) if spots else None

    def _value(self, key: str, label: int) -> Value:
        """The value of the label element `label`: an element's, or a loose text beside the label in its box."""
        tree = self.seen.tree
        box = tree.parent[tree.wrapper(label)]
        if box >= 0 and tree.tags[box] not in ("tr", "dl") and (self._holds(box) or box == self.element):
            loose = [n for n in range(tree.first[box], tree.last[box]) if tree.owners[n] == box]
            if len(loose) == 1 and tree.last[box] - tree.first[box] == 1 + tree.last[label] - tree.first[label]:
                return Value(self.seen, key, box, tree.texts[loose[0]])
        return Value(self.seen, key, self._beside(key, label))

    def _beside(self, key: str, label: int) -> int:
        """The element that holds the value of the label element `label`."""
        tree = self.seen.tree
        cell = self._cell(label)
        if cell >= 0:
            return self._next_cell(key, cell)
        for term, answer in (("dt", "dd"), ("dd", "dt")):
            at = tree.within(term, label)
            if at >= 0 and self._holds(at) and tree.form_of(at) == tree.form_of(label):
                return self._next_of_list(key, at, answer)
        target = tree.attrs(tree.within("label", label)).get("for") if tree.within("label", label) >= 0 else None
        if target:
            found = [i for i in range(self.element, tree.end[self.element]) if tree.attrs(i).get("id") == target]
            if len(found) == 1:
                return found[0]
        return self._pair(key, tree.wrapper(label))

    def _cell(self, label: int) -> int:
        """The table cell that holds the label and nothing else, or -1."""
        tree = self.seen.tree
        for tag in _CELLS:
            at = tree.within(tag, label)
            if at >= 0 and self._holds(at) and tree.form_of(at) == tree.form_of(label):
                return at
        return -1

    def _next_cell(self, key: str, cell: int) -> int:
        tree = self.seen.tree
        row = [c for c in tree.kids[tree.parent[cell]] if tree.tags[c] in _CELLS]
        at = row.index(cell)
        known = [tree.form_of(c) in self.seen.labels.known for c in row]
        if at + 1 < len(row) and not known[at + 1] and not (known[-1] and not known[0]):
            return row[at + 1]
        if at > 0 and not known[at - 1] and known[-1] and not known[0]:
            return row[at - 1]
        raise self.seen.drift(
            key, say("no value stands beside the label"), found=tuple(tree.value_text(c) for c in row)
        )

    def _next_of_list(self, key: str, term: int, answer: str) -> int:
        """The value of a definition list's term; a list written value-first (dd, dt) is read so only as a whole."""
        tree = self.seen.tree
        group = [k for k in tree.kids[tree.parent[term]] if tree.tags[k] in ("dt", "dd")]
        at = group.index(term)
        same = tree.tags[term]
        terms = [k for k in group if tree.tags[k] == same]
        step = 1 if tree.tags[group[0]] == same else -1
        if len(terms) * 2 != len(group) and step < 0:
            raise self.seen.drift(key, say("labels and values do not stand in pairs"))
        spot = at + step
        if 0 <= spot < len(group) and tree.tags[group[spot]] == answer:
            beyond = spot + step
            if 0 <= beyond < len(group) and tree.tags[group[beyond]] == answer:
                raise self.seen.drift(
                    key,
                    say("two values stand beside the label"),
                    found=(tree.value_text(group[spot]), tree.value_text(group[beyond])),
                )
            return group[spot]
        raise self.seen.drift(key, say("no value stands beside the label"))

    def _pair(self, key: str, label: int) -> int:
        """The value of a label in free layout: the only other thing in the box, or the next in a row of pairs."""
        tree = self.seen.tree
        box = tree.parent[label]
        if box < 0 or not (self._holds(box) or box == self.element):
            raise self.seen.drift(key, say("no value stands beside the label"))
        fields = ("input", "select", "textarea")
        row = [
            k
            for k in tree.kids[box]
            if tree.last[k] > tree.first[k] or any(tree.tags[i] in fields for i in range(k, tree.end[k])) or k == label
        ]
        row = [k for k in row if tree.tags[k] != "button" and (self._holds(k) or tree.last[k] == tree.first[k])]
        loose = [n for n in range(tree.first[box], tree.last[box]) if tree.owners[n] == box]
        known = [tree.form_of(k) in self.seen.labels.known for k in row]
        at = row.index(label)
        if loose:
            raise self.seen.drift(
                key, say("text stands loose between labels"), found=tuple(tree.texts[n] for n in loose)
            )
        if len(row) == 2 and not known[1 - at]:
            return row[1 - at]
        if len(row) == 1:
            up = tree.wrapper(box) if tree.form_of(box) == tree.form_of(label) else -1
            empty = [k for k in tree.kids[box] if k != label and tree.tags[k] not in ("button", "br", "hr")]
            if len(empty) == 1:
                return empty[0]
            if up > 0 and up != label and self._holds(tree.parent[up]):
                return self._pair(key, up)
            raise self.seen.drift(key, say("no value stands beside the label"))
        forward = known[0] and not known[-1]
        backward = known[-1] and not known[0]
        step = 1 if forward else -1 if backward else 0
        spot = at + step
        beyond = spot + step
        if step and 0 <= spot < len(row) and not known[spot] and (not 0 <= beyond < len(row) or known[beyond]):
            return row[spot]
        raise self.seen.drift(
            key,
            say("which value belongs to the label can't be told"),
            found=tuple(tree.value_text(k)[:60] for k in row),
        )

    # -- by the heading over -------------------------------------------------------------------------------------

    def section(self, key: str) -> Part:
        """The part under the heading `key`, up to the next heading of the same or a higher rank."""
        section = self.maybe_section(key)
        if section is None:
            raise self.seen.drift(key, say("the heading is not on the page"), near=self)
        return section

    def maybe_section(self, key: str) -> Part | None:
        """The part under the heading `key`, or None where there is no such heading."""
        tree = self.seen.tree
        spots = [
            i
            for i in self.places(key)
            if tree.tags[i] not in _CONTROLS and tree.within("button", i) < 0 and tree.within("a", i) < 0
        ]
        if len(spots) > 1:
            real = [i for i in spots if self._rank(i)]
            spots = real if len(real) == 1 else spots
        if len(spots) > 1:
            raise self.seen.drift(key, say("the heading is on the page {count} times", count=len(spots)))
        if not spots:
            return None
        label = spots[0]
        rank = self._rank(label) or 7
        box, inner = tree.parent[label], label
        while box > self.element and tree.last[box] <= tree.last[inner]:
            box, inner = tree.parent[box], box
        start = tree.last[label]
        stop = min(tree.last[box], self.last)
        for i in range(label + 1, tree.end[box]):
            if tree.first[i] >= start and tree.first[i] < stop and tree.last[i] > tree.first[i]:
                other = self._rank(i)
                if (other and other <= rank) or (rank == 7 and tree.form_of(i) in self.seen.labels.headings):
                    stop = tree.first[i]
                    break
        self.seen.found.append(Place(key, label, tree.text(tree.first[label], tree.last[label])))
        return Part(self.seen, box, start, stop, key)

    def _rank(self, me: int) -> int:
        """1 to 6 for a heading, 0 for anything else; headings may wrap the element that holds the text."""
        tree = self.seen.tree
        at = me
        while at >= 0 and (tree.first[at], tree.last[at]) == (tree.first[me], tree.last[me]):
            attrs = tree.attrs(at)
            if tree.tags[at] in _HEADINGS:
                return _HEADINGS[tree.tags[at]]
            if attrs.get("role") == "heading":
                return int(attrs.get("aria-level") or 2)
            at = tree.parent[at]
        return 0

    # -- by the header above -------------------------------------------------------------------------------------

    def rows(self, columns: dict[str, str], *, required: Iterable[str] = ()) -> list[Row]:
        """The rows of the one table (or list of cards) that has the labels of `columns` (name to label key).

        Columns may stand in any order and others between them; a column in `required` that is missing is drift.
        """
        tree = self.seen.tree
        needed = list(required) or list(columns)
        heads = {name: self.places(key) for name, key in columns.items()}
        absent = [name for name in needed if not heads[name]]
        if absent:
            raise self.seen.drift(columns[absent[0]], say("the column is not on the page"), near=self)
        header = self._header([heads[name] for name in needed])
        if header is None:
            return self._cards(columns, heads, needed)
        cells = tree.kids[header]
        where: dict[str, int] = {}
        for name, spots in heads.items():
            hit = [n for n, c in enumerate(cells) for s in spots if c <= s < tree.end[c]]
            if len(hit) > 1:
                raise self.seen.drift(columns[name], say("the column is there {count} times", count=len(hit)))
            if hit:
                where[name] = hit[0]
        rows = []
        for line in self._lines(header):
            kids = tree.kids[line]
            if len(kids) != len(cells):
                if len(kids) <= 1 or all(tree.first[k] == tree.last[k] for k in kids):
                    continue
                raise self.seen.drift(
                    columns[needed[0]],
                    say("a row has {got} cells, the header has {want}", got=len(kids), want=len(cells)),
                    found=(tree.value_text(line)[:120],),
                )
            cells_here = {name: Value(self.seen, columns[name], kids[n]) for name, n in where.items()}
            rows.append(Row(self.seen, line, cells_here))
        return rows

    def _header(self, spots: list[list[int]]) -> int | None:
        """The element whose children are the column headers; None where the labels are strewn over cards."""
        tree = self.seen.tree
        found: set[int] = set()
        for start in spots[0]:
            box = tree.parent[start]
            while box >= self.element:
                if all(any(box < s < tree.end[box] for s in others) for others in spots):
                    single = all(sum(box < s < tree.end[box] for s in others) == 1 for others in spots)
                    kids = tree.kids[box]
                    apart = len({k for others in spots for s in others for k in kids if k <= s < tree.end[k]}) == len(
                        spots
                    )
                    clean = all(tree.form_of(k) in self.seen.labels.known or len(tree.value_text(k)) < 40 for k in kids)
                    if single and apart and clean and self._lines(box) and self._is_header(box, spots):
                        found.add(box)
                    break
                box = tree.parent[box]
        if len(found) > 1:
            raise self.seen.drift("", say("two tables have these columns"))
        return found.pop() if found else None

    def _is_header(self, box: int, spots: list[list[int]]) -> bool:
        """A header's cells hold the label alone; a card's hold label and value."""
        tree = self.seen.tree
        for others in spots:
            for s in others:
                if box < s < tree.end[box]:
                    cell = next(k for k in tree.kids[box] if k <= s < tree.end[k])
                    if tree.form_of(cell) != tree.form_of(s) and tree.tags[cell] not in ("th",):
                        return False
        return True

    def _lines(self, header: int) -> list[int]:
        """The rows under a header: its later siblings, or those of the group it stands in."""
        tree = self.seen.tree
        at = header
        for _ in range(3):
            up = tree.parent[at]
            if up < 0:
                return []
            after = [k for k in tree.kids[up] if k > at]
            if at != header or tree.tags[up] in ("thead",) or not after:
                lines = [
                    line
                    for k in after
                    for line in ([k] if tree.tags[k] == "tr" or tree.attrs(k).get("role") == "row" else tree.kids[k])
                ]
            else:
                lines = after
            lines = [k for k in lines if tree.kids[k]]
            if lines:
                return lines
            if after and all(tree.first[k] == tree.last[k] for k in after):
                return []
            at = up
        return []

    def _cards(self, columns: dict[str, str], heads: dict[str, list[int]], needed: list[str]) -> list[Row]:
        """Rows shown as cards: each the largest box that has the first label once, the other labels once inside."""
        tree = self.seen.tree
        marks = heads[needed[0]]
        rows = []
        if len(marks) == 1 and not any(tree.within("th", m) < 0 for m in marks):
            return []
        for mark in marks:
            box = mark
            while (
                tree.parent[box] > self.element
                and sum(tree.parent[box] < m < tree.end[tree.parent[box]] for m in marks) == 1
            ):
                box = tree.parent[box]
            card = Part(self.seen, box)
            cells = {}
            for name, key in columns.items():
                spots = card.places(key)
                if len(spots) > 1 or (not spots and name in needed):
                    raise self.seen.drift(key, say("the label is in one card {count} times", count=len(spots)))
                if spots:
                    cells[name] = card._value(key, spots[0])
            rows.append(Row(self.seen, box, cells))
        return rows

    # -- entries and counts ----------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """The outermost list entries (`li`, `article`) of the part, in the order shown."""
        tree = self.seen.tree
        found: list[Entry] = []
        stop = -1
        for i in range(self.element, tree.end[self.element]):
            if (
                i >= stop
                and self._holds(i)
                and tree.last[i] > tree.first[i]
                and (tree.tags[i] in ("li", "article") or tree.attrs(i).get("role") in ("listitem", "article"))
            ):
                found.append(Entry(self.seen, i))
                stop = tree.end[i]
        return found

    def count(self, key: str) -> int | None:
        """A number written behind a label in one text, `총 1,234건`; None where there is none, drift where two differ."""
        forms = self.seen.labels.of(key)
        found = set()
        for form in self.seen.tree.forms:
            for label in forms:
                match = (
                    re.fullmatch(rf"{re.escape(label)}:?([\d,.\u00a0]+)\D{{0,8}}", form)
                    if form.startswith(label)
                    else None
                )
                if match and any(self._holds(i) for i in self.seen.tree.forms[form]):
                    found.add(int(re.sub(r"\D", "", match[1])))
        if len(found) > 1:
            raise self.seen.drift(key, say("two totals are shown"), found=tuple(map(str, sorted(found))))
        return found.pop() if found else None

    # -- controls ------------------------------------------------------------------------------------------------

    def controls(self, key: str, kinds: tuple[str, ...] = ("button", "a")) -> list[int]:
        """Buttons or links that read exactly `key` and are not disabled."""
        tree = self.seen.tree
        forms = self.seen.labels.of(key)
        found = []
        for i in range(self.element, tree.end[self.element]):
            attrs = tree.attrs(i)
            if (tree.tags[i] in kinds or attrs.get("role") in ("button", "link")) and self._holds(i):
                name = norm(attrs.get("aria-label", "")) or tree.form_of(i)
                if name in forms and "disabled" not in attrs and attrs.get("aria-disabled") != "true":
                    found.append(i)
        return found

    def offers(self, key: str) -> bool:
        """Is there a button or link that reads `key` and can be pressed?"""
        return bool(self.controls(key))


class Entry(Part):
    """One entry of a list, such as a message."""

    __slots__ = ()

    @property
    def pieces(self) -> list[str]:
        """Its texts one by one."""
        return self.seen.tree.texts[self.first : self.last]

    def links(self) -> list[str]:
        """The texts of the links in it."""
        tree = self.seen.tree
        return [
            tree.text(tree.first[i], tree.last[i])
            for i in range(self.element, tree.end[self.element])
            if tree.tags[i] == "a" and tree.last[i] > tree.first[i]
        ]


class Row:
    """One row of a table, its values by column name."""

    __slots__ = ("cells", "element", "seen")

    def __init__(self, seen: Seen, element: int, cells: dict[str, Value]) -> None:
        self.seen = seen
        self.element = element
        self.cells = cells

    def __getitem__(self, name: str) -> Value:
        return self.cells[name]

    def __contains__(self, name: str) -> bool:
        return name in self.cells

    @property
    def part(self) -> Part:
        """The row as a part of the page."""
        return Part(self.seen, self.element)

    @property
    def shown(self) -> dict[str, str]:
        """Every known cell's text, as shown."""
        return {name: value.text for name, value in self.cells.items()}


class Seen(Part):
    """A seen page with its portal's labels: what readers are given.

    `policy` is for readers of pages that leave a window to a rule; None: as the portal's package has it.
    """

    __slots__ = ("found", "labels", "page", "policy", "tree")

    def __init__(self, page: SeenPage, labels: Labels, policy: Policy | None = None) -> None:
        self.page = page
        self.labels = labels
        self.policy = policy
        self.tree = Tree(page.html)
        self.found: list[Place] = []
        super().__init__(self, 0)

    def drift(
        self,
        key: str,
        why: object,
        *,
        looked_for: tuple[str, ...] = (),
        found: tuple[str, ...] = (),
        near: Part | None = None,
        kind: type[PageDrift] = PageDrift,
    ) -> PageDrift:
        """The error for a field that is not where, or not what, it should be, with the nearest candidates."""
        looked = looked_for or tuple(self.labels.texts.get(key, ()))
        if near is not None and not found:
            shown = list(dict.fromkeys(t for t in self.tree.texts[near.first : near.last] if len(t) < 60))
            close = [m for text in looked for m in difflib.get_close_matches(text, shown, n=2, cutoff=0.45)]
            found = tuple(dict.fromkeys(close))[:4]
        error = kind(
            say(
                "{portal} {page}: {field}: {why}.",
                portal=self.page.portal,
                page=self.page.page,
                field=key or "table",
                why=why,
            ),
            say(
                "Look with `rebuttal check`; teach a changed label with `rebuttal teach {portal} {key}`.",
                portal=self.page.portal,
                key=key,
            ),
            portal=self.page.portal,
            page=self.page.page,
            field=key,
            looked_for=looked,
            found=found,
        )
        error.seen = self.page
        return error

    def mismatch(self, key: str, one: object, other: object) -> PageDrift:
        """The error for a thing the page (or page and document) says twice, differently."""
        return self.drift(
            key,
            say("it says “{one}” here and “{other}” there", one=one, other=other),
            found=(str(one), str(other)),
            kind=Mismatch,
        )
