"""One process per account: a late one is told so, whatever the clocks say."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agent.errors import Busy
from tests.store.made import Clock, open_store


def test_a_held_lease_is_refused_until_it_runs_out(tmp_path: Path) -> None:
    """And every taking has a higher number, after letting go and after a crash."""
    clock = Clock()
    with open_store(tmp_path, clock) as one, open_store(tmp_path, clock) as two:
        first = one.leases.take("coupang:main", "one", 60)
        with pytest.raises(Busy, match="one is working on coupang:main"):
            two.leases.take("coupang:main", "two", 60)
        other = two.leases.take("ozon:main", "two", 60)
        clock.move(seconds=50)
        first = one.leases.renew(first, 60)
        clock.move(seconds=50)
        one.leases.check(first)
        with pytest.raises(Busy):
            two.leases.take("coupang:main", "two", 60)
        clock.move(seconds=11)
        second = two.leases.take("coupang:main", "two", 60)
        two.leases.release(second)
        third = one.leases.take("coupang:main", "one", 60)
        assert [first.fence, second.fence, third.fence, other.fence] == [1, 2, 3, 1]


def test_a_late_holder_is_told(tmp_path: Path) -> None:
    """It slept past its time; it can neither go on nor take the lease from the new one."""
    clock = Clock()
    with open_store(tmp_path, clock) as store:
        late = store.leases.take("coupang:main", "late", 60)
        clock.move(seconds=61)
        with pytest.raises(Busy, match="ran out"):
            store.leases.check(late)
        new = store.leases.take("coupang:main", "new", 60)
        clock.move(hours=-1)  # the late one's own time has come back
        for act in (lambda: store.leases.check(late), lambda: store.leases.renew(late, 60)):
            with pytest.raises(Busy, match="taken over by new"):
                act()
        store.leases.release(late)
        store.leases.check(new)


def test_a_dead_process_of_this_machine_does_not_block(tmp_path: Path) -> None:
    """The file lock proves it dead; another machine's lease it can't judge."""
    with open_store(tmp_path) as store:
        store.leases.take("coupang:main", "dead", 600, machine="desk")
        with pytest.raises(Busy):
            store.leases.take("coupang:main", "me", 600, machine="desk")
        with pytest.raises(Busy):
            store.leases.take("coupang:main", "me", 600, machine="laptop", alone_here=True)
        assert store.leases.take("coupang:main", "me", 600, machine="desk", alone_here=True).fence == 2


def test_of_many_takers_one_wins(tmp_path: Path) -> None:
    """All at the same moment."""
    won: list[int] = []
    start = threading.Barrier(6)
    with open_store(tmp_path) as store:

        def take(number: int) -> None:
            start.wait()
            try:
                store.leases.take("coupang:main", str(number), 60)
                won.append(number)
            except Busy:
                pass

        threads = [threading.Thread(target=take, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(won) == 1
