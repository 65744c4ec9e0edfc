"""Shopee (cross-border seller centre and the markets' own): return and refund requests."""

from pathlib import Path

from agent.portal import Portal
from portals.shopee.pages import GATE, Returns
from portals.shopee.store import choose_store

PORTAL = Portal(
    name="shopee",
    title="Shopee",
    base_url="https://seller.shopee.cn",
    hosts=(
        "seller.shopee.cn", "seller.shopee.ph", "seller.shopee.co.id", "seller.shopee.co.th", "seller.shopee.com.br",
        "seller.shopee.sg", "seller.shopee.com.my", "seller.shopee.tw", "seller.shopee.com.mx", "seller.shopee.cl",
        "seller.shopee.com.co", "banhang.shopee.vn", "subaccount.shopee.com",
        *(f"accounts.shopee.{end}" for end in ("cn", "ph", "co.id", "co.th", "com.br", "sg", "com.my", "tw", "com.mx", "cl",
                                               "com.co", "vn")),
    ),
    zone="Asia/Shanghai",
    locale="zh-CN",
    language="",
    currency="CNY",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(Returns(),),
    zone_assumed=True,
    store_label="account.shop",
    choose_store=choose_store,
)  # fmt: skip
"""`language` is none: the cross-border host is Chinese, the markets' own hosts have their own languages, and texts in
all of them are known; an account's host is its setting `base_url`."""
