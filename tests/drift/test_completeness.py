"""A dispute that no list showed, and whose time ran out: what is read must be proved to be all there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.browser.tab import Tab
from agent.errors import RebuttalError
from agent.home import Home
from agent.portal import Channel, Fetched, Listed, Listing
from agent.reading.seen import Seen
from agent.records import Case
from agent.store import ListRow
from flows.context import Context, opened
from flows.night import bounds
from flows.sync import ChannelReport, ChannelSync
from tests.conftest import KEY
from tests.drift.conftest import Store

# -- at the mock -----------------------------------------------------------------------------------------------------


def test_rows_that_are_withheld_once_are_read_at_the_second_look(synced: Store) -> None:
    synced.mock.fault("missing_page", "/orders?", count=1, keep=1)
    report = synced.sync()
    assert (synced.exit_code, report.complete, report.listed, report.gone) == (0, True, 9, 0)


def test_rows_that_stay_withheld_are_told_and_none_counts_as_gone(synced: Store) -> None:
    synced.mock.fault("missing_page", "/orders?", count="all", keep=1)
    report = synced.sync()
    assert synced.exit_code == 11
    assert (report.complete, report.portal_total, report.gone) == (False, 9, 0)
    assert [e["error"] for e in report.errors] == ["Incomplete"]
    assert len(synced.alarms("incomplete")) == 1
    rows = synced.ctx.store.listing.all("coupang", "main", "refund_disputes").values()
    assert all(row.gone_since is None for row in rows)
    assert len(synced.cases()) == 9
    synced.mock.clear_faults()
    assert (synced.sync().complete, synced.exit_code, synced.alarms("incomplete")) == (True, 0, [])


def test_a_list_that_failed_to_load_is_not_an_empty_one(synced: Store) -> None:
    synced.mock.fault("load_failed", "/orders?", count="all")
    report = synced.sync()
    assert synced.exit_code in (11, 12)
    assert (report.complete, report.gone, len(synced.cases())) == (False, 0, 9)
    synced.mock.clear_faults()
    assert (synced.sync().complete, synced.exit_code) == (True, 0)


def test_a_list_without_its_rows_is_not_an_empty_one(synced: Store) -> None:
    synced.mock.fault("load_failed", "/orders", count="all")
    report = synced.sync()
    assert synced.exit_code in (11, 12)
    assert (report.complete, report.gone, len(synced.cases())) == (False, 0, 9)


# -- on lists that move ----------------------------------------------------------------------------------------------

SIZE = 3


@dataclass
class Lists(Channel):
    """A portal's lists, three rows a page; `moves` happen just before the look of that number."""

    rows: dict[str, list[str]]
    moves: dict[int, Callable[[dict[str, list[str]]], None]] = field(default_factory=dict)
    looks: int = 0
    total_of: Callable[[list[str]], int | None] = len
    name = "refund_disputes"

    @property
    def filters(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(self.rows)

    async def listing(self, tab: Tab, filter: str, number: int) -> Any:
        self.looks += 1
        if self.looks in self.moves:
            self.moves[self.looks](self.rows)
        return list(self.rows[filter])

    def read_listing(self, seen: Any, filter: str, number: int) -> Listing:
        part = seen[(number - 1) * SIZE : number * SIZE]
        rows = tuple(Listed(case_id=one, url=f"/{one}", facts={"status": one}) for one in part)
        return Listing(rows=rows, total=self.total_of(seen), number=number, last=not part)

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        raise NotImplementedError

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        raise NotImplementedError


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    home = Home(tmp_path / "lists").create()
    home.settings_file.write_text('operator = "li"\n', encoding="utf-8")
    with opened(home) as context:
        yield context


def look(ctx: Context, lists: Lists) -> tuple[set[str], ChannelReport]:
    """One sync of the lists alone."""
    report = ChannelReport("coupang:main", "refund_disputes")
    visit: Any = SimpleNamespace(
        portal=SimpleNamespace(name="coupang"),
        account=SimpleNamespace(name="main", store_name="coupang:main"),
        tab=None,
    )
    rows = asyncio.run(ChannelSync(ctx, visit, lists, report, "run", False, bounds(ctx, (), None))._lists())
    return set(rows), report


def gone(ctx: Context) -> set[str]:
    rows = ctx.store.listing.all("coupang", "main", "refund_disputes")
    return {name for name, row in rows.items() if row.gone_since is not None}


def leaves(name: str, one: str) -> Callable[[dict[str, list[str]]], None]:
    return lambda rows: rows[name].remove(one)


def arrives(name: str, one: str) -> Callable[[dict[str, list[str]]], None]:
    return lambda rows: rows[name].insert(0, one)


def both(*moves: Callable[[dict[str, list[str]]], None]) -> Callable[[dict[str, list[str]]], None]:
    def all_of_them(rows: dict[str, list[str]]) -> None:
        for move in moves:
            move(rows)

    return all_of_them


def test_a_row_that_is_pulled_over_the_gap_of_another_is_not_lost(bare: Context) -> None:
    """One leaves page 1 between the looks: the first of page 2 moves up unseen, and rows and total still agree."""
    lists = Lists({"all": list("abcdefg")}, {2: leaves("all", "b")})
    rows, report = look(bare, lists)
    assert (rows, report.complete, report.listed) == (set("acdefg"), True, 6)


def test_a_row_that_arrives_while_one_leaves_is_seen(bare: Context) -> None:
    lists = Lists({"all": list("abcdefg")}, {2: both(leaves("all", "b"), arrives("all", "n"))})
    rows, report = look(bare, lists)
    assert (rows >= set("nacdefg"), report.complete) == (True, True)


def test_a_row_that_arrives_on_top_is_seen_and_none_is_counted_twice(bare: Context) -> None:
    lists = Lists({"all": list("abcdef")}, {2: arrives("all", "n")})
    rows, report = look(bare, lists)
    assert (rows, report.listed, report.complete) == (set("nabcdef"), 7, True)


def test_a_list_that_never_stands_still_is_not_called_complete(bare: Context) -> None:
    moves = {n: arrives("all", f"n{n}") for n in range(2, 40)}
    rows, report = look(bare, Lists({"all": list("abcdef")}, moves))
    assert (rows >= set("abcdef"), report.complete) == (True, False)
    assert [e["error"] for e in report.errors] == ["Incomplete"]


def test_a_short_list_costs_one_look(bare: Context) -> None:
    lists = Lists({"all": list("ab")})
    look(bare, lists)
    look(bare, lists)
    assert lists.looks == 2


def test_a_row_that_vanishes_is_marked_gone_and_kept(bare: Context) -> None:
    look(bare, Lists({"all": list("abc")}))
    rows, report = look(bare, Lists({"all": list("ab")}))
    assert (rows, report.complete, report.gone, gone(bare)) == (set("ab"), True, 1, {"c"})
    assert set(bare.store.listing.all("coupang", "main", "refund_disputes")) == set("abc")
    _, again = look(bare, Lists({"all": list("ab")}))
    assert (again.gone, gone(bare)) == (0, {"c"})
    look(bare, Lists({"all": list("abc")}))
    assert gone(bare) == set()


def test_a_row_that_went_from_a_later_list_to_an_earlier_one_is_not_gone(bare: Context) -> None:
    look(bare, Lists({"disputed": ["a"], "refunded": ["b", "c"]}))
    moved = both(leaves("refunded", "c"), arrives("disputed", "c"))
    rows, report = look(bare, Lists({"disputed": ["a"], "refunded": ["b", "c"]}, {2: moved}))
    assert (rows, report.gone, gone(bare), report.complete) == (set("abc"), 0, set(), True)


def test_nothing_is_gone_by_a_list_that_names_no_total(bare: Context) -> None:
    look(bare, Lists({"all": list("abc")}))
    _, report = look(bare, Lists({"all": list("ab")}, total_of=lambda rows: None))
    assert (report.gone, gone(bare), report.complete) == (0, set(), False)


def test_a_changed_row_wants_its_page(bare: Context) -> None:
    store = bare.store.listing
    store.save("coupang", "main", "refund_disputes", [ListRow(case_id="a", text_hash="one")], bare.clock())
    before = store.all("coupang", "main", "refund_disputes")["a"]
    look(bare, Lists({"all": ["a"]}))
    after = store.all("coupang", "main", "refund_disputes")["a"]
    assert after.text_hash != before.text_hash
    assert after.read_hash is None


def test_a_fault_of_ours_in_one_account_stops_no_other(
    synced: Store, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    import flows.sync

    other = synced.account.model_copy(update={"name": "second"})
    whole = flows.sync._account

    async def fails(ctx: Context, shared: Any, account: Any, *more: Any) -> Any:
        if account.name == "second":
            raise ZeroDivisionError
        return await whole(ctx, shared, account, *more)

    monkeypatch.setattr(flows.sync, "_account", fails)
    report = run(flows.sync.sync(synced.ctx, (other, synced.account)))
    assert report.exit_code == RebuttalError.exit_code
    assert [(c.account, c.complete) for c in report.channels if c.channel != "-"] == [("coupang:main", True)]
    assert synced.ctx.store.runs.recent(1)[0].state == "finished"
