"""A night that is killed and begins again from nothing, a portal that is paused and visited all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from agent.browser.pacing import Pacing
from agent.errors import DONE, DOWN
from agent.home import Home
from agent.records import Case
from fixtures.kernel.serving import Served
from flows import pause, registry
from flows.context import Context, opened
from flows.night import Bounds, bounds, is_short, short_channels
from flows.room import NEEDED_BYTES, Room
from flows.runs import history
from flows.sync import ChannelReport, SyncReport, sync
from flows.visit import policy_of
from tests.conftest import Run, sign_in

FEW = pytest.mark.mock(cases=6)


def read(ctx: Context, run: Run[Any], **how: Any) -> SyncReport:
    """Sync the home."""
    return run(sync(ctx, ctx.settings.account, **how))  # type: ignore[no-any-return]


def disputes(report: SyncReport) -> ChannelReport:
    """What came of the disputes."""
    return next(one for one in report.channels if one.channel == "refund_disputes")


def cases_read(home: Home) -> int:
    """How many cases are in the database now."""
    try:
        with closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as conn:
            return int(conn.execute("SELECT count(*) FROM cases").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.mark.mock(cases=20, latency_ms=20)
def test_killed_and_started_again_it_reads_only_what_was_left(home: Home, mock: Served, run: Run[Any]) -> None:
    with opened(home) as ctx:
        sign_in(ctx, mock, run)
    argv = [sys.executable, "-m", "flows.cli", "--home", str(home.path), "sync", "--full"]
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while cases_read(home) < 6:
            assert child.poll() is None, "it ended before it could be killed"
            try:
                child.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    there = cases_read(home)
    assert 6 <= there < 20
    with opened(home) as ctx:
        assert [one.state for one in history(ctx)] == ["interrupted"]
        report = read(ctx, run, full=True)
        assert report.exit_code == DONE
        channel = disputes(report)
        assert (channel.kept, channel.visited) == (there, 20 - there), "no page of that night is visited twice"
        assert bounds(ctx, ctx.settings.account, None).read_since == {}, "the night is over: all may be read again"
        assert [one.state for one in history(ctx)] == ["finished", "interrupted"]


@FEW
def test_the_time_is_over_and_the_next_run_reads_the_rest(
    signed_in: Context, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(signed_in, run, budget=timedelta(0)).exit_code == DOWN
    asked: list[int] = []

    def up(self: Bounds) -> bool:
        asked.append(1)
        return len(asked) > 4

    with monkeypatch.context() as patch:
        patch.setattr(Bounds, "up", up)
        report = read(signed_in, run)
    channel = disputes(report)
    assert (report.exit_code, channel.visited, channel.left) == (DOWN, 3, 3)
    assert signed_in.store.alarms.open() == []
    [now, before] = history(signed_in)
    assert (now.accounts[0].missed, now.accounts[0].errors) == (3, ("TimeUp",))
    report = read(signed_in, run)
    assert (report.exit_code, disputes(report).visited) == (DONE, 3)
    assert before.accounts[0].counts["visited"] == 0


@FEW
def test_a_pause_is_obeyed_before_the_next_page(
    signed_in: Context, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, save = signed_in.store.cases, signed_in.store.cases.save

    def then_paused(case: Case, *given: Any, **named: Any) -> Any:
        saved = save(case, *given, **named)
        if len(store.rows()) == 2:
            pause.pause(signed_in, "coupang", by="li")
        return saved

    monkeypatch.setattr(store, "save", then_paused)
    report = read(signed_in, run)
    assert (disputes(report).visited, disputes(report).errors[0]["error"]) == (2, "Paused")
    assert disputes(read(signed_in, run)).visited == 0
    pause.resume(signed_in, "coupang", by="li")
    assert disputes(read(signed_in, run)).visited == 4


@FEW
def test_a_finished_run_tells_what_it_did(signed_in: Context, run: Run[Any]) -> None:
    read(signed_in, run)
    [only] = history(signed_in)
    told = only.public()
    assert (told["state"], told["exit_code"]) == ("finished", DONE)
    [account] = told["accounts"]
    assert (account["counts"]["new"], account["counts"]["visited"], account["missed"]) == (6, 6, 0)
    assert account["complete"] is True
    assert account["took_s"] > 0


@pytest.mark.account()
def test_short_channels_come_from_the_policies(signed_in: Context) -> None:
    [account] = signed_in.settings.account
    names = [channel.name for channel in short_channels(signed_in, registry.get("coupang"), account)]
    assert "messages" in names
    assert "refund_disputes" not in names
    for portal in registry.names():
        policy = policy_of(signed_in, registry.get(portal))
        assert all(isinstance(is_short(rule), bool) for rule in policy.channels.values())


def test_as_many_accounts_as_memory_allows_and_always_one(run: Run[Any]) -> None:
    free, inside, most = [2 * NEEDED_BYTES], [0], [0]

    async def work(room: Room) -> None:
        async with room.place():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            await asyncio.sleep(0)
            inside[0] -= 1

    async def all_of(room: Room) -> None:
        await asyncio.gather(*(work(room) for _ in range(8)))

    run(all_of(Room(3, lambda: free[0])))
    assert most == [3]
    free[0], most[0] = NEEDED_BYTES - 1, 0
    run(all_of(Room(3, lambda: free[0])))
    assert most == [1]


def test_two_accounts_of_one_host_take_turns(run: Run[Any]) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def visits() -> None:
        pace = Pacing(2.0, clock=lambda: 100.0, sleep=sleep)
        for url in ("https://a.example/1", "https://a.example/2", "http://127.0.0.1:1/", "https://a.example/3"):
            await pace.wait(url)

    run(visits())
    assert waited == [2.0, 4.0]
