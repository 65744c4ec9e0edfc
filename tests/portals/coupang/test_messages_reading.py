"""A message misread is a message answered late, or one believed to be answered that is not (CM1–CM4, CM13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.home import Home
from agent.records import Case
from fixtures import serving
from flows.context import opened
from tests.conftest import Run, settings_text, sign_in
from tests.portals.coupang.conftest import Shop
from tests.truth import differences

TALK = {"others": "0", "messages": "6"}
FEW = {"others": "0", "messages": "3"}


@pytest.mark.parametrize(
    "now",
    [
        "2025-12-31T14:30:00Z",  # 23:30 in Seoul on the last day of the year, 22:30 in Shanghai
        pytest.param(
            "2025-12-31T15:10:00Z", marks=pytest.mark.long
        ),  # 00:10 in Seoul on New Year's Day, still last year in Shanghai
        "2026-02-16T23:50:00Z",  # Seollal
        pytest.param("2024-02-28T15:30:00Z", marks=pytest.mark.long),  # 29 February has begun in Seoul
        pytest.param("2026-03-08T06:59:00Z", marks=pytest.mark.long),  # clocks change in New York, not in Seoul
    ],
)
def test_no_deadline_is_told_late_on_days_when_calendars_differ(
    now: str, run: Run[Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", "k")
    with serving(("coupang",), seed=5, cases=1, options=TALK, now=datetime.fromisoformat(now)) as served:
        mock = served["coupang"]
        home = Home(tmp_path / "home").create()
        text = settings_text(mock) + 'options.channels = ["messages"]\n'
        home.settings_file.write_text(text, encoding="utf-8")
        with opened(home) as ctx:
            sign_in(ctx, mock, run)
            shop = Shop(ctx, mock, run, tmp_path / "evidence")
            assert shop.sync().exit_code == 0
            truth = {one["case_id"]: one for one in shop.truth("messages")}
            wrong = {
                case.case_id: found
                for case in shop.cases("messages")
                if (found := differences(case.public(), truth[case.case_id]))
            }
            assert wrong == {}
            assert any(case.deadlines for case in shop.cases("messages"))


def _open(shop: Shop) -> list[Case]:
    return [case for case in shop.cases("messages") if case.status.is_ == "action_needed"]


def test_the_two_hour_window_is_known_though_the_page_leaves_it_to_the_rule(shared: Shop) -> None:
    shared.sync("messages")
    ruled = [case for case in shared.cases("messages") for due in case.deadlines if due.basis == "rule"]
    shown = [case for case in shared.cases("messages") for due in case.deadlines if due.basis != "rule"]
    assert shown
    for _ in range(40):
        if ruled:
            break
        made = shared.mock.event("message_new", kind="cancel_complaint", state="open")
        shared.sync("messages")
        case = shared.known("messages", made["case_id"])
        ruled = [case] if case.deadlines[0].basis == "rule" else []
    (due,) = ruled[0].deadlines
    hours = {"cancellation": 2, "return_dispute": 48}.get(ruled[0].reason.is_ if ruled[0].reason else "", 24)
    assert ruled[0].opened_at is not None
    assert due.at == ruled[0].opened_at + timedelta(hours=hours)
    assert due.rule == ("CM2" if hours != 24 else "CM9")


def test_a_countdown_beside_kst_proves_the_zone(shared: Shop) -> None:
    shared.mock.event("message_new", kind="return_dispute", state="open", count=6)
    shared.sync("messages")
    proved = [due for case in _open(shared) for due in case.deadlines if due.zone_basis == "page"]
    assert proved and all("KST" in due.shown for due in proved)


def test_an_order_is_the_same_with_and_without_its_prefix(shared: Shop) -> None:
    shared.sync("messages")
    cases = [case for case in shared.cases("messages") if case.order_id]
    prefixed = [case for case in cases if case.order_shown]
    assert prefixed and len(prefixed) < len(cases)
    for case in cases:
        assert not case.order_id.startswith("CP-")
        assert case.order_shown in (None, f"CP-{case.order_id}")


def test_an_auto_reply_is_never_an_answer(shared: Shop) -> None:
    case = shared.made("messages", "message_new", kind="return_dispute")
    shared.mock.event(
        "message_line", case_id=case.case_id, **{"from": "seller"}, text="곧 답변드리겠습니다.", auto=True
    )
    shared.sync("messages")
    now = shared.again(case)
    assert now.messages[-1].auto
    assert (now.status.is_, now.actions) == ("action_needed", ("reply",))


@pytest.mark.mock(cases=1, options=FEW)
@pytest.mark.account(channels=["messages"])
def test_at_zero_only_a_ticket_is_left(shop: Shop) -> None:
    shop.sync()
    case = next(one for one in _open(shop) if one.order_id)
    shop.mock.advance(73 * 3600)
    shop.sync()
    now = shop.again(case)
    assert (now.status.is_, now.actions, now.deadlines) == ("expired", ("open_ticket",), ())


def test_a_portal_that_counts_an_answer_as_none_makes_the_case_open_again(shared: Shop) -> None:
    case = shared.made("messages", "message_new", kind="return_dispute", state="answered")
    shared.mock.event("message_judge", case_id=case.case_id, result="redo")
    shared.sync("messages")
    now = shared.again(case)
    assert now.status.is_ == "action_needed" and now.outcome is None and now.deadlines
    shared.mock.event("message_withdraw", case_id=case.case_id)
    shared.sync("messages")
    assert shared.again(case).status.is_ == "withdrawn"


def test_attachments_are_kept_byte_for_byte(shared: Shop) -> None:
    shared.sync("messages")
    files = [file for case in shared.cases("messages") for message in case.messages for file in message.attachments]
    assert files
    for file in files:
        assert file.sha256 is not None
        assert shared.ctx.store.blobs.get(file.sha256).startswith(b"\x89PNG")


@pytest.mark.mock(cases=1, options=FEW)
@pytest.mark.account(channels=["messages"])
def test_what_changed_is_archived_with_its_picture_in_the_chain(shop: Shop) -> None:
    shop.sync()
    case = _open(shop)[0]
    links = [link for link in shop.ctx.store.audit.story(case.key.ref) if link.what == "archived"]
    assert len(links) == 1 and f"message_id={case.case_id}" in links[0].data["url"]
    picture = shop.ctx.store.blobs.get(links[0].data["picture"])
    assert picture.startswith((b"\x89PNG", b"\xff\xd8"))
    assert case.case_id.encode() in shop.ctx.store.pages.get(links[0].data["page"])
    shop.sync(full=True)
    links = [link for link in shop.ctx.store.audit.story(case.key.ref) if link.what == "archived"]
    assert len(links) == 1, "an unchanged message is not archived again"
    assert shop.ctx.store.audit.verify() is None


def _unread_in(shop: Shop) -> set[str]:
    """Ids of the messages that the portal still shows as unread."""
    import urllib.request

    cookies = shop.ctx.vault.load("coupang:main")
    assert cookies is not None
    header = "; ".join(f"{one['name']}={one['value']}" for one in cookies["cookies"])
    found = set()
    for group in ("order", "policy", "inventory"):
        asked = urllib.request.Request(
            f"{shop.mock.base_url}/messages?class={group}&size=50", headers={"cookie": header}
        )
        with urllib.request.urlopen(asked) as answer:
            html = answer.read().decode()
        for row in html.split("<tr ")[1:]:
            if "<td>읽지 않음</td>" in row:
                found.add(row.split("message:")[1].split('"')[0])
    return found


@pytest.mark.mock(cases=1, options=FEW)
@pytest.mark.account(channels=["messages"])
def test_reading_opens_messages_unless_told_otherwise(shop: Shop) -> None:
    assert _unread_in(shop)
    shop.sync()
    assert not _unread_in(shop)


@pytest.mark.mock(cases=1, options=TALK)
@pytest.mark.account(channels=["messages"], open_messages=False)
def test_a_store_that_goes_by_the_unread_mark_keeps_it(shop: Shop) -> None:
    unread = _unread_in(shop)
    report = shop.sync()
    assert report.exit_code == 0, report.public()
    assert _unread_in(shop) == unread
    truth = {one["case_id"]: one for one in shop.truth("messages")}
    for case in shop.cases("messages"):
        true = truth[case.case_id]
        if case.case_id in unread:
            assert "messages" in case.missing and not case.messages and not case.actions
            assert (case.status.is_, case.order_id) == (true["status"]["is"], true["order_id"])
            for told, due in zip(case.deadlines, true["deadlines"], strict=True):
                assert told.at <= datetime.fromisoformat(due["at"])
        else:
            assert differences(case.public(), true) == {}
    opened = next(iter(unread))
    shop.mock.event(
        "message_line", case_id=opened, **{"from": "buyer"}, text="아직 답변이 없습니다. 확인 부탁드립니다."
    )
    shop.sync()
    assert _unread_in(shop) == unread


def test_both_clocks_are_an_hour_apart() -> None:
    from agent.reading.deadlines import both_clocks

    at = datetime(2026, 1, 1, 0, 30, tzinfo=ZoneInfo("Asia/Seoul"))
    portal, operator = both_clocks(at, "Asia/Seoul", "Asia/Shanghai", "en")
    assert (portal, operator) == ("Thu 1 Jan 2026 00:30 UTC+09:00", "Wed 31 Dec 2025 23:30 UTC+08:00")
