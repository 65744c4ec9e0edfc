"""Getting in, and not into the wrong country: every obstacle is passed or named with its next step."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import Challenge, SignedOut, WrongStore
from agent.home import Home
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.login import login
from flows.sync import sync
from tests.conftest import Run, settings_text
from tests.portals.amazon.signing import session_cookies

pytestmark = pytest.mark.mock(portal="amazon", seed=1, cases=5)


def enter(ctx: Context, run: Run[Any], mock: Served) -> Any:
    return run(login(ctx, ctx.settings.account[0], headless=True, code_from=mock.otp))


@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=pytest.mark.mock(portal="amazon", seed=seed, cases=5)) for seed in (1, 2, 3)],
)
def test_the_obstacles_are_passed_in_whatever_order_they_come(
    seed: int, ctx: Context, mock: Served, run: Run[Any]
) -> None:
    """A passkey detour (1), neither (2), an interstitial (3): name, password and code on pages of their own."""
    assert enter(ctx, run, mock).exit_code == 0


def test_a_puzzle_goes_to_a_person(ctx: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("challenge_login")
    with pytest.raises(Challenge):
        enter(ctx, run, mock)


def test_a_wrong_password_is_tried_once(
    ctx: Context, mock: Served, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_AMAZON_MAIN_PASSWORD", "wrong")
    with pytest.raises(SignedOut):
        enter(ctx, run, mock)
    tried = [one for one in mock.received("sign_in") if "password" in one["fields"]]
    assert len(tried) == 1


@pytest.mark.account(channels=["safe_t"])
def test_a_sign_in_form_with_status_200_is_no_page(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("expire_session")
    report = run(sync(signed_in, signed_in.settings.account))
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, "SignedOut")
    assert signed_in.store.cases.rows() == []


@pytest.mark.account(channels=["claims"])
def test_a_user_without_the_right_is_told_so_and_not_that_there_are_no_claims(
    signed_in: Context, mock: Served, run: Run[Any]
) -> None:
    mock.event("rights", without="claims")
    report = run(sync(signed_in, signed_in.settings.account))
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, "Denied")


@pytest.mark.account(channels=["claims"])
def test_pages_in_another_language_are_not_read(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("language", to="de-DE")
    report = run(sync(signed_in, signed_in.settings.account))
    assert report.exit_code == 11
    assert signed_in.store.cases.rows() == []


# -- the country ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bound(home: Home, mock: Served) -> Any:
    """The context of a home whose account names its store and country, signed in."""
    store = mock.event("country", to=0)["store"]
    home.settings_file.write_text(
        settings_text(mock) + f'options = {{ store = "{store}", channels = ["claims"] }}\n', encoding="utf-8"
    )
    with opened(home) as ctx:
        ctx.vault.save("amazon:main", {"cookies": session_cookies(mock), "origins": []})
        yield ctx


def test_a_wrong_country_behind_the_right_address_is_refused(bound: Context, mock: Served, run: Run[Any]) -> None:
    assert run(sync(bound, bound.settings.account)).exit_code == 0
    known = len(bound.store.cases.rows())
    mock.event("country", to=1)
    report = run(sync(bound, bound.settings.account))
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, "WrongStore")
    assert len(bound.store.cases.rows()) == known


@pytest.mark.account(channels=["claims"])
def test_without_the_guard_it_would_be_read(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("country", to=1)
    assert run(sync(signed_in, signed_in.settings.account)).exit_code == 0
    assert not {row.case_id for row in signed_in.store.cases.rows()} & {case["case_id"] for case in mock.truth()}


@pytest.mark.mock(portal="amazon", seed=2, cases=5, options={"switcher": "yes"})
def test_a_sign_in_chooses_the_accounts_own_country(bound: Context, mock: Served, run: Run[Any]) -> None:
    mock.event("country", to=1)
    assert enter(bound, run, mock).exit_code == 0
    assert run(sync(bound, bound.settings.account)).exit_code == 0


@pytest.mark.mock(portal="amazon", seed=2, cases=5, options={"switcher": "yes"})
def test_without_a_store_in_the_settings_a_person_chooses(ctx: Context, mock: Served, run: Run[Any]) -> None:
    with pytest.raises(WrongStore):
        enter(ctx, run, mock)
