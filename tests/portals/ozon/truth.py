"""What the export says, held against the mock's own truth field by field."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from flows.context import Context
from flows.export import export

NOT_TOLD = {"seen", "revision", "missing"}
"""Fields that only a reader has."""
EARLY = timedelta(minutes=2)


def exported(ctx: Context) -> dict[tuple[str, str], dict[str, Any]]:
    """The JSON export by channel and case id."""
    return {(case["channel"], case["case_id"]): case for case in json.loads(export(ctx, format="json"))}


def differences(told: dict[str, Any], truth: dict[str, Any], *, shown: bool = True) -> dict[str, Any]:
    """Every field that is not as it really is. Without `shown`, the portal's words may be of another language."""
    told = {name: value for name, value in json.loads(json.dumps(told)).items() if name not in NOT_TOLD}
    truth = json.loads(json.dumps(truth))
    for message in told["messages"]:
        for attachment in message["attachments"]:
            assert attachment.pop("sha256") is None, "a message's attachment was downloaded"
    if not shown:
        for one in (told, truth):
            one.pop("url")
            one.pop("details", None)
            for name in ("status", "reason"):
                one[name].pop("shown")
    pairs = told.pop("deadlines"), truth.pop("deadlines")
    wrong = {
        name: (told.get(name, "(not told)"), truth.get(name, "(not in the truth)"))
        for name in told.keys() | truth.keys()
        if name not in told or name not in truth or told[name] != truth[name]
    }
    if len(pairs[0]) != len(pairs[1]) or any(map(_deadline_differs, *pairs)):
        wrong["deadlines"] = pairs
    return wrong


def _deadline_differs(told: dict[str, Any], truth: dict[str, Any]) -> bool:
    """The instant may be told up to two minutes early, for a countdown is worded in minutes; never late."""
    early = datetime.fromisoformat(truth["at"]) - datetime.fromisoformat(told["at"])
    fixed = all(told[name] == truth[name] for name in ("kind", "basis", "zone", "rule"))
    proved = bool(told["shown"]) and told["zone_basis"] == "page" and 0 < told["precision_s"] <= 120
    return not (fixed and proved and timedelta() <= early <= EARLY)
