"""Read in the wrong country's shop or behind a gate, and a seller believes that there is nothing to do."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Frame

from agent.errors import NeedsPerson, SignedOut, WrongStore
from flows.login import _Chain, login
from tests.portals.lazada.conftest import Shop

CROSS = {"portal": "lazada", "seed": 3, "cases": 2, "options": {"region": "MY"}}
API = "/h5/mtop.lazada.seller."


def sign_in(shop: Shop) -> int:
    return shop.run(login(shop.ctx, shop.account, headless=True, code_from=shop.mock.otp)).exit_code  # type: ignore[no-any-return]


@pytest.mark.parametrize("way", ["frame", "tab"])
@pytest.mark.parametrize("code", ["yes", "no"])
def test_signing_in_goes_through_a_frame_or_another_tab(way: str, code: str, request: pytest.FixtureRequest) -> None:
    request.node.add_marker(
        pytest.mark.mock(portal="lazada", seed=2, cases=1, options={"sign_in": way, "code": code})
    )  # fmt: skip
    shop: Shop = request.getfixturevalue("shop")
    shop.mock.event("expire_session")
    assert shop.sync().exit_code == 10, "the way in is no page to read"
    assert sign_in(shop) == 0
    assert shop.sync().exit_code == 0 and len(shop.cases()) == 1


@pytest.mark.mock(portal="lazada", seed=2, cases=1, options={"sign_in": "frame"})
def test_a_wrong_password_in_a_frame_is_tried_once_and_a_slider_goes_to_a_person(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.mock.event("expire_session")
    with monkeypatch.context() as patch:
        patch.setenv("REBUTTAL_LAZADA_MAIN_PASSWORD", "not this one")
        with pytest.raises(SignedOut, match="does not accept"):
            sign_in(shop)
    tried = [one for one in shop.mock.received("sign_in") if one["path"].endswith("/submit") and not one["accepted"]]
    assert len(tried) == 1, "too many tries lock the account"
    shop.mock.event("slider", on=True)
    with pytest.raises(NeedsPerson, match="a person is there"):
        sign_in(shop)


@pytest.mark.mock(portal="lazada", seed=2, cases=1, options={"sign_in": "foreign"})
def test_the_password_is_never_typed_into_a_frame_of_a_host_that_is_not_the_portals(shop: Shop) -> None:
    shop.mock.event("expire_session")
    tried = len(shop.mock.received("sign_in"))
    with pytest.raises(SignedOut, match="is of localhost, which is not the portal's own"):
        sign_in(shop)
    sent = [one["path"] for one in shop.mock.received("sign_in")[tried:]]
    assert not any(path.endswith(("/submit", "/otp")) for path in sent)


@pytest.mark.mock(portal="lazada", seed=2, cases=1, options={"sign_in": "away"})
def test_the_password_is_typed_on_no_page_of_another_host_until_the_seller_names_it(shop: Shop) -> None:
    shop.mock.event("expire_session")
    tried = len(shop.mock.received("sign_in"))
    with pytest.raises(SignedOut, match="is of localhost, which is not the portal's own"):
        sign_in(shop)
    assert not shop.mock.received("sign_in")[tried:]
    named = shop.account.model_copy(update={"sign_in_hosts": ("localhost",)})
    assert shop.run(login(shop.ctx, named, headless=True, code_from=shop.mock.otp)).exit_code == 0
    assert [one["path"].rpartition("/")[2] for one in shop.mock.received("sign_in")[tried:]] == ["submit"]


async def _meets_anything(self: Any, place: Frame) -> None:
    await getattr(self, f"_{self.tab.ended}")()


async def _types_anywhere(self: Any, selector: str, text: str) -> None:
    await self.tab.page.fill(selector, text)


@pytest.mark.mock(portal="lazada", seed=2, cases=1, options={"sign_in": "away"})
@pytest.mark.parametrize("away", [("_meet",), ("_type",), ("_meet", "_type")], ids="+".join)
def test_each_of_two_looks_at_the_host_keeps_the_password_back_and_without_both_it_leaves(
    away: tuple[str, ...], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.mock.event("expire_session")
    tried = len(shop.mock.received("sign_in"))
    for name in away:
        monkeypatch.setattr(_Chain, name, {"_meet": _meets_anything, "_type": _types_anywhere}[name])
    if len(away) == 1:
        with pytest.raises(SignedOut, match="is of localhost"):
            sign_in(shop)
    else:
        sign_in(shop)
    assert bool(shop.mock.received("sign_in")[tried:]) is (len(away) == 2)


@pytest.mark.mock(**CROSS)
@pytest.mark.account(store="nobody MY")
def test_a_page_of_another_shop_is_neither_read_nor_signed_in_to(shop: Shop) -> None:
    assert shop.sync().exit_code == 10
    assert shop.cases() == []
    with pytest.raises(WrongStore):
        sign_in(shop)


@pytest.mark.mock(**CROSS)
def test_signing_in_chooses_the_accounts_country_and_a_later_switch_is_seen(shop: Shop) -> None:
    other = shop.mock.event("switch_shop")["shop"]
    account = shop.account.model_copy(update={"options": {"store": other}})
    shop.run(login(shop.ctx, account, headless=True, code_from=shop.mock.otp))
    shop.ctx.settings = shop.ctx.settings.model_copy(update={"account": (account,)})
    assert shop.sync().exit_code == 0
    mine = {case.case_id for case in shop.cases()}
    assert mine and not mine & {case["case_id"] for case in shop.mock.truth()}, "the other country's own requests"
    shop.mock.event("switch_shop", shop="the first")
    back = shop.mock.event("switch_shop", shop=f"{other[:-2]}MY")["shop"]
    assert back != other and shop.sync().exit_code == 10


@pytest.mark.mock(portal="lazada", seed=2, cases=2)
def test_gates_and_failed_loads_stop_loudly_and_store_nothing(shop: Shop) -> None:
    for fault, path, code in (
        ("challenge", "/apps/", 10), ("denied", "/apps/", 10), ("429", "/apps/", 12), ("load_failed", f"{API}reverse.list", 12),
    ):  # fmt: skip
        shop.mock.fault(fault, path, count="all")
        assert shop.sync().exit_code == code, fault
        assert shop.cases() == [], fault
        shop.mock.clear_faults()
    shop.mock.fault("terms", "/apps/", count="all")
    assert shop.sync().exit_code == 0 and len(shop.cases()) == 2
    assert shop.mock.received("write") == [], "the agreement was closed and not agreed to"
    shop.mock.clear_faults()
    shop.mock.fault("session_expired", f"{API}reverse.list", count="all")
    assert shop.sync().exit_code == 10, "the page itself goes to the sign-in"
