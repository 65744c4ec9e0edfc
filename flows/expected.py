"""When the portal's answer to what was sent should be there: the policy's business days or hours after the sending."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.records import Case, iso
from agent.sending.packet import Attempt
from flows.context import Context


@dataclass(frozen=True)
class Expected:
    """From when an answer is usual, where the rule says so, and by when it should be there."""

    first: datetime | None
    last: datetime

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"from": iso(self.first) if self.first else None, "by": iso(self.last)}


def expected_answer(ctx: Context, case: Case, attempts: Iterable[Attempt]) -> Expected | None:
    """The window of the channel's rules after the last confirmed of `attempts`; None where nothing is awaited or known.

    Rules: `answer_business_days` and, where an answer never comes sooner, `answer_business_days_least` (CP7: 3 to 7, by
    the portal's own calendar), or `answer_hours` (OZ5).
    """
    from agent.reading.calendars import add_business_days  # holidays and a browser's library: the list needs neither
    from flows.visit import policy_of

    sent = max((one.armed_at for one in attempts if one.state == "confirmed"), default=None)
    if sent is None or case.status.is_ not in ("in_review", "waiting"):
        return None
    policy = policy_of(ctx, ctx.portal(case.portal))
    if case.channel not in policy.channels:
        return None
    rules = policy.channels[case.channel].rules
    days, least, hours = (rules.get(f"answer_{n}") for n in ("business_days", "business_days_least", "hours"))
    if days is None:
        return Expected(None, sent + timedelta(hours=hours.number)) if hours is not None else None
    zone = ctx.portal_zone(case.portal, case.account).key
    first, last = (
        add_business_days(sent, rule.number, country=policy.country, zone=zone).at if rule is not None else None
        for rule in (least, days)
    )
    assert last is not None
    return Expected(first, last)
