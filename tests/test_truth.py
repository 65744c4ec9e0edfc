"""A comparison that overlooks a wrong field proves nothing: the one that all truth tests use sees each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.truth import differences


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", {"value": "1", "currency": "KRW"}),
        ("status", {"shown": "이의 제기 가능", "is": "lost"}),
        ("deadlines", []),
        ("messages", []),
        ("extra", 1),
    ],
)
def test_the_comparison_sees_one_wrong_field(field: str, value: Any) -> None:
    truth, told = _a_truth(), _as_told()
    assert differences(told, truth) == {}
    assert set(differences(told | {field: value}, truth)) == {field}


@pytest.mark.parametrize(
    ("changed", "right"),
    [
        ({"at": "2026-05-04T03:00:00Z"}, True),
        ({"at": "2026-05-04T02:58:00Z"}, True),
        ({"at": "2026-05-04T02:57:59Z"}, False),
        ({"at": "2026-05-04T03:00:01Z"}, False),
        ({"at": "2026-05-03T03:00:00Z", "precision_s": 86_400}, True),
        ({"at": "2026-05-04T03:00:01Z", "precision_s": 86_400}, False),
        ({"zone": "UTC"}, False),
        ({"shown": ""}, False),
    ],
)
def test_the_comparison_takes_no_late_deadline_and_none_without_proof(changed: dict[str, Any], right: bool) -> None:
    told = _as_told()
    told["deadlines"][0] |= changed
    assert (differences(told, _a_truth()) == {}) is right


@pytest.mark.parametrize(
    ("told_at", "true_at", "right"),
    [
        ("2026-10-25T00:08:00Z", "2026-10-25T01:08:00Z", True),  # London shows 01:08 twice
        ("2026-10-25T01:08:00Z", "2026-10-25T00:08:00Z", False),
        ("2026-10-24T00:08:00Z", "2026-10-24T01:08:00Z", False),
        ("2026-10-25T00:08:00Z", "2026-10-25T01:09:00Z", False),
    ],
)
def test_an_hour_that_a_clock_shows_twice_is_its_first_pass(told_at: str, true_at: str, right: bool) -> None:
    message = {"from": "buyer", "text": "?", "attachments": []}
    told, truth = (
        case | {"messages": [message | {"at": at}]} for case, at in ((_as_told(), told_at), (_a_truth(), true_at))
    )
    assert (differences(told, truth) == {}) is right


def _as_told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(_a_truth())) | {"seen": {}, "revision": "", "missing": {}}
    told["deadlines"][0] |= {"shown": "2일", "zone_basis": "page", "precision_s": 60}
    return told


def _a_truth() -> dict[str, Any]:
    due = {"kind": "appeal", "at": "2026-05-04T03:00:00Z", "basis": "countdown", "zone": "Asia/Seoul", "rule": "CP4"}
    return {
        "case_id": "C1",
        "amount": {"value": "2", "currency": "KRW"},
        "status": {"shown": "이의 제기 가능", "is": "action_needed"},
        "deadlines": [due],
        "messages": [{"text": "", "attachments": []}, {"text": "x", "attachments": []}],
    }
