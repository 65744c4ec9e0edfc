"""Finding values on a seen page the way a person finds them: by the label beside, the header above, the heading over.

Exactly one match, or `PageDrift`; nothing is guessed. Each value found is written to `Seen.found` with where it stood.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from agent.errors import Mismatch, PageDrift
from agent.policy import Policy
from agent.reading.beside import Found, has_field, spots, unknown_labels, value_of
from agent.reading.labels import Labels, norm
from agent.reading.page import SeenPage
from agent.reading.sections import find_section, signs_of
from agent.reading.tables import table_rows
from agent.reading.tree import Tree, colon
from agent.reading.unreadable import Unreadable
from agent.words import Words, say

T = TypeVar("T")
NOTHING = frozenset({"-", "–", "—", "n/a", "없음", "нет", "无", "--"})
"""What portals write where there is nothing. A place with no text at all is not that: there a text is missing."""
_UNFILLED = re.compile(
    r"(?:loading|please wait|로딩 ?중|불러오는 ?중|조회 ?중|加载中|载入中|загрузка|đang tải|memuat|กำลังโหลด)(?:입니다)?[ .…]*"
    r"|undefined|null|nan|\[object \w+\]|\{\{.*\}\}|\$\{.*\}|%[sd]",
    re.IGNORECASE,
)
"""What stands in a value's place before the value comes, or when a portal's script failed to put it there."""
_MORE = re.compile(
    r"(?:더보기|펼치기|전체보기|자세히보기|(?:show|read|see|view|load)?more|展开|更多|加载更多|показатьещ[её]|подробнее|xemthêm|"
    r"selengkapnya|lihatlainnya|ดูเพิ่มเติม|vermais)(?:\(?\d*\)?)"
)
"""Compared forms of what a portal writes on the control behind which the rest of something lies."""
_CUT = re.compile(r"(?:…|\.\.\.|⋯)$|(?:더 ?보기|펼치기|(?i:show more|read more|see more))$")
_SIGN = 12
"""The longest such sign has no more letters."""
_DATED = re.compile(r"(?<!\d)2[05]\d\d(?!\d)|(?<!\d)\d{1,2}:\d\d(?!\d)")
"""A year, Buddhist ones included, or an hour: every entry of a conversation or history has one."""
_COUNT = r":?([\d,.\u00a0]+)(?:건|개|件|条|筆|шт\.?|results?|items?|orders?|rows?)?"
_ALIKE = 0.45
"""From here on a text may be what a missing label has become."""


def is_cut(text: str) -> bool:
    """Is `text` only the beginning of one, by its ellipsis or a “more” behind it?"""
    return _CUT.search(text, max(len(text) - _SIGN, 0)) is not None


def is_unfilled(text: str) -> bool:
    """Is `text` what stands in a value's place before the value comes, or where a script failed to put it?"""
    return _UNFILLED.fullmatch(text) is not None


class Place(NamedTuple):
    """Where a value stood: the element's number on the seen page, and under which label key it was found."""

    key: str
    element: int
    text: str


