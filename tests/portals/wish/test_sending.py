"""What a merchant approved reaches Wish once, as approved; when nobody heard the answer, reading settles it."""

from __future__ import annotations

from typing import Any

import pytest

from agent.records import Action, Case
from flows.reconcile import reconcile
from tests.portals.wish.conftest import Shop

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="wish", seed=1, cases=0)]

SENT: list[tuple[str, Action, str, str, str]] = [
    ("tickets", "reply", "awaiting_merchant", "/api/ticket/reply", "waiting"),
    ("tickets", "escalate", "awaiting_user", "/api/ticket/appeal-to-wish-support", "in_review"),
    ("refund_disputes", "appeal", "none", "/api/order/dispute", "in_review"),
    ("refund_disputes", "reply", "awaiting_merchant", "/api/order/dispute/reply", "in_review"),
]
"""Where each action goes from which state, and how the case stands afterwards."""
CONFIRMED = "It arrived today, all good now. You can close this."


@pytest.mark.mock(portal="wish", seed=1, cases=0, options={"language": "zh"})
def test_each_action_arrives_once_and_as_approved(fresh: Shop) -> None:
    for channel, action, state, path, status in SENT:
        before = len(fresh.writes())
        reason: dict[str, Any] = {"reason": "late"} if action == "appeal" else {}
        case = fresh.fresh(channel, action, state=state, **reason)
        values, files = fresh.answer(case, action)
        result = fresh.send(case, fresh.draft(case, action, values, *files))
        assert result.outcome == "confirmed", (channel, action, result.public())
        (one,) = fresh.writes()[before:]
        assert (one["path"], one["accepted"], one["fields"]["id"]) == (path, True, [case.case_id])
        assert {key: [text.replace("\r\n", "\n") for text in one["fields"][key]] for key in values} == {
            key: [value] for key, value in values.items()
        }
        assert [file["sha256"] for file in one["files"]] == _files(fresh, case, action)
        assert all(file["name"].startswith(case.order_id) for file in one["files"])
        assert fresh.again(case).status.is_ == status, (channel, action)
        assert result.receipt is not None and result.receipt["at"]


def _files(shop: Shop, case: Case, action: Action) -> list[str]:
    """The hashes of the files that were approved."""
    (attempt,) = [one for one in shop.ctx.store.ledger.attempts() if (one.case, one.action) == (case.key, action)]
    return [file.sha256 for file in shop.ctx.store.ledger.packet(attempt.digest, attempt.case).files]


def test_a_ticket_is_closed_only_after_the_customers_word_that_came_after_ours(fresh: Shop) -> None:
    """WD7: closing without it counts as ignoring the case."""
    case = fresh.fresh("tickets", "request_close", state="awaiting_user")
    assert "WD7.unconfirmed" in fresh.found(case, "request_close", {"solved": "yes"})
    assert "WD7.too_early" in fresh.found(case, "request_close", {"solved": "yes", "buyer_confirmation": "1"})
    assert "WD7.not_buyers" in fresh.found(case, "request_close", {"solved": "yes", "buyer_confirmation": "2"})
    fresh.mock.event("message", case_id=case.case_id, text=CONFIRMED)
    assert fresh.sync("tickets").exit_code == 0
    case = fresh.again(case)
    values, _ = fresh.answer(case, "request_close")
    result = fresh.send(case, fresh.draft(case, "request_close", values))
    assert result.outcome == "confirmed", result.public()
    (one,) = fresh.writes()
    assert (one["path"], one["fields"]["solved"]) == ("/api/ticket/close", ["on"])
    after = fresh.again(case)
    assert (after.status.is_, after.details["closed_by"]) == ("withdrawn", "Merchant")


def test_an_appeal_that_was_taken_and_not_heard_is_found_and_one_that_got_lost_is_cleared(fresh: Shop) -> None:
    case = fresh.fresh("refund_disputes", "appeal", state="none")
    values, files = fresh.answer(case, "appeal")
    fresh.mock.fault("drop_before", "/api/order/dispute", method="POST")
    lost = fresh.send(case, fresh.draft(case, "appeal", values, *files))
    assert lost.outcome == "unknown", lost.public()
    fresh.mock.advance(780)
    (settled,) = fresh.run(reconcile(fresh.ctx, fresh.ctx.settings.account)).results
    assert settled.outcome == "cleared", settled.public()
    fresh.mock.fault("drop_after", "/api/order/dispute", method="POST")
    taken = fresh.send(case, fresh.draft(case, "appeal", values, *files))
    assert taken.outcome == "unknown", taken.public()
    (settled,) = fresh.run(reconcile(fresh.ctx, fresh.ctx.settings.account)).results
    assert settled.outcome == "confirmed", settled.public()
    assert sum(one["accepted"] for one in fresh.writes()) == 1


def test_a_form_that_is_not_the_one_we_know_sends_nothing(fresh: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.browser.form.ROWS_MS", 1_000)
    case = fresh.fresh("refund_disputes", "appeal", state="none")
    values, files = fresh.answer(case, "appeal")
    for fault in ("second_submit", "no_rows"):
        fresh.mock.fault(fault, "/order/", count="all")
        result = fresh.send(case, fresh.draft(case, "appeal", values, *files))
        assert (result.outcome, fresh.writes()) == ("not_sent", []), (fault, result.public())
        fresh.mock.clear_faults()


@pytest.mark.long
def test_a_page_that_sends_twice_gets_one_through(fresh: Shop) -> None:
    case = fresh.fresh("tickets", "reply", state="awaiting_merchant")
    values, _ = fresh.answer(case, "reply")
    fresh.mock.fault("double_submit", "/ticket/", count="all")
    fresh.send(case, fresh.draft(case, "reply", values))
    assert len(fresh.writes()) == 1
