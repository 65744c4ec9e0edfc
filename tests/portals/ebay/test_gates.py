"""What stands before eBay's pages is named by its next step; another account's or site's page is never read."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import DOWN, DRIFT, PERSON, Challenge, SignedOut
from flows.login import login
from tests.portals.ebay.conftest import Shop

pytestmark = pytest.mark.mock(portal="ebay", seed=3, cases=4, options={"zone_shown": "no"})

LIST = "/sh/ord/"
DETAIL = "/(dispute|ReturnCase|ItemNotReceived|mesh/returns|res|rt|rtn)/"


def errors(shop: Shop, *channels: str) -> tuple[int, set[str]]:
    report = shop.sync(*channels)
    return report.exit_code, {error["error"] for channel in report.channels for error in channel.errors}


def options(shop: Shop, **given: str) -> None:
    """The account's settings say this to the portal."""
    account = shop.account.model_copy(update={"options": {**shop.account.options, **given}})
    shop.ctx.settings = shop.ctx.settings.model_copy(update={"account": (account,)})


@pytest.mark.mock(portal="ebay", seed=3, cases=2, options={"step_up": "yes"})
def test_name_then_password_then_the_code_lead_in(ctx: Any, mock: Any, run: Any, tmp_path: Any) -> None:
    account = ctx.settings.account[0]
    with pytest.raises(SignedOut, match="one-time code"):
        run(login(ctx, account, headless=True))
    assert run(login(ctx, account, headless=True, code_from=mock.otp)).exit_code == 0
    assert Shop(ctx, mock, run, tmp_path / "evidence").sync().exit_code == 0


def test_a_wrong_password_is_tried_once(ctx: Any, mock: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REBUTTAL_EBAY_MAIN_PASSWORD", "wrong")
    with pytest.raises(SignedOut, match="does not accept"):
        run(login(ctx, ctx.settings.account[0], headless=True))
    assert sum("pass" in one["fields"] for one in mock.received("sign_in")) == 1


def test_a_captcha_at_the_sign_in_goes_to_a_person(ctx: Any, mock: Any, run: Any) -> None:
    mock.fault("challenge", "/ws/", count="all")
    with pytest.raises(Challenge) as raised:
        run(login(ctx, ctx.settings.account[0], headless=True))
    assert raised.value.exit_code == PERSON and mock.received("sign_in") == []


def test_an_ended_session_asks_for_a_person(fresh: Shop) -> None:
    fresh.mock.event("expire_session")
    assert errors(fresh) == (PERSON, {"SignedOut"})


@pytest.mark.parametrize(("kind", "code", "error"), [
    ("challenge", PERSON, "Challenge"), ("denied", PERSON, "Denied"), ("429", DOWN, "RateLimited"),
])  # fmt: skip
def test_a_gate_page_is_named(fresh: Shop, kind: str, code: int, error: str) -> None:
    fresh.mock.fault(kind, LIST, count="all")
    assert errors(fresh) == (code, {error})


def test_another_accounts_pages_are_not_read(fresh: Shop) -> None:
    """One sign-in may act for several accounts: the header says for which."""
    name = fresh.mock.event("switch_account", to=0)["seller"]
    fresh.mock.event("switch_account", to=1)
    options(fresh, store=name)
    assert errors(fresh) == (PERSON, {"WrongStore"})
    assert fresh.cases() == []


def test_another_sites_pages_are_not_read(fresh: Shop) -> None:
    """Another site has another clock, other days off and another currency, behind a right address."""
    options(fresh, site="us")
    assert errors(fresh) == (PERSON, {"WrongStore"})
    options(fresh, site="au")
    assert errors(fresh) == (0, set())


@pytest.mark.usefixtures("hurried")
def test_another_matters_page_is_stored_for_no_case(fresh: Shop) -> None:
    fresh.mock.event("new_case", channel="payment_disputes")
    fresh.mock.fault("wrong_case", DETAIL, count="all")
    code, found = errors(fresh, "payment_disputes")
    assert code == DRIFT and found <= {"WrongSubject", "PageDrift"}
    assert fresh.cases() == []


@pytest.mark.parametrize("label", ["Amount disputed", "Reason", "Seller protection", "Request closed by this dispute"])
@pytest.mark.mock(portal="ebay", seed=3, cases=0)
def test_a_renamed_label_is_drift_and_never_a_missing_value(fresh: Shop, label: str) -> None:
    fresh.mock.event("new_case", channel="payment_disputes", state="lost")
    fresh.mock.fault("rename_label", "/dispute/", count="all", **{"from": f"<dt>{label}<", "to": "<dt>Something new<"})
    assert errors(fresh, "payment_disputes") == (DRIFT, {"PageDrift"})


@pytest.mark.mock(portal="ebay", seed=3, cases=0)
def test_an_action_that_nobody_knows_is_drift(fresh: Shop) -> None:
    fresh.mock.event("new_case", channel="payment_disputes", state="action")
    fresh.mock.fault("rename_label", "/dispute/", count="all", **{"from": ">Accept the dispute<", "to": ">Pay now<"})
    assert errors(fresh, "payment_disputes") == (DRIFT, {"PageDrift"})


def test_a_list_without_some_rows_is_told_as_incomplete(fresh: Shop) -> None:
    fresh.mock.fault("missing_page", LIST, count="all", keep=0)
    report = fresh.sync("cases")
    assert report.exit_code == DRIFT and not report.channels[0].complete


@pytest.mark.mock(portal="ebay", seed=3, cases=12, options={"page_size": "2"})
def test_lists_are_read_to_their_end_by_their_own_links_and_rows_without_a_link_by_their_order(fresh: Shop) -> None:
    for case in fresh.mock.truth():
        if case["channel"] == "requests":
            fresh.mock.event("hide_link", case_id=case["case_id"])
    fresh.mock.fault("popup", "/", count="all")
    fresh.mock.fault("beacon", "/sh/ord/details", count="all")
    report = fresh.sync("requests")
    assert (report.exit_code, report.channels[0].complete) == (0, True), report.public()
    there = [case for case in fresh.mock.truth() if case["channel"] == "requests"]
    assert {case.case_id for case in fresh.cases()} == {case["case_id"] for case in there}
    assert fresh.sync("requests").channels[0].changed == 0
