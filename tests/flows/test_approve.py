"""An approval is for what a person looked at, and for nothing else: not for another text, file, case or day."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import AlreadyAttempted, ApprovalStale, LintBlocked, NotApproved, UsageFault
from agent.home import Home
from flows import approve, packet
from flows.context import opened
from tests.evidence.made import NOTE, picture
from tests.flows.conftest import Clock, Desk


def test_the_digest_of_what_would_be_sent_is_approved(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    sent = desk.packet(case)
    given = desk.approve(case, sent.digest[:8])
    assert (given.digest, given.by) == (sent.digest, "wang")
    assert (given.expires_at - given.at).total_seconds() == 24 * 3600
    assert desk.ctx.store.ledger.living_approval(sent) == given
    assert desk.ctx.store.cases.rows()[0].sending == "approved"


def test_a_wrong_digest_approves_nothing_and_says_where_to_look(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    with pytest.raises(UsageFault, match="is not the digest") as fault:
        desk.approve(case, "0123abcd")
    assert f"rebuttal packet {case.key.ref}" in str(fault.value.todo)
    assert desk.ctx.store.ledger.approvals(case.key) == []


def test_the_digest_of_an_earlier_packet_approves_nothing_and_tells_the_difference(desk: Desk) -> None:
    case = desk.case()
    old = desk.draft(case).packet
    assert old is not None
    desk.draft(case, text=NOTE + " 감사합니다.", files=())
    with pytest.raises(UsageFault, match=r"earlier packet.*Since then: .*note"):
        desk.approve(case, old.digest[:12])


def test_a_file_changed_after_it_was_looked_at_needs_another_look(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    looked = desk.packet(case)
    (desk.folder / "proof.jpg").write_bytes(picture(seed=9))
    with pytest.raises(UsageFault, match="has other content"):
        desk.approve(case, looked.digest[:12])
    assert desk.packet(case).digest != looked.digest


def test_a_file_that_is_gone_is_a_fault_and_no_approval(desk: Desk) -> None:
    case = desk.case()
    looked = desk.draft(case).packet
    assert looked is not None
    (desk.folder / "proof.jpg").unlink()
    with pytest.raises(UsageFault, match="There is no file"):
        desk.approve(case, looked.digest[:12])


def test_a_draft_with_findings_is_not_approved(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case, files=())
    with pytest.raises(LintBlocked, match=r"CP6\.too_few") as fault:
        desk.approve(case, "0123abcd")
    assert fault.value.exit_code == 14
    with pytest.raises(LintBlocked):
        packet.packet(desk.ctx, case.key.ref)


def test_a_finding_let_stand_with_a_reason_is_approved_with_it(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case, text=NOTE + " 구매자가 거짓말을 했습니다.", overrides={"CP10.tone.buyer": "quoted"})
    desk.approve(case)
    [frozen] = [one for one in desk.ctx.store.audit.story(case.key.ref) if one.what == "frozen"]
    assert frozen.data["overrides"] == {"CP10.tone.buyer": "quoted"}


def test_a_case_that_moved_at_the_portal_is_not_approved(desk: Desk) -> None:
    case = desk.case()
    looked = desk.draft(case).packet
    assert looked is not None
    desk.case(flags=("senior_review",))
    with pytest.raises(LintBlocked, match=r"case\.moved"):
        desk.approve(case, looked.digest[:12])


def test_an_own_rule_changed_after_the_look_needs_another_look(desk: Desk, desk_home: Home) -> None:
    case = desk.case()
    desk.draft(case)
    looked = desk.packet(case)
    own = desk_home.own_policy("coupang")
    own.parent.mkdir(parents=True)
    own.write_text("[channels.refund_disputes.actions.appeal.fields.note]\nmax_chars = 300\n", encoding="utf-8")
    with pytest.raises(UsageFault, match="rules"):
        desk.approve(case, looked.digest[:12])


def test_with_four_eyes_the_writer_does_not_approve(desk: Desk, desk_home: Home, clock: Clock) -> None:
    case = desk.case()
    sent = desk.draft(case, by="li").packet
    assert sent is not None
    text = desk_home.settings_file.read_text(encoding="utf-8")
    desk_home.settings_file.write_text("four_eyes = true\n" + text, encoding="utf-8")
    with opened(desk_home, clock=clock) as ctx:
        with pytest.raises(NotApproved, match="four_eyes"):
            approve.approve(ctx, case.key.ref, digest=sent.digest, by=" li ")
        assert approve.approve(ctx, case.key.ref, digest=sent.digest, by="wang").by == "wang"


def test_the_approval_lasts_as_long_as_the_settings_say(desk: Desk, desk_home: Home, clock: Clock) -> None:
    case = desk.case()
    sent = desk.draft(case).packet
    assert sent is not None
    text = desk_home.settings_file.read_text(encoding="utf-8")
    desk_home.settings_file.write_text("approval_hours = 2\n" + text, encoding="utf-8")
    with opened(desk_home, clock=clock) as ctx:
        approve.approve(ctx, case.key.ref, digest=sent.digest, by="wang")
    clock.move(hours=2)
    with pytest.raises(ApprovalStale, match="expired"):
        desk.ctx.store.ledger.living_approval(sent)


def test_a_slot_that_is_used_is_not_approved_again(desk: Desk) -> None:
    case = desk.case()
    sent = desk.draft(case).packet
    assert sent is not None
    given = desk.approve(case)
    ledger, leases = desk.ctx.store.ledger, desk.ctx.store.leases
    lease = leases.take("coupang:main", "me", 60)
    attempt = ledger.arm(sent, given, lease=lease, one_shot=True)
    ledger.settle(attempt.id, "unknown", words="?", by="li")
    with pytest.raises(AlreadyAttempted, match="outcome is not known"):
        desk.approve(case)


def test_nothing_drafted_means_nothing_to_look_at_or_approve(desk: Desk) -> None:
    case = desk.case()
    for ask in (lambda: desk.packet(case), lambda: desk.approve(case, "0123abcd")):
        with pytest.raises(UsageFault, match="There is no draft") as fault:
            ask()
        assert f"rebuttal draft {case.key.ref} --action appeal" in str(fault.value.todo)


def test_nobody_approves_without_a_name(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    with pytest.raises(UsageFault, match="Whose decision"):
        desk.approve(case, by="  ")


def test_a_no_takes_the_approval_back_and_is_on_record(desk: Desk) -> None:
    case = desk.case()
    sent = desk.draft(case).packet
    assert sent is not None
    given = desk.approve(case)
    no = approve.reject(desk.ctx, case.key.ref, why="the photo is from another day", by="zhao")
    assert [one.id for one in no.withdrawn] == [given.id]
    with pytest.raises(NotApproved, match="another day"):
        desk.ctx.store.ledger.living_approval(sent)
    last = desk.ctx.store.audit.story(case.key.ref)[-1]
    assert (last.who, last.what, last.data["why"]) == ("zhao", "withdrawn", "the photo is from another day")


def test_a_no_is_possible_although_a_file_is_gone(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    (desk.folder / "proof.jpg").unlink()
    no = approve.reject(desk.ctx, case.key.ref, why="evidence lost", by="zhao")
    assert no.withdrawn == ()
    assert "rejected" in str(no.said)


def test_a_no_wants_a_reason_and_something_to_say_it_to(desk: Desk) -> None:
    case = desk.case()
    with pytest.raises(UsageFault, match="nothing to reject"):
        approve.reject(desk.ctx, case.key.ref, why="no", by="zhao")
    desk.draft(case)
    with pytest.raises(UsageFault, match="needs a reason"):
        approve.reject(desk.ctx, case.key.ref, why=" ", by="zhao")


def test_the_packet_says_what_changed_since_it_was_looked_at(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    case = desk.case()
    desk.draft(case)
    desk.approve(case)
    capsys.readouterr()
    (desk.folder / "proof.jpg").write_bytes(picture(seed=9))
    desk.packet(case)
    told = capsys.readouterr().out
    assert "File COO123456789_DeliveryProof.jpg has other content" in told
    assert "does not hold for this one" in told
    assert "제출 후에는 수정하거나 다시 제출할 수 없습니다." in told


def test_the_original_is_never_touched(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(desk.folder).iterdir()}
    desk.packet(case)
    desk.approve(case)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(desk.folder).iterdir()} == files
