"""An approval at the desk: of exactly what was shown, once, by who may, with their name; or it does nothing."""

from __future__ import annotations

from typing import Any

from agent.records import Case
from agent.store.people import hashed
from flows.desk.call import at
from tests.desk.conftest import Visitor, hidden
from tests.evidence.made import picture
from tests.flows.conftest import Clock, Desk


def packet_page(one: Visitor, case: Case) -> str:
    """The packet as the visitor sees it."""
    answer = one.get(at("packet", case.key))
    assert answer.status_code == 200
    return answer.text


def yes(one: Visitor, case: Case, page: str) -> Any:
    """Press approve on that page."""
    form = {"token": hidden(page.partition("/approve/")[2], "token"), "digest": hidden(page, "digest")}
    return one.post(at("approve", case.key), form)


def test_an_approval_carries_the_name_of_who_is_signed_in(desk: Desk, visitor: Any) -> None:
    """And no other name that a form might give."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    page = packet_page(wang, case)
    form = {"token": hidden(page.partition("/approve/")[2], "token"), "digest": hidden(page, "digest"), "by": "li"}
    answer = wang.follow(wang.post(at("approve", case.key), form))
    assert "wang approved it" in answer.text
    (approval,) = desk.ctx.store.ledger.approved(case=case.key)
    assert approval.by == "wang" and approval.digest == hidden(page, "digest")


def test_the_packet_shows_exactly_what_would_be_sent(desk: Desk, visitor: Any) -> None:
    """Every text, choice, file name and hash, the whole digest, and what it means."""
    case = desk.case()
    desk.draft(case)
    made = desk.packet(case)
    page = packet_page(visitor("look"), case)
    for field in made.fields:
        assert (field.shown or field.value) in page
    for file in made.files:
        assert file.upload_name in page and file.sha256[:24] in page
    assert made.digest in page.replace(" ", "")
    assert "This is the only appeal for this case." in page


def test_a_second_click_and_a_replay_do_nothing(desk: Desk, visitor: Any) -> None:
    """One approval, one link in the chain, whatever is sent again; also after it was taken back."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    page = packet_page(wang, case)
    yes(wang, case, page)
    for _ in range(3):
        again = wang.follow(yes(wang, case, page))
        assert "Nothing was done twice" in again.text
    assert len(desk.ctx.store.ledger.approvals(case.key)) == 1
    wang.post(at("reject", case.key), {"why": "wrong photo"})
    assert desk.ctx.store.ledger.approved(case=case.key) == []
    yes(wang, case, page)
    assert desk.ctx.store.ledger.approved(case=case.key) == [], "a replay must not bring it back"


def test_the_right_to_approve_is_bound_to_the_session(desk: Desk, visitor: Any) -> None:
    """What was shown to one is no right for another; and it runs out."""
    case = desk.case()
    desk.draft(case)
    wang, chen = visitor("approve", name="wang"), visitor("approve", name="chen")
    page = packet_page(wang, case)
    yes(chen, case, page)
    assert desk.ctx.store.ledger.approvals(case.key) == []
    desk.clock.move(minutes=31)
    yes(wang, case, page)
    assert desk.ctx.store.ledger.approvals(case.key) == []


def test_a_right_for_one_packet_is_none_for_another(desk: Desk, visitor: Any) -> None:
    """Another case's token, or another digest with it."""
    one, other = desk.case(), desk.case(case_id="COO987654321", order_id="COO987654321")
    desk.draft(one)
    desk.draft(other)
    wang = visitor("approve", name="wang")
    page, second = packet_page(wang, one), packet_page(wang, other)
    token = hidden(page.partition("/approve/")[2], "token")
    assert wang.post(at("approve", other.key), {"token": token, "digest": hidden(second, "digest")}).status_code == 400
    assert desk.ctx.store.ledger.approvals(other.key) == []


