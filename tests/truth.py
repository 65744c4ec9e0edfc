"""What is told of the cases, held against a mock's own truth field by field."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flows.context import Context
from flows.export import export

SEEDS = range(1, 1 + int(os.environ.get("TRUTH_SEEDS", "1")))
"""The worlds that are compared; `make truth` compares twenty."""
NOT_TOLD = {"seen", "revision", "missing"}
"""Fields that only a reader has."""
PUT_BACK = [
    ZoneInfo(name)
    for name in (
        "Europe/London",
        "Europe/Berlin",
        "America/Los_Angeles",
        "America/New_York",
        "Australia/Sydney",
    )
]
"""Clocks of portals that are put back in autumn."""
EARLY = timedelta(minutes=2)
"""How early a deadline may be told; a coarser one may be as early as its own precision."""


def exported(ctx: Context) -> dict[str, dict[str, Any]]:
    """The JSON export by `channel/case_id`."""
    return {named(case): case for case in json.loads(export(ctx, format="json"))}


def named(case: dict[str, Any]) -> str:
    """A case's channel and id."""
    return f"{case['channel']}/{case['case_id']}"


def differences(told: dict[str, Any], truth: dict[str, Any], *, shown: bool = True) -> dict[str, Any]:
    """Every field that is not as it really is, with what is told and what is true; deadlines may be early, never late.

    Without `shown` the portal's own words may be of another language.
    """
    told = {name: value for name, value in json.loads(json.dumps(told)).items() if name not in NOT_TOLD}
    truth = _read(told, json.loads(json.dumps(truth)))
    for told_of, true_of in zip(told["messages"], truth["messages"], strict=False):
        for attachment, true_one in zip(told_of["attachments"], true_of["attachments"], strict=False):
            if "sha256" not in true_one:  # whether its bytes are kept is the reader's matter
                attachment.pop("sha256", None)
    if not shown:
        for one in (told, truth):
            one.pop("url", None)
            one.pop("details", None)
            for name in ("status", "reason"):
                if one.get(name):
                    one[name].pop("shown", None)
    told_due, true_due = told.pop("deadlines"), truth.pop("deadlines")
    wrong = {
        name: (told.get(name, "(not told)"), truth.get(name, "(not in the truth)"))
        for name in told.keys() | truth.keys()
        if name not in told or name not in truth or told[name] != truth[name]
    }
    if len(told_due) != len(true_due) or any(map(deadline_differs, told_due, true_due)):
        wrong["deadlines"] = (told_due, true_due)
    return wrong


def _read(told: Any, truth: Any) -> Any:
    """`truth`, with each instant of an hour that a clock shows twice as its first pass, where it was told so: a page that
    names no zone shows the same for both."""
    if isinstance(told, dict) and isinstance(truth, dict):
        return {name: value if name == "deadlines" else _read(told.get(name), value) for name, value in truth.items()}
    if isinstance(told, list) and isinstance(truth, list) and len(told) == len(truth):
        return [_read(*pair) for pair in zip(told, truth, strict=True)]
    return told if isinstance(told, str) and isinstance(truth, str) and _shown_alike(told, truth) else truth


def _shown_alike(told: str, truth: str) -> bool:
    """Are these two instants, the second an hour after the first, the same on a clock that is put back between them?"""
    try:
        first, second = datetime.fromisoformat(told), datetime.fromisoformat(truth)
    except ValueError:
        return False
    if first.tzinfo is None or second.tzinfo is None or second - first != timedelta(hours=1):
        return False
    return any(f"{first.astimezone(zone):%d %H:%M}" == f"{second.astimezone(zone):%d %H:%M}" for zone in PUT_BACK)


def deadline_differs(told: dict[str, Any], truth: dict[str, Any]) -> bool:
    """Is it another deadline, one without proof, one told late, or one told earlier than its precision excuses?"""
    early = datetime.fromisoformat(truth["at"]) - datetime.fromisoformat(told["at"])
    fixed = all(told[name] == truth[name] for name in ("kind", "basis", "zone", "rule") if name in truth)
    bases = [truth["zone_basis"]] if truth.get("zone_basis") else ["page", "account"]
    proved = bool(told["shown"]) and told["precision_s"] > 0 and told["zone_basis"] in bases
    return not (fixed and proved and timedelta() <= early <= max(EARLY, timedelta(seconds=told["precision_s"])))