class Value:
    """One text found on the page, and the element it stood in."""

    __slots__ = ("_partial", "element", "key", "seen", "text")

    def __init__(self, seen: Seen, key: str, element: int, text: str | None = None) -> None:
        self.seen = seen
        self.key = key
        self.element = element
        self._partial = text is not None
        self.text = seen.tree.value_text(element) if text is None else text
        seen.found.append(Place(key, element, self.text))

    @property
    def blank(self) -> bool:
        """Is nothing there, not even what portals write for nothing, or only what stands there before the value comes?
        A field that is empty is not blank."""
        if self.text:
            return _UNFILLED.fullmatch(self.text) is not None
        return self._partial or not has_field(self.seen.tree, self.element)

    @property
    def ticks_only(self) -> bool:
        """Does a box to tick stand there and no text: the column of another thing than is asked for?"""
        tree = self.seen.tree
        return self.text in ("yes", "no") and not self._partial and not tree.count(self.element)

    @property
    def empty(self) -> bool:
        """Is there nothing, as portals write nothing?"""
        return not self.text or self.text.lower() in NOTHING

    @property
    def cut(self) -> bool:
        """Does the page show only the beginning (`배송 완료된 것으로 …`, or a “more” to press)?"""
        return is_cut(self.text) or (not self._partial and self.part.folded)

    @property
    def pieces(self) -> list[str]:
        """Its texts one by one, as they stand in separate elements."""
        tree = self.seen.tree
        return [self.text] if self._partial else [tree.texts[n] for n in tree.plain(self.element)]

    @property
    def lines(self) -> list[str]:
        """Its texts line by line, as a person sees them."""
        tree = self.seen.tree
        return [self.text] if self._partial else tree.joined(tree.plain(self.element)).split("\n")

    @property
    def href(self) -> str | None:
        """The address of the only link in it; None without one."""
        tree = self.seen.tree
        links = {
            tree.attrs(i)["href"]
            for i in range(self.element, tree.end[self.element])
            if tree.tags[i] == "a" and tree.attrs(i).get("href")
        }
        return links.pop() if len(links) == 1 else None

    @property
    def part(self) -> Part:
        """The value as a part of the page, to look inside it."""
        return Part(self.seen, self.element)

    def read(self, reader: Callable[[str], T]) -> T:
        """The text as `reader` understands it; what it can't read, or of which only the beginning is shown, is drift
        of this field."""
        if is_cut(self.text):  # “5.2, 6…” are two clauses, and read as one
            raise self.seen.drift(
                self.key, say("{field} is shown only in part", field=self.key), found=(self.text[:120],)
            )
        try:
            return reader(self.text)
        except (ValueError, ArithmeticError) as fault:
            wanted = (fault.wanted,) if isinstance(fault, Unreadable) else ()
            raise self.seen.drift(
                self.key,
                say("“{text}” can't be read", text=self.text[:80]),
                found=(self.text[:120],),
                looked_for=wanted,
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
        """The texts of its list entries, or its lines where it is no list; none where it is empty."""
        tree = self.seen.tree
        if self.empty:
            return ()
        entries = [] if self._partial else self.part.entries(("li",))
        if entries:
            return tuple(tree.value_text(e.element) for e in entries)
        return tuple(line.strip(" ·•-") for line in self.lines if line.strip(" ·•-"))


class Part:
    """A piece of the page: an element, narrowed to a run of the texts in it."""

    __slots__ = ("element", "first", "last", "marks", "name", "seen")

    def __init__(
        self,
        seen: Seen,
        element: int,
        first: int | None = None,
        last: int | None = None,
        name: str = "",
        marks: tuple[str, ...] = (),
    ) -> None:
        self.seen = seen
        self.element = element
        self.first = seen.tree.first[element] if first is None else first
        self.last = seen.tree.last[element] if last is None else last
        self.name = name
        self.marks = marks
        """What else its heading says: tags, counts."""

    def holds(self, me: int) -> bool:
        """Does element `me` belong to this part?"""
        tree = self.seen.tree
        return (
            self.element <= me < tree.end[self.element] and tree.first[me] >= self.first and tree.last[me] <= self.last
        )

    def piece(self, element: int) -> Part:
        """The part of this part that stands in `element`."""
        tree = self.seen.tree
        return Part(self.seen, element, max(tree.first[element], self.first), min(tree.last[element], self.last))

    def places(self, key: str) -> list[int]:
        """Elements in this part whose whole text is one of the label's texts."""
        tree = self.seen.tree
        return sorted(i for form in self.seen.labels.of(key) for i in tree.forms.get(form, ()) if self.holds(i))

    def worded(self, key: str) -> str:
        """A label as this page words it; drift where it does not stand there."""
        tree = self.seen.tree
        spot = next(iter(spots(self, key)), None)
        if spot is None:
            raise self.seen.drift(key, say("the label is not on the page"), near=self)
        if spot.element >= 0:
            return tree.joined(tree.plain(spot.element)).replace("\n", " ")
        text = tree.texts[spot.first]
        return text[: colon(text)].strip() if spot.inline else text

    def shows(self, key: str) -> bool:
        """Does this part show that text, as a text of its own?"""
        return bool(spots(self, key))

    @property
    def text(self) -> str:
        """All text of the part in one line."""
        return self.seen.tree.text(self.first, self.last) if self.last > self.first else ""

    # -- by the label beside -------------------------------------------------------------------------------------

    def labelled(self, key: str, *, blank: bool = False) -> Value:
        """The value beside the label `key`. Drift where the label is not there, is there twice, stands alone, or
        (unless `blank` is allowed) has no text at all beside it."""
        value = self._labelled(key)
        if value is None:
            raise self.seen.drift(key, say("the label is not on the page"), near=self)
        return self._filled(value, blank)

    def maybe(self, key: str, *, blank: bool = False) -> Value | None:
        """The value beside an optional label; None where the part has no such label.

        Where the part also has labels that nobody knows, the missing one may have been renamed: that is drift. Texts
        that are known to be of no interest belong into labels.toml under any key.
        """
        value = self._labelled(key)
        if value is not None:
            return self._filled(value, blank)
        unknown = unknown_labels(self)
        if unknown:
            raise self.seen.drift(
                key, say("the label is not on the page, but labels that are not known are"), found=unknown[:6]
            )
        return None

    def _filled(self, value: Value, blank: bool) -> Value:
        if value.blank and not blank:
            raise self.seen.drift(value.key, say("nothing stands beside the label"), found=(value.text,))
        return value

    def _labelled(self, key: str) -> Value | None:
        tree = self.seen.tree
        found = spots(self, key)
        beside = [s for s in found if tree.within("thead", tree.owners[s.first]) < 0]
        found = beside or found
        if len(found) > 1:
            raise self.seen.drift(
                key,
                say("the label is on the page {count} times", count=len(found)),
                found=tuple(tree.value_text(max(tree.parent[tree.owners[s.first]], 0))[:60] for s in found[:4]),
            )
        return self._value(key, value_of(self, key, found[0])) if found else None

    def _value(self, key: str, found: Found) -> Value:
        return Value(self.seen, key, found.element, found.text)

    # -- by the heading over -------------------------------------------------------------------------------------

    def section(self, key: str) -> Part:
        """The part under the heading `key`, up to the next heading of the same or a higher rank."""
        section = self._section(key)
        if section is None:
            raise self.seen.drift(key, say("the heading is not on the page"), near=self)
        return section

    def maybe_section(self, key: str) -> Part | None:
        """The part under a heading that is not always there; None where it is not.

        Where something stands that belongs under it, or a heading that nobody knows stands where it could, it may have
        been renamed: that is drift. Headings that are known to be of no interest belong into labels.toml under any key.
        """
        section = self._section(key)
        signs = signs_of(self, key) if section is None else ()
        if signs:
            raise self.seen.drift(
                key, say("the heading is not on the page, but what may stand under it is"), found=signs[:6]
            )
        return section

    def _section(self, key: str) -> Part | None:
        found = find_section(self, key)
        if found is None:
            return None
        tree = self.seen.tree
        heading = tree.text(tree.first[found.heading], tree.last[found.heading])
        self.seen.found.append(Place(key, found.heading, heading))
        return Part(self.seen, found.box, found.first, found.last, key, found.marks)

    # -- by the header above -------------------------------------------------------------------------------------

    def rows(self, columns: Mapping[str, str], *, required: Iterable[str] = (), blank: Iterable[str] = ()) -> list[Row]:
        """The rows of the one table (or list of cards) that has the labels of `columns` (name to label key).

        Columns may stand in any order and others between them. Drift: a column in `required` (all, if none is named)
        that is missing, a row that does not fit the header, a required cell without any text (unless in `blank`), an
        unknown text between the rows.
        """
        needed = list(required) or list(columns)
        rows = [
            Row(self.seen, line, {name: self._value(columns[name], at) for name, at in cells.items()})
            for line, cells in table_rows(self, dict(columns), needed)
        ]
        for row in rows:
            for name in needed:
                if name not in blank and (row[name].blank or row[name].ticks_only):
                    raise self.seen.drift(columns[name], say("a row has no value for it"), found=(row.part.text[:120],))
        return rows

    # -- entries and counts ----------------------------------------------------------------------------------------

    def entries(self, tags: tuple[str, ...] = ("li", "article")) -> list[Entry]:
        """The outermost list entries of the part, in the order shown; where nothing is marked as one, none."""
        tree = self.seen.tree
        found: list[Entry] = []
        stop = -1
        for i in range(self.element, tree.end[self.element]):
            if (
                i >= stop
                and tree.last[i] > tree.first[i]
                and (tree.tags[i] in tags or (tree.has(i, "role") and tree.attrs(i)["role"] in ("listitem", "article")))
                and self.holds(i)
            ):
                found.append(Entry(self.seen, i))
                stop = tree.end[i]
        return found

    def is_empty(self, none: str) -> bool:
        """Does the part say, in the words of `none`, that nothing is in it? Drift where it shows something dated as well:
        what is believed absent may be sent once more."""
        if not self.shows(none):
            return False
        tree = self.seen.tree
        dated = [
            tree.texts[n] for n in range(self.first, self.last) if not tree.aside[n] and _DATED.search(tree.texts[n])
        ]
        if dated:
            raise self.seen.drift(self.name, say("entries are shown, and that there are none"), found=tuple(dated[:3]))
        return True

    def told(self, none: str = "") -> list[Entry]:
        """The entries. There must be one, unless the part says, in the words of `none`, that there are none."""
        if none and self.is_empty(none):
            return []
        found = self.entries()
        if not found:
            raise self.seen.drift(self.name, say("nothing stands under the heading, and not that there is nothing"))
        return found

    def blocks(self) -> list[Entry]:
        """The entries of a list that is not marked as one: the parts of the innermost box that holds more than one, or
        that box itself where its parts are single texts."""
        tree = self.seen.tree
        box = self.element
        while True:
            inside = [k for k in tree.kids[box] if self.holds(k) and tree.last[k] > tree.first[k]]
            if len(inside) == 1 and tree.kids[inside[0]]:
                box = inside[0]
            elif all(tree.count(k) > 1 for k in inside):
                return [Entry(self.seen, k) for k in inside]
            else:
                return [Entry(self.seen, box)] if self.holds(box) else []

    def count(self, key: str) -> int | None:
        """A number written behind a label, `총 1,234건`; None where there is none, drift where two differ."""
        tree = self.seen.tree
        found = set()
        for label in self.seen.labels.of(key):
            pattern = re.compile(re.escape(label) + _COUNT)
            for form, places in tree.forms.items():
                if form.startswith(label) and any(self.holds(i) for i in places):
                    match = pattern.fullmatch(form)
                    digits = re.sub(r"\D", "", match[1]) if match else ""
                    if digits and len(digits) < 10:
                        found.add(int(digits))
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
            tag = tree.tags[i]
            pressed = tag in kinds or (tree.has(i, "role") and tree.attrs(i)["role"] in ("button", "link"))
            if tag == "input" and "button" in kinds:
                pressed = tree.attrs(i).get("type") in ("button", "submit", "image")
            if pressed and self.holds(i) and tree.named(i) in forms and not self._off(i):
                found.append(i)
        return found

    @property
    def folded(self) -> bool:
        """Is there a control that shows more of it?"""
        tree = self.seen.tree
        return any(
            tree.tags[i] in ("button", "a", "summary") and self.holds(i) and _MORE.fullmatch(tree.named(i)) is not None
            for i in range(self.element, tree.end[self.element])
        )

    def may_offer(self, key: str) -> bool:
        """`offers` for a control that is not always there. Where it is not, and controls that nobody knows are, it may
        have been renamed: that is drift."""
        if self.offers(key):
            return True
        tree, named = self.seen.tree, self.seen.labels.named
        unknown = [
            tree.text(tree.first[i], tree.last[i])
            for i in range(self.element, tree.end[self.element])
            if tree.tags[i] in ("button", "a") and self.holds(i) and tree.last[i] > tree.first[i]
            and tree.named(i) not in named and not any(c.isdigit() for c in tree.named(i))
        ]  # fmt: skip
        if unknown:
            raise self.seen.drift(
                key,
                say("the control is not on the page, but controls that are not known are"),
                found=tuple(unknown[:6]),
            )
        return False

    def _off(self, me: int) -> bool:
        """Is a control disabled, by itself or with the group it stands in?"""
        tree = self.seen.tree
        attrs = tree.attrs(me)
        group = tree.within("fieldset", me)
        return (
            "disabled" in attrs
            or attrs.get("aria-disabled") == "true"
            or (group >= 0 and "disabled" in tree.attrs(group))
        )

    def offers(self, key: str) -> bool:
        """Is there a button or link that reads `key` and can be pressed?"""
        return bool(self.controls(key))


class Entry(Part):
    """One entry of a list, such as a message."""

    __slots__ = ()

    @property
    def pieces(self) -> list[str]:
        """Its texts one by one, without those of its controls and remarks (“copy”, “?”)."""
        tree = self.seen.tree
        return [tree.texts[n] for n in range(self.first, self.last) if not tree.aside[n]]

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
        why: Words,
        *,
        looked_for: tuple[str, ...] = (),
        found: tuple[str, ...] = (),
        near: Part | None = None,
        kind: type[PageDrift] = PageDrift,
    ) -> PageDrift:
        """The error for a field that is not where, or not what, it should be, with the nearest candidates."""
        looked = looked_for or tuple(self.labels.texts.get(key, ()))
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
            found=found or self._nearest(looked, near or self),
        )
        error.seen = self.page
        return error

    def _nearest(self, looked: tuple[str, ...], near: Part) -> tuple[str, ...]:
        """What a missing label may have become: texts that read alike, then unknown texts where labels stand."""
        shown = list(dict.fromkeys(t for t in self.tree.texts[near.first : near.last] if len(t) < 40))[:200]
        alike = [m for text in looked for m in difflib.get_close_matches(text, shown, n=2, cutoff=_ALIKE)]
        return tuple(dict.fromkeys([*alike, *unknown_labels(near)]))[:6]

    def wording(self, key: str) -> str:
        """How the page would word `key`: its first text in the page's language."""
        return self.labels.in_language(key, self.page.language.partition("-")[0])

    def mismatch(self, key: str, one: object, other: object) -> PageDrift:
        """The error for a thing the page (or page and document) says twice, differently."""
        return self.drift(
            key,
            say("it says “{one}” here and “{other}” there", one=one, other=other),
            found=(str(one), str(other)),
            kind=Mismatch,
        )


__all__ = ["NOTHING", "Entry", "Part", "Place", "Row", "Seen", "Value", "is_cut", "norm"]
