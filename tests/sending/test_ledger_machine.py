"""Any order of drafting, approving, arming, settling, dying and clock jumps: one appeal, approved, and true records."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.errors import Busy, RebuttalError, RefusedToSend, StoreFault
from agent.sending import Approval, Attempt, Draft, Ledger, Packet, PacketField, Settled
from agent.store import Lease
from tests.store.made import Clock, key, open_store

CASES = ("C1", "C2")
OPEN = ("armed", "unknown")
MOSTLY = st.sampled_from([True, True, True, False])


class Died(Exception):
    """The process was killed at a step."""


class LedgerMachine(RuleBasedStateMachine):
    """A seller's desk where everything happens in any order. Approvals are modelled by hand, beside the ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.store = open_store(self.folder, self.clock)
        self.die_at = ""
        self.ledger = Ledger(self.store, step=self.step)
        self.packets: list[Packet] = []
        self.leases: list[Lease] = []
        self.approvals: dict[str, Approval] = {}
        self.dead: set[str] = set()
        self.final: dict[str, Attempt] = {}
        self.seen_open: dict[str, str] = {}

    def teardown(self) -> None:
        """Let go of the database."""
        self.store.close()
        shutil.rmtree(self.folder)

    def step(self, name: str) -> None:
        """Die where it was arranged."""
        if name == self.die_at:
            self.die_at = ""
            raise Died

    @initialize()
    def start(self) -> None:
        """Someone holds the account."""
        self.take()

    @rule(name=st.sampled_from(["arm", "arm:written", "arm:committed", "settle:written", "approve:committed"]))
    def arrange_to_die(self, name: str) -> None:
        """At the next such step."""
        self.die_at = name

    @rule(case=st.sampled_from(CASES), note=st.sampled_from("xyz"))
    def save_draft(self, case: str, note: str) -> None:
        """Write it, perhaps as it was."""
        self.ledger.save_draft(
            Draft(case=key(case), action="appeal", values={"note": note}, by="li", at=self.clock.at, case_revision="r")
        )

    @rule(case=st.sampled_from(CASES), note=st.sampled_from("xyz"), by=st.sampled_from(["li", "wang"]))
    def freeze(self, case: str, note: str, by: str) -> None:
        """A packet comes into force."""
        packet = Packet(
            case=key(case),
            order_id="o",
            case_revision="r",
            action="appeal",
            files=(),
            by=by,
            policy_version="p",
            fields=(PacketField(key="note", kind="text", value=note),),
        )
        self.ledger.freeze(packet)
        self.packets.append(packet)

    @precondition(lambda self: self.packets)
    @rule(data=st.data(), by=st.sampled_from(["wang", "zhao"]), hours=st.sampled_from([1, 30]))
    def approve(self, data: st.DataObject, by: str, hours: int) -> None:
        """Say yes to some packet that was once frozen."""
        packet = data.draw(st.sampled_from(self.packets[-3:]))
        with contextlib.suppress(RefusedToSend, Died):
            self.ledger.approve(packet, by=by, machine="m", hours=hours, four_eyes=True)
        for approval in self.ledger.approvals(packet.case):
            self.approvals.setdefault(approval.id, approval)
            assert approval.by != "li"

    @rule(case=st.sampled_from(CASES))
    def withdraw(self, case: str) -> None:
        """Take every yes back."""
        self.dead |= {a.id for a in self.ledger.withdraw(key(case), "why", "zhao")}

    @rule(hours=st.sampled_from([0.1, 2.0, 25.0, -2.0]))
    def clock_moves(self, hours: float) -> None:
        """Or jumps back."""
        self.clock.move(hours=hours)

    @rule(dead=st.booleans())
    def take(self, dead: bool = False) -> None:
        """Another process takes the account, by time or because the one before is dead."""
        try:
            self.leases.append(
                self.store.leases.take("coupang:main", f"p{len(self.leases)}", 3600 * 40, machine="m", alone_here=dead)
            )
        except Busy:
            return
        fences = [lease.fence for lease in self.leases]
        assert fences == sorted(set(fences))

    @precondition(lambda self: self.packets and self.approvals)
    @rule(data=st.data(), own=MOSTLY, newest=MOSTLY)
    def arm(self, data: st.DataObject, own: bool, newest: bool) -> None:
        """With some packet, some approval, some lease: only the right three together may pass."""
        approval = data.draw(st.sampled_from(list(self.approvals.values())[-3:]))
        packet = next(p for p in self.packets if p.digest == approval.digest)
        if not own:
            packet = data.draw(st.sampled_from(self.packets))
        self.try_to_arm(packet, approval, self.leases[-1] if newest else data.draw(st.sampled_from(self.leases)))

    def try_to_arm(self, packet: Packet, approval: Approval, lease: Lease) -> None:
        """Whatever was armed had every right to be."""
        before = {a.id for a in self.ledger.attempts()}
        used = [a for a in self.ledger.attempts(packet.case) if a.state not in ("refused", "cleared")]
        now = self.clock.at
        try:
            self.ledger.arm(packet, approval, lease=lease, one_shot=True)
        except (RebuttalError, Died) as fault:
            assert not isinstance(fault, StoreFault)
        for attempt in self.ledger.attempts():
            if attempt.id not in before:
                model = self.approvals[attempt.approval_id]
                assert (attempt.digest, model.digest, model.id) == (packet.digest, packet.digest, approval.id)
                assert model.id not in self.dead and model.case == packet.case
                assert model.at - timedelta(minutes=5) <= now < model.expires_at
                assert lease == self.leases[-1] and lease.expires_at > now and not used
                self.dead.add(model.id)

    @rule(
        data=st.data(),
        case_id=st.sampled_from(CASES),
        note=st.sampled_from("xyz"),
        between=st.sampled_from(
            ["nothing", "withdraw", "freeze", "expire", "back", "take", "other packet", "old lease"]
        ),
        ends=st.sampled_from(get_args(Settled)),
        again=st.sampled_from(get_args(Settled)),
    )
    def the_usual_way(self, data: st.DataObject, case_id: str, note: str, between: str, ends: Any, again: Any) -> None:
        """Freeze, approve, arm, settle, with something in between that may forbid it."""
        self.freeze(case_id, note, "li")
        self.approve(data, "wang", 1)
        match between:
            case "withdraw":
                self.withdraw(case_id)
            case "freeze":
                self.freeze(case_id, "other", "li")
            case "expire":
                self.clock_moves(2.0)
            case "back":
                self.clock_moves(-2.0)
            case "take" | "old lease":
                self.take(dead=True)
            case "other packet":
                self.freeze(case_id, "other", "li")
        if self.approvals:
            approval = list(self.approvals.values())[-1]
            packet = next(p for p in self.packets if p.digest == approval.digest)
            self.try_to_arm(
                self.packets[-1] if between == "other packet" else packet,
                approval,
                self.leases[-2 if between == "old lease" and len(self.leases) > 1 else -1],
            )
        for attempt in self.ledger.attempts(key(case_id)):
            for state in (ends, again):
                self.try_to_settle(attempt.id, state)

    @rule(data=st.data(), state=st.sampled_from(get_args(Settled)))
    def settle(self, data: st.DataObject, state: Any) -> None:
        """Some attempt ends somehow; the illegal is refused."""
        attempts = self.ledger.attempts()
        if attempts:
            self.try_to_settle(data.draw(st.sampled_from(attempts)).id, state)

    def try_to_settle(self, attempt_id: str, state: Any) -> None:
        """Only along the legal ways."""
        before = self.ledger.attempt(attempt_id)
        assert before is not None
        legal = {"armed": {"confirmed", "refused", "unknown"}, "unknown": {"confirmed", "refused", "cleared"}}
        allowed = state in legal.get(before.state, set())
        try:
            self.ledger.settle(attempt_id, state, by="li")
            assert allowed
        except StoreFault:
            assert not allowed
        except Died:
            pass

    @rule()
    def interrupted(self) -> None:
        """The next process looks at what the one before left."""
        held = self.leases[-1]
        for attempt in self.ledger.interrupted("coupang:main", by="li"):
            assert attempt.fence != held.fence or held.expires_at <= self.clock.at

    @invariant()
    def one_appeal_per_case(self) -> None:
        """Not refused, not proved absent: at most one."""
        for case in CASES:
            standing = [a for a in self.ledger.attempts(key(case)) if a.state not in ("refused", "cleared")]
            assert len(standing) <= 1
            assert len({a.approval_id for a in self.ledger.attempts(key(case))}) == len(self.ledger.attempts(key(case)))

    @invariant()
    def what_is_final_never_changes(self) -> None:
        """Nor is any attempt ever forgotten."""
        attempts = {a.id: a for a in self.ledger.attempts()}
        assert set(self.seen_open) <= set(attempts)
        self.seen_open = {a.id: a.state for a in attempts.values()}
        for attempt_id, attempt in self.final.items():
            assert attempts[attempt_id] == attempt
        self.final |= {a.id: a for a in attempts.values() if a.state not in OPEN}

    @invariant()
    def the_list_of_approved_is_sendable(self) -> None:
        """What `submit --all` would take up is neither dead nor expired."""
        for approval in self.ledger.approved():
            assert approval.id not in self.dead and approval.expires_at > self.clock.at

    @invariant()
    def the_chain_holds(self) -> None:
        """After every step."""
        assert self.store.audit.verify() is None


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
