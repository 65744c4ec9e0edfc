"""The chain tells when anything of what was done is changed, left out, or cut off."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from agent.audit import START, BadLink, link_hash
from agent.store import Store, schema
from tests.store.made import NOON, open_store


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A store with five links about two cases."""
    with open_store(tmp_path) as one:
        for number in range(1, 6):
            add(one, number)
        yield one


def add(store: Store, number: int) -> None:
    """One more link."""
    with store.writing(durable=True) as conn:
        store.audit.append(conn, "li", "approved", f"case {number % 2}", {"n": number, "note": "한국어"})


def bad(store: Store, expected: tuple[int, str] | None = None) -> BadLink:
    """The first bad link, which must be there."""
    found = store.audit.verify(expected)
    assert found is not None
    return found


def test_an_untouched_chain_holds(store: Store) -> None:
    """Also against heads kept at any time."""
    head = store.audit.head()
    assert store.audit.verify() is None and store.audit.verify(head) is None
    add(store, 6)
    assert store.audit.verify(head) is None and store.audit.head()[0] == 6
    assert store.audit.verify((0, START)) is None


def test_an_empty_chain_holds(tmp_path: Path) -> None:
    """A fresh home."""
    with open_store(tmp_path) as store:
        assert store.audit.verify() is None and store.audit.head() == (0, START)


@pytest.mark.parametrize(
    "change",
    [
        {"who": "wang"},
        {"what": "withdrawn"},
        {"ref": "case 9"},
        {"data": '{"n": 4}'},
        {"at": NOON.replace(hour=13)},
        {"prev": "0" * 64},
        {"hash": "0" * 64},
        {"data": "not JSON"},
        {"data": "3"},
    ],
)
def test_a_changed_link_is_named(store: Store, change: dict[str, Any]) -> None:
    """Any part of it."""
    with store.writing() as conn:
        conn.execute(update(schema.audit).where(schema.audit.c.seq == 3).values(**change))
    assert bad(store).seq == 3


def test_a_changed_link_with_its_hash_made_anew_is_named(store: Store) -> None:
    """The next one still holds the old hash."""
    link = store.audit.story("case 1")[1]
    data = {"n": 99}
    with store.writing() as conn:
        conn.execute(
            update(schema.audit)
            .where(schema.audit.c.seq == link.seq)
            .values(data='{"n":99}', hash=link_hash(link.seq, link.at, link.who, link.what, link.ref, data, link.prev))
        )
    assert bad(store).seq == link.seq + 1


@pytest.mark.parametrize("gone", [1, 3])
def test_a_link_left_out_is_named(store: Store, gone: int) -> None:
    """At the start and in the middle."""
    with store.writing() as conn:
        conn.execute(delete(schema.audit).where(schema.audit.c.seq == gone))
    assert bad(store).seq == gone


def test_a_tail_cut_off_is_noticed(store: Store) -> None:
    """By our own head."""
    with store.writing() as conn:
        conn.execute(delete(schema.audit).where(schema.audit.c.seq > 3))
    assert bad(store).seq == 4


@pytest.mark.parametrize("regrown", [False, True])
def test_a_tail_cut_off_with_the_head_set_back_is_noticed_elsewhere(store: Store, regrown: bool) -> None:
    """Only a head that was kept elsewhere can tell; also when as many new links were put in the place of the old."""
    kept = store.audit.head()
    link = store.audit.story("case 1")[-2]
    with store.writing() as conn:
        conn.execute(delete(schema.audit).where(schema.audit.c.seq > link.seq))
        conn.execute(update(schema.audit_head).values(seq=link.seq, hash=link.hash))
    for number in range(10, 14) if regrown else ():
        add(store, number)
    assert store.audit.verify() is None
    assert bad(store, kept).seq == (5 if regrown else 4)


def test_a_link_added_past_the_head_is_noticed(store: Store) -> None:
    """Written with another tool."""
    with store.writing() as conn:
        conn.execute(
            text(
                "INSERT INTO audit SELECT 6, at, who, what, ref, data, (SELECT hash FROM audit_head), hash "
                "FROM audit WHERE seq = 5"
            )
        )
    assert bad(store).seq == 6


def test_what_is_not_committed_leaves_no_link(store: Store) -> None:
    """A link stands and falls with the thing it records."""
    head = store.audit.head()
    with pytest.raises(RuntimeError), store.writing(durable=True) as conn:
        store.audit.append(conn, "li", "armed", "case 1", {})
        raise RuntimeError
    assert store.audit.head() == head and store.audit.verify() is None


def test_writers_at_the_same_time_make_one_chain(store: Store) -> None:
    """No number twice, none missing."""

    def write() -> None:
        for number in range(10):
            add(store, number)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.audit.verify() is None and store.audit.head()[0] == 45


def test_the_story_is_told_in_order(store: Store) -> None:
    """Of one case only."""
    assert [x.data["n"] for x in store.audit.story("case 1")] == [1, 3, 5]
    assert [x.seq for x in store.audit.links(after=3)] == [4, 5]
