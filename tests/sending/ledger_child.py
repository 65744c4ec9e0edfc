"""A process of its own that works on a ledger and dies, or races another one: run by the ledger's tests."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import RebuttalError
from agent.records import CaseKey
from agent.sending import Ledger, Packet, PacketField, Receipt
from agent.store import Store

CASE = CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id="C1")
PACKET = Packet(
    case=CASE,
    order_id="COOC1",
    case_revision="r" * 64,
    action="appeal",
    fields=(PacketField(key="note", kind="text", value="받은 적이 있습니다"),),
    files=(),
    policy_version="p1",
    by="li",
)
STEPS = [f"{name}{part}" for name in ("freeze", "approve", "arm", "settle") for part in ("", ":written", ":committed")]


def opened(folder: Path) -> Store:
    """The database of one test, with a clock that stands still."""
    return Store.open(folder / "rebuttal.db", folder / "blobs", clock=lambda: datetime(2025, 6, 2, 12, tzinfo=UTC))


def until(folder: Path, last: str) -> None:
    """One whole cycle, ended without warning at the step `last`."""

    def step(name: str) -> None:
        if name == last:
            os._exit(9)

    store = opened(folder)
    ledger = Ledger(store, step=step)
    lease = store.leases.take("coupang:main", "child", 600, machine="desk")
    ledger.freeze(PACKET)
    approval = ledger.approve(PACKET, by="wang", machine="desk", hours=8, four_eyes=True)
    attempt = ledger.arm(PACKET, approval, lease=lease, one_shot=True)
    (folder / "clicked").write_text("1")
    ledger.settle(attempt.id, "confirmed", Receipt(number="R1"), by="li")


def race(folder: Path) -> None:
    """Arm the approval that is there, as soon as the parent says so; prints how it went."""
    with opened(folder) as store:
        approval = store.ledger.approved()[0]
        lease = store.leases.take("coupang:main", str(os.getpid()), 600, machine="desk", alone_here=True)
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            store.ledger.arm(PACKET, approval, lease=lease.model_copy(update={"fence": 2}), one_shot=True)
            print("armed", flush=True)
        except RebuttalError as fault:
            print(fault.name, flush=True)


def die_everywhere(folder: Path) -> None:
    """A forked child per step, each with a database of its own; prints how each ended."""
    for name in STEPS:
        home = folder / name.replace(":", "-")
        home.mkdir()
        child = os.fork()
        if child == 0:
            until(home, name)
            os._exit(0)
        print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    {"race": race, "die": die_everywhere}[sys.argv[1]](Path(sys.argv[2]))
