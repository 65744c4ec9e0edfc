"""A deadline read on the wrong clock, or a table of question marks: what the pictures prevent."""

import io
import re
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.records import Case, CaseKey, Deadline, Decision, Money, Party, Reason, Status
from agent.sending.difference import moved
from agent.sending.packet import Packet, PacketField, PacketFile
from agent.store import CaseRow
from agent.words import say, speak, spoken
from flows.cli import reports, show, terms
from flows.cli.bars import progress_bars
from flows.context import Progress, Quiet
from flows.submit import Result, SubmitReport
from flows.terms import fact
from flows.times import left

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SHANGHAI, SEOUL = ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Seoul")
CASE = Case(
    portal="coupang",
    account="main",
    channel="refund_disputes",
    case_id="COO1",
    order_id="COO1",
    url="http://x/COO1",
    status=Status(shown="환불완료", is_="action_needed"),
    reason=Reason(shown="미수령", is_="not_received"),
    amount=Money(value=Decimal(37900), currency="KRW"),
    actions=("appeal",),
    flags=("senior_review",),
    deadlines=(
        Deadline(
            kind="appeal",
            at=NOW + timedelta(hours=1),
            shown="1시간 남음",
            basis="countdown",
            zone="Asia/Seoul",
            zone_basis="page",
            precision_s=60,
            rule="CP4",
        ),
    ),
    decision=Decision(responsible=Party(shown="판매자", is_="seller"), clauses=("5.2",), text="[b]not markup[/b]"),
    missing={"opened_at": "the label is not on the page"},
)


def row(**more: Any) -> CaseRow:
    facts: dict[str, Any] = dict.fromkeys(CaseRow.__dataclass_fields__) | {
        "ref": CASE.key.ref,
        "portal": "coupang",
        "account": "main",
        "status": "action_needed",
        "status_shown": "환불완료",
        "reason": "not_received",
        "reason_shown": "미수령",
        "amount": CASE.amount,
        "next_deadline_at": NOW + timedelta(hours=1),
        "next_deadline_sure": True,
        "sending": "approved",
    }
    return CaseRow(**(facts | more))


@pytest.fixture(autouse=True)
def language() -> Any:
    before = spoken()
    speak("en")
    yield
    speak(before)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("en", ["Left", "1 h 0 min", "action needed", "approved"]),
        ("zh-CN", ["剩余", "1 小时 0 分", "待处理", "已批准"]),
    ],
)
def test_the_list_shows_both_clocks(capsys: pytest.CaptureFixture[str], chosen: str, words: list[str]) -> None:
    speak(chosen)
    show.cases([row()], now=NOW, zone=SHANGHAI, portal_zone=lambda portal, account: SEOUL)
    out = capsys.readouterr().out
    for word in [*words, "03-02 12:00 Shanghai", "03-02 13:00 Seoul", "환불완료", "37,900 KRW", CASE.key.ref]:
        assert word in out


def test_a_deadline_that_rests_on_an_assumption_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    show.cases([row(next_deadline_sure=False)], now=NOW, zone=SHANGHAI, portal_zone=lambda portal, account: SEOUL)
    out = capsys.readouterr().out
    assert "1 h 0 min?" in out
    assert "assumed" in out


def test_a_long_list_begins_with_the_most_urgent_and_says_what_it_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row(ref=f"coupang:main/refund_disputes/C{n}") for n in range(2)]
    show.cases(rows, now=NOW, zone=SHANGHAI, portal_zone=lambda portal, account: SEOUL, total=5)
    out = capsys.readouterr().out
    assert "C1" in out
    assert "5 cases." in out and "3 more are not printed" in out


def test_no_cases_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    show.cases([], now=NOW, zone=SHANGHAI, portal_zone=lambda portal, account: SEOUL)
    assert capsys.readouterr().out == "No cases.\n"


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (-1, "over"),
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h 0 min"),
        (24 * 60, "1 d 0 h"),
        (50 * 60 + 5, "2 d 2 h"),
    ],
)
def test_what_is_left_is_told_in_two_units(minutes: int, told: str) -> None:
    assert str(left(NOW + timedelta(minutes=minutes), NOW)) == told


