"""Whatever breaks between the click and the answer: an appeal that exists once is never sent twice, or lost unseen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.records import Case
from fixtures.kernel.serving import Served
from flows.context import opened
from flows.reconcile import reconcile
from flows.submit import Result
from tests.conftest import settings_text
from tests.portals.ozon.conftest import TEXT, Shop, session_cookies

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="ozon", seed=2, cases=12)]
APPEAL = r"/app/postings/fbs/[^/?]+/appeal$"


def appeal(shop: Shop) -> tuple[Case, Result]:
    """An appeal on the first case that takes one, sent."""
    case = shop.case("refund_disputes", "appeal")
    several = len(case.items) > 1
    files = [shop.file(f"ProductPhoto@{i.id}" if several else "ProductPhoto", f"{i.id}.jpg") for i in case.items]
    return case, shop.send(case, shop.draft(case, "appeal", {"text": TEXT, "declaration": "yes"}, *files))


def accepted(shop: Shop) -> int:
    return sum(one["accepted"] for one in shop.writes())


@pytest.mark.parametrize("fault", ["drop_after", "408_after", "504_after"])
def test_an_appeal_whose_answer_was_lost_is_found_again_and_not_repeated(fault: str, shop: Shop) -> None:
    shop.mock.fault(fault, APPEAL, method="POST")
    case, result = appeal(shop)
    assert result.outcome == "unknown", result.public()
    (settled,) = shop.run(reconcile(shop.ctx, shop.ctx.settings.account)).results
    assert (settled.outcome, accepted(shop), len(shop.writes())) == ("confirmed", 1, 1)
    assert settled.receipt is not None
    number = settled.receipt["number"]
    assert number.isdigit() and shop.again(case).appeals is not None


def test_an_appeal_that_never_arrived_is_not_called_sent(shop: Shop) -> None:
    shop.mock.fault("drop_before", APPEAL, method="POST")
    _, result = appeal(shop)
    assert (result.outcome, accepted(shop)) == ("unknown", 0)
    (settled,) = shop.run(reconcile(shop.ctx, shop.ctx.settings.account)).results
    assert (settled.outcome, accepted(shop)) == ("unknown", 0)


@pytest.mark.parametrize("fault", ["double_submit", "second_submit", "popup", "beacon"])
def test_a_page_that_misbehaves_sends_the_appeal_once_or_not_at_all(fault: str, shop: Shop) -> None:
    shop.mock.fault(fault, APPEAL, count="all")
    _, result = appeal(shop)
    assert len([one for one in shop.writes() if one["path"].endswith("/appeal")]) == accepted(shop) <= 1
    if result.outcome == "unknown":  # the page's own second try took the place of the one that was watched
        (result,) = shop.run(reconcile(shop.ctx, shop.ctx.settings.account)).results
    assert (result.outcome == "confirmed") is (accepted(shop) == 1)


def test_files_without_previews_are_not_taken_for_attached(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.browser.form.ROWS_MS", 1_000)
    shop.mock.fault("no_rows", APPEAL, count="all")
    _, result = appeal(shop)
    assert (result.outcome, shop.writes()) == ("not_sent", [])


def test_the_form_of_another_case_is_never_filled(shop: Shop) -> None:
    shop.mock.fault("wrong_case", APPEAL, count="all")
    _, result = appeal(shop)
    assert (result.outcome, shop.writes()) == ("not_sent", [])


def test_a_company_that_was_switched_meanwhile_gets_no_appeal(shop: Shop, mock: Served) -> None:
    ours = shop.mock.event("company", to=0)["company"]
    case = shop.case("refund_disputes", "appeal")
    own = settings_text(mock) + f'options = {{ store = "{ours}" }}\n'
    shop.ctx.home.settings_file.write_text(own, encoding="utf-8")
    with opened(shop.ctx.home) as ctx:
        shop.ctx = ctx
        ctx.vault.save("ozon:main", {"cookies": session_cookies(mock), "origins": []})
        shop.mock.event("company", to=1)
        _, result = appeal(shop)
        assert (result.outcome, result.error, shop.writes()) == ("not_sent", "WrongStore", [])
    assert case.case_id


def test_money_is_sent_only_with_the_owners_leave(shop: Shop, mock: Served) -> None:
    shop.ctx.home.settings_file.write_text(settings_text(mock, allow_money_actions="true"), encoding="utf-8")
    with opened(shop.ctx.home) as ctx:
        shop.ctx = ctx
        case = shop.case("returns", "propose_solution")
        values = {"amount": "150.50", "comment": "Предлагаем компенсацию за царапину на корпусе."}
        result = shop.send(case, shop.draft(case, "propose_solution", values))
        assert result.outcome == "confirmed", result.public()
        (one,) = shop.writes()
        assert (one["accepted"], one["fields"]["amount"]) == (True, ["150.50"])
        truth: dict[str, Any] = next(t for t in json.loads(json.dumps(mock.truth())) if t["case_id"] == case.case_id)
        assert truth["details"] == {"offered_to_buyer": "150,50 ₽"}
