"""eBay (country sites in English and German): requests, cases, payment disputes."""

from pathlib import Path

from agent.portal import Portal
from portals.ebay.pages import GATE, Cases, PaymentDisputes, Requests, SellerStandards

PORTAL = Portal(
    name="ebay",
    title="eBay",
    base_url="https://www.ebay.com",
    hosts=("ebay.com", "ebay.co.uk", "ebay.com.au", "ebay.de"),
    zone="America/Los_Angeles",
    zone_assumed=True,
    locale="en-US",
    language="",
    currency="USD",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(PaymentDisputes(), Cases(), Requests()),
    health=(SellerStandards(),),
    store_label="account.seller",
)
"""`language` is none: each country site has its own, and pages are held against it (`pages`)."""
