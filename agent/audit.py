"""The chain of what was done: each link holds the hash of the one before, so that none can be changed or left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from agent.errors import StoreFault
from agent.records import Instant, Record, canonical, iso
from agent.store import schema
from agent.words import Words, say

if TYPE_CHECKING:
    from agent.store.store import Store

START = "0" * 64
"""What the first link holds as the hash before it."""

# Made once: they run in every write of the ledger.
_HEAD = select(schema.audit_head.c.seq, schema.audit_head.c.hash).where(schema.audit_head.c.id == 1).with_for_update()
_MOVE_HEAD = (
    update(schema.audit_head)
    .where(schema.audit_head.c.id == 1)
    .values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)
_ADD = insert(schema.audit)


class Link(Record):
    """One step: when, who, what, on which case, with the facts of the step."""

    seq: int
    at: Instant
    who: str
    what: str
    ref: str
    data: dict[str, Any]
    prev: str
    hash: str


class BadLink(Record):
    """The first place where the chain does not hold. `words` says why."""

    model_config = Record.model_config | {"arbitrary_types_allowed": True}

    seq: int
    words: Words


def link_hash(seq: int, at: datetime, who: str, what: str, ref: str, data: dict[str, Any], prev: str) -> str:
    """SHA-256 over the canonical JSON of a link."""
    return hashlib.sha256(
        canonical({"seq": seq, "at": iso(at), "who": who, "what": what, "ref": ref, "data": data, "prev": prev})
    ).hexdigest()


class Audit:
    """Appends to the chain and checks it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def lock(self, conn: Connection) -> tuple[int, str]:
        """The last link's number and hash; other writers wait until this transaction ends."""
        row = conn.execute(_HEAD).first()
        if row is None:
            raise StoreFault(
                say("The audit chain has lost its head."),
                say("Run `rebuttal audit verify` and put the last backup in place."),
            )
        return row.seq, row.hash

    def append(self, conn: Connection, who: str, what: str, ref: str, data: dict[str, Any]) -> Link:
        """Add a link within the transaction of the very thing it records.

        `data` is written as it is given and never looked at: give hashes and ids, no secrets.
        """
        seq, prev = self.lock(conn)
        at = self._store.clock()
        data = json.loads(canonical(data))
        link = Link(
            seq=seq + 1,
            at=at,
            who=who,
            what=what,
            ref=ref,
            data=data,
            prev=prev,
            hash=link_hash(seq + 1, at, who, what, ref, data, prev),
        )
        conn.execute(
            _ADD,
            {
                "seq": link.seq,
                "at": at,
                "who": who,
                "what": what,
                "ref": ref,
                "data": canonical(data).decode(),
                "prev": prev,
                "hash": link.hash,
            },
        )
        conn.execute(_MOVE_HEAD, {"new_seq": link.seq, "new_hash": link.hash})
        return link

    def head(self) -> tuple[int, str]:
        """Number and hash of the last link, to be kept elsewhere (it goes out with the daily digest)."""
        with self._store.reading() as conn:
            row = conn.execute(select(schema.audit_head.c.seq, schema.audit_head.c.hash)).first()
        return (row.seq, row.hash) if row else (0, START)

    def story(self, ref: str) -> list[Link]:
        """All links of one case, oldest first."""
        query = select(schema.audit).where(schema.audit.c.ref == ref).order_by(schema.audit.c.seq)
        with self._store.reading() as conn:
            return [_link(row) for row in conn.execute(query).mappings()]

    def links(self, after: int = 0) -> Iterator[Link]:
        """All links after number `after`, oldest first, read piece by piece."""
        table = schema.audit
        while True:
            with self._store.reading() as conn:
                rows = (
                    conn.execute(select(table).where(table.c.seq > after).order_by(table.c.seq).limit(2000))
                    .mappings()
                    .all()
                )
            if not rows:
                return
            for row in rows:
                yield _link(row)
            after = rows[-1]["seq"]

    def verify(self, expected_head: tuple[int, str] | None = None) -> BadLink | None:
        """The first bad link, or None. `expected_head`: a head kept elsewhere, which must still be in the chain."""
        known = self.head()  # read first: links added meanwhile only make the chain longer
        seq, prev = 0, START
        met: dict[int, str] = {0: START}
        wanted = {known[0], expected_head[0] if expected_head else 0}
        try:
            for link in self.links():
                if link.seq != seq + 1:
                    return BadLink(seq=seq + 1, words=say("Link {seq} is missing.", seq=seq + 1))
                if link.prev != prev:
                    return BadLink(
                        seq=link.seq, words=say("Link {seq} does not follow the one before it.", seq=link.seq)
                    )
                if link.hash != link_hash(link.seq, link.at, link.who, link.what, link.ref, link.data, link.prev):
                    return BadLink(seq=link.seq, words=say("Link {seq} was changed.", seq=link.seq))
                seq, prev = link.seq, link.hash
                if seq in wanted:
                    met[seq] = prev
        except ValueError:
            return BadLink(seq=seq + 1, words=say("Link {seq} can't be read.", seq=seq + 1))
        for number, value in filter(None, (known, expected_head)):
            if number > seq:
                return BadLink(
                    seq=seq + 1,
                    words=say(
                        "The chain ends at link {seq}, but it was {expected} links long: its end was removed.",
                        seq=seq,
                        expected=number,
                    ),
                )
            if met.get(number) != value:
                return BadLink(seq=number, words=say("Link {seq} is not the one that was noted elsewhere.", seq=number))
        if known[0] < seq and self.head()[0] < seq:
            return BadLink(seq=known[0] + 1, words=say("Link {seq} was added from outside.", seq=known[0] + 1))
        return None


def _link(row: Any) -> Link:
    """A link from its row; `ValueError` when the row holds something else."""
    return Link(**{**row, "data": json.loads(row["data"])})
