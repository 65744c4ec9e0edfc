"""What is approved arrives exactly so, once; what goes wrong on the way never makes a second one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.browser.guard import SendingGuard
from agent.browser.tab import Tab
from agent.errors import REFUSED, UNKNOWN
from agent.sending import Attempt, Ledger
from agent.sending.packet import nfc
from agent.sending.send import READ_BACK
from tests.submit.conftest import Appeal

pytestmark = [pytest.mark.sends, pytest.mark.mock(cases=2)]


def assert_arrived_as_approved(appeal: Appeal) -> None:
    packet = appeal.ctx.store.ledger.current(appeal.key, "appeal")
    assert packet is not None
    sent = appeal.arrived()
    assert len(sent) == 1
    fields = sent[0]["fields"]
    assert fields["orderId"] == [appeal.key.case_id]
    assert fields["appealType"] == ["DELIVERY_PROOF"]
    note = packet.field("note")
    assert note is not None and [nfc(text) for text in fields["note"]] == [nfc(note.value)]
    have = [(f["name"], f["size"], f["sha256"]) for f in sent[0]["files"]]
    assert have == [(f.upload_name, f.size, f.sha256) for f in packet.files]


def test_an_approved_appeal_arrives_once_and_exactly_as_approved(appeal: Appeal) -> None:
    appeal.approve()
    result = appeal.submit()
    assert (result.outcome, result.code) == ("confirmed", 0), result
    assert_arrived_as_approved(appeal)
    assert appeal.writes() == []
    assert appeal.case.status.is_ == "in_review" and appeal.case.deadlines == ()
    again = appeal.submit()
    assert (again.outcome, again.code, again.error) == ("not_sent", REFUSED, "ApprovalSpent"), again
    assert len(appeal.arrived()) == 1
    assert appeal.ctx.store.audit.verify() is None


@pytest.mark.parametrize("mode", ["fetch", "xhr"])
def test_a_page_that_sends_by_script_is_sent_once_too(appeal: Appeal, mode: str) -> None:
    appeal.mock.event("mode", submit_mode=mode)
    appeal.approve()
    assert appeal.submit().outcome == "confirmed"
    assert_arrived_as_approved(appeal)


def test_uploads_that_go_before_the_form_carry_the_approved_bytes(appeal: Appeal) -> None:
    appeal.mock.event("mode", upload_mode="earlier")
    packet = appeal.approve()
    assert appeal.submit().outcome == "confirmed"
    assert len(appeal.arrived()) == 1
    uploads = [f for one in appeal.mock.received("write") if one["path"] == "/upload/files" for f in one["files"]]
    assert sorted(f["sha256"] for f in uploads) == sorted(f.sha256 for f in packet.files)


def test_a_connection_dropped_after_acceptance_gives_one_appeal_and_is_found_by_reading(appeal: Appeal) -> None:
    appeal.mock.fault("drop_after", "/orders/[^/]+/appeal$", method="POST")
    appeal.approve()
    result = appeal.submit()
    assert (result.outcome, result.code) == ("unknown", UNKNOWN), result
    assert len(appeal.arrived()) == 1, "the browser's own repetition must not leave"
    assert appeal.ctx.store.cases.rows(text=appeal.key.case_id)[0].sending == "unknown"
    assert appeal.submit().outcome == "not_sent"
    [settled] = appeal.reconcile()
    assert settled.outcome == "confirmed" and settled.receipt is not None, settled
    assert len(appeal.arrived()) == 1


def test_without_the_sending_guard_the_same_drop_gives_two_requests(
    appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_guard(self: SendingGuard, *args: object, **more: object) -> None:
        return None

    monkeypatch.setattr(SendingGuard, "attach", no_guard)
    appeal.mock.fault("drop_after", "/orders/[^/]+/appeal$", method="POST")
    appeal.approve()
    appeal.submit()
    assert len(appeal.arrived()) == 2, "Chromium repeats a POST by itself when the connection drops"


def test_a_connection_dropped_before_acceptance_is_cleared_only_after_time_and_needs_a_new_approval(
    appeal: Appeal,
) -> None:
    appeal.mock.fault("drop_before", "/orders/[^/]+/appeal$", method="POST")
    appeal.approve()
    assert appeal.submit().outcome == "unknown"
    assert [r.outcome for r in appeal.reconcile()] == ["unknown"], "a slow portal may still be working on it"
    for minutes, outcome in ((11, "unknown"), (13, "cleared")):  # it may have left two minutes after the arming
        appeal.mock.advance((timedelta(minutes=minutes) - appeal.clock.ahead).total_seconds())
        appeal.clock.ahead = timedelta(minutes=minutes)
        assert [r.outcome for r in appeal.reconcile()] == [outcome]
    assert appeal.submit().outcome == "not_sent", "the old approval is spent"
    assert len(appeal.arrived()) == 1
    appeal.approve()
    assert appeal.submit().outcome == "confirmed"
    assert len([one for one in appeal.arrived() if one["accepted"]]) == 1


@pytest.mark.parametrize("fault", ["408_after", "500_after"])
def test_an_error_page_after_acceptance_is_settled_by_reading(appeal: Appeal, fault: str) -> None:
    appeal.mock.fault(fault, "/orders/[^/]+/appeal$", method="POST")
    appeal.approve()
    assert appeal.submit().outcome == "unknown"
    assert [r.outcome for r in appeal.reconcile()] == ["confirmed"]
    assert len(appeal.arrived()) == 1


def test_a_page_that_submits_twice_sends_once(appeal: Appeal) -> None:
    appeal.mock.event("mode", submit_mode="fetch")
    appeal.mock.fault("double_submit", "/orders/[^/]+/appeal$", count="all")
    appeal.approve()
    appeal.submit()
    assert len(appeal.arrived()) == 1
    appeal.reconcile()
    assert appeal.case.appeals is not None and appeal.case.appeals.used == 1


def test_a_second_submit_button_of_another_form_is_not_the_one_clicked(appeal: Appeal) -> None:
    appeal.mock.fault("second_submit", "/orders/[^/]+/appeal$", count="all")
    appeal.approve()
    assert appeal.submit().outcome == "confirmed"
    assert_arrived_as_approved(appeal)
    assert appeal.writes() == []


def test_the_portals_own_refusal_is_given_in_its_words(appeal: Appeal) -> None:
    appeal.approve()
    packet = appeal.ctx.store.ledger.current(appeal.key, "appeal")
    assert packet is not None

    def close_the_window(step: str) -> None:
        if step == "click":  # the buyer withdraws between the last look and the click
            appeal.mock.event("withdraw", case_id=appeal.key.case_id)

    result = appeal.submit(step=close_the_window)
    assert (result.outcome, result.code) == ("refused", REFUSED), result
    assert "이의 제기를 할 수 없는" in str(result.said) or "ERR-DS" in str(result.said)


def test_a_machine_that_sleeps_between_arming_and_click_lets_nothing_out(
    appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = Ledger.arm

    def arms_and_sleeps(self: Ledger, *given: Any, **more: Any) -> Attempt:
        attempt = arm(self, *given, **more)
        appeal.clock.ahead = timedelta(minutes=8)
        return attempt

    appeal.approve()
    monkeypatch.setattr(Ledger, "arm", arms_and_sleeps)
    result = appeal.submit()
    assert (result.outcome, result.code) == ("cleared", REFUSED) and "slept" in str(result.said)
    assert appeal.arrived() == []


def test_the_portals_clock_at_the_form_goes_on_while_the_machine_sleeps(
    appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = datetime(2031, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(Tab, "server_now_at_most", slept)
    appeal.approve()
    assert appeal.submit().outcome == "confirmed"
    [ready] = [link for link in appeal.ctx.store.audit.story(appeal.key.ref) if link.what == READ_BACK]
    assert datetime.fromisoformat(ready.data["portal_clock"]) == slept


def test_a_dry_run_fills_everything_and_sends_nothing(appeal: Appeal) -> None:
    appeal.approve()
    result = appeal.submit(dry_run=True)
    assert (result.outcome, result.code) == ("rehearsed", 0), result
    assert appeal.mock.received("write") == []
    assert appeal.ctx.store.ledger.attempts() == []
    assert appeal.submit().outcome == "confirmed", "rehearsing spends nothing"
