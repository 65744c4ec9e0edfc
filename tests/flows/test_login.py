"""A sign-in that guesses locks the store's account; one that keeps quiet leaves the nightly run outside the door."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import flows.login
from agent.errors import PERSON, Challenge, PortalDown, SignedOut
from agent.home import Home
from agent.settings import AccountSettings
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.login import login
from flows.sync import sync
from flows.visit import browsers, visiting
from tests.conftest import Run

STORE = "coupang:main"
pytestmark = pytest.mark.mock(cases=2)


@pytest.fixture
def enter(ctx: Context, account: AccountSettings, mock: Served, run: Run[Any]) -> Callable[..., Any]:
    """Signs in without a window; the code is the right one unless another source is given."""

    def once(code_from: Any = mock.otp) -> Any:
        return run(login(ctx, account, headless=True, code_from=code_from))

    return once


def tries(mock: Served, path: str) -> int:
    """How often a sign-in page was sent."""
    return sum(path in one["path"] for one in mock.received("sign_in"))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_sign_in_opens_the_portal_to_the_next_sync(request: pytest.FixtureRequest, seed: int, run: Run[Any]) -> None:
    # Seed 1 is asked to change its password first, seed 2 is not.
    request.node.add_marker(pytest.mark.mock(seed=seed, cases=2), append=False)
    mock: Served = request.getfixturevalue("mock")
    ctx: Context = request.getfixturevalue("ctx")
    account = ctx.settings.account[0]
    done = run(login(ctx, account, headless=True, code_from=mock.otp))
    assert done.public() == {"account": STORE, "said": "coupang:main is signed in."}
    assert ctx.vault.load(STORE) is not None
    assert run(sync(ctx, (account,))).exit_code == 0


def test_a_wrong_password_is_tried_once_and_never_again(
    enter: Callable[..., Any], ctx: Context, mock: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_COUPANG_MAIN_PASSWORD", "not-the-password")
    with pytest.raises(SignedOut, match="does not accept this name and password") as fault:
        enter()
    assert fault.value.exit_code == PERSON
    assert tries(mock, "authenticate") == 1
    assert ctx.vault.load(STORE) is None


def test_a_wrong_code_is_asked_for_again_and_not_for_ever(
    enter: Callable[..., Any], ctx: Context, mock: Served
) -> None:
    given = iter(["000000", "000000", mock.otp()])
    assert "is signed in" in str(enter(lambda: next(given)).said)
    ctx.vault.forget(STORE)
    with pytest.raises(SignedOut, match="was wrong 3 times"):
        enter(lambda: "000000")
    assert ctx.vault.load(STORE) is None


@pytest.mark.parametrize("code_from", [None, lambda: ""])
def test_without_a_code_a_person_is_needed(enter: Callable[..., Any], code_from: Any) -> None:
    with pytest.raises(SignedOut, match="one-time code") as fault:
        enter(code_from)
    assert "--code -" in str(fault.value.todo)


def test_in_a_window_the_person_is_told_what_is_wanted_and_waited_for(
    ctx: Context, account: AccountSettings, mock: Served, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, pages, said, typing = ctx.portal("coupang").gate, [], [], []

    @contextlib.asynccontextmanager
    async def watched(*given: Any, **how: Any) -> AsyncIterator[Any]:
        async with visiting(*given, **how) as visit:
            pages.append(visit.tab.page)
            yield visit

    async def person() -> None:
        await pages[0].fill(gate.code, mock.otp())
        await pages[0].click(gate.code_submit)

    def tell(sentence: str) -> None:
        said.append(sentence)
        typing.append(asyncio.ensure_future(person()))

    monkeypatch.setattr(flows.login, "browsers", lambda **how: browsers(**(how | {"headed": False})))
    monkeypatch.setattr(flows.login, "visiting", watched)
    monkeypatch.setattr(ctx.console, "print", tell)
    assert run(login(ctx, account)).exit_code == 0
    assert said == [
        "coupang:main: the portal wants its one-time code. Go on in the window that is open; this waits for you."
    ]
    assert ctx.vault.load(STORE) is not None


def test_without_name_and_password_a_person_is_needed(
    enter: Callable[..., Any], mock: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REBUTTAL_COUPANG_MAIN_PASSWORD")
    with pytest.raises(SignedOut, match="name and password are wanted") as fault:
        enter()
    assert ".env" in str(fault.value.todo)
    assert mock.received() == []


def test_a_challenge_is_left_to_a_person(enter: Callable[..., Any], mock: Served) -> None:
    mock.fault("challenge", "/login", count="all")
    with pytest.raises(Challenge, match="a person is there") as fault:
        enter()
    assert fault.value.exit_code == PERSON
    assert mock.received() == []


def test_a_portal_that_is_down_is_said_to_be_down(enter: Callable[..., Any], mock: Served) -> None:
    mock.fault("503", "/login", count="all")
    with pytest.raises(PortalDown, match="503"):
        enter()


@pytest.mark.parametrize("right", [True, False])
def test_no_secret_is_ever_written_down(
    home: Home, mock: Served, run: Run[Any], right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not right:
        monkeypatch.setenv("REBUTTAL_COUPANG_MAIN_PASSWORD", mock.password + "x")
    codes = []

    def code() -> str:
        codes.append(mock.otp())
        return codes[-1]

    with opened(home) as ctx:
        try:
            run(login(ctx, ctx.settings.account[0], headless=True, code_from=code))
        except SignedOut:
            assert not right
    kept = b"".join(file.read_bytes() for file in home.path.rglob("*") if file.is_file())
    assert mock.username.encode() not in kept
    for secret in (mock.password, *codes):
        assert secret.encode() not in kept
    assert list(home.bundles.iterdir()) == []
