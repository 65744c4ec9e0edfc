"""A night of thousands of pages goes on in fresh ones, and none of them is less guarded, or another session, than the first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page

from agent.browser import open as opening
from agent.browser.tab import Tab
from fixtures.kernel.serving import Served
from flows import visit
from flows.context import Context
from flows.export import export
from flows.sync import SyncReport, sync
from tests.conftest import Run
from tests.truth import differences, named

pytestmark = pytest.mark.mock(seed=3, cases=6)


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[Page]:
    """The pages that were gone on in; a fresh one is due after every second look."""
    made: list[Page] = []
    real: Callable[[Tab, Page], None] = Tab.go_on_in

    def noted(self: Tab, page: Page) -> None:
        assert len(page.context.pages) <= 2, "the page before the last one is closed, or the night fills the memory"
        made.append(page)
        real(self, page)

    monkeypatch.setattr(Tab, "go_on_in", noted)
    monkeypatch.setattr(visit, "RENEW_AFTER", 2)
    return made


@pytest.fixture
def read(signed_in: Context, run: Run[Any]) -> Callable[[], SyncReport]:
    """One sync of the account."""
    return lambda: run(sync(signed_in, signed_in.settings.account))


def test_fresh_pages_read_the_truth(
    read: Callable[[], SyncReport], signed_in: Context, mock: Served, moves: list[Page]
) -> None:
    assert read().exit_code == 0
    assert len(moves) >= 3
    told, truth = {named(one): one for one in json.loads(export(signed_in, format="json"))}, mock.truth()
    assert {named(case): found for case in truth if (found := differences(told[named(case)], case))} == {}
    assert all(page.is_closed() for page in moves)


def test_a_fresh_page_is_guarded_like_the_first(
    read: Callable[[], SyncReport], mock: Served, moves: list[Page]
) -> None:
    mock.fault("beacon", "/orders", count="all")
    held = sum(channel.held_back for channel in read().channels)
    assert len(moves) >= 3 and held > len(moves)
    assert mock.received("write") == []


@pytest.mark.sends
def test_without_its_guard_a_fresh_page_would_send(
    read: Callable[[], SyncReport], mock: Served, moves: list[Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the guard of the fresh page is for."""
    first = iter([True])

    async def once(*given: Any, pictures: bool = False) -> None:
        if next(first, False):
            await guarded(*given, pictures=pictures)

    guarded = visit.guard_page
    monkeypatch.setattr(visit, "guard_page", once)
    mock.fault("beacon", "/orders", count="all")
    read()
    assert mock.received("write") != []


def test_a_page_that_keeps_something_for_itself_is_not_left(
    read: Callable[[], SyncReport], moves: list[Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that stands in this page alone would be lost, and the account signed out in the middle of the night."""

    async def token(page: Page) -> dict[str, Any]:
        return {"token": "made since"}

    monkeypatch.setattr(opening, "session_storage", token)
    assert read().exit_code == 0
    assert moves == []
