"""A page that was rebuilt overnight: a few hundred changed pages and some changed forms, read right or refused.

`make mutants` changes pages by the ten thousand; this is as many of them as a quick run has time for.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from flows import registry
from portals.coupang import read
from tests.mutants import anywhere
from tests.mutants.corpus import CHANNEL, Sample, gather
from tests.mutants.kind import KINDS
from tests.mutants.live import READABLE, TROUBLE, LiveMutant, made, rehearsed
from tests.mutants.run import Counted, Table, Workshop, count, schedule, verdict
from tests.mutants.several import run

SEED = 20260312
CASES = 5
MUTANTS = 2 * (len(KINDS) + 18)
LIVE = (
    "untouched", "names", "untied_plain", "wrapping_labels", "radios", "label_unknown", "option_twice", "files_row_extra", "two_forms",
    "submit_twice", "submit_covers_another", "order_hidden_other", "note_rewritten", "label_of_another", "submit_exchanged",
    "submit_withdraws",
)  # fmt: skip


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """The pages of one small mock world."""
    folder: Path = tmp_path_factory.mktemp("mutants")
    return asyncio.run(gather(SEED, CASES, folder))


@pytest.fixture(scope="module")
def table(samples: list[Sample]) -> Table:
    """What came of reading the mutants made of them."""
    workshop = Workshop(samples, SEED)
    places = [(name, number) for name, number in schedule(MUTANTS) if workshop.can(name, number)]
    assert len(places) > 0.8 * MUTANTS
    return count(workshop, places)


def whole(table: Table) -> Counted:
    """All kinds together."""
    made_one = Counted(True)
    for counted in table.values():
        made_one.add(counted)
    return made_one


def test_no_changed_page_is_read_wrongly_in_silence(table: Table) -> None:
    assert whole(table).failures == [], f"seed {SEED}"


def test_what_a_person_still_reads_is_read(table: Table) -> None:
    readable = Counted(True)
    for counted in table.values():
        if counted.readable:
            readable.add(counted)
    assert readable.right >= 0.95 * readable.all, (SEED, readable.refusals)


def test_two_processes_find_what_one_finds() -> None:
    samples = anywhere.frozen("wish")
    assert run(samples, SEED, 40, processes=2) == run(samples, SEED, 40, processes=1)


def test_a_reader_that_guesses_would_be_found_out(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge bites: with the check of the deductions' sum taken out, a changed total passes, and is counted."""
    monkeypatch.setattr(CHANNEL, "agrees", lambda listed, case: None)
    monkeypatch.setattr(read, "check_document", lambda *given: None)
    workshop = Workshop(samples, SEED)
    places = [("amount_stale", n) for n in range(1, 9) if workshop.can("amount_stale", n)]
    assert whole(count(workshop, places)).wrong > 0


@pytest.mark.parametrize("portal", registry.names())
def test_no_portal_s_changed_page_is_read_wrongly_in_silence(portal: str) -> None:
    samples = anywhere.frozen(portal)
    if not samples:
        return  # that every portal has frozen cases is another test's matter
    workshop = Workshop(samples, SEED)
    told = whole(count(workshop, schedule(60, workshop.kinds)))
    assert told.failures == [], f"seed {SEED}"


@pytest.mark.parametrize(
    ("portal", "seed", "name", "number"),
    [
        ("coupang", 5, "text_cut", 18),  # a list's order status, of which only the beginning is shown
        ("coupang", 1, "text_cut", 6),  # two clauses, of which one is cut off
        ("aliexpress", 1, "heading_unknown", 19),  # the return's heading renamed
        ("aliexpress", 1, "two_at_once_trouble", 234),  # a running number in the column of an item's id
        ("ebay", 1, "two_at_once_trouble", 14),
    ],
)
def test_what_was_once_read_wrongly_is_refused(portal: str, seed: int, name: str, number: int) -> None:
    assert verdict(Workshop(anywhere.frozen(portal), seed).make(name, number)).verdict == "refused"


def test_no_changed_form_is_filled_or_aimed_at_wrongly() -> None:
    mutants: list[LiveMutant] = [made(SEED, name, 1) for name in LIVE]
    assert {*LIVE} <= {*READABLE, *TROUBLE}
    told = rehearsed(SEED, mutants)
    done = asyncio.run(told)
    assert whole(done).failures == [], f"seed {SEED}"
    assert [name for name, counted in done.items() if counted.readable and not counted.right] == []