def test_a_packet_that_changed_after_it_was_looked_at_is_not_approved(desk: Desk, visitor: Any) -> None:
    """And the page says what changed."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    page = packet_page(wang, case)
    desk.file(data=picture(seed=7))
    answer = yes(wang, case, page)
    assert answer.status_code == 409
    assert "has other content" in answer.text
    assert desk.ctx.store.ledger.approvals(case.key) == []
    assert hidden(answer.text, "digest") != hidden(page, "digest")
    assert yes(wang, case, answer.text).status_code == 303, "what is shown now can be approved"


def test_a_stale_approval_shows_what_changed(desk: Desk, visitor: Any) -> None:
    """The one who opens the page next sees it is void, and why."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    yes(wang, case, packet_page(wang, case))
    desk.file(data=picture(seed=9))
    page = packet_page(wang, case)
    assert "The approval by wang was for another packet" in page and "has other content" in page
    assert "/send/" not in page, "nothing can be sent on it"


def test_looking_at_a_packet_changes_nothing(desk: Desk, visitor: Any) -> None:
    """Opening a page is no act."""
    case = desk.case()
    desk.draft(case)
    before = desk.ctx.store.audit.head()
    packet_page(visitor("look"), case)
    packet_page(visitor("draft"), case)
    visitor("look").get(at("case", case.key))
    story = desk.ctx.store.audit.story(case.key.ref)
    assert [link.what for link in story] == ["drafted", "frozen"]
    assert before[0] >= len(story)


def test_a_no_needs_its_reason_and_bears_the_name(desk: Desk, visitor: Any) -> None:
    """The drafter wants to know."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    assert wang.post(at("reject", case.key), {"why": "  "}).status_code == 400
    answer = wang.follow(wang.post(at("reject", case.key), {"why": "photo of another day"}))
    assert "photo of another day" in answer.text
    last = desk.ctx.store.audit.story(case.key.ref)[-1]
    assert (last.who, last.what, last.data["why"]) == ("wang", "withdrawn", "photo of another day")


def test_four_eyes_hold_at_the_desk_too(desk: Desk, visitor: Any) -> None:
    """Hidden is not enough: the form is sent by hand."""
    desk.ctx.settings = desk.ctx.settings.model_copy(update={"four_eyes": True})
    case = desk.case()
    desk.draft(case, by="li")
    li = visitor("approve", name="li")
    page = packet_page(li, case)
    assert "another person must approve it" in page
    token = li.ctx.store.people.issue(
        "approve", f'["{case.key.ref}", "{desk.packet(case).digest}"]', holder=hashed(li.cookies[li.state.cookie]),
        lives=desk.clock.at - desk.clock.at.replace(year=2025),
    )  # fmt: skip
    answer = li.post(at("approve", case.key), {"token": token, "digest": desk.packet(case).digest})
    assert answer.status_code == 409 and "four_eyes" in answer.text
    assert desk.ctx.store.ledger.approvals(case.key) == []


def test_nothing_is_sent_without_a_living_approval(desk: Desk, visitor: Any) -> None:
    """The address is known, the token is not given, and a guessed one is none."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    page = packet_page(wang, case)
    assert "/send/" not in page
    wang.post(at("send", case.key), {"token": hidden(page.partition("/approve/")[2], "token"), "do": "send"})
    wang.post(at("send", case.key), {"token": "guessed", "do": "send"})
    assert wang.state.works.under_way() == [] and desk.ctx.store.ledger.attempts(case.key) == []


def test_an_expired_approval_is_no_right_to_send(desk: Desk, visitor: Any, clock: Clock) -> None:
    """The page of yesterday still lies open."""
    case = desk.case()
    desk.draft(case)
    wang = visitor("approve", name="wang")
    assert "/send/" in wang.follow(yes(wang, case, packet_page(wang, case))).text
    clock.move(hours=25)
    again = visitor("approve", name="wang")
    assert "/send/" not in packet_page(again, case)
