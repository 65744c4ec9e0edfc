"""What stands before AliExpress's pages is named by its next step, and a broken page never becomes a record."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import DOWN, DRIFT, PERSON, Challenge, SignedOut
from flows.login import login
from tests.portals.aliexpress.conftest import Shop

pytestmark = pytest.mark.mock(portal="aliexpress", seed=8, cases=2)

LIST = "/h5/mtop.aliexpress.seller.reverse.querySellerReverseOrderList"
DETAIL = "/h5/mtop.aliexpress.seller.reverse.reverseOrderLineDetailRender"
PAGE = "/m_apps/dispute-management/list"


@pytest.fixture
def fresh(signed_in: Any, mock: Any, run: Any, tmp_path: Any) -> Shop:
    """A shop that has read nothing yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")


def errors(shop: Shop) -> tuple[int, set[str]]:
    report = shop.sync()
    return report.exit_code, {error["error"] for channel in report.channels for error in channel.errors}


def test_name_and_password_lead_in(ctx: Any, mock: Any, run: Any, tmp_path: Any) -> None:
    account = ctx.settings.account[0]
    assert run(login(ctx, account, headless=True)).exit_code == 0
    assert Shop(ctx, mock, run, tmp_path / "evidence").sync().exit_code == 0


def test_a_wrong_password_is_tried_once(ctx: Any, mock: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REBUTTAL_ALIEXPRESS_MAIN_PASSWORD", "wrong")
    with pytest.raises(SignedOut):
        run(login(ctx, ctx.settings.account[0], headless=True))
    assert len(mock.received("sign_in")) == 1


@pytest.mark.mock(portal="aliexpress", seed=8, cases=2, options={"slider": "yes"})
def test_a_slider_at_the_sign_in_goes_to_a_person(ctx: Any, mock: Any, run: Any) -> None:
    with pytest.raises(Challenge) as raised:
        run(login(ctx, ctx.settings.account[0], headless=True))
    assert raised.value.exit_code == PERSON
    assert not any("slide" in one["path"] for one in mock.received("sign_in")), "nothing here drags a slider"


def test_an_ended_session_asks_for_a_person(fresh: Shop) -> None:
    fresh.mock.event("expire_session")
    assert errors(fresh) == (PERSON, {"SignedOut"})


@pytest.mark.parametrize("path", [LIST, DETAIL, PAGE])
def test_a_call_that_says_session_expired_asks_for_a_person(fresh: Shop, path: str) -> None:
    """`FAIL_SYS_SESSION_EXPIRED` comes on any call in the middle of a run."""
    fresh.mock.fault("session_expired", path, count="all")
    fresh.mock.fault("sign_out", "/user/seller/login", count="all")
    assert errors(fresh) == (PERSON, {"SignedOut"})


def test_an_expired_token_is_the_pages_own_affair(fresh: Shop) -> None:
    """`FAIL_SYS_TOKEN_EXOIRED` is no logout: the page renews it by itself."""
    fresh.mock.fault("token_expired", LIST)
    fresh.mock.fault("token_expired", DETAIL)
    assert errors(fresh) == (0, set())
    assert len(fresh.cases()) == 2


@pytest.mark.parametrize("path", [LIST, DETAIL])
def test_a_slider_over_the_page_goes_to_a_person(fresh: Shop, path: str) -> None:
    fresh.mock.fault("slider", path, count="all")
    assert errors(fresh) == (PERSON, {"Challenge"})


@pytest.mark.parametrize(("kind", "code", "error"), [
    ("challenge", PERSON, "Challenge"), ("denied", PERSON, "Denied"), ("429", DOWN, "RateLimited"),
])  # fmt: skip
def test_a_gate_page_is_named(fresh: Shop, kind: str, code: int, error: str) -> None:
    fresh.mock.fault(kind, PAGE, count="all")
    assert errors(fresh) == (code, {error})


@pytest.mark.parametrize("fault", ["load_failed", "500"])
def test_a_failing_call_is_the_portal_being_down_and_no_drift(fresh: Shop, fault: str) -> None:
    fresh.mock.fault(fault, LIST, count="all")
    assert errors(fresh) == (DOWN, {"PortalDown"})


@pytest.mark.mock(portal="aliexpress", seed=8, cases=2)
def test_another_disputes_page_is_stored_for_no_case(fresh: Shop) -> None:
    fresh.mock.fault("wrong_case", DETAIL, count="all")
    code, found = errors(fresh)
    assert code == DRIFT and found <= {"WrongSubject", "PageDrift"}
    assert fresh.cases() == []


@pytest.mark.parametrize("label", ["剩余响应时间", "退款金额", "纠纷理由", "最高可退金额", "申诉次数"])
def test_a_renamed_label_is_drift_and_never_a_missing_value(fresh: Shop, label: str) -> None:
    fresh.mock.fault("rename_label", DETAIL, count="all", **{"from": label, "to": "新的名称"})
    code, found = errors(fresh)
    assert (code, found) == (DRIFT, {"PageDrift"})


def test_a_list_without_some_rows_is_told_as_incomplete(fresh: Shop) -> None:
    fresh.mock.fault("missing_page", LIST, count="all", keep=1)
    report = fresh.sync()
    assert not report.channels[0].complete and report.exit_code == DRIFT


def test_a_notice_over_the_page_is_no_hindrance(fresh: Shop) -> None:
    fresh.mock.fault("popup", "/m_apps/", count="all")
    assert errors(fresh) == (0, set())


def test_a_beacon_of_the_page_is_held_back(fresh: Shop) -> None:
    fresh.mock.fault("beacon", PAGE, count="all")
    report = fresh.sync()
    assert report.exit_code == 0 and report.channels[0].held_back > 0
