"""Pages that meddle with the form: what was approved leaves, or nothing; each guard taken away lets the damage through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.browser import form
from agent.browser.form import LabelledForm
from agent.browser.guard import ReadingGuard
from agent.errors import REFUSED
from agent.sending.body import PacketCheck
from flows.sync import sync
from tests.sending.conftest import NOTE, Desk

pytestmark = [pytest.mark.sends, pytest.mark.mock(cases=2)]
Script = Callable[[str], None]

TRIMS = """addEventListener('input', (e) => {
  if (e.target.id === 'note' && e.target.value.endsWith('.')) e.target.value = e.target.value.slice(0, -1);
}, true)"""
SWAPS_TEXT = "addEventListener('submit', () => { document.getElementById('note').value += '!'; }, true)"
SWAPS_CHOICE = "addEventListener('submit', () => { document.getElementById('appealType').selectedIndex = 3; }, true)"
ADDS_FILE = """addEventListener('formdata', (e) => { e.formData.append('files', new File(['x'], 'x.jpg')); }, true)"""
ASKS = "addEventListener('submit', (e) => { if (!confirm('제출하시겠습니까?')) e.preventDefault(); }, true)"
OPENS = """addEventListener('submit', () => {
  const f = document.createElement('form'); f.method = 'post'; f.action = '/feedback'; f.target = '_blank';
  document.body.append(f); HTMLFormElement.prototype.submit.call(f);
}, true)"""
PARTS = "addEventListener('pagehide', () => navigator.sendBeacon('/winglayout/beacon', 'x'))"


def test_a_form_that_shortens_the_note_is_noticed_before_the_click(desk: Desk, page_script: Script) -> None:
    page_script(TRIMS)
    desk.approve()
    result = desk.submit()
    assert (result.outcome, result.code, desk.arrived()) == ("not_sent", REFUSED, [])
    assert "note" in str(result.said) and desk.ctx.store.ledger.attempts() == []


def test_without_reading_back_the_shortened_note_comes_as_far_as_the_body_check(
    desk: Desk, page_script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(self: LabelledForm, packet: object) -> list[Any]:
        return []

    monkeypatch.setattr(LabelledForm, "differences", nothing)
    page_script(TRIMS)
    desk.approve()
    result = desk.submit()
    assert (result.outcome, desk.arrived()) == ("cleared", []), result
    monkeypatch.setattr(PacketCheck, "sending", lambda *_: None)
    desk.approve()
    desk.submit()
    assert [one["fields"]["note"] for one in desk.arrived()] == [[NOTE[:-1].replace("\n", "\r\n")]]


@pytest.mark.parametrize("script", [SWAPS_TEXT, SWAPS_CHOICE, ADDS_FILE], ids=["text", "choice", "file"])
def test_a_script_that_swaps_something_at_the_click_sends_nothing(desk: Desk, page_script: Script, script: str) -> None:
    page_script(script)
    desk.approve()
    result = desk.submit()
    assert (result.outcome, result.code, desk.arrived()) == ("cleared", REFUSED, []), result
    assert [a.state for a in desk.ctx.store.ledger.attempts()] == ["cleared"]


def test_without_the_body_check_the_swapped_text_leaves(
    desk: Desk, page_script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PacketCheck, "sending", lambda *_: None)
    page_script(SWAPS_TEXT)
    desk.approve()
    desk.submit()
    assert [one["fields"]["note"][0][-1] for one in desk.arrived()] == ["!"]


def test_the_portals_own_question_after_the_click_is_part_of_it(desk: Desk, page_script: Script) -> None:
    page_script(ASKS)
    desk.approve()
    assert desk.submit().outcome == "confirmed"


def test_a_question_nobody_answers_sends_nothing_and_says_so(
    desk: Desk, page_script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dismissed(self: LabelledForm, dialog: Any) -> None:
        await dialog.dismiss()

    monkeypatch.setattr(LabelledForm, "_dialog", dismissed)
    monkeypatch.setattr("agent.browser.form.ANSWER_MS", 2_000)
    page_script(ASKS)
    desk.approve()
    assert (desk.submit().outcome, desk.arrived()) == ("cleared", [])


@pytest.mark.parametrize("script", [OPENS, PARTS], ids=["a window of its own", "a parting beacon"])
def test_only_the_appeal_leaves_whatever_else_the_page_sends(desk: Desk, page_script: Script, script: str) -> None:
    page_script(script)
    desk.approve()
    assert desk.submit().outcome == "confirmed"
    assert (len(desk.arrived()), desk.others()) == (1, [])


@pytest.mark.parametrize("guarded", [True, False])
def test_a_beacon_of_a_page_that_is_only_read(desk: Desk, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_guard(self: ReadingGuard, *args: object) -> None:
        return None

    if not guarded:
        monkeypatch.setattr(ReadingGuard, "attach", no_guard)
    desk.mock.fault("beacon", "/orders", "GET", "all")
    report = desk.run(sync(desk.ctx, desk.ctx.settings.account))
    if guarded:
        assert desk.others() == [] and sum(channel.held_back for channel in report.channels) > 0
    else:
        assert "/winglayout/beacon" in desk.others()


@pytest.mark.parametrize(
    ("submit_mode", "upload_mode", "size"),
    [
        pytest.param("form", "with_form", 9_900_000, marks=pytest.mark.long),
        ("fetch", "with_form", 1_000_000),
        ("xhr", "with_form", 1_000_000),
        ("form", "earlier", 1_000_000),
    ],
)
def test_large_files_arrive_byte_for_byte(
    desk: Desk, submit_mode: str, upload_mode: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "ROWS_MS", 60_000)
    desk.mock.event("mode", submit_mode=submit_mode, upload_mode=upload_mode)
    packet = desk.approve(size, size + 100_000, 70_000)
    result = desk.submit()
    assert result.outcome == "confirmed", result
    writes = desk.mock.received("write")
    files = [(f["name"], f["size"], f["sha256"]) for one in writes for f in one["files"]]
    assert files == [(f.upload_name, f.size, f.sha256) for f in packet.files]
    assert len(desk.arrived()) == 1


def test_a_rehearsal_uploads_nothing_and_says_how_far_it_came(desk: Desk) -> None:
    desk.mock.event("mode", upload_mode="earlier")
    desk.approve()
    result = desk.submit(dry_run=True)
    assert (result.outcome, result.code) == ("rehearsed", 0) and "up to the files" in str(result.said)
    assert desk.mock.received("write") == [] and desk.ctx.store.ledger.attempts() == []


def test_a_page_that_never_shows_the_files_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.browser.form.ROWS_MS", 2_000)
    desk.mock.fault("no_rows", "/orders/[^/]+/appeal$", "GET", "all")
    desk.approve()
    result = desk.submit()
    assert (result.outcome, result.code, desk.arrived()) == ("not_sent", REFUSED, [])
    assert result.bundle is not None


def test_a_hint_that_names_the_file_is_not_taken_for_its_row(desk: Desk) -> None:
    desk.mock.event("mode", upload_mode="earlier")
    desk.mock.fault("delay", "/upload/files", "POST", ms=1_000)
    packet = desk.approve(3_000)
    assert packet.files[0].upload_name == f"{desk.key.case_id}_DeliveryProof.jpg", "the form shows it as an example"
    assert desk.submit().outcome == "confirmed"


def test_past_the_deadline_nothing_is_sent_and_the_difference_is_shown(desk: Desk) -> None:
    desk.approve()
    desk.mock.advance(8 * 24 * 3600)
    result = desk.submit()
    assert (result.outcome, result.code, desk.arrived()) == ("not_sent", REFUSED, [])
    assert "Status: action needed (“이의 제기 가능”) → expired (“이의 제기 기간 만료”)" in str(result.said)


def test_a_refusal_made_up_by_the_pages_script_is_not_believed(desk: Desk) -> None:
    desk.mock.event("mode", submit_mode="fetch")
    desk.mock.fault("500_after", "/orders/[^/]+/appeal$", "POST")
    desk.approve()
    assert desk.submit().outcome == "unknown", "the script says ERR-DS-099, the portal has accepted"
    assert [one.outcome for one in desk.reconcile()] == ["confirmed"]
