"""One appeal: nothing unapproved leaves, nothing leaves twice, nothing is forgotten."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import (
    AlreadyAttempted,
    ApprovalSpent,
    ApprovalStale,
    Busy,
    NotApproved,
    RebuttalError,
    StoreFault,
    UsageFault,
)
from agent.sending import Approval, Attempt, Draft, DraftFile, Ledger, Packet, PacketField, PacketFile, Receipt
from agent.sending.ledger import CLICK_WITHIN
from agent.store import Lease
from tests.sending import ledger_child
from tests.store.made import NOON, Clock, case, key, open_store


class Desk:
    """A ledger with a clock, and an account's lease."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = open_store(folder, self.clock)
        self.ledger = self.store.ledger
        self.lease: Lease = self.store.leases.take("coupang:main", "desk", 10 * 24 * 3600)

    def packet(self, note: str = "받은 적이 있습니다", **other: Any) -> Packet:
        """A packet, frozen."""
        packet = Packet(
            **{
                "case": key(),
                "order_id": "COOC1",
                "case_revision": case().revision,
                "action": "appeal",
                "fields": (
                    PacketField(key="kind", kind="choice", value="delivered", shown="배송 완료"),
                    PacketField(key="note", kind="text", value=note),
                ),
                "files": (file("COOC1_pod.jpg"), file("COOC1_chat.png")),
                "policy_version": "p1",
                "by": "li",
                **other,
            }
        )
        self.ledger.freeze(packet)
        return packet

    def approve(self, packet: Packet, **other: Any) -> Approval:
        """Wang's yes, for eight hours."""
        return self.ledger.approve(packet, **{"by": "wang", "machine": "desk", "hours": 8, "four_eyes": True, **other})

    def arm(self, packet: Packet, approval: Approval, **other: Any) -> Attempt:
        """The moment before the click."""
        return self.ledger.arm(packet, approval, **{"lease": self.lease, "one_shot": True, **other})

    def armed(self, **other: Any) -> Attempt:
        """Everything up to the click."""
        packet = self.packet(**other)
        return self.arm(packet, self.approve(packet))


def file(name: str, sha256: str = "a" * 64) -> PacketFile:
    """One file of a packet."""
    return PacketFile(
        kind="proof", upload_name=name, size=10, sha256=sha256, media_type="image/jpeg", path=f"/x/{name}"
    )


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    """A desk of its own for each test."""
    one = Desk(tmp_path)
    yield one
    one.store.close()


def changes(fault: RebuttalError) -> list[str]:
    """The differences that a stale approval shows."""
    return [str(words) for words in fault.facts["changes"]]


# Approvals


def test_nothing_is_sent_without_an_approval(desk: Desk) -> None:
    """Not with one of another packet, either."""
    packet = desk.packet()
    with pytest.raises(NotApproved):
        desk.ledger.living_approval(packet)
    other = desk.packet(case=key("C2"))
    with pytest.raises(NotApproved):
        desk.arm(packet, desk.approve(other))
    assert desk.ledger.attempts() == []


