"""Until when an answer may still come: a seller who waits past it writes in time, one who is told too early disturbs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.records import Status
from agent.sending.packet import Attempt
from flows.context import Context
from flows.expected import Expected, expected_answer
from tests.evidence.made import a_case
from tests.flows.conftest import Desk

SENT = datetime(2026, 4, 29, 1, 0, tzinfo=UTC)  # Wednesday, 10:00 in Seoul
IN_REVIEW: dict[str, Any] = {"status": Status(shown="재심사 중", is_="in_review"), "actions": (), "deadlines": ()}


def expected(ctx: Context, state: Any = "confirmed", **facts: Any) -> Expected | None:
    case = a_case(**(IN_REVIEW | facts))
    attempt = Attempt(
        id="a", digest="d", approval_id="p", case=case.key, action="appeal", state=state, armed_at=SENT, fence=1
    )
    return expected_answer(ctx, case, (attempt,))


def test_coupang_answers_from_three_to_seven_business_days_of_korea_after_the_sending(desk: Desk) -> None:
    # off in Seoul: 1 May 2026 (Labour Day), the weekends, 5 May (Children's Day)
    found = expected(desk.ctx)
    assert found is not None and found.first is not None
    [first, last] = [at.astimezone(desk.ctx.portal_zone("coupang", "main")).date() for at in (found.first, found.last)]
    assert (f"{first}", f"{last}") == ("2026-05-06", "2026-05-12")
    assert found.public() == {"from": "2026-05-06T01:00:00Z", "by": "2026-05-12T01:00:00Z"}


@pytest.mark.parametrize(("state", "facts"), [
    ("unknown", {}), ("refused", {}), ("cleared", {}), ("confirmed", {"status": Status(shown="기각", is_="lost")}),
])  # fmt: skip
def test_nothing_is_awaited_where_nothing_lies_at_the_portal(desk: Desk, state: str, facts: dict[str, Any]) -> None:
    assert expected(desk.ctx, state, **facts) is None
