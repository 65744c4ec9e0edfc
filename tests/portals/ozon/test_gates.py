"""Getting in, and not into the wrong company: every obstacle is passed or named with its next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.errors import Challenge, Denied, SignedOut, WrongStore
from agent.home import Home
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.login import login
from flows.sync import sync
from tests.conftest import Run, settings_text
from tests.portals.ozon.signing import session_cookies

pytestmark = pytest.mark.mock(portal="ozon", seed=1, cases=4)


def enter(ctx: Context, run: Run[Any], code: Callable[[], str]) -> Any:
    return run(login(ctx, ctx.settings.account[0], headless=True, code_from=code))


def test_phone_first_two_factor_transit_and_one_more_click_lead_in(ctx: Context, mock: Served, run: Run[Any]) -> None:
    assert enter(ctx, run, mock.otp).exit_code == 0
    assert run(sync(ctx, ctx.settings.account)).exit_code == 0


def test_a_mistyped_code_is_asked_for_again(ctx: Context, mock: Served, run: Run[Any]) -> None:
    codes = iter(["000000"])
    assert enter(ctx, run, lambda: next(codes, mock.otp())).exit_code == 0


def test_a_code_that_stays_wrong_ends_with_a_next_step(ctx: Context, run: Run[Any]) -> None:
    with pytest.raises(SignedOut) as ended:
        enter(ctx, run, lambda: "000000")
    assert "wrong" in str(ended.value.said)


def test_a_mail_address_that_ozon_does_not_know_is_said(
    ctx: Context, run: Run[Any], mock: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_OZON_MAIN_USERNAME", "nobody@nowhere.example")
    with pytest.raises(SignedOut):
        enter(ctx, run, mock.otp)


def test_without_an_address_a_person_is_asked_for(
    ctx: Context, run: Run[Any], mock: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REBUTTAL_OZON_MAIN_USERNAME")
    with pytest.raises(SignedOut):
        enter(ctx, run, mock.otp)


def test_a_lost_session_asks_for_a_sign_in_and_removes_nothing(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    assert run(sync(signed_in, signed_in.settings.account)).exit_code == 0
    known = len(signed_in.store.cases.rows())
    mock.event("expire_session")
    report = run(sync(signed_in, signed_in.settings.account))
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, "SignedOut")
    assert len(signed_in.store.cases.rows()) == known


@pytest.mark.parametrize(("kind", "error"), [("challenge", Challenge), ("denied", Denied)])
def test_the_stub_that_looks_like_a_network_error_goes_to_a_person(
    kind: str, error: type[Exception], signed_in: Context, mock: Served, run: Run[Any]
) -> None:
    mock.fault(kind, "/app/", count="all")
    report = run(sync(signed_in, signed_in.settings.account))
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, error.__name__)


def test_the_antibot_page_stops_a_sign_in(ctx: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("antibot")
    with pytest.raises(Challenge):
        enter(ctx, run, mock.otp)


# -- the company -----------------------------------------------------------------------------------------------------


@pytest.fixture
def company(mock: Served) -> str:
    """The name of the company that the account is for."""
    mock.event("company", to=1)
    name = str(mock.event("company", to=0)["company"])
    return name


@pytest.fixture
def bound(home: Home, mock: Served, company: str) -> Any:
    """The context of a home whose account names its company, signed in."""
    home.settings_file.write_text(settings_text(mock) + f'options = {{ store = "{company}" }}\n', encoding="utf-8")
    with opened(home) as ctx:
        ctx.vault.save("ozon:main", {"cookies": session_cookies(mock), "origins": []})
        yield ctx


def test_the_right_company_is_read(bound: Context, run: Run[Any]) -> None:
    assert run(sync(bound, bound.settings.account)).exit_code == 0


def test_cases_of_another_company_are_never_read(bound: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("company", to=1)
    report = run(sync(bound, bound.settings.account))
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, "WrongStore")
    assert bound.store.cases.rows() == []


def test_without_the_guard_they_would_be(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("company", to=1)
    assert run(sync(signed_in, signed_in.settings.account)).exit_code == 0
    assert not {row.case_id for row in signed_in.store.cases.rows()} & {case["case_id"] for case in mock.truth()}


@pytest.mark.sends
def test_a_sign_in_switches_over_to_the_accounts_company(bound: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("company", to=1)
    assert enter(bound, run, mock.otp).exit_code == 0
    report = run(sync(bound, bound.settings.account))
    assert report.exit_code == 0, report.public()


def test_a_company_that_is_not_offered_stops_the_sign_in(home: Home, mock: Served, run: Run[Any]) -> None:
    home.settings_file.write_text(settings_text(mock) + 'options = { store = "ООО «Чужое»" }\n', encoding="utf-8")
    with opened(home) as ctx, pytest.raises(WrongStore):
        enter(ctx, run, mock.otp)