def test_four_eyes_means_two_people(desk: Desk) -> None:
    """Neither who froze the packet nor who wrote the draft may approve it, also when others froze it again."""
    draft = Draft(case=key(), action="appeal", values={"note": "x"}, by="chen", at=NOON, case_revision="r")
    desk.ledger.save_draft(draft)
    packet = desk.packet(by="li")
    again = desk.packet(by="zhao")
    for name in ("li", "zhao", "chen"):
        with pytest.raises(NotApproved, match=name):
            desk.approve(again, by=name)
    assert desk.approve(packet, by="wang").by == "wang"
    assert desk.approve(packet, by="li", four_eyes=False).by == "li"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"note": "받은 적이 없습니다"}, "Field note: “받은 적이 있습니다” is now “받은 적이 없습니다”."),
        ({"files": (file("COOC1_pod.jpg", "b" * 64), file("COOC1_chat.png"))}, "File COOC1_pod.jpg has other content"),
        ({"files": (file("COOC1_chat.png"), file("COOC1_pod.jpg"))}, "The files are in another order"),
        ({"files": (file("COOC1_pod.jpg"),)}, "File COOC1_chat.png was taken out."),
        ({"case_revision": "other"}, "The case at the portal has changed"),
        ({"policy_version": "p2"}, "rules (policy) were changed"),
        ({"order_id": "COO9"}, "Order: “COOC1” is now “COO9”."),
        ({"fields": (PacketField(key="note", kind="text", value="받은 적이 있습니다"),)}, "Field kind was left out"),
    ],
)
def test_an_approval_dies_with_any_change(desk: Desk, change: dict[str, Any], told: str) -> None:
    """One word, one byte, one rule: refused before anything is armed, and the difference is shown."""
    approval = desk.approve(desk.packet())
    changed = desk.packet(**change)
    for refuse in (lambda: desk.ledger.living_approval(changed), lambda: desk.arm(changed, approval)):
        with pytest.raises(ApprovalStale) as fault:
            refuse()
        assert any(told in change for change in changes(fault.value))
    assert desk.ledger.attempts() == []


def test_one_changed_character_in_a_long_note_is_shown_where_it_is(desk: Desk) -> None:
    """Not as two walls of text."""
    approval = desk.approve(desk.packet("가" * 300 + "7" + "나" * 300))
    with pytest.raises(ApprovalStale) as fault:
        desk.arm(desk.packet("가" * 300 + "1" + "나" * 300), approval)
    (told,) = changes(fault.value)
    assert "from character 301 on" in told and len(told) < 250


def test_a_changed_draft_takes_the_packet_out_of_force(desk: Desk) -> None:
    """Even before it is frozen again; saving the same draft again does not."""
    draft = Draft(
        case=key(),
        action="appeal",
        values={"note": "x"},
        by="li",
        at=NOON,
        case_revision="r",
        files=(DraftFile(kind="proof", path="/x/a.jpg"),),
    )
    desk.ledger.save_draft(draft)
    packet = desk.packet()
    approval = desk.approve(packet)
    desk.ledger.save_draft(draft.model_copy(update={"at": NOON + timedelta(hours=1)}))
    assert desk.ledger.living_approval(packet) == approval
    desk.ledger.save_draft(draft.model_copy(update={"values": {"note": "y"}}))
    assert desk.ledger.current(key(), "appeal") is None
    with pytest.raises(ApprovalStale) as fault:
        desk.arm(packet, approval)
    assert changes(fault.value) == ["The draft was changed and not checked again."]
    assert desk.ledger.draft(key(), "appeal") == desk.ledger.drafts(key())[0]


def test_an_approval_dies_when_the_case_moves(desk: Desk) -> None:
    """The last sync read something new."""
    desk.store.cases.save(case(), "run")
    packet = desk.packet()
    approval = desk.approve(packet)
    desk.store.cases.save(case(flags=("escalated",)), "run")
    for refuse in (lambda: desk.arm(packet, approval), lambda: desk.approve(packet)):
        with pytest.raises(ApprovalStale, match="no longer the case"):
            refuse()


def test_an_approval_expires(desk: Desk) -> None:
    """To the second, and turning the clock back far does not revive it."""
    packet = desk.packet()
    approval = desk.approve(packet)
    assert approval.expires_at == NOON + timedelta(hours=8)
    desk.clock.move(hours=8, seconds=-1)
    assert [a.id for a in desk.ledger.approved()] == [approval.id]
    desk.clock.move(seconds=1)
    with pytest.raises(ApprovalStale, match="expired"):
        desk.arm(packet, approval)
    assert desk.ledger.approved() == []
    desk.clock.move(hours=-10)
    with pytest.raises(ApprovalStale, match="clock"):
        desk.arm(packet, approval)


