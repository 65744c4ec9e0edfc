"""Coupang (KR): refund disputes."""

from pathlib import Path

from agent.portal import Portal
from portals.coupang.pages import GATE, RefundDisputes

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
    channels=(RefundDisputes(),),
    cookies=({"name": "wing-locale", "value": "ko"}, {"name": "wing-market", "value": "KR"}),
)
