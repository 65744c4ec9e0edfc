"""The house answers earlier than the portal asks (WD3), in the list and nowhere in the records."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.cases import listing
from tests.portals.aliexpress.conftest import Shop


@pytest.fixture
def shop(told: Shop) -> Shop:
    """The operator, who knows every case; no browser is opened."""
    return told


def test_the_list_shows_the_house_deadline_and_the_records_do_not(shop: Shop) -> None:
    now = shop.ctx.clock()
    rows = {row.case_id: row for row in listing(shop.ctx)}
    stored = {row.case_id: row for row in shop.ctx.store.cases.rows(open_only=True)}
    earlier = {
        case_id: row for case_id, row in rows.items() if row.next_deadline_at != stored[case_id].next_deadline_at
    }
    assert earlier, "no dispute of this world is waiting for an answer"
    for case_id, row in earlier.items():
        case, told = shop.by_id(case_id), stored[case_id].next_deadline_at
        assert (
            row.next_deadline_at is not None
            and row.needs_action
            and (row.next_deadline_shown or "").startswith("house rule")
        )
        assert told is None or row.next_deadline_at < told
        assert all(deadline.rule != "WD3" for deadline in case.deadlines)
        last = max(message.at for message in case.messages)
        assert row.next_deadline_at == last + timedelta(hours=48)
    assert [row.next_deadline_at for row in listing(shop.ctx) if row.needs_action] == sorted(
        row.next_deadline_at for row in rows.values() if row.needs_action and row.next_deadline_at
    )
    soon = listing(shop.ctx, due=timedelta(hours=1))
    overdue = {case_id for case_id, row in earlier.items() if row.next_deadline_at < now}  # type: ignore[operator]
    assert overdue <= {row.case_id for row in soon}


def test_other_hours_are_a_setting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {row.case_id: row.next_deadline_at for row in listing(shop.ctx)}
    monkeypatch.setattr(shop.ctx, "settings", shop.ctx.settings.model_copy(update={"house_hours": 2000}))
    after = {row.case_id: row.next_deadline_at for row in listing(shop.ctx)}
    stored = {row.case_id: row.next_deadline_at for row in shop.ctx.store.cases.rows(open_only=True)}
    assert after == stored and after != before
