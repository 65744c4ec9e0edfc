"""One field read wrongly and a seller answers the wrong dispute, or too late: what is stored is the mock's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from fixtures import serving
from fixtures.kernel.serving import Served
from flows import registry
from flows.context import opened
from tests.conftest import KEY, Run, settings_text
from tests.portals.aliexpress.conftest import Shop
from tests.portals.aliexpress.signing import session_cookies
from tests.truth import differences

BOTH_ZONES = timedelta(hours=16)


def told_by(shop: Shop) -> dict[str, dict[str, Any]]:
    return {case.case_id: json.loads(json.dumps(case.public())) for case in shop.cases()}


def shop_at(mock: Served, folder: Path, run: Run[Any], **account: str) -> Iterator[Shop]:
    """An operator of his own at a mock; `account` are further lines of the account's settings."""
    home = Home(folder / mock.base_url.rpartition(":")[2]).create()
    more = "".join(f'{name} = "{value}"\n' for name, value in account.items())
    home.settings_file.write_text(settings_text(mock) + more, encoding="utf-8")
    with opened(home) as ctx:
        ctx.vault.save("aliexpress:main", {"cookies": session_cookies(mock), "origins": []})
        yield Shop(ctx, mock, run, folder / "evidence")


@pytest.mark.mock(portal="aliexpress", seed=3, cases=19)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_english_and_russian_pages_say_the_same(
    language: str, signed_in: Any, mock: Served, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(
        registry.get("aliexpress"), language=language, cookies=({"name": "intl_locale", "value": language},)
    )
    monkeypatch.setattr(registry, "get", lambda name: other)
    shop = Shop(signed_in, mock, run, tmp_path / "evidence")
    report = shop.sync()
    assert report.exit_code == 0, report.public()
    told = told_by(shop)
    for truth in mock.truth():
        differs = set(differences(told[truth["case_id"]], truth))
        assert differs <= {"status", "reason", "messages", "decision", "details"}, (truth["case_id"], differs)
        mine = told[truth["case_id"]]
        assert (mine["status"]["is"], mine["reason"]["is"]) == (truth["status"]["is"], truth["reason"]["is"])
        assert [m["at"] for m in mine["messages"]] == [m["at"] for m in truth["messages"]]


# -- which clock -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["pacific", "beijing"])
def test_a_page_without_its_zone_is_read_at_its_earliest(
    zone: str, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody says whether it is Pacific or Beijing time: a deadline may be told hours early, and never late."""
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with serving(("aliexpress",), seed=4, cases=8, options={"zone": zone, "zone_shown": "no"}) as served:
        mock = served["aliexpress"]
        for shop in shop_at(mock, tmp_path, run):
            assert shop.sync().exit_code == 0
            told = told_by(shop)
            for truth in mock.truth():
                mine = told[truth["case_id"]]
                assert len(mine["deadlines"]) == len(truth["deadlines"])
                for one, other in zip(mine["deadlines"], truth["deadlines"], strict=True):
                    early = datetime.fromisoformat(other["at"]) - datetime.fromisoformat(one["at"])
                    assert timedelta() <= early <= BOTH_ZONES + timedelta(minutes=1), (one, other)
                    assert one["zone_basis"] == "assumed"
                    within = timedelta(seconds=one["precision_s"], minutes=1)
                    assert early <= within, "the proof does not cover the other zone"
                    if one["basis"] == "countdown":  # counts from the portal's clock: no zone is asked
                        assert early <= timedelta(hours=1, minutes=1)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Shanghai"])
def test_the_shops_zone_as_a_setting_is_exact(
    zone: str, run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    shown = "pacific" if "Los" in zone else "beijing"
    with serving(("aliexpress",), seed=4, cases=8, options={"zone": shown, "zone_shown": "no"}) as served:
        mock = served["aliexpress"]
        for shop in shop_at(mock, tmp_path, run, zone=zone):
            assert shop.sync().exit_code == 0
            told = told_by(shop)
            assert {c["case_id"]: w for c in mock.truth() if (w := differences(told[c["case_id"]], c))} == {}
            assert {d["zone_basis"] for c in told.values() for d in c["deadlines"]} == {"account"}


def test_the_pages_own_zone_wins_over_a_wrong_setting(
    run: Run[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with serving(("aliexpress",), seed=4, cases=6, options={"zone": "pacific"}) as served:
        mock = served["aliexpress"]
        for shop in shop_at(mock, tmp_path, run, zone="Asia/Shanghai"):
            assert shop.sync().exit_code == 0
            told = told_by(shop)
            assert {c["case_id"]: w for c in mock.truth() if (w := differences(told[c["case_id"]], c))} == {}


# -- between two syncs -----------------------------------------------------------------------------------------------


@pytest.mark.mock(portal="aliexpress", seed=6, cases=3)
def test_a_dispute_that_opened_and_ended_between_two_syncs_is_not_lost_silently(shop: Shop) -> None:
    """As in a real record: escalated 8 seconds after it was opened, ruled 15 hours later (AE1)."""
    assert shop.ctx.store.alarms.open() == [], "the first sync of an account knows no before"
    shop.ctx.clock = lambda: datetime.now().astimezone() + timedelta(days=1)
    shop.ctx.store.clock = shop.ctx.clock
    shop.mock.advance(86400)
    gone = shop.mock.event("flash_case")["case_id"]
    old = shop.mock.event("new_case", state="ruled_late")["case_id"]
    assert shop.sync().exit_code == 0
    alarms = {alarm.scope.rpartition("/")[2]: str(alarm.words) for alarm in shop.ctx.store.alarms.open()}
    assert set(alarms) == {gone}, "one that was opened before the last sync is no news of this kind"
    assert old != gone
    assert "between two syncs" in alarms[gone] and "can still be appealed" in alarms[gone]
    assert shop.by_id(gone).actions == ("appeal",)


@pytest.mark.mock(portal="aliexpress", seed=6, cases=3)
def test_a_changed_plan_is_read_at_the_next_sync(shop: Shop) -> None:
    case = next(c for c in shop.cases() if "accept" in c.actions)
    shop.mock.event("modify_claim", case_id=case.case_id, part="0.25", text="I want a quarter back.")
    report = shop.sync().channels[0]
    assert (report.visited, report.changed) == (1, 1)
    now = shop.by_id(case.case_id)
    assert now.offers[0].text == "I want a quarter back." and now.revision != case.revision


def test_the_shops_dispute_rates_are_kept(shared: Shop) -> None:
    """A dispute counts when it is filed (AE3): the trend stands beside the cases."""
    names = {metric.name for metric in shared.ctx.store.metrics.series("aliexpress", "main")}
    assert {"dispute_rate", "arbitration_rate", "fault_rate"} <= names
