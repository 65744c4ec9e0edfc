"""Values as Wish shows them: times of the UTC clock, dollars, deadlines as a time, a countdown, or not at all."""

from __future__ import annotations

from pathlib import Path

from agent.policy import Rule, shipped_policy
from agent.reading.deadlines import deadline_from_countdown, deadline_from_instant, deadline_from_rule, read_due
from agent.reading.moments import Moment
from agent.reading.money import read_money
from agent.reading.seen import Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Deadline, DeadlineKind, Instant, Money

LANGUAGES = ("en", "zh")
CURRENCY = "USD"


def moment(value: Value) -> Moment:
    """A date and time, with its clock's name behind it or on the account's clock."""
    page = value.seen.page
    return value.read(lambda text: read_due(text, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES))


def instant(value: Value) -> Instant:
    """The same as an instant."""
    return moment(value).at


def optional(value: Value) -> Instant | None:
    """The same, None where the page says that there is none."""
    return None if value.empty else instant(value)


def money(value: Value) -> Money:
    """An amount in dollars, or in another currency that it names beyond doubt."""

    def read(text: str) -> Money:
        try:
            return read_money(text, currency=CURRENCY, languages=LANGUAGES)
        except Unreadable:
            return read_money(text, languages=LANGUAGES)

    return value.read(read)


def rule(seen: Seen, channel: str, name: str) -> Rule:
    """A policy value of a channel, the operator's own before the package's."""
    return (seen.policy or shipped_policy(Path(__file__).parent)).channels[channel].rules[name]


def deadline(
    shown: Value | None, kind: DeadlineKind, channel: str, rule_id: str, start: tuple[Moment, Value]
) -> Deadline:
    """The deadline beside its label; where the page shows none, by the channel's rule from `start`."""
    page = start[1].seen.page
    if shown is None or shown.empty:
        return _by_rule(kind, channel, rule_id, *start)

    def read(text: str) -> Deadline:
        try:
            due = read_due(text, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES)
        except Unreadable:
            return deadline_from_countdown(
                kind, text, server_now=page.now, zone=page.zone, zone_basis=page.zone_basis, rule=rule_id,
                languages=LANGUAGES,
            )  # fmt: skip
        return deadline_from_instant(kind, text, due, rule_id)

    return shown.read(read)


def _by_rule(kind: DeadlineKind, channel: str, rule_id: str, began: Moment, shown: Value) -> Deadline:
    """Hours for a ticket (`reply_hours`), calendar days for a refund (`dispute_days`), weekends and all."""
    hours = channel == "tickets"
    length = rule(shown.seen, channel, "reply_hours" if hours else "dispute_days").number
    return deadline_from_rule(
        kind,
        start=began,
        start_shown=shown.text,
        hours=length if hours else None,
        days=None if hours else length,
        zone=shown.seen.page.zone,
        zone_basis=began.zone_basis,
        rule=rule_id,
    )
