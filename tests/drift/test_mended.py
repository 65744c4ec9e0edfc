"""An operator who waits for a programmer while deadlines run: the whole way from a changed label to a clean sync."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page

from agent.errors import UsageFault
from flows.cli import main
from flows.pointing import Ready
from flows.teach import Taught, teach
from tests.drift.conftest import KNOWN, UNKNOWN, Store

KEY = "dispute.responsible"
CASES = 4
pytestmark = pytest.mark.mock(cases=CASES)


@pytest.fixture
def changed(synced: Store) -> Store:
    """The store after a night on which a label was another one."""
    synced.mock.fault("rename_label", "/orders/", count="all", **{"from": KNOWN, "to": UNKNOWN})
    synced.sync(full=True)
    assert (synced.exit_code, len(synced.alarms())) == (11, 1)
    return synced


def command(store: Store, capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    """One command with --json: its exit code and its answer."""
    code = main(["--home", str(store.ctx.home.path), "--json", *argv])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def visits(store: Store) -> int:
    return len(store.ctx.store.runs.recent(limit=100, kind="sync"))


def test_taught_by_its_text_corrected_without_a_visit_and_clean_at_the_next_sync(
    changed: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    unread = changed.unread()
    assert unread
    code, told = command(changed, capsys, "teach", "coupang", KEY, "--text", UNKNOWN)
    assert (code, told["shown"] != [], told["saved"] is not None) == (0, True, True)
    changed.mock.fault("500", "/", count="all")  # whoever went there now would be told
    code, told = command(changed, capsys, "reread", "coupang", "--dry-run")
    assert (code, told["written"], len(told["corrections"])) == (0, False, len(unread))
    assert changed.unread() == unread
    code, told = command(changed, capsys, "reread", "coupang", "--write")
    assert (code, told["written"], told["drifted"], told["wants_visit"]) == (0, True, [], [])
    assert changed.unread() == set()
    changed.mock.clear_faults()
    changed.mock.fault("rename_label", "/orders/", count="all", **{"from": KNOWN, "to": UNKNOWN})
    report = changed.sync()
    assert (changed.exit_code, report.drifted, report.visited, changed.alarms()) == (0, 0, 0, [])
    assert changed.right()


def test_nothing_is_written_where_nobody_can_say_yes(changed: Store, capsys: pytest.CaptureFixture[str]) -> None:
    command(changed, capsys, "teach", "coupang", KEY, "--text", UNKNOWN)
    unread = changed.unread()
    code, told = command(changed, capsys, "reread", "coupang")
    assert (code, told["written"], changed.unread()) == (0, False, unread)
    assert command(changed, capsys, "reread", "--write", "--dry-run")[0] == 2


# -- in the window ---------------------------------------------------------------------------------------------------


def pointer(*texts: str) -> Ready:
    """A hand with a mouse: points at each text in turn, once the window waits; "" is the Escape key."""
    left = list(texts)

    async def press(page: Page) -> None:
        text = left.pop(0)
        await page.mouse.move(3, 3)
        await page.wait_for_selector("x-pw-glass", state="attached")
        if not text:
            await page.keyboard.press("Escape")
            return
        spot = page.get_by_text(text, exact=True).first
        await spot.scroll_into_view_if_needed()
        box = await spot.bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
        await page.mouse.down()
        await page.mouse.up()

    return press


def in_window(store: Store, *texts: str, key: str = KEY, **how: Any) -> Taught:
    done: Taught = store.run(teach(store.ctx, "coupang", key, headed=False, ready=pointer(*texts), **how))
    return done


def test_pointed_at_in_the_window(changed: Store, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[str] = []

    def yes(one: Taught) -> bool:
        shown.extend(str(line) for line in one.preview)
        return True

    done = in_window(changed, UNKNOWN, confirm=yes)
    assert (done.text, done.saved) == (UNKNOWN, changed.ctx.home.own_labels("coupang"))
    assert any(line.startswith("  dispute.responsible: ") for line in shown)
    assert any(line.startswith("  amount: ") and line.endswith(" KRW") for line in shown)
    code, told = command(changed, capsys, "reread", "--write")
    assert (code, told["written"]) == (0, True)
    assert (changed.sync().drifted, changed.exit_code, changed.alarms()) == (0, 0, [])
    assert changed.right()


def test_pointing_at_the_value_finds_the_label_beside_it(changed: Store) -> None:
    party = next(
        c.decision.responsible.shown
        for c in changed.cases().values()
        if c.decision and c.decision.responsible and c.case_id in changed.unread()
    )
    assert in_window(changed, "결정 내용", UNKNOWN).text == UNKNOWN
    assert party


def test_a_wrong_click_is_told_and_may_be_made_again(changed: Store) -> None:
    assert in_window(changed, "공제 합계", UNKNOWN).text == UNKNOWN


def test_escape_ends_it_and_nothing_is_saved(changed: Store) -> None:
    with pytest.raises(UsageFault):
        in_window(changed, "")
    assert not changed.ctx.home.own_labels("coupang").exists()


def test_pointing_at_a_link_follows_no_link_and_presses_no_button(changed: Store) -> None:
    """The click is Playwright's alone: the page hears nothing of it."""
    with pytest.raises(UsageFault):
        in_window(changed, "로그아웃", "보내기", "")
    assert changed.sync().listed == CASES
    assert changed.exit_code == 11
