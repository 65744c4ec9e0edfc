"""A page that shows no countdown leaves the clock running all the same: silence is not time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.frozen import load
from portals.ozon import PORTAL

PAGES = Path(__file__).parents[3] / "fixtures" / "pages" / "ozon"


def read(case: str, countdown: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The frozen case as it is, and with a dash in place of what is left."""
    whole = load(PAGES / case)
    assert whole.page.html.count(countdown) == 1
    silent = replace(whole, page=whole.page.model_copy(update={"html": whole.page.html.replace(countdown, "—")}))
    return whole.read(PORTAL), silent.read(PORTAL)


def shown_in(case: str) -> str:
    return str(load(PAGES / case).expected["deadlines"][0]["shown"])


@pytest.mark.parametrize(("case", "hours"), [("return/action-needed-accept", 24), ("ticket/action-needed-reply", 48)])
def test_where_ozon_shows_no_time_left_the_shortest_known_counts(case: str, hours: int) -> None:
    whole, silent = read(case, shown_in(case))
    [due] = silent["deadlines"]
    since = silent["opened_at"] if case.startswith("return") else silent["messages"][-1]["at"]
    assert datetime.fromisoformat(due["at"]) - datetime.fromisoformat(since) == timedelta(hours=hours)
    assert (due["kind"], due["basis"]) == ("reply", "rule")
    assert {**silent, "deadlines": [], "seen": {}, "revision": ""} == {
        **whole, "deadlines": [], "seen": {}, "revision": "",
    }  # fmt: skip
