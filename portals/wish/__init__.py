"""Wish (merchant dashboard, in English and Chinese): support tickets and refunds that can be disputed.

Kept thin: the portal was sold in 2024 and most of its sellers' stores sleep (facts §0). What it does is complete.
"""

from pathlib import Path

from agent.portal import Portal
from agent.words import say
from portals.wish.pages import GATE, Refunds, Tickets

PORTAL = Portal(
    name="wish",
    title="Wish",
    base_url="https://merchant.wish.com",
    hosts=("merchant.wish.com", "china-merchant.wish.com"),
    zone="UTC",
    zone_assumed=True,
    locale="en-US",
    language="",
    currency="USD",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(Tickets(), Refunds()),
    store_label="account.store",
    checklist=(
        say("Wish may take no new cases for your store any more: look whether its tickets and payments still move."),
    ),
)
"""`language` is none: a merchant sets the dashboard to English or Chinese, and both are known. Windows are of UTC days
(merchantfaq 7001687933851); that the times on pages are UTC as well is taken from there."""
