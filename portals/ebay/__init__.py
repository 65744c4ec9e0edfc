"""eBay (country sites in English): requests, cases, payment disputes."""

from pathlib import Path

from agent.portal import Portal
from portals.ebay.pages import GATE, Cases, PaymentDisputes, Requests, SellerStandards

PORTAL = Portal(
    name="ebay",
    title="eBay",
    base_url="https://www.ebay.com",
    hosts=("ebay.com", "ebay.co.uk", "ebay.com.au"),
    zone="America/Los_Angeles",
    zone_assumed=True,
    locale="en-US",
    language="en",
    currency="USD",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(PaymentDisputes(), Cases(), Requests()),
    health=(SellerStandards(),),
    store_label="account.seller",
)
