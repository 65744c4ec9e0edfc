"""The command, and work under way: it listens where it says, ends when it is asked to, and never sends twice at once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest

from agent.errors import Busy, UsageFault
from agent.home import Home
from agent.words import say
from flows.context import opened
from flows.desk.limits import Bucket
from flows.desk.serve import _listen
from flows.desk.work import Works
from tests.flows.conftest import Desk


def test_the_command_prints_a_link_serves_and_ends(desk_home: Home) -> None:
    """On a free port, on this machine alone; the link makes the first person; Ctrl-C ends it."""
    given = [sys.executable, "-m", "flows.cli", "--home", str(desk_home.path), "desk", "--port", "0", "--no-browser"]
    command = subprocess.Popen(
        given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1", "REBUTTAL_KEY": "k"},
    )  # fmt: skip
    try:
        assert command.stdout is not None
        link = ""
        while not link and (line := command.stdout.readline()):
            link = next(iter(re.findall(r"http://127\.0\.0\.1:\d+/first/\S+", line)), "")
        answer = httpx.get(link)
        assert answer.status_code == 200 and "default-src 'none'" in answer.headers["content-security-policy"]
        assert httpx.get(link, headers={"Host": "evil.example"}).status_code == 421
    finally:
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=30)
    assert "Traceback" not in said
    with opened(desk_home) as ctx:
        assert ctx.store.people.count() == 0


def test_a_port_that_is_taken_is_told() -> None:
    """One sentence, the next step."""
    with _listen("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(UsageFault, match="can't listen") as fault:
            _listen("127.0.0.1", taken.getsockname()[1])
    assert fault.value.todo is not None


def test_one_case_is_worked_on_once_at_a_time(desk: Desk) -> None:
    """Two who press send at the same moment: the second is told who was first."""
    works, go = Works(desk.ctx), threading.Event()

    async def slow(ctx: Any, step: Any) -> None:
        step("click")
        await asyncio.to_thread(go.wait, 20)

    first = works.start("send", "coupang:main/refund_disputes/C1", "li", slow)
    with pytest.raises(Busy, match="li"):
        works.start("send", "coupang:main/refund_disputes/C1", "wang", slow)
    go.set()
    assert works.wait(20) and first.ended_at is not None and first.fault is None
    assert [str(step.words) for step in first.steps] == ["The one click."]
    again = works.start("send", "coupang:main/refund_disputes/C1", "wang", slow)
    assert works.wait(20) and again.ended_at is not None


def test_work_bears_the_name_of_who_began_it(desk: Desk) -> None:
    """And not the name in the settings of the machine that it runs on."""
    seen: list[str] = []

    async def job(ctx: Any, step: Any) -> None:
        seen.append(ctx.settings.operator)

    works = Works(desk.ctx)
    works.start("sync", "coupang:main", "wang", job)
    assert works.wait(20) and seen == ["wang"]


def test_a_fault_of_work_is_told_and_the_desk_lives(desk: Desk, visitor: Any) -> None:
    """A sentence for what was foreseen, and for what was not."""

    async def foreseen(ctx: Any, step: Any) -> None:
        raise Busy(say("The old password is not right."))

    async def unforeseen(ctx: Any, step: Any) -> None:
        raise ZeroDivisionError("secret")

    one = visitor("look")
    works = one.state.works
    for job, told in ((foreseen, "The old password is not right."), (unforeseen, "ZeroDivisionError")):
        work = works.start("sync", "coupang:main", "li", job)
        assert works.wait(20)
        html = one.get(f"/work/{work.id}").text
        assert told in html and "secret" not in html
        assert one.get(f"/work/{work.id}/events").text.startswith("event: done")
    assert one.get("/work/nothing").status_code == 404


def test_a_right_is_spent_once_however_many_come_at_once(desk: Desk) -> None:
    """Ten clicks on ten threads."""
    people = desk.ctx.store.people
    token = people.issue("approve", "C1", holder="s", lives=timedelta(minutes=5))
    came: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: came.append(people.spend("approve", token, holder="s"))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came, key=str) == ["C1", *[None] * 9]


def test_a_bucket_fills_again() -> None:
    """Who waits may try again; one key's tries are not another's."""
    now = [100.0]
    bucket = Bucket(size=2, every_s=10, clock=lambda: now[0])
    assert [bucket.take("a") for _ in range(3)] == [True, True, False]
    assert bucket.take("b")
    assert 9 < bucket.wait_s("a") <= 10
    now[0] += 10
    assert bucket.take("a") and not bucket.take("a")
