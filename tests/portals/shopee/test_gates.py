"""Read in the wrong shop or behind a gate, and a seller believes that there is nothing to do."""

from __future__ import annotations

import pytest

from agent.errors import WrongStore
from flows.login import login
from tests.portals.shopee.conftest import Shop

CROSS = {"portal": "shopee", "seed": 3, "cases": 2, "options": {"region": "MY"}}
LIST = "/api/v4/seller_center/return/return_list/get_exceptional"


@pytest.mark.mock(**CROSS)
@pytest.mark.account(store="nobody.my")
def test_a_page_of_another_shop_is_neither_read_nor_signed_in_to(shop: Shop) -> None:
    assert shop.sync().exit_code == 10
    assert shop.cases() == []
    with pytest.raises(WrongStore):
        shop.run(login(shop.ctx, shop.account, headless=True, code_from=shop.mock.otp))


@pytest.mark.mock(**CROSS)
def test_signing_in_chooses_the_accounts_shop_and_a_later_switch_is_seen(shop: Shop) -> None:
    other = shop.mock.event("switch_shop")["shop"]
    account = shop.account.model_copy(update={"options": {"store": other}})
    shop.run(login(shop.ctx, account, headless=True, code_from=shop.mock.otp))
    shop.ctx.settings = shop.ctx.settings.model_copy(update={"account": (account,)})
    assert shop.sync().exit_code == 0
    mine = {case.case_id for case in shop.cases()}
    assert mine and not mine & {case["case_id"] for case in shop.mock.truth()}, "the other shop's own requests"


@pytest.mark.mock(portal="shopee", seed=2, cases=2, options={"code": "yes"})
def test_signing_in_goes_through_the_code_and_stops_at_a_slider(shop: Shop) -> None:
    assert login_code(shop) == 0
    shop.mock.event("slider", on=True)
    shop.mock.event("expire_session")
    assert shop.sync().exit_code == 10
    with pytest.raises(Exception, match="a person is there"):
        login_code(shop)


def login_code(shop: Shop) -> int:
    return shop.run(login(shop.ctx, shop.account, headless=True, code_from=shop.mock.otp)).exit_code  # type: ignore[no-any-return]


@pytest.mark.mock(portal="shopee", seed=2, cases=2)
def test_gates_and_failed_loads_stop_loudly_and_store_nothing(shop: Shop) -> None:
    for fault, path, code in (("challenge", "/portal/", 10), ("denied", "/portal/", 10), ("load_failed", LIST, 12)):
        shop.mock.fault(fault, path, count="all")
        assert shop.sync().exit_code == code, fault
        assert shop.cases() == [], fault
        shop.mock.clear_faults()
    shop.mock.fault("terms", "/portal/", count="all")
    assert shop.sync().exit_code == 0 and len(shop.cases()) == 2
    assert shop.mock.received("write") == [], "terms were closed and not agreed to"
    shop.mock.clear_faults()
    shop.mock.fault("session_expired", LIST, count="all")
    assert shop.sync().exit_code == 10, "the page itself goes to the sign-in"
