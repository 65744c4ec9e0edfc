"""Whatever breaks between the click and the answer: an appeal that exists once is never sent twice, or lost unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.records import Case
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.reconcile import reconcile
from flows.submit import Result
from tests.conftest import Run, settings_text
from tests.portals.ozon.answers import answer
from tests.portals.ozon.signing import session_cookies
from tests.portals.shop import Shop

pytestmark = pytest.mark.sends
APPEAL = r"/app/postings/fbs/[^/?]+/appeal$"


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


def appeal(shop: Shop, case: Case | None = None) -> tuple[Case, Result]:
    """An appeal on `case`, or on a case of its own, sent."""
    case = case or shop.fresh("refund_disputes", "appeal", state="action_needed")
    values, files = answer(shop, case, "appeal")
    return case, shop.send(case, shop.draft(case, "appeal", values, *files))


def settled(shop: Shop, case: Case) -> Result:
    """What reading the portal finds of the case's unknown outcome."""
    report = shop.run(reconcile(shop.ctx, shop.ctx.settings.account))
    (found,) = [one for one in report.results if one.ref == case.key.ref]
    return found  # type: ignore[no-any-return]


def accepted(shop: Shop) -> int:
    return sum(one["accepted"] for one in shop.writes())


@pytest.mark.parametrize("fault", ["drop_after", "408_after", "504_after"])
def test_an_appeal_whose_answer_was_lost_is_found_again_and_not_repeated(fault: str, shop: Shop) -> None:
    shop.mock.fault(fault, APPEAL, method="POST")
    case, result = appeal(shop)
    assert result.outcome == "unknown", result.public()
    found = settled(shop, case)
    assert (found.outcome, accepted(shop), len(shop.writes())) == ("confirmed", 1, 1)
    assert found.receipt is not None and found.receipt["number"].isdigit()
    assert shop.again(case).appeals is not None


def test_an_appeal_that_never_arrived_is_not_called_sent(shop: Shop) -> None:
    shop.mock.fault("drop_before", APPEAL, method="POST")
    case, result = appeal(shop)
    assert (result.outcome, accepted(shop)) == ("unknown", 0)
    assert (settled(shop, case).outcome, accepted(shop)) == ("unknown", 0)


@pytest.mark.parametrize("fault", ["double_submit", "second_submit", "popup", "beacon"])
def test_a_page_that_misbehaves_sends_the_appeal_once_or_not_at_all(fault: str, shop: Shop) -> None:
    shop.mock.fault(fault, APPEAL, count="all")
    case, result = appeal(shop)
    assert len([one for one in shop.writes() if one["path"].endswith("/appeal")]) == accepted(shop) <= 1
    if result.outcome == "unknown":  # the page's own second try took the place of the one that was watched
        result = settled(shop, case)
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


@pytest.mark.mock(portal="ozon", seed=2, cases=4)
def test_a_company_that_was_switched_meanwhile_gets_no_appeal(
    signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path
) -> None:
    ours = mock.event("company", to=0)["company"]
    own = settings_text(mock) + f'options = {{ store = "{ours}" }}\n'
    signed_in.home.settings_file.write_text(own, encoding="utf-8")
    with opened(signed_in.home) as ctx:
        ctx.vault.save("ozon:main", {"cookies": session_cookies(mock), "origins": []})
        shop = Shop(ctx, mock, run, tmp_path / "evidence")
        case = shop.case("refund_disputes", "appeal")
        mock.event("company", to=1)
        _, result = appeal(shop, case)
        assert (result.outcome, result.error, shop.writes()) == ("not_sent", "WrongStore", [])


def test_money_is_sent_only_with_the_owners_leave(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.ctx, "settings", shop.ctx.settings.model_copy(update={"allow_money_actions": True}))
    case = shop.case("returns", "propose_solution")
    values, files = answer(shop, case, "propose_solution")
    result = shop.send(case, shop.draft(case, "propose_solution", values, *files))
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert (one["accepted"], one["fields"]["amount"]) == (True, ["150.50"])
    assert shop.really(case)["details"] == {"offered_to_buyer": "150,50 ₽"}
