"""Coupang (KR): refund disputes, messages, tickets; Wing's returns, confirmation requests and inquiries; scores and
settlements."""

from pathlib import Path

from agent.portal import Portal
from agent.words import say
from portals.coupang.health import CommunicationScore, SellerScore, Settlements
from portals.coupang.inquiries import Inquiries
from portals.coupang.messages import Messages
from portals.coupang.pages import GATE, RefundDisputes
from portals.coupang.tickets import Tickets
from portals.coupang.wing import ConfirmationRequests, Returns

PORTAL = Portal(
    name="coupang",
    title="Coupang",
    base_url="https://wing.coupang.com",
    hosts=("wing.coupang.com", "xauth.coupang.com", "seller.coupang.com"),
    zone="Asia/Seoul",
    locale="ko-KR",
    language="ko",
    currency="KRW",
    folder=Path(__file__).parent,
    gate=GATE,
    channels=(RefundDisputes(), Messages(), Tickets(), Returns(), ConfirmationRequests(), Inquiries()),
    health=(SellerScore(), CommunicationScore()),
    settlement=Settlements(),
    checklist=(
        # CM15, CP1
        say(
            "Legal notices go to the business mailbox that is registered there; one to a public mailbox does not count."
        ),
        say("The code for signing in goes to the phone that is registered there; have it at hand."),
    ),
    cookies=({"name": "wing-locale", "value": "ko"}, {"name": "wing-market", "value": "KR"}),
)
