"""A record that can be changed unnoticed proves nothing, and a switch that does not stop at once is none."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from agent.errors import REFUSED, UsageFault
from agent.settings import AccountSettings
from flows import audit, pause
from flows.context import Context
from flows.sync import sync
from tests.conftest import Run
from tests.flows.conftest import Desk


def test_a_whole_record_is_whole(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    desk.approve(case)
    report = audit.verify(desk.ctx)
    assert (report.whole, report.links, report.exit_code, report.said) == (True, 3, 0, None)
    assert report.public()["head"] == desk.ctx.store.audit.head()[1]


def test_a_changed_link_is_named(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    desk.approve(case)
    with desk.ctx.store.writing() as conn:
        conn.execute(text("UPDATE audit SET who = 'somebody' WHERE seq = 2"))
    report = audit.verify(desk.ctx)
    assert (report.whole, report.exit_code, report.bad_link) == (False, 1, 2)
    assert "Link 2 was changed" in report.public()["said"]


def test_the_steps_of_one_case_and_the_last_of_all(desk: Desk) -> None:
    one, two = desk.case(), desk.case(case_id="COO123456780", order_id="COO123456780")
    desk.draft(one)
    desk.draft(two, files=())
    assert [link.what for link in audit.show(desk.ctx, one.case_id)] == ["drafted", "frozen"]
    assert [link.what for link in audit.show(desk.ctx, one.case_id, last=1)] == ["frozen"]
    assert [link.seq for link in audit.show(desk.ctx, last=2)] == [2, 3]
    with pytest.raises(UsageFault, match="No case"):
        audit.show(desk.ctx, "COO999")


def test_pausing_and_resuming_are_on_record(desk: Desk) -> None:
    assert pause.pause(desk.ctx, "coupang", why="strange pages", by="li").paused is True
    assert "already" in str(pause.pause(desk.ctx, "coupang", by="li").said)
    assert pause.resume(desk.ctx, "coupang", by="wang").paused is False
    assert "not paused" in str(pause.resume(desk.ctx, "coupang", by="wang").said)
    links = [(link.who, link.what, link.ref) for link in audit.show(desk.ctx)]
    assert links == [("li", "paused", "coupang"), ("li", "paused", "coupang"), ("wang", "resumed", "coupang")]


def test_an_unknown_portal_is_not_paused_in_silence(desk: Desk) -> None:
    with pytest.raises(UsageFault, match="no portal “cupang”"):
        pause.pause(desk.ctx, "cupang", by="li")


@pytest.mark.mock(cases=3)
def test_a_paused_portal_is_not_visited(signed_in: Context, run: Run[Any], account: AccountSettings) -> None:
    pause.pause(signed_in, "coupang", why="strange pages", by="li")
    report = run(sync(signed_in, (account,)))
    assert report.exit_code == REFUSED
    assert [error["error"] for error in report.channels[0].errors] == ["Paused"]
    assert signed_in.store.cases.rows() == []
    pause.resume(signed_in, "coupang", by="li")
    assert run(sync(signed_in, (account,))).exit_code == 0
