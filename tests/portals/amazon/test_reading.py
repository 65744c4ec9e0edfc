"""A deadline without its proof, or a queue that looks empty: what the pages do not say is never guessed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.errors import WrongStore
from agent.reading.labels import load_labels
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from fixtures.kernel.serving import Served
from flows.context import Context
from flows.sync import sync
from portals.amazon import PORTAL, pages
from portals.amazon.markets import market_of
from tests.conftest import Run
from tests.portals.amazon.conftest import Shop
from tests.truth import differences


@pytest.mark.long
def test_where_a_claim_names_no_days_the_shortest_known_time_holds(shared: Shop) -> None:
    usual = shared.one_for("claims", "reply", "respond")
    shared.mock.fault("silent_days", "/gp/guarantee-claims/details.html", count="all")
    silent = shared.fresh("claims", "reply", state="respond")
    for case, hours in ((usual, 72), (silent, 48)):
        assert case.opened_at is not None
        left = case.deadlines[0].at - case.opened_at  # an hour less where the clocks change
        assert timedelta(hours=hours - 1) <= left <= timedelta(hours=hours), case.deadlines
    assert "3 calendar days" in usual.deadlines[0].shown


def test_a_field_that_never_comes_is_said_and_nothing_is_stored_without_it(
    shared: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shared.mock.event("new_case", channel="safe_t", state="info")["case_id"]
    monkeypatch.setattr(pages, "FIELD_MS", 700)
    shared.mock.fault("no_field", f"/safet-claims/claim/{made}", count="all")
    assert shared.sync("safe_t").exit_code == 11
    assert made not in {case.case_id for case in shared.cases("safe_t")}
    shared.mock.clear_faults()
    assert shared.sync("safe_t").exit_code == 0
    assert shared.known("safe_t", made).actions == ("reply",)


@pytest.mark.mock(portal="amazon", seed=3, cases=12, options={"fourth": "closed"})
@pytest.mark.account(channels=["claims"])
def test_a_fourth_tab_called_closed_hides_no_claim(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    report = run(sync(signed_in, signed_in.settings.account))
    assert report.exit_code == 0, report.public()
    told = {case.case_id: case.public() for case in signed_in.store.cases.export()}
    truth = {case["case_id"]: case for case in mock.truth() if case["channel"] == "claims"}
    assert told.keys() == truth.keys()
    assert {name: found for name, case in truth.items() if (found := differences(told[name], case))} == {}


@pytest.mark.mock(portal="amazon", seed=2, cases=10, options={"country": "de"})
@pytest.mark.account(channels=["claims"])
def test_rows_that_are_withheld_are_missed(signed_in: Context, mock: Served, run: Run[Any]) -> None:
    mock.fault("missing_page", "/gp/guarantee-claims/home.html", count="all", keep=1)
    report = run(sync(signed_in, signed_in.settings.account))
    assert report.exit_code == 11
    assert not report.channels[0].complete


def header(url: str, store: str) -> Seen:
    page = SeenPage(
        portal="amazon", account="main", page="claims", url=url, title="", language="en-US",
        seen_at=datetime.fromisoformat("2026-03-12T09:00:00Z"), server_at=None, zone="America/Los_Angeles",
        zone_basis="assumed", subject=None, landmarks=(),
        html=f'<main><button aria-label="Switch Accounts"><span>{store}</span></button></main>',
    )  # fmt: skip
    return Seen(page, load_labels("amazon", PORTAL.folder))


@pytest.mark.parametrize(
    ("host", "country", "right"),
    [
        ("sellercentral.amazon.com", "United States", True),
        ("sellercentral.amazon.com", "Canada", True),
        ("sellercentral-europe.amazon.com", "Germany", True),
        ("sellercentral.amazon.co.uk", "United Kingdom", True),
        ("sellercentral.amazon.com", "Germany", False),
        ("sellercentral-europe.amazon.com", "Japan", False),
        ("sellercentral.amazon.co.jp", "United States", False),
    ],
)
def test_the_headers_country_must_belong_to_the_address(host: str, country: str, right: bool) -> None:
    seen = header(f"https://{host}/home", f"Northwind | {country}")
    if right:
        assert market_of(seen).name == country
        return
    with pytest.raises(WrongStore):
        market_of(seen)
