"""Making mutants by number, judging them, and counting: the same seed gives the same mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from tests.mutants import layout, trouble, wording  # noqa: F401  (they register their kinds)
from tests.mutants.corpus import Sample
from tests.mutants.dom import Node, parse
from tests.mutants.judge import Judged, judge, use
from tests.mutants.kind import ANYWHERE, KINDS, Bench, Kind, reads

PAIR = "two_at_once"
PAIR_TROUBLE = "two_at_once_trouble"
_TRIES = 20
_SHARES = {PAIR: 12, PAIR_TROUBLE: 6}
"""Two changes at once come so many times as often as each kind alone."""
_LAST = ("english", "english_open", "page_other")
"""Kinds that take another page, and so can only come first."""


class Mutant(NamedTuple):
    """One changed page, and how to make it again: its kind and number under the run's seed."""

    kind: str
    number: int
    sample: Sample
    html: str
    changes: tuple[str, ...]
    readable: bool


def titles() -> dict[str, tuple[str, bool]]:
    """Every kind's title and whether a person still reads it."""
    return {k.name: (k.title, k.readable) for k in KINDS.values()} | {
        PAIR: ("two changes at once, each still readable", True),
        PAIR_TROUBLE: ("two changes at once, one of them trouble", False),
    }


def schedule(count: int, kinds: Iterable[str] = ()) -> Iterable[tuple[str, int]]:
    """`count` mutants' kinds and numbers, kinds in turn; all kinds, if none are named."""
    names = [*(kinds or KINDS), *(name for name, share in _SHARES.items() for _ in range(share))]
    counted: Counter[str] = Counter()
    for place in range(count):
        name = names[place % len(names)]
        counted[name] += 1
        yield name, counted[name]


class Workshop:
    """The samples, parsed once, and mutants made of them."""

    def __init__(self, samples: list[Sample], seed: int) -> None:
        self.samples = samples
        self.seed = seed
        self._pages: dict[str, Node] = {}
        use(samples[0].portal)
        reads(samples)
        known = [k for k in KINDS.values() if samples[0].truth is not None or k.name in ANYWHERE]
        self.kinds = [k.name for k in known if samples[0].truth is not None or self.can(k.name, 0)]
        """Those that some page has something for."""

    def make(self, name: str, number: int) -> Mutant:
        """The mutant of that kind and number."""
        use(self.samples[0].portal)
        random = Random(f"{self.seed}:{name}:{number}")
        for _ in range(_TRIES):
            kinds = self._kinds(name, random)
            fits = [s for s in self.samples if all(s.kind in k.pages for k in kinds)]
            for sample in random.sample(fits, len(fits)):
                bench = Bench(random, sample, self.samples, parse_once(self._pages, sample), self._pages)
                if all(_changes(kind, bench, alone=len(kinds) == 1) for kind in kinds):
                    readable = all(k.readable for k in kinds)
                    return Mutant(name, number, sample, bench.page.html(), tuple(k.name for k in kinds), readable)
        raise LookupError(f"no page was found for {name}:{number}")

    def can(self, name: str, number: int) -> bool:
        """Is there a page that it can be made on?"""
        try:
            self.make(name, number)
        except LookupError:
            return False
        return True

    def _kinds(self, name: str, random: Random) -> list[Kind]:
        if name not in _SHARES:
            return [KINDS[name]]
        mine = [KINDS[name] for name in self.kinds]
        readable = [k for k in mine if k.readable]
        first = random.choice(readable)
        rest = readable if name == PAIR else [k for k in mine if not k.readable]
        second = random.choice([k for k in rest if k is not first])
        # trouble works on the page as it was built; what takes another page comes first
        return [second, first] if second.name in _LAST or not second.readable else [first, second]


def _changes(kind: Kind, bench: Bench, *, alone: bool) -> bool:
    """Make one change. What the first of two has left may have no place for the second."""
    try:
        return kind.change(bench)
    except (IndexError, ValueError):
        if alone:
            raise
        return False


def parse_once(pages: dict[str, Node], sample: Sample) -> Node:
    """A fresh copy of the sample's page."""
    if sample.name not in pages:
        pages[sample.name] = parse(sample.page.html)
    return pages[sample.name].copy()


def verdict(mutant: Mutant) -> Judged:
    """What came of reading it."""
    page = mutant.sample.page
    foreign = any(c.startswith("english") for c in mutant.changes)
    if foreign and mutant.sample.english is not None:
        page = mutant.sample.english
    return judge(mutant.sample, page.model_copy(update={"html": mutant.html}), foreign=foreign)


@dataclass
class Counted:
    """How many mutants of a kind were read right, refused, or silently wrong; the wrong ones by name."""

    readable: bool
    right: int = 0
    refused: int = 0
    wrong: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)

    @property
    def all(self) -> int:
        """How many there were."""
        return self.right + self.refused + self.wrong

    def note(self, mutant: Mutant, judged: Judged) -> None:
        """Count one."""
        name = f"{mutant.kind}:{mutant.number}"
        said = f"{mutant.sample.name} {'+'.join(mutant.changes)}: {judged.said}"
        setattr(self, judged.verdict, getattr(self, judged.verdict) + 1)
        if judged.verdict == "wrong":
            self.failures.append((name, said))
        elif judged.verdict == "refused" and self.readable:
            self.refusals.append((name, said))

    def add(self, other: Counted) -> None:
        """Count another's too."""
        self.right += other.right
        self.refused += other.refused
        self.wrong += other.wrong
        self.failures += other.failures
        self.refusals += other.refusals


Table = dict[str, Counted]


def count(workshop: Workshop, places: Iterable[tuple[str, int]]) -> Table:
    """Make and judge those mutants."""
    table: Table = {}
    readable = {name: is_ for name, (_, is_) in titles().items()}
    for name, number in places:
        mutant = workshop.make(name, number)
        table.setdefault(name, Counted(readable[name])).note(mutant, verdict(mutant))
    return table