def test_a_case_is_shown_with_the_portal_s_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    show.case(CASE, now=NOW, zone=SHANGHAI)
    out = capsys.readouterr().out
    for word in ["환불완료", "미수령", "1시간 남음", "판매자", "5.2", "[b]not markup[/b]", "opened_at", "senior"]:
        assert word in out


def test_a_packet_is_shown_whole_with_its_digest(capsys: pytest.CaptureFixture[str]) -> None:
    note = "배송 완료. " * 40
    packet = Packet(
        case=CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id="COO1"),
        order_id="COO1",
        case_revision="r",
        action="appeal",
        policy_version="p",
        by="li",
        fields=(PacketField(key="note", kind="text", value=note), PacketField(key="truth", kind="tick", value="yes")),
        files=(
            PacketFile(
                kind="DeliveryProof",
                upload_name="COO1_DeliveryProof1.jpg",
                size=1234,
                sha256="ab" * 32,
                media_type="image/jpeg",
                path="/x.jpg",
            ),
        ),
    )
    show.packet(packet)
    out = capsys.readouterr().out
    assert out.count("배송") == 40
    for word in [packet.digest, "COO1_DeliveryProof1.jpg", "1,234 B", "abababababababab", "ticked", "li"]:
        assert word in out


@pytest.mark.parametrize("encoding", ["ascii", "cp936", "cp949", "utf-8"])
def test_a_code_page_of_long_ago_gets_letters_it_has(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="replace"))
    show.cases([row()], now=NOW, zone=SHANGHAI, portal_zone=lambda portal, account: SEOUL)
    sys.stdout.flush()
    told = raw.getvalue().decode(encoding)
    assert "COO1" in told
    if encoding == "ascii":
        assert "─" not in told
        assert "+--" in told or "|--" in told


def test_bars_are_quiet_when_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bars(quiet=False) as progress:
        assert isinstance(progress, Quiet)
        task = progress.task("x", 3)
        task.step("a")
        task.end()
    assert capsys.readouterr() == ("", "")


def test_bars_on_a_terminal_move(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bars(quiet=False) as progress:
        shown: Progress = progress
        task = shown.task("coupang:main [x]")
        task.total(2)
        task.step("COO1")
        task.step("COO2")
        task.end()
    assert "coupang:main [x]" in screen.getvalue()


def test_every_word_of_the_records_has_its_words() -> None:
    from typing import get_args

    from agent.records import Action, DeadlineKind, PartyIs, ReasonIs, StatusIs

    for kinds, words in (
        (StatusIs, terms.status),
        (ReasonIs, terms.reason),
        (PartyIs, terms.party),
        (DeadlineKind, terms.deadline),
        (Action, terms.action),
    ):
        for key in get_args(kinds):
            assert words(key).text != "{key}", key
    assert str(terms.status("something_new")) == "something_new"


def test_what_changed_since_the_approval_is_told_in_words_and_not_in_a_program_s() -> None:
    gone = CASE.model_copy(
        update={"status": Status(shown="재심사 중", is_="in_review"), "deadlines": (), "actions": ()}
    )
    told = [str(one) for one in moved(CASE, gone, fact)]
    assert "Status: action needed (“환불완료”) → in review (“재심사 중”)" in told
    assert "Deadlines: appeal → –" in told
    assert not set("{}[]'_") & set("".join(told))
    chinese = "".join(one.in_language("zh-CN") for one in moved(CASE, gone, fact))
    assert not re.search("[a-z]{3}", chinese), chinese


def test_a_packet_that_was_not_sent_comes_with_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    why = say("{ref} has no approved packet.", ref="coupang:main/refund_disputes/COO1")
    todo = say("Draft, look and approve first: `rebuttal draft`, `rebuttal packet`, `rebuttal approve`.")
    speak("zh-CN")
    reports.submit_report(SubmitReport([Result("COO1", "appeal", "not_sent", why, None, todo=todo)]))
    shown = capsys.readouterr().out
    assert "未发送" in shown
    assert "not_sent" not in shown
    assert "rebuttal approve" in shown
