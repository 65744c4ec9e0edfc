"""Whatever changed after the approval, nothing is sent, and the difference is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.errors import REFUSED
from flows.submit import Result
from tests.submit.conftest import NOTE, Appeal

pytestmark = [pytest.mark.sends, pytest.mark.mock(cases=2)]


@pytest.fixture(autouse=True)
def _nothing_left(appeal: Appeal) -> Iterator[None]:
    """At the end of every test here: nothing reached the portal, no attempt was armed."""
    yield
    assert appeal.mock.received("write") == []
    assert appeal.ctx.store.ledger.attempts() == []


def refused(result: Result) -> str:
    assert (result.outcome, result.code) == ("not_sent", REFUSED), result
    return str(result.said)


def test_what_nobody_approved_is_not_sent(appeal: Appeal) -> None:
    appeal.draft()
    refused(appeal.submit())


def test_one_character_of_the_note_changed(appeal: Appeal) -> None:
    appeal.approve()
    appeal.draft(text=NOTE + ".")
    assert "note" in refused(appeal.submit())


def test_one_byte_of_a_file_changed(appeal: Appeal) -> None:
    appeal.approve()
    path = appeal.files[0][1]
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data))
    assert "proof.jpg" in refused(appeal.submit())


def test_a_file_that_is_gone(appeal: Appeal) -> None:
    appeal.approve()
    appeal.files[1][1].unlink()
    assert "box.png" in refused(appeal.submit())


def test_another_choice(appeal: Appeal) -> None:
    appeal.approve()
    appeal.draft(values={"appeal_type": "product_accuracy"})
    assert "appeal_type" in refused(appeal.submit())


def test_the_case_changed_at_the_portal_and_was_synced(appeal: Appeal) -> None:
    appeal.approve()
    appeal.mock.event("change_amount", case_id=appeal.key.case_id, amount=12_345)
    appeal.sync()
    assert "12345" in refused(appeal.submit()).replace(",", "")


def test_the_case_changed_at_the_portal_since_the_last_sync(appeal: Appeal) -> None:
    appeal.approve()
    appeal.mock.event("change_amount", case_id=appeal.key.case_id, amount=12_345)
    assert "changed at the portal" in refused(appeal.submit())


def test_the_buyer_withdrew_since_the_last_sync(appeal: Appeal) -> None:
    appeal.approve()
    appeal.mock.event("withdraw", case_id=appeal.key.case_id)
    refused(appeal.submit())


def test_an_expired_approval(appeal: Appeal) -> None:
    appeal.approve()
    appeal.clock.ahead = timedelta(hours=25)
    assert "expire" in refused(appeal.submit())


def test_a_withdrawn_approval(appeal: Appeal) -> None:
    from flows.approve import reject

    appeal.approve()
    reject(appeal.ctx, appeal.key.ref, why="another look", by="wang")
    refused(appeal.submit())


def test_a_rule_of_the_portal_changed(appeal: Appeal) -> None:
    appeal.approve()
    own = appeal.ctx.home.own_policy("coupang")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("[channels.refund_disputes.actions.appeal.fields.note]\nmax_chars = 400\n", encoding="utf-8")
    assert "policy" in refused(appeal.submit())


def test_a_paused_portal(appeal: Appeal) -> None:
    from flows.pause import pause

    appeal.approve()
    pause(appeal.ctx, "coupang", why="look first", by="li")
    assert "paused" in refused(appeal.submit())
