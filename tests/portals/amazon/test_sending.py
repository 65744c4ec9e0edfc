"""What a seller approved reaches Amazon once, as approved; what pays the buyer needs the setting for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.browser import form
from agent.browser.form import LabelledForm
from agent.errors import NotApproved
from agent.records import Action
from fixtures.kernel.serving import Served
from flows.approve import approve
from flows.context import Context
from flows.submit import submit
from portals.amazon import PORTAL
from portals.amazon.forms import AmazonForm
from portals.amazon.kat import KatForm
from tests.conftest import Run
from tests.portals.amazon.conftest import SENDS, Shop

pytestmark = pytest.mark.sends
STAY = ("open_ticket", "reply")
"""What may be done again."""
NAMES = {"comment": "comment", "information": "comment", "reason": "reason", "message": "message", "confirm": "confirm",
         "ship_date": "shipDate", "method": "method", "speed": "speed", "tracking": "tracking", "comments": "comments",
         "text": "description", "resolved": "resolved", "subject": "meld-subject",
         "body": "meld-body", "claim_reason": "reason", "sub_reason": "subReason", "policy": "policy"}  # fmt: skip


def name_of(key: str, action: Action) -> str:
    """The name under which a field is sent; one of an item has the item's id in it."""
    name, _, item = key.partition("@")
    if item:
        return f"{name}-{item}"
    return "description" if (action, key) == ("open_ticket", "text") else NAMES[key]


def sent(shop: Shop, channel: str, action: Action, state: str, path: str) -> dict[str, Any]:
    """The one request that arrived after draft, packet, approval and click, held against the packet."""
    case = shop.one_for(channel, action, state)
    values, files = shop.answer(case, action)
    report = shop.draft(case, action, values, *files)
    assert report.packet is not None, (action, [str(one.words) for one in report.blocked])
    result = shop.send(case, report)
    assert result.outcome == "confirmed", (channel, action, result.public())
    assert result.receipt is not None and result.receipt["number"].replace("-", "").isdigit()
    (one,) = shop.writes()
    assert (one["path"], one["accepted"], one["answer"]) == (path, True, 200)
    for key, value in values.items():
        if key != "buyer_confirmation":
            assert one["fields"][name_of(key, action)][0].replace("\r\n", "\n") == value, key
    assert [(f["name"], f["sha256"], f["size"]) for f in one["files"]] == [
        (f.upload_name, f.sha256, f.size) for f in report.packet.files
    ]
    assert action not in shop.again(case).actions or action in STAY
    return one


@pytest.mark.parametrize(("channel", "action", "state", "path"), SENDS)
def test_each_action_arrives_once_and_as_approved(
    shared: Shop, channel: str, action: Action, state: str, path: str
) -> None:
    sent(shared, channel, action, state, path)


def test_a_refund_names_its_sum_and_is_not_approved_while_the_setting_forbids_it(shared: Shop) -> None:
    case = shared.one_for("claims", "accept", "respond")
    report = shared.draft(case, "accept", {"confirm": "yes"})
    assert report.packet is not None
    assert case.amount is not None and PORTAL.channel("claims").pays(case, report.packet) == case.amount
    shared.ctx.settings = shared.ctx.settings.model_copy(update={"allow_money_actions": False})
    try:
        with pytest.raises(NotApproved, match="pays the buyer"):
            approve(shared.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
        assert shared.run(submit(shared.ctx, (case.key.ref,))).results[0].outcome == "not_sent"
    finally:
        shared.ctx.settings = shared.ctx.settings.model_copy(update={"allow_money_actions": True})
    assert shared.writes() == []


def test_nothing_is_asked_to_be_closed_before_the_buyer_has_confirmed(shared: Shop) -> None:
    case = shared.case("claims", "request_close", status="action_needed")
    text = f"Please confirm on this page that order {case.order_id} is solved."
    codes = {
        one.code for one in shared.draft(case, "request_close", {"buyer_confirmation": "", "message": text}).blocked
    }
    assert "WD7.unconfirmed" in codes
    early = shared.draft(case, "request_close", {"buyer_confirmation": "1", "message": text})
    assert early.packet is None and "WD7.too_early" in {one.code for one in early.blocked}


def test_the_feedback_widgets_submit_is_never_the_one_pressed(shared: Shop) -> None:
    """It stands in the same dialog under the same name; a second one inside the form stops before the click."""
    case = shared.one_for("claims", "reply", "respond")
    values, files = shared.answer(case, "reply")
    report = shared.draft(case, "reply", values, *files)
    shared.mock.fault("second_submit", "/gp/guarantee-claims/details.html", count="all")
    result = shared.send(case, report)
    assert (result.outcome, result.error) == ("not_sent", "PageDrift"), result.public()
    assert shared.writes() == []


def test_files_without_their_rows_are_not_sent(shared: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    case = shared.one_for("claims", "appeal", "granted_seller")
    values, files = shared.answer(case, "appeal")
    report = shared.draft(case, "appeal", values, *files)
    monkeypatch.setattr(form, "ROWS_MS", 800)
    shared.mock.fault("no_rows", "/gp/guarantee-claims/details.html", count="all")
    result = shared.send(case, report)
    assert (result.outcome, result.error) == ("not_sent", "PacketAltered"), result.public()
    assert shared.writes() == []


@pytest.mark.parametrize(
    ("fault", "path", "error"),
    [("not_eligible", "/safet-claims/api/eligibility", "CaseMoved"),
     ("forgets", "/safet-claims/create-v2", "PacketAltered"),
     ("wrong_case", "/safet-claims/api/eligibility", "PageDrift")],
)  # fmt: skip
def test_a_claim_that_is_not_the_one_approved_is_not_filed(shared: Shop, fault: str, path: str, error: str) -> None:
    """Refused at the first step, changed after its step was left, about another order: told, and nothing leaves."""
    case = shared.one_for("safe_t", "open_ticket", "eligible")
    values, files = shared.answer(case, "open_ticket")
    report = shared.draft(case, "open_ticket", values, *files)
    shared.mock.fault(fault, path, count="all")
    result = shared.send(case, report)
    assert (result.outcome, result.error) == ("not_sent", error), result.public()
    assert fault != "not_eligible" or "refused the delivery" in str(result.said)
    assert shared.writes() == []


@pytest.mark.mock(portal="amazon", seed=3, cases=5, options={"country": "de"})
@pytest.mark.account(channels=["chargebacks"])
def test_a_day_is_typed_as_the_marketplace_writes_it(
    signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path
) -> None:
    """A date field that takes 05.03.2026 drops 2026-03-05, and with it the whole answer."""
    shop = Shop(signed_in, mock, run, tmp_path / "evidence")
    case = shop.case("chargebacks", "appeal")
    assert case.amount is not None and case.amount.currency == "EUR"
    values, files = shop.answer(case, "appeal")
    result = shop.send(case, shop.draft(case, "appeal", values, *files))
    assert result.outcome == "confirmed", result.public()
    assert shop.writes()[0]["fields"]["shipDate"] == ["2026-03-05"]


@pytest.mark.parametrize("step", ["fill", "attach", "differences", "aim", "click", "answer"])
def test_its_components_replace_no_step_of_the_kernels_form(step: str) -> None:
    """A guard that the kernel's form gets later holds here too, without anybody thinking of it."""
    assert all(getattr(kind, step) is getattr(LabelledForm, step) for kind in (KatForm, AmazonForm))