def test_an_approval_taken_back_is_dead(desk: Desk) -> None:
    """With the reason."""
    packet = desk.packet()
    approval = desk.approve(packet)
    assert [a.id for a in desk.ledger.withdraw(key(), "wrong photo", "zhao")] == [approval.id]
    with pytest.raises(NotApproved, match="wrong photo"):
        desk.arm(packet, approval)
    assert desk.ledger.withdraw(key(), "again", "zhao") == []


def test_two_operators_approving_the_same_packet_give_one_sending(desk: Desk) -> None:
    """The later approval takes the place of the earlier: what may be repeated isn't sent twice by accident."""
    packet = desk.packet(action="reply")
    approvals = [desk.approve(packet, one_shot=False, by=name) for name in ("wang", "zhao")]
    assert [a.id for a in desk.ledger.approved()] == [approvals[1].id]
    with pytest.raises(NotApproved):
        desk.arm(packet, approvals[0], one_shot=False)
    desk.arm(packet, approvals[1], one_shot=False)


def test_only_the_packet_in_force_is_approved(desk: Desk) -> None:
    """Someone changed it while it was being looked at."""
    seen = desk.packet("one")
    desk.packet("two")
    with pytest.raises(ApprovalStale) as fault:
        desk.approve(seen)
    assert changes(fault.value) == ["Field note: “one” is now “two”."]


def test_the_digest_proves_what_was_looked_at(desk: Desk) -> None:
    """Eight digits at least, of this case."""
    packet = desk.packet()
    assert desk.ledger.packet(packet.digest[:8].upper(), key()) == packet
    wrong = "0" * 8 if packet.digest[0] != "0" else "1" * 8
    for prefix in (packet.digest[:7], wrong, "%%%%%%%%", ""):
        with pytest.raises(UsageFault):
            desk.ledger.packet(prefix, key())
    with pytest.raises(UsageFault):
        desk.ledger.packet(packet.digest, key("C2"))


# Sending once


def test_an_approval_is_spent_once(desk: Desk) -> None:
    """Also after the portal refused: a further try is a person's decision."""
    packet = desk.packet()
    approval = desk.approve(packet)
    attempt = desk.arm(packet, approval)
    with pytest.raises(AlreadyAttempted):
        desk.arm(packet, approval)
    desk.ledger.settle(attempt.id, "refused", words="기한이 지났습니다", by="li")
    for refuse in (lambda: desk.arm(packet, approval), lambda: desk.ledger.living_approval(packet)):
        with pytest.raises(ApprovalSpent):
            refuse()
    desk.arm(packet, desk.approve(packet))


@pytest.mark.parametrize("state", ["armed", "unknown"])
def test_an_open_attempt_blocks_every_further_one(desk: Desk, state: str) -> None:
    """Of the same action on the same case, whatever the packet; other actions are free."""
    attempt = desk.armed()
    if state == "unknown":
        desk.ledger.settle(attempt.id, "unknown", words="look", by="li")
    other = desk.packet("other")
    with pytest.raises(AlreadyAttempted, match="not known"):
        desk.approve(other, one_shot=False)
    reply = desk.packet(action="reply")
    desk.arm(reply, desk.approve(reply))


def test_a_confirmed_appeal_is_the_only_one(desk: Desk) -> None:
    """Unless the portal allows more; the very same packet never goes twice."""
    attempt = desk.armed()
    desk.ledger.settle(attempt.id, "confirmed", Receipt(number="R1"), by="li")
    with pytest.raises(AlreadyAttempted, match="this very packet"):
        desk.approve(desk.packet(), one_shot=False)
    second = desk.packet("second")
    with pytest.raises(AlreadyAttempted, match="1 of 1"):
        desk.approve(second)
    approval = desk.approve(second, allowed=2)
    with pytest.raises(AlreadyAttempted, match="1 of 1"):
        desk.arm(second, approval)
    desk.arm(second, approval, allowed=2)


def test_cleared_frees_the_slot_but_not_the_approval(desk: Desk) -> None:
    """It was proved that nothing arrived: a person says yes again."""
    packet = desk.packet()
    approval = desk.approve(packet)
    attempt = desk.arm(packet, approval)
    desk.ledger.settle(attempt.id, "unknown", by="li")
    desk.ledger.settle(attempt.id, "cleared", by="li")
    with pytest.raises(ApprovalSpent):
        desk.arm(packet, approval)
    assert desk.arm(packet, desk.approve(packet)).state == "armed"


