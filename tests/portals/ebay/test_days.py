"""Where a page names no day, three business days of its own site count: the shortest that is known, never thirty."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.policy import load_policy
from agent.reading.labels import load_labels
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from portals.ebay import PORTAL
from portals.ebay.read_requests import read_case

PAGE = """<main><div><span>Site:</span><b>{site}</b></div><section><h2>About this request</h2><dl>
<div><dt>Request ID</dt><dd>5123456789</dd></div><div><dt>Type</dt><dd>{kind}</dd></div>
<div><dt>Order number</dt><dd>12-12345-01234</dd></div><div><dt>Buyer</dt><dd>teal_fox_88</dd></div>
<div><dt>Status</dt><dd>Waiting for your response</dd></div><div><dt>Reason</dt><dd>{reason}</dd></div>
<div><dt>Order total</dt><dd>{total}</dd></div><div><dt>Opened on</dt><dd>{opened}</dd></div>
<div><dt>Closed on</dt><dd>-</dd></div>{due}<div><dt>Your offer</dt><dd>-</dd></div><div><dt>Case</dt><dd>-</dd></div>
<div><dt>Payment dispute</dt><dd>-</dd></div></dl></section>
<section><h2>What you can do</h2><a role="button" href="https://www.ebay.com/x">Send a message</a></section>
<section><h2>Items</h2><table><thead><tr><th>Item ID</th><th>Title</th><th>Quantity</th><th>Price</th></tr></thead>
<tbody><tr><td>212345678901</td><td>Teapot</td><td>1</td><td>{total}</td></tr></tbody></table></section>
<section><h2>Return shipment</h2><dl><div><dt>Return carrier</dt><dd>-</dd></div>
<div><dt>Return tracking number</dt><dd>-</dd></div></dl></section>
<section><h2>Activity</h2><ul><li><b>Buyer</b> <time>{opened}</time> <span>Request opened</span>
<small>Reference 5123456780</small><p>Where is it?</p></li></ul></section></main>"""
US = {"site": "United States", "total": "$34.90", "opened": "Dec 23, 2026 at 10:00 AM"}
UK = {"site": "United Kingdom", "total": "£34.90", "opened": "23 Dec 2026 at 10:00"}
DE = {"site": "Germany", "total": "EUR 34,90", "opened": "23. Dezember 2026 um 10:00"}
INR = {"kind": "Item not received request", "reason": "Item not received"}
RETURN = {"kind": "Return request", "reason": "Arrived damaged"}


def seen(due: str = "", **page: str) -> Seen:
    shown = f"<div><dt>Respond by</dt><dd>{due}</dd></div>" if due else ""
    return Seen(
        SeenPage(
            portal="ebay", account="main", page="request", url="https://www.ebay.com/ItemNotReceived/5123456789", title="",
            language="", seen_at=datetime(2026, 12, 23, 20, tzinfo=UTC),
            server_at=datetime(2026, 12, 23, 20, tzinfo=UTC), zone=PORTAL.zone, zone_basis="assumed",
            html=PAGE.format(due=shown, **page).replace("\n", " "),
        ),
        load_labels("ebay", PORTAL.folder),
        load_policy(PORTAL.folder),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("page", "at"),
    [
        (US | INR, datetime(2026, 12, 29, 18, tzinfo=UTC)),  # 24th, 28th, 29th
        (UK | INR, datetime(2026, 12, 30, 10, tzinfo=UTC)),  # 24th, 29th, 30th: the 28th stands in for Boxing Day
        (DE | INR, datetime(2026, 12, 29, 9, tzinfo=UTC)),  # 24th, 28th, 29th: no day stands in for Boxing Day there
        (UK | RETURN, datetime(2026, 12, 31, 10, tzinfo=UTC)),  # eight calendar days
    ],
)
def test_business_days_are_the_sites_own(page: dict[str, str], at: datetime) -> None:
    (due,) = read_case(seen(**page)).deadlines
    assert (due.at, due.kind, due.basis, due.rule, due.zone_basis) == (at, "reply", "rule", "WD3", "assumed")


def test_the_pages_own_day_counts_before_any_rule_and_is_read_at_its_beginning() -> None:
    (due,) = read_case(seen(due="Dec 28, 2026", **US, **INR)).deadlines
    assert (due.at, due.basis, due.precision_s) == (datetime(2026, 12, 28, 8, tzinfo=UTC), "instant", 86400)


def test_a_countdown_counts_from_the_portals_clock() -> None:
    (due,) = read_case(seen(due="2 days 5 hours left", **US, **INR)).deadlines
    assert (due.at, due.basis) == (datetime(2026, 12, 26, 1, tzinfo=UTC), "countdown")
