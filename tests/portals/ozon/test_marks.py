"""What a mark on the page says is known without it, too: a late complaint by its date, a payment by its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.frozen import load
from portals.ozon import PORTAL
from tests.portals.shop import Shop

DISPUTE = Path(__file__).parents[3] / "fixtures" / "pages" / "ozon" / "dispute"


def without(case: str, mark: str) -> list[str]:
    """The flags of the frozen dispute whose page does not show `mark`."""
    whole = load(DISPUTE / case)
    assert whole.page.html.count(mark) == 1
    bare = replace(whole, page=whole.page.model_copy(update={"html": whole.page.html.replace(mark, "")}))
    return list(bare.read(PORTAL)["flags"])


def test_a_complaint_later_than_the_rule_is_late_also_where_the_page_does_not_mark_it() -> None:
    assert without("lost-denied", "Жалоба позже 48 часов после вручения") == ["late_complaint"]


@pytest.mark.parametrize(("case", "told"), [
    ("won-approved", True), ("partly-won-partial", True), ("lost-denied", False), ("in-review-nothing", False),
])  # fmt: skip
def test_a_won_dispute_reminds_of_the_stock(case: str, told: bool) -> None:
    assert ("correct_stock" in load(DISPUTE / case).read(PORTAL)["flags"]) is told


@pytest.mark.parametrize(("to", "status", "result"), [
    ("CompensationSent", "waiting", "compensation_due"),
    ("CompensationReceived", "won", "compensated"),
    ("CompensationCanceled", "lost", None),
    ("DecompensationSent", "lost", None),
])  # fmt: skip
def test_what_became_of_a_compensation_is_read_in_the_portals_newer_words(
    shared: Shop, to: str, status: str, result: str | None
) -> None:
    shop = shared
    case = shop.fresh("returns", "accept", state="OnSellerApproval")
    shop.mock.event("state", case_id=case.case_id, to=to)
    assert shop.sync("returns", full=True).exit_code == 0
    now = shop.again(case)
    assert (now.status.is_, now.outcome.result if now.outcome else None) == (status, result)
    assert now.model_dump(mode="json", by_alias=True)["outcome"] == shop.really(case)["outcome"]
