"""Amazon Seller Central: A-to-z claims, chargebacks, SAFE-T claims, the case log."""

from pathlib import Path

from agent.portal import Portal
from agent.words import say
from portals.amazon.markets import store_of
from portals.amazon.pages import GATE, AccountHealth, CaseLog, Chargebacks, Claims, SafeTClaims
from portals.amazon.store import choose_store

PORTAL = Portal(
    name="amazon",
    title="Amazon",
    base_url="https://sellercentral.amazon.com",
    hosts=(
        "sellercentral.amazon.com", "sellercentral.amazon.co.uk", "sellercentral-europe.amazon.com",
        "sellercentral.amazon.de", "sellercentral.amazon.co.jp", "sellercentral-japan.amazon.com",
        "sellercentral.amazon.ca", "sellercentral.amazon.com.mx", "sellercentral.amazon.com.br", "sellercentral.amazon.in",
        "sellercentral.amazon.ae", "sellercentral.amazon.com.au",
    ),
    zone="America/Los_Angeles",
    locale="en-US",
    language="en",
    currency="USD",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(Claims(), Chargebacks(), SafeTClaims(), CaseLog()),
    cookies=({"name": "lc-main", "value": "en_US"},),
    health=(AccountHealth(),),
    read_store=store_of,
    choose_store=choose_store,
    zone_assumed=True,
    checklist=(
        say("Its pages do not say on which clock they are: look, and give zone for this account in rebuttal.toml."),
        say(
            "One sign-in shows one store and country at a time: give them as the header does, “Store | Country”, as options.store"
            " in rebuttal.toml."
        ),
    ),
)  # fmt: skip
