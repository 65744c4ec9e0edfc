"""What reading the portal proves of an unknown outcome; a wrong answer costs the only appeal, or sends it twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.audit import Link
from agent.portal import Sent
from agent.reading.labels import norm
from agent.records import Appeals, Case
from agent.sending.ledger import CLICK_WITHIN
from agent.sending.packet import Attempt, Packet, PacketField, Receipt
from agent.sending.send import READ_BACK
from agent.words import Words
from flows.reconcile import SETTLE_AFTER, judge, sent_at
from tests.evidence.made import a_case

CLICK = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
LONG = CLICK_WITHIN + SETTLE_AFTER + timedelta(seconds=1)


def packet(action: str = "appeal", **changes: Any) -> Packet:
    case = a_case()
    fields = (
        PacketField(key="appeal_type", kind="choice", value="delivery_proof", shown="배송 증빙"),
        PacketField(key="note", kind="text", value="확인 부탁드립니다."),
    )
    facts: dict[str, Any] = {
        "case": case.key, "order_id": case.order_id, "case_revision": case.revision, "action": action,
        "fields": fields, "files": (), "policy_version": "p", "by": "li",
    }  # fmt: skip
    return Packet(**(facts | changes))


def listed(minutes: float = 0, what: str = "배송 증빙", number: str = "AP1") -> Sent:
    return Sent(number=number, at=CLICK + timedelta(minutes=minutes), what=norm(what))


def spent(**changes: Any) -> Case:
    return a_case(actions=(), appeals=Appeals(used=1, allowed=1), **changes)


def test_what_the_portal_lists_since_the_click_is_the_receipt() -> None:
    found = judge(packet(), spent(), (listed(1),), CLICK, timedelta(minutes=2))
    assert isinstance(found, Receipt) and (found.number, found.at) == ("AP1", CLICK + timedelta(minutes=1))


def test_the_portal_writes_times_by_the_minute() -> None:
    assert isinstance(judge(packet(), spent(), (listed(-1.5),), CLICK, LONG), Receipt)


@pytest.mark.parametrize(
    "sent",
    [
        (listed(-30),),
        (listed(1, "기타"),),
        (listed(60),),
        (listed(1), listed(2, number="AP2")),
    ],
    ids=["from before", "another type", "an hour later, by hand", "two of them"],
)
def test_an_answer_that_may_be_someone_elses_is_not_taken_for_ours(sent: tuple[Sent, ...]) -> None:
    said = judge(packet(), spent(), sent, CLICK, LONG)
    assert isinstance(said, Words) and "AP1" in str(said)


def test_a_slow_portal_is_given_time() -> None:
    early = judge(packet(), a_case(), (), CLICK, timedelta(minutes=9))
    assert isinstance(early, Words) and "again" in str(early)
    assert judge(packet(), a_case(), (), CLICK, LONG) is None


def test_a_clock_that_was_set_back_proves_nothing() -> None:
    assert isinstance(judge(packet(), a_case(), (), CLICK, timedelta(hours=-2)), Words)


def test_a_count_without_a_listing_is_left_to_a_person() -> None:
    assert isinstance(judge(packet(), spent(), (), CLICK, LONG), Words)


def test_a_slot_that_is_still_unspent_proves_that_nothing_arrived_even_when_the_window_closed() -> None:
    closed = a_case(actions=(), appeals=Appeals(used=0, allowed=1))
    assert judge(packet(), closed, (), CLICK, LONG) is None
    assert isinstance(judge(packet(), a_case(actions=(), appeals=None), (), CLICK, LONG), Words)


def test_replies_are_known_by_their_text() -> None:
    case = a_case(actions=("reply",), appeals=None)
    older = listed(-90, "안녕하세요", "M1")
    assert judge(packet("reply"), case, (older,), CLICK, LONG) is None, "an older reply is no reply to this"
    ours = judge(packet("reply"), case, (older, listed(0, "확인 부탁드립니다.", "M2")), CLICK, LONG)
    assert isinstance(ours, Receipt) and ours.number == "M2"
    cut = judge(packet("reply"), case, (listed(0, "확인 부탁…", "M3"),), CLICK, LONG)
    assert isinstance(cut, Words), "a text that was cut short may be ours: sending it again would double it"


def link(seq: int, what: str, **data: Any) -> Link:
    return Link(seq=seq, at=CLICK, who="li", what=what, ref="r", data=data, prev="", hash="")


def test_the_portals_clock_at_the_click_is_that_of_the_attempt_and_not_of_another() -> None:
    one = packet()
    attempt = Attempt(
        id="two", digest=one.digest, approval_id="a", case=one.case, action="appeal", state="unknown",
        armed_at=CLICK, fence=2,
    )  # fmt: skip
    story = [
        link(1, READ_BACK, digest=one.digest, portal_clock="2026-03-12T08:00:00Z"),
        link(2, "armed", attempt="one"),
        link(3, READ_BACK, digest=one.digest, portal_clock="2026-03-12T09:30:00Z"),
        link(4, "armed", attempt="two"),
        link(5, READ_BACK, digest=one.digest, portal_clock="2026-03-12T11:00:00Z"),
    ]
    assert sent_at(story, attempt) == CLICK
    slept = [story[2], story[3].model_copy(update={"at": CLICK + timedelta(minutes=7)})]
    assert sent_at(slept, attempt) == CLICK + timedelta(minutes=7), "what passed before the arming counts"
    assert sent_at([story[2]], attempt) is None, "not armed"
    assert sent_at([link(1, READ_BACK, digest=one.digest, portal_clock=None)], attempt) is None
    assert sent_at([], attempt) is None
