"""One wrong field in the export and a seller answers the wrong case, or too late: the export is the portal's truth."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.export import export
from flows.sync import SyncReport, sync
from tests.conftest import KEY, Run, nothing_sent, settings_text, sign_in

CASES = 30
TOGETHER = 4
"""Seeds that are read at the same time."""
NOT_TOLD = {"seen", "revision", "missing"}
"""Fields that only a reader has."""
EARLY = timedelta(minutes=2)
DISPUTES = {"others": "0"}
"""Disputes alone; the other channels' readers have their own tests."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1, 21, TOGETHER))
def test_every_field_of_every_case_is_the_truth(
    first: int, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = range(first, first + TOGETHER)
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with ExitStack() as stack:
        shops = [_shop(stack, seed, tmp_path, run) for seed in seeds]
        reports = run(_all(shops))
        for seed, (mock, ctx), report in zip(seeds, shops, reports, strict=True):
            assert report.exit_code == 0, (seed, report.public())
            assert all(channel.complete for channel in report.channels), seed
            disputes = next(channel for channel in report.channels if channel.channel == "refund_disputes")
            assert (disputes.portal_total, disputes.new) == (CASES, CASES), seed
            told, truth = exported(ctx), {named(case): case for case in mock.truth()}
            assert told.keys() == truth.keys(), seed
            wrong = {name: found for name, case in truth.items() if (found := differences(told[name], case))}
            assert wrong == {}, f"seed {seed}"
            nothing_sent(mock)


def _shop(stack: ExitStack, seed: int, folder: Path, run: Run[Any]) -> tuple[Served, Context]:
    """A mock of its own with a home of its own, signed in."""
    mock = stack.enter_context(serving(("coupang",), seed=seed, cases=CASES, options=DISPUTES))["coupang"]
    home = Home(folder / str(seed)).create()
    home.settings_file.write_text(settings_text(mock), encoding="utf-8")
    ctx = stack.enter_context(opened(home))
    sign_in(ctx, mock, run)
    return mock, ctx


async def _all(shops: list[tuple[Served, Context]]) -> list[SyncReport]:
    """All shops at the same time: most of a sync is waiting for pages."""
    done = await asyncio.gather(*(sync(ctx, ctx.settings.account) for _, ctx in shops), return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return [one for one in done if isinstance(one, SyncReport)]


def exported(ctx: Context) -> dict[str, dict[str, Any]]:
    """The JSON export by channel and case id."""
    return {named(case): case for case in json.loads(export(ctx, format="json"))}


def named(case: dict[str, Any]) -> str:
    """A case's channel and id."""
    return f"{case['channel']}/{case['case_id']}"


def differences(told: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """Every field that is not as it really is, with what is told and what is true."""
    told = {name: value for name, value in told.items() if name not in NOT_TOLD}
    for told_of, true_of in zip(told["messages"], truth["messages"], strict=False):
        for attachment, true_one in zip(told_of["attachments"], true_of["attachments"], strict=False):
            if "sha256" not in true_one:  # whether its bytes are kept is the reader's matter
                attachment.pop("sha256", None)
    told_due, true_due = told.pop("deadlines"), truth["deadlines"]
    truth = {name: value for name, value in truth.items() if name != "deadlines"}
    wrong = {
        name: (told.get(name, "(no such field)"), truth.get(name, "(unknown to the truth)"))
        for name in told.keys() | truth.keys()
        if name not in told or name not in truth or told[name] != truth[name]
    }
    if len(told_due) != len(true_due) or any(map(_deadline_differs, told_due, true_due)):
        wrong["deadlines"] = (told_due, true_due)
    return wrong


def _deadline_differs(told: dict[str, Any], truth: dict[str, Any]) -> bool:
    """The instant may be told up to two minutes early, for a countdown is worded in minutes; never late."""
    early = datetime.fromisoformat(truth["at"]) - datetime.fromisoformat(told["at"])
    fixed = all(told[name] == truth[name] for name in ("kind", "basis", "zone", "rule"))
    proved = bool(told["shown"]) and told["zone_basis"] in ("page", "account") and 0 < told["precision_s"] <= 120
    return not (fixed and proved and timedelta() <= early <= EARLY)


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
    truth = _a_truth()
    told = json.loads(json.dumps(truth)) | {"seen": {}, "revision": "", "missing": {}}
    told["deadlines"][0] |= {"shown": "2일", "zone_basis": "page", "precision_s": 60}
    assert differences(json.loads(json.dumps(told)), truth) == {}
    assert set(differences(told | {field: value}, truth)) == {field}


@pytest.mark.parametrize(("at", "right"), [
    ("2026-05-04T03:00:00Z", True), ("2026-05-04T02:58:00Z", True),
    ("2026-05-04T02:57:59Z", False), ("2026-05-04T03:00:01Z", False),
])  # fmt: skip
def test_the_comparison_takes_no_late_deadline(at: str, right: bool) -> None:
    truth = _a_truth()
    told = json.loads(json.dumps(truth))
    told["deadlines"][0] |= {"shown": "2일", "zone_basis": "page", "precision_s": 60, "at": at}
    assert (differences(told, truth) == {}) is right


def _a_truth() -> dict[str, Any]:
    due = {"kind": "appeal", "at": "2026-05-04T03:00:00Z", "basis": "countdown", "zone": "Asia/Seoul", "rule": "CP4"}
    return {
        "case_id": "C1",
        "amount": {"value": "2", "currency": "KRW"},
        "status": {"shown": "이의 제기 가능", "is": "action_needed"},
        "deadlines": [due],
        "messages": [{"text": "", "attachments": []}, {"text": "x", "attachments": []}],
    }
