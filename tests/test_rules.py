"""A claim that can't be taken back is not treated as one that can; the house answers earlier than the portal asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.records import Case, Deadline, Message, Reason, Status
from agent.rules import HOUSE_RULE, contact_words, house_deadline, rules, said, withdrawable
from agent.settings import Settings

NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "over", "flags", "told"),
    [
        ("damaged", False, (), "withdrawable:yes"),
        ("counterfeit", False, (), "withdrawable:no:counterfeit"),
        ("damaged", False, ("legal_hold",), "withdrawable:no:legal_hold"),
        ("damaged", False, ("account_security",), "withdrawable:no:account_security"),
        ("damaged", True, (), "withdrawable:no:ended"),
        ("other", False, (), "withdrawable:unknown:reason"),
        ("counterfeit", True, (), "withdrawable:no:counterfeit"),
    ],
)
def test_what_no_buyer_can_take_back_is_told(reason: str, over: bool, flags: tuple[str, ...], told: str) -> None:
    assert withdrawable(reason, over=over, flags=flags) == told


def test_the_list_of_what_cannot_be_withdrawn_is_what_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules()["withdrawable"], "never_reasons", [])
    assert withdrawable("counterfeit", over=False) == "withdrawable:yes"


def a_claim(*messages: tuple[str, int], **changes: Any) -> Case:
    """A claim opened ten hours ago; messages as (from, hours after opening)."""
    opened = NOW - timedelta(hours=10)
    facts: dict[str, Any] = {
        "portal": "p",
        "account": "main",
        "channel": "claims",
        "case_id": "1",
        "order_id": "1",
        "url": "https://p.example/1",
        "status": Status(shown="open", is_="action_needed"),
        "reason": Reason(shown="damaged", is_="damaged"),
        "opened_at": opened,
        "actions": ("reply",),
        "flags": ("withdrawable:yes",),
        "messages": tuple(
            Message(at=opened + timedelta(hours=hours), from_=who, text="x")  # type: ignore[arg-type]
            for who, hours in messages
        ),
    }
    return Case(**(facts | changes))


def due(hours: float) -> Deadline:
    return Deadline(kind="reply", at=NOW + timedelta(hours=hours), shown="x", basis="instant", zone="UTC",
                    zone_basis="page", precision_s=1, rule="X")  # fmt: skip


def test_the_house_answers_within_its_hours_of_the_last_word() -> None:
    made = house_deadline(a_claim(), 48)
    assert made is not None
    assert (made.at, made.kind, made.rule) == (NOW + timedelta(hours=38), "reply", HOUSE_RULE)
    later = house_deadline(a_claim(("seller", 1), ("buyer", 6)), 48)
    assert later is not None and later.at == NOW + timedelta(hours=44)


@pytest.mark.parametrize(
    "case",
    [
        a_claim(("buyer", 1), ("seller", 2)),  # we had the last word
        a_claim(status=Status(shown="over", is_="lost"), actions=()),
        a_claim(actions=()),
        a_claim(deadlines=(due(5),)),  # the portal asks for it earlier
        a_claim(flags=()),  # no channel of claims that can be withdrawn
    ],
)
def test_no_house_deadline_where_nothing_is_owed(case: Case) -> None:
    assert house_deadline(case, 48) is None


def test_a_portals_later_deadline_does_not_hide_the_house_rule() -> None:
    made = house_deadline(a_claim(deadlines=(due(100),)), 48)
    assert made is not None and made.at < due(100).at


def test_records_are_kept_at_least_180_days() -> None:
    """The exchange is the only proof in a later claim (WD9)."""
    assert Settings(operator="li").retention_days >= 180
    with pytest.raises(ValueError, match="180"):
        Settings(operator="li", retention_days=179)


@pytest.mark.parametrize(("text", "found"), [
    ("加我微信聊", True), ("加我 V 信", True), ("write me on Whats App", True), ("what's appropriate", False),
    ("напишите в телеграм", True), ("телеграмма от перевозчика", False), ("the signal app", True),
    ("a vxworks box", False),
])  # fmt: skip
def test_words_are_found_in_whatever_spacing_and_not_inside_others(text: str, found: bool) -> None:
    assert bool(said(text, contact_words())) is found
