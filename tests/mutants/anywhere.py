"""Mutants of any portal's pages: what was read of the untouched page is what must be read of the changed one.

Nothing here knows a portal: its pages are the frozen cases of `fixtures/pages/<portal>`, which are read as they were
recorded (`tests/frozen`). A portal that has such cases is changed and judged like any other, without a line of code.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.portal import Channel
from agent.reading.labels import Labels, load_labels, norm
from agent.reading.moments import read_moment
from agent.reading.money import read_money
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.reading.unreadable import Unreadable
from agent.records import Case
from flows import registry
from flows.fields import fields
from flows.frozen import load

if TYPE_CHECKING:
    from tests.mutants.corpus import PageKind, Sample

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"


_MORE = re.compile(r"(?:…|\.\.\.|더보기|펼치기|Showmore)+$")


@cache
def labels_of(portal: str) -> Labels:
    """The labels that the product reads a portal with."""
    return load_labels(portal, registry.get(portal).folder)


def frozen(portal: str) -> list[Sample]:
    """The frozen cases of a portal that can be read: samples without a browser."""
    from tests.mutants.corpus import Sample

    samples = []
    for folder in sorted(path.parent for path in (PAGES / portal).glob("*/*/meta.json")):
        one = load(folder)
        if "error" not in one.expected and not one.own and one.channel:
            shown = one.expected.get("filter")
            kind: PageKind = "list" if shown else "detail"
            name = f"0/{one.channel}/{folder.name}"
            samples.append(
                Sample(kind, name, one.page, None, None, shown or one.subject, portal=portal, channel=one.channel)
            )
    return samples


def read_forms(samples: list[Sample]) -> frozenset[str]:
    """Compared forms of the labels beside which the untouched pages were read."""
    found: set[str] = set()
    for sample in samples:
        labels, seen = labels_of(sample.portal), _read(sample, sample.page)[1]
        for place in seen.found:
            if place.key in labels.forms:
                found |= labels.forms[place.key]
    return frozenset(found)


def differences(sample: Sample, page: SeenPage) -> list[str]:
    """What is read of `page` otherwise than of the untouched one; raises where it is refused, as a sync would."""
    got, seen = _read(sample, page)
    before = _before(sample)
    if isinstance(got, Case):
        assert isinstance(before, Case)
        return _case(seen, got, before)
    return _list(seen, got, before)


_kept: dict[str, Any] = {}


def _before(sample: Sample) -> Any:
    """What the untouched page gives."""
    name = f"{sample.portal}/{sample.name}"
    if name not in _kept:
        _kept[name] = _read(sample, sample.page)[0]
    return _kept[name]


def _read(sample: Sample, page: SeenPage) -> tuple[Any, Seen]:
    channel: Channel = registry.get(sample.portal).channel(sample.channel)
    seen = Seen(page, labels_of(sample.portal))
    if sample.kind == "list":
        listing = channel.read_listing(seen, sample.filter, 1)
        if page is not sample.page:
            before = _before(sample)
            counted = before.total is not None
            if counted and (listing.total is None or len(listing.rows) != min(listing.total, len(before.rows))):
                raise seen.mismatch("", listing.total, len(listing.rows))  # the sync says: incomplete
        return listing, seen
    case = channel.read_subject(seen, sample.documents or {}, sample.filter)
    differs = channel.agrees(sample.listed, case) if sample.listed is not None else None
    if differs:
        raise seen.mismatch("", "list", differs)
    return case, seen


def _case(seen: Seen, got: Case, before: Case) -> list[str]:
    mine, true = fields(got), fields(before)
    wrong = []
    for name in sorted(mine.keys() | true.keys()):
        if name == "url" or name.startswith("missing."):
            continue
        one, other = mine.get(name), true.get(name)
        if one == other or _same(seen, one, other) or _said_to_miss(got, name, one, other):
            continue
        if name.startswith("deadlines.") and _earlier(got, before):
            continue
        if _only_repeats(seen, name, one) or (name.endswith("zone_basis") and one == "assumed"):
            continue  # what a page says of itself is so; a zone that is not shown any more is said to be assumed
        wrong.append(f"{name}: {one!r} is {other!r}")
    return wrong


def _earlier(got: Case, before: Case) -> bool:
    """Is every deadline the same but for a coarser text, so that it is earlier by no more than it says itself?"""
    return len(got.deadlines) == len(before.deadlines) and all(
        mine.kind == true.kind and mine.at <= true.at <= mine.at + timedelta(seconds=mine.precision_s)
        for mine, true in zip(got.deadlines, before.deadlines, strict=True)
    )


def _only_repeats(seen: Seen, name: str, one: str | None) -> bool:
    """Does a field that only repeats what the page shows do so?"""
    return (name.startswith("details.") or name.endswith(".shown")) and norm(one or "") in seen.tree.forms


def _said_to_miss(case: Case, name: str, one: str | None, other: str | None) -> bool:
    """Does the record itself say that this is not all of it?"""
    if not any(name == path or name.startswith(f"{path}.") for path in case.missing):
        return False
    start = _MORE.sub("", "".join((one or "").split()))
    return "".join((other or "").split()).startswith(start) or name.startswith("messages.")


def _list(seen: Seen, got: Any, before: Any) -> list[str]:
    mine, true = ({row.case_id: row for row in one.rows} for one in (got, before))
    if mine.keys() != true.keys():
        return [f"rows: {len(mine)} of {len(true)}"]
    wrong = []
    for case_id, row in mine.items():
        old = true[case_id]
        if (row.url, row.status_is) != (old.url, old.status_is):
            wrong.append(f"{case_id}: {row.url} {row.status_is} is {old.url} {old.status_is}")
        for name in row.facts.keys() | old.facts.keys():
            one, other = row.facts.get(name), old.facts.get(name)
            if one != other and not _same(seen, one, other):
                wrong.append(f"{case_id}.{name}: {one!r} is {other!r}")
    return wrong


def _same(seen: Seen, one: str | None, other: str | None) -> bool:
    """Do two texts say the same, in another form or in a word that means the same?"""
    if one is None or other is None:
        return False
    if norm(one) == norm(other) or _meanings(seen.labels, one) & _meanings(seen.labels, other):
        return True
    page = seen.page
    first, second = (_figure(text, page.zone) for text in (one, other))
    return first is not None and first == second


def _meanings(labels: Labels, text: str) -> frozenset[str]:
    form = norm(text)
    return frozenset(key for key, forms in labels.forms.items() if form in forms)


@lru_cache(maxsize=4096)
def _figure(text: str, zone: str) -> object:
    """The moment or amount that a text says; None for any other."""
    for reader in (lambda: read_moment(text, zone=zone).at, lambda: read_money(text)):
        try:
            return reader()
        except Unreadable:
            continue
    return None
