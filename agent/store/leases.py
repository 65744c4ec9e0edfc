"""Leases: one process per account over all machines of one database; a late holder is known by its number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.errors import Busy
from agent.records import Instant, Record
from agent.store import schema
from agent.words import say

if TYPE_CHECKING:
    from agent.store.store import Store

_TABLE = schema.leases

# Made once: a lease is looked at before and after every click.
_HELD = select(_TABLE).where(_TABLE.c.name == bindparam("of")).with_for_update()
_ADD = insert(_TABLE)
_CHANGE = update(_TABLE).where(_TABLE.c.name == bindparam("of"))
_LET_GO = _CHANGE.where(_TABLE.c.fence == bindparam("under"))


class Lease(Record):
    """The right to work on `name` until `expires_at`. `fence` grows with every taking and never falls."""

    name: str
    holder: str
    machine: str
    fence: int
    expires_at: Instant


class Leases:
    """Gives leases. The account's lease is named like the account, `coupang:main`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, name: str, holder: str, ttl_s: float, *, machine: str = "", alone_here: bool = False) -> Lease:
        """Take the lease, durably. Raises `Busy` while another one holds it.

        `alone_here`: the caller holds this machine's file lock of the same name, so a lease left by `machine` is that
        of a dead process and is taken over before it runs out.
        """
        try:
            return self._take(name, holder, ttl_s, machine, alone_here)
        except IntegrityError:  # two machines took a lease that never was before, at the same moment
            raise Busy(
                say("Another process took {name} at the same moment.", name=name),
                say("Wait until it is done and try again."),
            ) from None

    def _take(self, name: str, holder: str, ttl_s: float, machine: str, alone_here: bool) -> Lease:
        now = self._store.clock()
        with self._store.writing(durable=True) as conn:
            row = self._row(conn, name)
            left_behind = row is not None and alone_here and machine != "" and row.machine == machine
            if row is not None and _held(row, now) and not left_behind:
                raise Busy(
                    say(
                        "{holder} is working on {name} until {until}.",
                        holder=row.holder,
                        name=name,
                        until=row.expires_at.strftime("%H:%M:%S UTC"),
                    ),
                    say("Wait until it is done and try again."),
                    holder=row.holder,
                )
            lease = Lease(
                name=name,
                holder=holder,
                machine=machine,
                fence=row.fence + 1 if row else 1,
                expires_at=now + timedelta(seconds=ttl_s),
            )
            values = {
                "holder": holder,
                "machine": machine,
                "fence": lease.fence,
                "taken_at": now,
                "expires_at": lease.expires_at,
                "released_at": None,
            }
            if row is None:
                conn.execute(_ADD, {"name": name, **values})
            else:
                conn.execute(_CHANGE, {"of": name, **values})
        return lease

    def renew(self, lease: Lease, ttl_s: float) -> Lease:
        """Hold it longer. Raises `Busy` when it was taken by another one meanwhile, or let go."""
        until = self._store.clock() + timedelta(seconds=ttl_s)
        with self._store.writing() as conn:
            self.newest(conn, lease)
            conn.execute(_CHANGE, {"of": lease.name, "expires_at": until})
        return lease.model_copy(update={"expires_at": until})

    def release(self, lease: Lease) -> None:
        """Let go; nothing happens when another one took it meanwhile."""
        with self._store.writing() as conn:
            conn.execute(_LET_GO, {"of": lease.name, "under": lease.fence, "released_at": self._store.clock()})

    def check(self, lease: Lease) -> None:
        """Raises `Busy` when the lease was superseded, let go, or has run out."""
        with self._store.reading() as conn:
            self.still_held(conn, lease)

    def newest(self, conn: Connection, lease: Lease) -> Row[tuple[object, ...]]:
        """The lease's row, locked; `Busy` when its fence is no longer the newest, whatever any clock says."""
        row = self._row(conn, lease.name)
        if row is None or row.fence != lease.fence or row.released_at is not None:
            raise Busy(
                say(
                    "The work on {name} was taken over by {holder}.", name=lease.name, holder=row.holder if row else "?"
                ),
                say("Nothing more is done here; look at `rebuttal cases` before trying again."),
            )
        return row

    def still_held(self, conn: Connection, lease: Lease) -> None:
        """Within a transaction: `Busy` unless the lease is the newest and has not run out."""
        row = self.newest(conn, lease)
        if row.expires_at <= self._store.clock():
            raise Busy(
                say("The lease on {name} ran out while it was in use.", name=lease.name),
                say("Run the same command again; if this repeats, check the clock of this computer."),
            )

    def held(self, conn: Connection, name: str) -> int | None:
        """The fence under which `name` is held now, or None."""
        row = self._row(conn, name)
        return row.fence if row is not None and _held(row, self._store.clock()) else None

    def _row(self, conn: Connection, name: str) -> Row[tuple[object, ...]] | None:
        return conn.execute(_HELD, {"of": name}).first()


def _held(row: Row[tuple[object, ...]], now: datetime) -> bool:
    return bool(row.released_at is None and row.expires_at > now)
