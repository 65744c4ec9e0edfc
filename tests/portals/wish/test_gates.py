"""What stands before Wish's pages is named by its next step; a page that is not the one asked for is never read."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from agent.browser.tab import Tab
from agent.errors import DOWN, DRIFT, PERSON, SignedOut
from flows.login import login
from tests.portals.wish.conftest import Shop

pytestmark = pytest.mark.mock(portal="wish", seed=3, cases=4)


def errors(shop: Shop, *channels: str) -> tuple[int, set[str]]:
    report = shop.sync(*channels)
    return report.exit_code, {error["error"] for channel in report.channels for error in channel.errors}


@pytest.mark.mock(portal="wish", seed=3, cases=2, options={"two_factor": "yes"})
def test_name_password_and_the_code_lead_in(ctx: Any, mock: Any, run: Any, tmp_path: Any) -> None:
    account = ctx.settings.account[0]
    with pytest.raises(SignedOut, match="one-time code"):
        run(login(ctx, account, headless=True))
    assert run(login(ctx, account, headless=True, code_from=mock.otp)).exit_code == 0
    assert Shop(ctx, mock, run, tmp_path / "evidence").sync().exit_code == 0


def test_a_wrong_password_is_tried_once(ctx: Any, mock: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REBUTTAL_WISH_MAIN_PASSWORD", "wrong")
    with pytest.raises(SignedOut, match="does not accept"):
        run(login(ctx, ctx.settings.account[0], headless=True))
    assert len(mock.received("sign_in")) == 1


def test_gate_pages_are_named(fresh: Shop) -> None:
    for kind, wanted in {
        "challenge": (PERSON, {"Challenge"}), "denied": (PERSON, {"Denied"}), "429": (DOWN, {"RateLimited"}),
    }.items():  # fmt: skip
        fresh.mock.fault(kind, "/tickets", count="all")
        assert errors(fresh, "tickets") == wanted, kind
        fresh.mock.clear_faults()
    fresh.mock.event("expire_session")
    assert errors(fresh) == (PERSON, {"SignedOut"})


def test_another_stores_pages_are_not_read(fresh: Shop) -> None:
    account = fresh.account.model_copy(update={"options": {"store": "Somebody Else"}})
    fresh.ctx.settings = fresh.ctx.settings.model_copy(update={"account": (account,)})
    assert errors(fresh) == (PERSON, {"WrongStore"})
    assert fresh.cases() == []


def test_another_matters_page_is_stored_for_no_case(fresh: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.visit.Tab", functools.partial(Tab, wait_ms=1_500))
    fresh.mock.fault("wrong_case", "/(ticket|order)/", count="all")
    code, found = errors(fresh)
    assert code == DRIFT and found <= {"WrongSubject", "PageDrift"}
    assert fresh.cases() == []


@pytest.mark.parametrize("fault", [
    {"kind": "rename_label", "from": ">Reply by<", "to": ">Answer until<"},
    {"kind": "rename_label", "from": ">Order total<", "to": ">Sum<"},
    {"kind": "rename_label", "from": ">Awaiting merchant<", "to": ">Your turn<"},
    {"kind": "new_action"},
])  # fmt: skip
@pytest.mark.mock(portal="wish", seed=3, cases=0)
def test_what_nobody_knows_is_drift_and_never_a_missing_value(fresh: Shop, fault: dict[str, str]) -> None:
    fresh.mock.event("new_case", channel="tickets", state="awaiting_merchant", shows="moment")
    options = {"from": fault["from"], "to": fault["to"]} if "from" in fault else {}
    fresh.mock.fault(fault["kind"], "/ticket/", count="all", **options)
    assert errors(fresh, "tickets") == (DRIFT, {"PageDrift"})
    assert fresh.cases() == []


def test_a_list_without_some_rows_is_told_as_incomplete(fresh: Shop) -> None:
    fresh.mock.fault("missing_page", "/history", count="all", keep=0)
    report = fresh.sync("refund_disputes")
    assert report.exit_code == DRIFT and not report.channels[0].complete


def test_a_notice_over_the_page_hides_nothing(fresh: Shop) -> None:
    fresh.mock.fault("popup", "/", count="all")
    assert errors(fresh) == (0, set())
