"""A kind of change: its name, the pages it can be made on, and whether a person would still read the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import TypeVar

from agent.reading.labels import norm
from tests.mutants.anywhere import read_forms
from tests.mutants.corpus import PageKind, Sample
from tests.mutants.dom import Node, el, parse
from tests.mutants.judge import known_labels, used

T = TypeVar("T")


@dataclass
class Bench:
    """What a change works with: chance, the sample, the other samples, and the page it may change."""

    random: Random
    sample: Sample
    others: list[Sample]
    page: Node
    pages: dict[str, Node] = field(default_factory=dict)
    """Parsed pages by sample name; never changed, only copied from."""

    def other(self, kind: PageKind) -> Sample:
        """Another sample of that kind, of the same world."""
        world = self.sample.name.split("/")[0]
        found = [s for s in self.others if s.kind == kind and s.name != self.sample.name]
        same = [s for s in found if s.name.split("/")[0] == world]
        return self.random.choice(same or found)

    def page_of(self, sample: Sample) -> Node:
        """A copy of another sample's page."""
        if sample.name not in self.pages:
            self.pages[sample.name] = parse(sample.page.html)
        return self.pages[sample.name].copy()

    def some(self, found: list[T], most: int = 3) -> list[T]:
        """A few of them."""
        return self.random.sample(found, min(len(found), self.random.randint(1, most)))


Change = Callable[[Bench], bool]
"""Changes the bench's page; False where this page has nothing for it."""


@dataclass(frozen=True)
class Kind:
    """`readable`: would a person still read the page without trouble?"""

    name: str
    title: str
    readable: bool
    change: Change
    pages: tuple[PageKind, ...]


KINDS: dict[str, Kind] = {}
ANYWHERE = frozenset(
    [
        "names_renamed",
        "wrappers_added",
        "wrappers_inside",
        "wrappers_removed",
        "headings_dressed",
        "sections_reordered",
        "pairs_reordered",
        "labels_dressed",
        "swapped",
        "swapped_once",
        "terms_to_table",
        "terms_to_boxes",
        "terms_to_run",
        "terms_to_text",
        "terms_to_columns",
        "terms_apart",
        "columns_reordered",
        "column_added",
        "header_grouped",
        "table_to_cards",
        "table_to_grid",
        "values_split",
        "banner",
        "tour",
        "unread_removed",
        "labels_synonyms",
        "label_unknown",
        "heading_unknown",
        "words_synonyms",
        "word_unknown",
        "letters",
        "value_gone",
        "value_removed",
        "text_cut",
        "pair_twice",
        "page_other",
        "column_gone",
        "column_shifted",
        "section_gone",
        "links_other",
    ]
)
"""Kinds that can be made on any portal's pages; the others know how Coupang's are built and what they say."""
_EVERYWHERE: tuple[PageKind, ...] = ("detail", "list", "receipt")


def kind(title: str, *, readable: bool, pages: tuple[PageKind, ...] = _EVERYWHERE) -> Callable[[Change], Change]:
    """Register a change under its function's name."""

    def register(change: Change) -> Change:
        name = change.__name__
        assert name not in KINDS, name
        KINDS[name] = Kind(name, title, readable, change, pages)
        return change

    return register


# -- where things stand on the pages ------------------------------------------------------------------------------


@dataclass
class Pair:
    """A label and its value as they stand on an untouched page."""

    label: Node
    value: Node
    box: Node
    """What holds just the two of them, or the row that holds several pairs."""


def pairs(page: Node) -> list[Pair]:
    """Labels with their values: of the lists of terms, and of the tables of facts."""
    found = []
    for dl in page.all("dl"):
        for box in dl.elements:
            if box.tag == "div" and [k.tag for k in box.elements] == ["dt", "dd"]:
                found.append(Pair(box.elements[0], box.elements[1], box))
    for row in page.all("tr"):
        cells = row.elements
        if len(cells) in (2, 4) and [c.tag for c in cells] == ["th", "td"] * (len(cells) // 2):
            found += [Pair(cells[n], cells[n + 1], row) for n in range(0, len(cells), 2)]
    return found


@cache
def _coupang_reads() -> frozenset[str]:
    """Labels whose value the reader of Coupang's disputes reads."""
    return frozenset(
        norm(text)
        for key, texts in known_labels().texts.items()
        for text in texts
        if key.startswith(("dispute.", "order.id", "receipt.")) and not key.startswith(("dispute.pays", "dispute.flag"))
    )


_read: dict[str, frozenset[str]] = {}


def reads(samples: list[Sample]) -> None:
    """Learn from the untouched pages of a portal which labels its readers read."""
    if samples and samples[0].truth is None:
        _read[samples[0].portal] = read_forms(samples)


def read_pairs(page: Node) -> list[Pair]:
    """Those whose value the reader reads."""
    forms = _read.get(used()) or _coupang_reads()
    return [p for p in pairs(page) if norm(p.label.said) in forms]


def grids(page: Node) -> list[Node]:
    """Tables with a header row."""
    return [t for t in page.all("table") if any(k.tag == "thead" for k in t.elements)]


def header_of(table: Node) -> Node:
    """Its header row."""
    return table.elements[0].elements[0]


def rows_of(table: Node) -> list[Node]:
    """Its rows under the header that have as many cells."""
    width = len(header_of(table).elements)
    return [r for body in table.elements[1:] for r in body.elements if len(r.elements) == width]


def section_of(page: Node, *titles: str) -> Node | None:
    """The section under a heading."""
    forms = {norm(t) for t in titles}
    for heading in page.all("h3"):
        texts = [k for k in heading.kids if not k.tag]
        if texts and norm(texts[0].text) in forms:
            return heading.parent
    return None


def module_of(page: Node) -> Node | None:
    """The Dispute Information module."""
    return section_of(page, *known_labels().texts["dispute.heading"])


def main_of(page: Node) -> Node:
    """The part of the page below header and menu."""
    found = [n for n in page.all("main") if n.attrs.get("id") == "wing-content"]
    return found[0] if found else page


def leaf_texts(page: Node) -> list[Node]:
    """Elements that hold one text and nothing else."""
    return [n for n in page if n.tag and len(n.kids) == 1 and not n.kids[0].tag and n.kids[0].text.strip()]


def label_cells(page: Node) -> list[Node]:
    """Elements that hold just a label: terms, header cells, and whatever they were turned into."""
    known = known_labels().known
    main = main_of(page)
    return [n for n in leaf_texts(main) if norm(n.said) in known and n.tag not in ("a", "button", "option")]


def noise(random: Random) -> str:
    """A name such as builds make: `css-1x9f3k`."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return random.choice(("css-", "sc-", "_", "x", "wui-")) + "".join(random.choices(letters, k=6))


__all__ = ["KINDS", "Bench", "Kind", "Pair", "el", "kind"]
