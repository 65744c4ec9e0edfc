"""Whoever approves a plan is told what that plan pays the buyer, and not what the buyer asked for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from agent.reading.labels import load_labels
from agent.records import Case
from agent.sending.packet import Packet, PacketField
from flows.frozen import hold_page, load
from portals.aliexpress import PORTAL
from portals.aliexpress.pages import Disputes

PAGE = Path(__file__).parents[3] / "fixtures" / "pages" / "aliexpress" / "dispute" / "in-review-accept"


@pytest.mark.parametrize(("plan", "sum_"), [("buyer", "53.85"), ("platform", "43.08")])
def test_the_plan_that_is_agreed_to_gives_the_sum(plan: str, sum_: str) -> None:
    frozen = load(PAGE)
    case = hold_page(
        PORTAL, frozen.page, frozen.channel, frozen.subject, load_labels("aliexpress", PORTAL.folder)
    ).record
    assert isinstance(case, Case)
    packet = Packet(
        case=case.key, order_id=case.order_id, case_revision=case.revision, action="accept",
        fields=(PacketField(key="solution", kind="choice", value=plan, shown="…"),), files=(), policy_version="1", by="li",
    )  # fmt: skip
    paid = Disputes().pays(case, packet)
    assert paid is not None and paid.value == Decimal(sum_)
