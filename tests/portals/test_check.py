"""`rebuttal check` on pages that nobody changed: an alarm there would teach an operator to overlook alarms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.kernel.discover import portal_names
from flows.check import check
from tests.conftest import KEY, Workshop
from tests.portals.conftest import opened_shop

WORLD: dict[str, Any] = {"seed": 1, "cases": 6}


@pytest.mark.parametrize("portal", portal_names())
def test_untouched_pages_and_forms_are_read_and_left_alone(
    portal: str, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with opened_shop(portal, workshop, tmp_path, settings={"allow_money_actions": "true"}, **WORLD) as shop:
        report = shop.run(check(shop.ctx, (shop.account,)))
        assert [
            (one.page, one.what, one.verdict, str(one.error)) for one in report.pages if one.verdict != "read"
        ] == []
        assert report.exit_code == 0
        assert shop.writes() == []
        forms = [one.page for one in report.pages if one.what and not one.channel]
        assert forms, "no form was looked at"


def test_a_form_that_pays_the_buyer_is_not_even_opened_unless_the_settings_allow_it(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with opened_shop("lazada", workshop, tmp_path, seed=1, cases=3) as shop:
        report = shop.run(check(shop.ctx, (shop.account,)))
        forms = {one.page for one in report.pages if one.what and not one.channel}
        assert "form.appeal" in forms and not any("refund" in name or "return" in name for name in forms), forms