@pytest.mark.parametrize(
    ("path", "last", "legal"),
    [
        ((), "cleared", False),
        (("confirmed",), "confirmed", False),
        (("confirmed",), "refused", False),
        (("confirmed",), "unknown", False),
        (("refused",), "confirmed", False),
        (("unknown", "cleared"), "confirmed", False),
        (("unknown",), "unknown", False),
        (("unknown",), "confirmed", True),
        (("unknown",), "refused", True),
    ],
)
def test_what_is_final_stays(desk: Desk, path: tuple[Any, ...], last: Any, legal: bool) -> None:
    """No later word changes a confirmed record."""
    attempt = desk.armed()
    for state in path:
        attempt = desk.ledger.settle(attempt.id, state, by="li")
    if legal:
        assert desk.ledger.settle(attempt.id, last, by="li").state == last
        return
    with pytest.raises(StoreFault, match="can't become"):
        desk.ledger.settle(attempt.id, last, Receipt(number="R2"), by="li")
    assert desk.ledger.attempt(attempt.id) == attempt


# Locks


def test_a_superseded_lease_can_not_arm(desk: Desk) -> None:
    """The process slept, another one took over; the clock jumping back does not help the sleeper."""
    packet = desk.packet()
    approval = desk.approve(packet)
    desk.clock.move(days=11)
    fresh = desk.approve(packet)
    desk.store.leases.take("coupang:main", "other", 60)
    desk.clock.move(days=-11, hours=1)
    for old in (approval, fresh):
        with pytest.raises(Busy, match="taken over by other"):
            desk.arm(packet, old)
    assert desk.ledger.attempts() == []


def test_a_lease_that_ran_out_or_is_anothers_can_not_arm(desk: Desk) -> None:
    """Even when no one took it meanwhile."""
    packet = desk.packet()
    other = desk.store.leases.take("ozon:main", "desk", 60)
    with pytest.raises(StoreFault, match="ozon:main"):
        desk.arm(packet, desk.approve(packet), lease=other)
    desk.clock.move(days=11)
    with pytest.raises(Busy, match="ran out"):
        desk.arm(packet, desk.approve(packet))


def test_a_dead_process_leaves_an_unknown_outcome(desk: Desk) -> None:
    """What a living one works on is left alone."""
    attempt = desk.armed()
    assert desk.ledger.interrupted("coupang:main", by="li") == []
    desk.ledger.still_armed(attempt.id, desk.lease)
    desk.store.leases.release(desk.lease)
    new = desk.store.leases.take("coupang:main", "next", 60)
    assert [a.state for a in desk.ledger.interrupted("coupang:main", by="li")] == ["unknown"]
    assert [a.id for a in desk.ledger.unknown(("coupang:main",))] == [attempt.id]
    assert desk.ledger.unknown(("ozon:main",)) == []
    for lease, fault in ((desk.lease, Busy), (new, AlreadyAttempted)):
        with pytest.raises(fault):
            desk.ledger.still_armed(attempt.id, lease)


@pytest.mark.parametrize(
    "passed", [CLICK_WITHIN + timedelta(minutes=1), -timedelta(minutes=1)], ids=["slept", "set back"]
)
def test_nothing_leaves_long_after_the_arming_or_on_a_clock_that_was_set(desk: Desk, passed: timedelta) -> None:
    attempt = desk.armed()
    desk.ledger.still_armed(attempt.id, desk.lease)
    desk.clock.move(seconds=passed.total_seconds())
    with pytest.raises(AlreadyAttempted, match="slept, or its clock was set"):
        desk.ledger.still_armed(attempt.id, desk.lease)


