"""Lazada (the countries' own seller centers and the cross-border ones): return requests, item by item."""

from pathlib import Path

from agent.portal import Portal
from agent.words import say
from portals.lazada.pages import GATE, ReverseOrders
from portals.lazada.shown import MARKETS
from portals.lazada.store import choose_store

PORTAL = Portal(
    name="lazada",
    title="Lazada",
    base_url="https://sellercenter-my.lazada-seller.cn",
    hosts=tuple(
        f"{kind}{market.domain}" for market in MARKETS.values() for kind in ("sellercenter.lazada.", "acs-m.lazada.")
    ) + tuple(f"sellercenter-{code}.lazada-seller.cn" for code in ("my", "ph", "th", "id", "vn"))
    + ("gsp.lazada-seller.cn", "gsp.lazada.com"),
    zone="Asia/Shanghai",
    locale="zh-CN",
    language="",
    currency="CNY",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(ReverseOrders(),),
    zone_assumed=True,
    store_label="account.shop",
    choose_store=choose_store,
    checklist=(
        say("One account is one country: give its own host as base_url, such as https://sellercenter.lazada.com.ph."),
        say("The address of its return orders is not known: they are reached by the menu. Look whether that works."),
    ),
)  # fmt: skip
"""`language` is none: cross-border hosts are Chinese, the countries' own hosts have their languages, and texts in all of
them are known; an account's host is its setting `base_url`."""
