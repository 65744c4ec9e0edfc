"""Values as eBay's country sites show them: which site it is, its clock, its money, its deadlines."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from agent.policy import Rule, shipped_policy
from agent.reading.deadlines import deadline_from_countdown, deadline_from_instant, deadline_from_rule, read_due
from agent.reading.moments import Moment, ZoneBasis
from agent.reading.money import read_money
from agent.reading.seen import Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Deadline, DeadlineKind, Instant, Money

LANGUAGES = ("en", "de")


class Site(NamedTuple):
    """One country site: the clock its pages are taken to show, the country of its business days, its currency."""

    zone: str
    country: str
    currency: str
    language: str


SITES = {
    "us": Site("America/Los_Angeles", "US", "USD", "en"),
    "uk": Site("Europe/London", "GB", "GBP", "en"),
    "au": Site("Australia/Sydney", "AU", "AUD", "en"),
    "de": Site("Europe/Berlin", "DE", "EUR", "de"),
}


def site_of(seen: Seen) -> Site:
    """The site that the page says it is of."""
    return SITES[seen.labelled("page.site").word("site")]


def clock_of(seen: Seen) -> tuple[str, ZoneBasis]:
    """Pages name no clock (facts §13): the account's setting, else the site's, which is then an assumption."""
    page = seen.page
    return (page.zone, page.zone_basis) if page.zone_basis != "assumed" else (site_of(seen).zone, "assumed")


def moment(value: Value) -> Moment:
    """A date and time: `Mar 12, 2026 at 6:05 PM`, `12 Mar 2026 at 18:05`, `12. März 2026 um 18:05`, a clock's name behind it or not."""
    zone, basis = clock_of(value.seen)
    now = value.seen.page.now
    return value.read(lambda text: read_due(text, zone=zone, zone_basis=basis, languages=LANGUAGES, near=now))


def instant(value: Value) -> Instant:
    """The same as an instant."""
    return moment(value).at


def money(value: Value) -> Money:
    """An amount in the site's currency, or in another that it names beyond doubt (`AU $12.00` on ebay.com)."""
    currency = site_of(value.seen).currency

    def read(text: str) -> Money:
        try:
            return read_money(text, currency=currency, languages=LANGUAGES)
        except Unreadable:
            return read_money(text, languages=LANGUAGES)

    return value.read(read)


def rule(seen: Seen, channel: str, name: str) -> Rule | None:
    """A policy value of a channel, the operator's own before the package's; None where there is none."""
    return (seen.policy or shipped_policy(Path(__file__).parent)).channels[channel].rules.get(name)


class Window(NamedTuple):
    """What a rule gives where the page is silent: when it began, and the policy value by name."""

    start: Moment
    shown: str
    name: str


def deadline(
    seen: Seen, shown: Value | None, kind: DeadlineKind, rule_id: str, channel: str, silent: Window
) -> Deadline:
    """The deadline on the page: a day, a date, a countdown on the portal's clock; by rule where the page shows none."""
    zone, basis = clock_of(seen)
    if shown is None or shown.empty:
        return _by_rule(seen, kind, rule_id, channel, silent, zone)
    now = seen.page.now

    def read(text: str) -> Deadline:
        try:
            due = read_due(text, zone=zone, zone_basis=basis, languages=LANGUAGES, near=now)
        except Unreadable:
            return deadline_from_countdown(
                kind, text, server_now=now, zone=zone, zone_basis=basis, rule=rule_id, languages=LANGUAGES
            )
        return deadline_from_instant(kind, text, due, rule_id)

    return shown.read(read)


def _by_rule(seen: Seen, kind: DeadlineKind, rule_id: str, channel: str, silent: Window, zone: str) -> Deadline:
    """Business days of the site's country, or calendar days, as the policy's name says (`…_business_days`)."""
    found = rule(seen, channel, silent.name)
    if found is None:
        raise LookupError(f"{channel} has no rule {silent.name}")
    business = silent.name.endswith("_business_days")
    return deadline_from_rule(
        kind,
        start=silent.start,
        start_shown=silent.shown,
        days=None if business else found.number,
        business_days=found.number if business else None,
        country=site_of(seen).country if business else None,
        zone=zone,
        zone_basis=silent.start.zone_basis,
        rule=rule_id,
    )