def test_of_many_threads_one_arms(desk: Desk) -> None:
    """All with the same approval, at the same moment."""
    packet = desk.packet()
    approval = desk.approve(packet)
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def go() -> None:
        start.wait()
        try:
            outcomes.append(desk.arm(packet, approval).state)
        except RebuttalError as fault:
            outcomes.append(fault.name)

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["AlreadyAttempted"] * 7 + ["armed"]
    assert desk.store.audit.verify() is None


def test_of_two_processes_one_arms(tmp_path: Path) -> None:
    """On one database, each believing it holds the newest lease."""
    with ledger_child.opened(tmp_path) as store:
        store.ledger.freeze(ledger_child.PACKET)
        store.ledger.approve(ledger_child.PACKET, by="wang", machine="desk", hours=8, four_eyes=True)
    command = [sys.executable, "-m", "tests.sending.ledger_child", "race", str(tmp_path)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    outcomes = sorted(child.communicate()[0].strip() for child in children)
    assert outcomes == ["AlreadyAttempted", "armed"]


def test_the_tables_forbid_what_the_code_forgets(desk: Desk) -> None:
    """The last guard: a second open attempt, a second use of an approval, are refused by the database itself."""
    attempt = desk.armed()
    with closing(sqlite3.connect(desk.store.url.database or "")) as conn:
        columns = [row[1] for row in conn.execute("PRAGMA table_info(attempts)")]
        for column, value in (("id", "copy"), ("approval_id", "other")):
            row = dict(zip(columns, conn.execute("SELECT * FROM attempts").fetchone(), strict=True))
            row["id"] = "copy"
            row[column] = value
            if column == "id":
                row["state"] = "confirmed"
            with pytest.raises(sqlite3.IntegrityError):
                conn.execute(f"INSERT INTO attempts VALUES ({','.join('?' * len(row))})", list(row.values()))
    assert desk.ledger.attempts() == [attempt]


def test_without_the_check_the_constraint_still_refuses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard taken away: `arm` no longer looks for open attempts, and the table stops it."""
    monkeypatch.setattr("agent.sending.standing.free", lambda *_: None)
    packet = desk.packet()
    attempt = desk.arm(packet, desk.approve(packet))
    other = desk.packet("other")
    with pytest.raises(AlreadyAttempted, match="same moment"):
        desk.arm(other, desk.approve(other))
    assert desk.ledger.attempts() == [attempt]
    assert [a.digest for a in desk.ledger.approved()] == [other.digest]


# Dying


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_between_any_two_steps_the_record_ends_true(tmp_path: Path) -> None:
    """After each death: started again, the case is either still to be sent or known to need a look, never both."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sending.ledger_child", "die", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [word for name in ledger_child.STEPS for word in (name, "9")]
    for name in ledger_child.STEPS:
        home = tmp_path / name.replace(":", "-")
        clicked = (home / "clicked").exists()
        with ledger_child.opened(home) as store:
            assert store.audit.verify() is None
            lease = store.leases.take("coupang:main", "next", 600, machine="desk", alone_here=True)
            store.ledger.interrupted("coupang:main", by="li")
            states = [a.state for a in store.ledger.attempts()]
            assert states == (
                [] if name in ledger_child.STEPS[:8] else ["confirmed"] if name == "settle:committed" else ["unknown"]
            ), name
            if not states:
                assert not clicked
                store.ledger.freeze(ledger_child.PACKET)
                approval = store.ledger.approve(ledger_child.PACKET, by="wang", machine="d", hours=1, four_eyes=True)
                store.ledger.arm(ledger_child.PACKET, approval, lease=lease, one_shot=True)
            else:
                with pytest.raises(AlreadyAttempted):
                    store.ledger.approve(ledger_child.PACKET, by="wang", machine="d", hours=1, four_eyes=True)


@pytest.mark.parametrize("name", ["arm:written", "settle:written"])
def test_a_step_that_fails_leaves_nothing_behind(desk: Desk, name: str) -> None:
    """The transaction is undone, the database stays usable."""

    def step(at: str) -> None:
        if at == name:
            raise KeyboardInterrupt

    broken = Ledger(desk.store, step=step)
    packet = desk.packet()
    approval = desk.approve(packet)
    links = desk.store.audit.head()
    with pytest.raises(KeyboardInterrupt):
        attempt = broken.arm(packet, approval, lease=desk.lease, one_shot=True)
        links = desk.store.audit.head()
        broken.settle(attempt.id, "confirmed", by="li")
    assert desk.store.audit.head() == links
    assert [a.state for a in desk.ledger.attempts()] == (["armed"] if name == "settle:written" else [])


# The story


def test_the_story_of_a_case_names_every_step(desk: Desk) -> None:
    """Who, what, when, under which digest."""
    desk.ledger.save_draft(
        Draft(case=key(), action="appeal", values={"note": "x"}, by="li", at=NOON, case_revision="r")
    )
    packet = desk.packet()
    desk.ledger.freeze(packet)
    approval = desk.approve(packet)
    desk.ledger.record(key(), "read back", {"fields": 2}, by="li")
    attempt = desk.arm(packet, approval)
    desk.ledger.settle(attempt.id, "confirmed", Receipt(number="R1", at=NOON), by="li")
    story = desk.store.audit.story(key().ref)
    assert [(x.who, x.what) for x in story] == [
        ("li", "drafted"),
        ("li", "frozen"),
        ("wang", "approved"),
        ("li", "read back"),
        ("wang", "armed"),
        ("li", "confirmed"),
    ]
    assert story[-1].data["receipt"] == {"number": "R1", "at": "2025-06-02T12:00:00Z", "shown": ""}
    assert [x.data["digest"] for x in story if "digest" in x.data] == [packet.digest] * 4


@pytest.mark.parametrize(
    ("upto", "shown"),
    [
        (0, None),
        (1, "drafted"),
        (2, "ready"),
        (3, "approved"),
        (4, "armed"),
        (5, "unknown"),
        (6, "cleared"),
        (7, "drafted"),
    ],
)
def test_the_list_shows_where_the_answer_stands(desk: Desk, upto: int, shown: str | None) -> None:
    """An open attempt counts most, then a living approval, then what happened last."""
    desk.store.cases.save(case(), "run")
    made: dict[str, Any] = {}

    def draft(note: str) -> None:
        desk.ledger.save_draft(
            Draft(case=key(), action="appeal", values={"note": note}, by="li", at=desk.clock.at, case_revision="r")
        )

    steps: list[Callable[[], Any]] = [
        lambda: draft("x"),
        lambda: made.update(packet=desk.packet()),
        lambda: made.update(approval=desk.approve(made["packet"])),
        lambda: made.update(attempt=desk.arm(made["packet"], made["approval"])),
        lambda: desk.ledger.settle(made["attempt"].id, "unknown", by="li"),
        lambda: desk.ledger.settle(made["attempt"].id, "cleared", by="li"),
        lambda: draft("y"),
    ]
    for step in steps[:upto]:
        desk.clock.move(minutes=1)
        step()
    assert [row.sending for row in desk.store.cases.rows()] == [shown]


def test_ledger_writes_are_durable_commits(desk: Desk) -> None:
    """Each step is on the disk before the next may follow from it."""
    told: list[bool] = []
    desk.store.on_commit = told.append
    attempt = desk.armed()
    desk.ledger.settle(attempt.id, "unknown", by="li")
    assert told == [True] * 4


def test_a_row_changed_by_hand_is_not_believed(desk: Desk) -> None:
    """An approval moved onto another digest in the database does not let that packet out: the packet is compared."""
    approval = desk.approve(desk.packet("one"))
    other = desk.packet("two")
    with pytest.raises(ApprovalStale):
        desk.arm(other, approval.model_copy(update={"digest": other.digest}))


def test_an_unknown_attempt_is_a_fault(desk: Desk) -> None:
    """Not a silent nothing."""
    with pytest.raises(StoreFault):
        desk.ledger.settle("nonsense", "confirmed", by="li")
    assert desk.ledger.attempt("nonsense") is None
