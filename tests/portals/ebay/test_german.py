"""eBay.de: its pages are German, with German days, amounts and business days; what is read and sent is the same."""

from __future__ import annotations

import pytest

from agent.records import Action
from tests.portals.ebay.conftest import Shop
from tests.portals.ebay.test_sending import FIELDS, SENT
from tests.truth import differences, exported, named

pytestmark = pytest.mark.mock(portal="ebay", seed=4, cases=16, options={"site": "de"})


def test_every_field_of_every_german_case_is_the_truth(shop: Shop) -> None:
    told, truth = exported(shop.ctx), {named(case): case for case in shop.mock.truth()}
    assert told.keys() == truth.keys()
    assert {name: found for name, case in truth.items() if (found := differences(told[name], case))} == {}
    assert {case["amount"]["currency"] for case in told.values()} == {"EUR"}
    bases = {due["basis"] for case in told.values() for due in case["deadlines"]}
    assert bases >= {"instant", "countdown"}, "no German countdown was read: nothing is proved"


@pytest.mark.sends
@pytest.mark.mock(portal="ebay", seed=4, cases=12, options={"site": "de"})
@pytest.mark.parametrize(("channel", "action"), [("cases", "appeal"), ("requests", "escalate")])
def test_a_choice_is_made_in_the_words_of_the_german_page(fresh: Shop, channel: str, action: Action) -> None:
    """The packet names it in English; on the page it stands in German, and what leaves is the portal's own value."""
    assert fresh.sync(channel).exit_code == 0
    case = fresh.first(channel, action)
    values, files = fresh.answer(case, action)
    report = fresh.draft(case, action, values, *files)
    result = fresh.send(case, report)
    assert result.outcome == "confirmed", result.public()
    (one,) = fresh.writes()
    assert (one["path"], one["accepted"]) == (SENT[channel, action][0].format(case.case_id), True)
    assert {key: one["fields"][FIELDS[key]][0].replace("\r\n", "\n") for key in values} == values


@pytest.mark.account(channels=["cases"], site="de")
@pytest.mark.mock(portal="ebay", seed=4, cases=4, options={"site": "uk"})
def test_another_sites_pages_are_not_read_for_the_german_one(fresh: Shop) -> None:
    report = fresh.sync()
    assert (report.exit_code, report.channels[-1].errors[-1]["error"]) == (10, "WrongStore")
