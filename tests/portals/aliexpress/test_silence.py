"""A dispute whose page shows no time left must not look as if there were time; the operator's own days win."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.policy import load_policy
from agent.reading.labels import load_labels
from agent.reading.seen import Seen
from flows.frozen import load
from portals.aliexpress import PORTAL
from portals.aliexpress.read import read_case

PAGES = Path(__file__).parents[3] / "fixtures" / "pages" / "aliexpress" / "dispute"


def due(case: dict[str, Any], kind: str) -> dict[str, Any]:
    [found] = [deadline for deadline in case["deadlines"] if deadline["kind"] == kind]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "kind", "since", "days"),
    [("action-needed-accept", "reply", "opened_at", 5), ("action-needed-appeal", "appeal", "decided_at", 7)],
)
def test_where_the_page_shows_no_time_left_the_rule_counts(name: str, kind: str, since: str, days: int) -> None:
    whole = load(PAGES / name)
    shown = str(due(whole.expected, kind)["shown"])
    assert whole.page.html.count(shown) == 1
    silent = replace(whole, page=whole.page.model_copy(update={"html": whole.page.html.replace(shown, "-")})).read(
        PORTAL
    )
    told = due(silent, kind)
    assert told["basis"] == "rule"
    assert datetime.fromisoformat(told["at"]) - datetime.fromisoformat(silent[since]) == timedelta(days=days)


def test_the_operators_own_days_to_withdraw_win(tmp_path: Path) -> None:
    page = load(PAGES / "action-needed-accept").page
    labels = load_labels(PORTAL.name, PORTAL.folder)
    file = tmp_path / "policy.toml"
    file.write_text("[channels.disputes.rules.withdraw_days]\nvalue = 3\n", encoding="utf-8")
    shipped, own = (read_case(Seen(page, labels, policy), {}) for policy in (None, load_policy(PORTAL.folder, file)))
    [first], [second] = ([d for d in case.deadlines if d.kind == "withdraw"] for case in (shipped, own))
    assert first.at - second.at == timedelta(days=2)
