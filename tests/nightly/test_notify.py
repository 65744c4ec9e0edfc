"""A deadline that nobody was told of, or told of twice; a secret in a group chat: what telling prevents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from agent.errors import DONE, DOWN, USAGE
from agent.home import Home
from agent.records import Case, Message, Status
from agent.words import say, speak
from flows.context import opened
from flows.notify import notify
from tests.evidence.made import NOW
from tests.flows.conftest import Desk
from tests.nightly.conftest import sign_in_until
from tests.nightly.provider import Provider

Due = Callable[..., Case]


def deadlines(robot: Provider) -> list[str]:
    """What was told of deadlines, without its number."""
    return [re.sub(r"^#\d+ ", "", line) for line in robot.lines if " ends at " in line or " ended at " in line]


def hours(robot: Provider) -> list[str]:
    """The rungs that were told."""
    return [re.search(r"less than (\S+) h", line)[1] if "less than" in line else "over" for line in deadlines(robot)]  # type: ignore[index]


def test_each_rung_is_told_once_however_often_one_looks(desk: Desk, robot: Provider, due: Due) -> None:
    due(100)
    for later in (0, 27, 2, 40, 8, 1, 17, 1, 3, 1, 2):  # 100, 73, 71, 31, 23, 22, 5, 4, 1, 0 hours are left
        desk.clock.move(hours=later)
        notify(desk.ctx)
    assert hours(robot) == ["72", "24", "6", "2", "over"]
    assert deadlines(robot)[0] == (
        "coupang:main/refund_disputes/COO123456789: appeal ends at 2026-05-08 15:00 Shanghai "
        "(2026-05-08 16:00 Seoul), in less than 72 h."
    )


def test_rungs_that_were_passed_unseen_are_told_as_one(desk: Desk, robot: Provider, due: Due) -> None:
    due(5)
    notify(desk.ctx)
    assert hours(robot) == ["6"]


def test_where_the_portal_shows_no_day_the_house_rule_is_told(desk: Desk, robot: Provider) -> None:
    flags = ("withdrawable:yes",)
    desk.case(deadlines=(), flags=flags, opened_at=desk.clock(), actions=("reply",), messages=())
    for later in (0, 47):
        desk.clock.move(hours=later)
        notify(desk.ctx)
    told = [line for line in robot.lines if "shows no day by which to answer" in line]
    assert told and len(told) == len(set(told))


def test_where_the_portal_shows_a_day_the_house_rule_is_not_told_too(desk: Desk, robot: Provider, due: Due) -> None:
    due(60, flags=("withdrawable:yes",), opened_at=desk.clock(), actions=("reply",), messages=())
    desk.clock.move(hours=47)
    notify(desk.ctx)
    assert deadlines(robot) and not [line for line in robot.lines if "shows no day" in line]


def test_a_deadline_that_is_put_off_is_told_anew_and_one_that_is_worded_anew_is_not(
    desk: Desk, robot: Provider, due: Due
) -> None:
    due(20)
    notify(desk.ctx)
    due(20 + 1 / 60)
    notify(desk.ctx)
    assert hours(robot) == ["24"]
    due(70)
    notify(desk.ctx)
    assert hours(robot) == ["24", "72"]


def test_an_answered_case_is_told_no_more(desk: Desk, robot: Provider, due: Due) -> None:
    due(20)
    notify(desk.ctx)
    due(20, status=Status(shown="심사중", is_="in_review"))
    desk.clock.move(hours=15)
    notify(desk.ctx)
    assert hours(robot) == ["24"]


def test_at_night_only_what_cannot_wait_is_told(desk: Desk, robot: Provider, due: Due) -> None:
    desk.clock.move(hours=13)  # 00:00 in Shanghai
    due(20, "COO1")  # reaches its 24 h rung now: it can wait until 07:30
    due(5, "COO2")  # ends at 05:00, before anybody is told
    notify(desk.ctx)
    assert [line.split(":")[1] for line in deadlines(robot)] == ["main/refund_disputes/COO2"]
    desk.clock.move(hours=7, minutes=29)
    notify(desk.ctx)
    assert "COO1" not in str(deadlines(robot))
    desk.clock.move(minutes=1)
    notify(desk.ctx)
    assert [line for line in deadlines(robot) if "COO1:" in line]


def test_what_ends_in_the_night_is_told_in_the_evening(desk: Desk, robot: Provider, due: Due) -> None:
    desk.clock.move(hours=11, minutes=30)  # 22:30
    due(8)  # ends at 06:30; its 6 h rung would be reached at 00:30
    notify(desk.ctx)
    assert hours(robot) == ["6"]
    for _ in range(9):
        desk.clock.move(hours=1)
        notify(desk.ctx)
    assert hours(robot) == ["6", "2", "over"]


@pytest.mark.parametrize("kind", ["refuse", "forbid"])
def test_a_refusal_is_tried_again_and_is_no_repetition(desk: Desk, robot: Provider, due: Due, kind: str) -> None:
    robot.answers = [kind]
    due(20)
    assert notify(desk.ctx).exit_code == DOWN
    assert robot.got == []
    assert notify(desk.ctx).targets[0].taken == 0, "not at once"
    desk.clock.move(hours=1)
    assert notify(desk.ctx).exit_code == DONE
    assert len(deadlines(robot)) == 1
    assert "sent again" not in str(robot.got)


def test_a_lost_answer_is_sent_again_under_the_same_number(desk: Desk, robot: Provider, due: Due) -> None:
    robot.answers = ["silent"]
    due(20)
    assert notify(desk.ctx).exit_code == DOWN
    desk.clock.move(hours=1)
    notify(desk.ctx)
    first, again = (line for line in robot.lines if " ends at " in line)
    assert first.split()[0] == again.split()[0]
    assert "(sent again: it may have come before)" in again
    desk.clock.move(hours=1)
    notify(desk.ctx)
    assert len(deadlines(robot)) == 2


class Killed(BaseException):
    """The process ends here."""


def test_killed_between_sending_and_noting_it_is_told_again_and_nothing_is_lost(
    desk: Desk, robot: Provider, due: Due, monkeypatch: pytest.MonkeyPatch, told_home: Home
) -> None:
    due(20)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(desk.ctx.store.outbox, "taken", killed)
        with pytest.raises(Killed):
            notify(desk.ctx)
    with opened(told_home, clock=desk.clock) as anew:
        notify(anew)
    assert len(deadlines(robot)) == 2
    assert "sent again" in deadlines(robot)[1]


def test_killed_before_sending_it_is_told_once(
    desk: Desk, robot: Provider, due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(20)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(desk.ctx.store.outbox, "begin", killed)
        with pytest.raises(Killed):
            notify(desk.ctx)
    notify(desk.ctx)
    assert len(deadlines(robot)) == 1
    assert "sent again" not in str(robot.got)


def test_many_notices_are_few_messages_that_every_provider_takes(desk: Desk, robot: Provider, due: Due) -> None:
    for number in range(60):
        due(20, f"COO1234567{number:02d}")
    report = notify(desk.ctx)
    assert len(deadlines(robot)) == 60, report.targets
    assert len(robot.got) <= 8
    assert max(len(text.encode()) for text in robot.got) <= 2048


def test_an_alarm_is_told_once_and_one_that_flutters_is_not_told_each_time(desk: Desk, robot: Provider) -> None:
    alarms = desk.ctx.store.alarms
    for _ in range(5):
        alarms.raise_("unavailable", "coupang:main", say("x"))
        notify(desk.ctx)
        alarms.clear("unavailable", "coupang:main")
        notify(desk.ctx)
        desk.clock.move(hours=1)
    assert sum(line.startswith("#") and "could not be read" in line for line in robot.lines) == 1


def test_an_alarm_that_was_over_before_it_was_told_is_not_told(desk: Desk, robot: Provider) -> None:
    robot.always = "error"
    desk.ctx.store.alarms.raise_("unavailable", "coupang:main", say("x"))
    notify(desk.ctx)
    desk.ctx.store.alarms.clear("unavailable", "coupang:main")
    robot.always = "ok"
    desk.clock.move(minutes=20)
    notify(desk.ctx)
    assert robot.got == []


def test_what_a_page_or_a_buyer_said_is_never_told(desk: Desk, robot: Provider, due: Due) -> None:
    secret, buyer = "sk-live-0123456789abcdef", "김민수 010-1234-5678"
    talk = Message(at=NOW, from_="buyer", text=f"{buyer} {secret}")
    due(20, messages=(talk,), status=Status(shown=buyer, is_="action_needed"))
    for kind in ("drift", "needs_person", "incomplete", "something new"):
        desk.ctx.store.alarms.raise_(kind, "coupang:main/refund_disputes", say("{why}", why=f"{buyer} {secret}"))
    desk.clock.move(hours=22)
    report = notify(desk.ctx, digest=True)
    assert len(robot.lines) > 5
    for told in ("\n".join(robot.got), str(report.public())):
        assert secret not in told
        assert "김민수" not in told
        assert "1234-5678" not in told


def test_no_log_names_the_address_of_a_target(desk: Desk, robot: Provider, due: Due, told_home: Home) -> None:
    from agent.log import log_file, set_up

    set_up(told_home, verbose=True)
    robot.always = "error"
    due(20)
    notify(desk.ctx)
    written = log_file(told_home).read_text(encoding="utf-8") if log_file(told_home).exists() else ""
    assert "robot-key-123456789" not in written


def test_a_session_that_ends_before_the_next_night_is_told_the_day_before(desk: Desk, robot: Provider) -> None:
    sign_in_until(desk.ctx, (NOW + timedelta(hours=30)).timestamp())
    notify(desk.ctx)
    assert robot.got == []
    desk.clock.move(hours=21)  # the morning before that night
    notify(desk.ctx)
    assert sum("the session ends at 2026-05-05 17:00 Shanghai" in line for line in robot.lines) == 1
    sign_in_until(desk.ctx, (NOW + timedelta(days=30)).timestamp())
    notify(desk.ctx)
    assert [one.kind for one in desk.ctx.store.alarms.open()] == []


def test_the_digest_comes_once_a_day_with_both_clocks_and_the_audit_head(desk: Desk, robot: Provider, due: Due) -> None:
    for number in range(40):
        due(30, f"COO1234567{number:02d}")
    notify(desk.ctx)
    for _ in range(3):
        desk.clock.move(minutes=20)
        notify(desk.ctx)
    [digest] = [text for text in robot.got if "Daily digest" in text]
    assert "Due within 72 hours: 40." in digest
    assert "2026-05-05 17:00 Shanghai (2026-05-05 18:00 Seoul) appeal" in digest
    assert "more." in digest
    number, head = desk.ctx.store.audit.head()
    assert f"Audit head: {number} {head}" in digest
    assert len(digest.encode()) <= 2048


def test_the_digest_speaks_chinese(desk: Desk, robot: Provider, due: Due) -> None:
    due(30)
    speak("zh-CN")
    notify(desk.ctx, digest=True)
    assert "每日摘要" in robot.got[-1]
    assert "审计链末端" in robot.got[-1]


def test_a_dry_run_tells_nobody_and_writes_nothing(desk: Desk, robot: Provider, due: Due) -> None:
    due(20)
    assert len(notify(desk.ctx, dry_run=True).written) == 1
    assert robot.got == []
    assert len(notify(desk.ctx, dry_run=True).written) == 1
    assert notify(desk.ctx, test=True).targets[0].taken == 1
    assert desk.ctx.store.outbox.recent() == []


def test_a_target_without_an_address_is_named_and_gets_all_of_it_later(
    desk: Desk, robot: Provider, due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(20)
    monkeypatch.delenv("REBUTTAL_NOTIFY_GROUP")
    report = notify(desk.ctx)
    assert report.exit_code == USAGE
    assert "REBUTTAL_NOTIFY_GROUP" not in str(robot.got)
    monkeypatch.setenv("REBUTTAL_NOTIFY_GROUP", robot.url)
    notify(desk.ctx)
    assert len(deadlines(robot)) == 1


@pytest.fixture(autouse=True)
def _quiet_log() -> Iterator[None]:
    yield
    from loguru import logger

    logger.remove()


def test_a_night_that_did_not_take_place_is_told(desk: Desk, robot: Provider) -> None:
    from flows import schedule_state

    schedule_state.note(desk.ctx.home, {"kind": "cron", "installed_at": NOW.isoformat()})
    run = desk.ctx.store.runs
    desk.clock.move(hours=15)  # 02:00
    run.finish(run.start("sync", ["coupang:main"], "li", "here"), 0)
    desk.clock.move(hours=8)
    notify(desk.ctx)
    assert not any("was not read" in line for line in robot.lines if "night" in line)
    desk.clock.move(hours=24)
    notify(desk.ctx)
    assert sum("The night of 2026-05-06 was not read: coupang:main." in line for line in robot.lines) >= 1
    run.finish(run.start("sync", ["coupang:main"], "li", "here"), 0)
    notify(desk.ctx)
    assert [one.kind for one in desk.ctx.store.alarms.open()] == []
