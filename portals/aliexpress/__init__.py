"""AliExpress (cross-border seller centre): disputes."""

from pathlib import Path

from agent.portal import Portal
from agent.words import say
from portals.aliexpress.pages import GATE, Assessment, Disputes
from portals.aliexpress.shown import BEIJING

PORTAL = Portal(
    name="aliexpress",
    title="AliExpress",
    base_url="https://csp.aliexpress.com",
    hosts=("csp.aliexpress.com", "gsp.aliexpress.com", "login.aliexpress.com", "seller-acs.aliexpress.com"),
    zone=BEIJING,
    zone_assumed=True,
    locale="zh-CN",
    language="zh",
    currency="USD",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(Disputes(),),
    health=(Assessment(),),
    checklist=(
        say("Its pages do not say on which clock they are: look, and give zone for this account in rebuttal.toml."),
    ),
    cookies=({"name": "intl_locale", "value": "zh_CN"},),
)
