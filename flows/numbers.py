"""Statistics of the house: money by month, portal and reason; what wins; how quick we are; scores; deadlines ahead."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from agent.evidence.naming import kind_of
from agent.records import OPEN, Case
from agent.sending.packet import Attempt, DraftFile
from agent.store.cases import Figure
from flows.context import Context
from flows.visit import policy_of

_WON, _LOST = ("won", "partly_won"), ("lost", "expired")
MONTHS = 12
DAYS_AHEAD = 14
SPANS_H = (6, 24, 48, 96, 168)
"""Bounds of the classes of response times, in hours."""


@dataclass(frozen=True)
class Money4:
    """Money of one month, portal or reason, in one currency: contested and open, won, lost, and what came back."""

    name: str
    open: Decimal
    won: Decimal
    lost: Decimal
    recovered: Decimal
    cases: int

    @property
    def parts(self) -> tuple[Decimal, ...]:
        """Open, won, lost: each case is in one of them, unless it was withdrawn or closed without a result."""
        return self.open, self.won, self.lost


@dataclass(frozen=True)
class Rate:
    """How often something won, of the cases that were decided."""

    name: str
    won: int
    lost: int

    @property
    def percent(self) -> Decimal:
        """Won of decided, in percent."""
        return Decimal(100 * self.won) / (self.won + self.lost)


@dataclass(frozen=True)
class Response:
    """How long cases of a portal waited for our answer, in hours."""

    portal: str
    count: int
    median_h: float
    slowest_h: float
    classes: tuple[int, ...]
    """How many within each bound of `SPANS_H`, and behind the last."""


@dataclass(frozen=True)
class Bound:
    """A value that a figure must not pass: `bad` is the side on which it hurts."""

    value: Decimal
    bad: str
    meaning: str
    rule: str


@dataclass(frozen=True)
class Trend:
    """One figure of an account over time, oldest first."""

    portal: str
    account: str
    name: str
    unit: str
    points: tuple[tuple[datetime, Decimal], ...]
    bounds: tuple[Bound, ...]


@dataclass(frozen=True)
class Numbers:
    """All of it. Amounts are in `currency` alone: different moneys are never added up."""

    currency: str
    currencies: tuple[str, ...]
    months: tuple[Money4, ...]
    portals: tuple[Money4, ...]
    reasons: tuple[Money4, ...]
    by_reason: tuple[Rate, ...]
    by_evidence: tuple[Rate, ...]
    responses: tuple[Response, ...]
    trends: tuple[Trend, ...]
    ahead: tuple[tuple[date, int], ...]
    overdue: int


def numbers(ctx: Context, currency: str = "") -> Numbers:
    """The statistics, amounts in `currency`; by default in the one with the most cases."""
    cases = ctx.store.cases.figures()
    attempts = [one for one in ctx.store.ledger.attempts() if one.state == "confirmed"]
    known = [name for name, _ in Counter(one.currency for one in cases if one.currency).most_common() if name]
    chosen = currency if currency in known else known[0] if known else ""
    ours = [one for one in cases if one.currency == chosen and chosen]
    months = _months(ctx)
    recent = [one for one in ours if _month(ctx, one) in months]
    per_day, overdue = _ahead(ctx)
    return Numbers(
        currency=chosen,
        currencies=tuple(known),
        months=tuple(_by(recent, lambda one: _month(ctx, one), months)),
        portals=tuple(_by(ours, lambda one: one.portal)),
        reasons=tuple(_by(ours, lambda one: one.reason or "other")),
        by_reason=tuple(_rates((one.reason or "other", one.status) for one in cases)),
        by_evidence=tuple(_rates(_evidence(ctx, cases, attempts))),
        responses=tuple(_responses(cases, attempts)),
        trends=tuple(_trends(ctx)),
        ahead=per_day,
        overdue=overdue,
    )


def _months(ctx: Context) -> list[str]:
    """The last twelve months on the operator's clock, oldest first."""
    today = ctx.clock().astimezone(ctx.zone).date()
    first = today.year * 12 + today.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(first - MONTHS + 1, first + 1)]


def _month(ctx: Context, one: Figure) -> str:
    return f"{(one.opened_at or one.first_read_at).astimezone(ctx.zone):%Y-%m}"


def _by(cases: Iterable[Figure], name: Callable[[Figure], str], order: Iterable[str] = ()) -> list[Money4]:
    """The money of the cases, added up by name; in the order given, else the most money first."""
    sums: dict[str, list[Decimal]] = {key: [Decimal(0)] * 5 for key in order}
    for one in cases:
        line = sums.setdefault(name(one), [Decimal(0)] * 5)
        amount = Decimal(one.amount or 0)
        place = 0 if one.status in OPEN else 1 if one.status in _WON else 2 if one.status in _LOST else None
        if place is not None:
            line[place] += amount
        line[3] += _recovered(one)
        line[4] += 1
    made = [Money4(key, line[0], line[1], line[2], line[3], int(line[4])) for key, line in sums.items()]
    return made if order else sorted(made, key=lambda one: (-sum(one.parts), one.name))


def _recovered(one: Figure) -> Decimal:
    """What came back on a won case, as the case says; never more than it says."""
    if one.data is None:
        return Decimal(0)
    outcome = Case.model_validate_json(one.data).outcome
    if outcome is None or outcome.recovered is None or outcome.recovered.currency != one.currency:
        return Decimal(0)
    return outcome.recovered.value


def _rates(decided: Iterable[tuple[str, str]]) -> list[Rate]:
    count: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, status in decided:
        if status in _WON or status in _LOST:
            count[name][0 if status in _WON else 1] += 1
    return sorted((Rate(name, *both) for name, both in count.items()), key=lambda one: (-one.won - one.lost, one.name))


def _evidence(ctx: Context, cases: list[Figure], attempts: list[Attempt]) -> Iterable[tuple[str, str]]:
    """Each kind of evidence that was sent, with how its case ended."""
    status = {one.ref: one.status for one in cases}
    for attempt in attempts:
        ended = status.get(attempt.case.ref, "")
        if ended in _WON or ended in _LOST:
            packet = ctx.store.ledger.packet(attempt.digest, attempt.case)
            for kind in {kind_of(DraftFile(kind=file.kind, path=file.path))[0] for file in packet.files}:
                yield kind, ended


def _responses(cases: list[Figure], attempts: list[Attempt]) -> Iterable[Response]:
    """From the opening of a case (or our first reading of it) to the first answer that the portal confirmed."""
    begun = {one.ref: (one.portal, one.opened_at or one.first_read_at) for one in cases}
    first: dict[str, datetime] = {}
    for attempt in sorted(attempts, key=lambda one: one.armed_at):
        first.setdefault(attempt.case.ref, attempt.armed_at)
    hours: dict[str, list[float]] = defaultdict(list)
    for ref, sent in first.items():
        if ref in begun:
            portal, since = begun[ref]
            hours[portal].append(max(0.0, (sent - since).total_seconds() / 3600))
    for portal, taken in sorted(hours.items()):
        classes = [sum(low <= h < high for h in taken) for low, high in zip((0, *SPANS_H), SPANS_H, strict=False)]
        classes.append(sum(h >= SPANS_H[-1] for h in taken))
        yield Response(portal, len(taken), statistics.median(taken), max(taken), tuple(classes))


def _trends(ctx: Context) -> Iterable[Trend]:
    """Every figure that was read at least twice, with the limits that the portal's policy names."""
    since = ctx.clock() - timedelta(days=180)
    series: dict[tuple[str, str, str, str], list[tuple[datetime, Decimal]]] = defaultdict(list)
    for metric in ctx.store.metrics.series(since=since):
        if metric.value is not None:
            series[metric.portal, metric.account, metric.name, metric.unit].append((metric.at, metric.value))
    for (portal, account, name, unit), points in series.items():
        bounds = []
        known = ctx.portal(portal)
        rules = policy_of(ctx, known).rules
        for limit in (limit for page in known.health for limit in page.limits if limit.measure == name):
            rule = rules[limit.rule]
            bounds.append(Bound(Decimal(str(rule.value)), limit.bad, limit.flag, rule.rule))
        yield Trend(portal, account, name, unit, tuple(points), tuple(bounds))


def _ahead(ctx: Context) -> tuple[tuple[tuple[date, int], ...], int]:
    """How many deadlines fall on each day from today on, on the operator's clock; and how many are over."""
    now = ctx.clock()
    today = now.astimezone(ctx.zone).date()
    days = Counter[date]()
    overdue = 0
    for one in ctx.store.cases.order(statuses=("action_needed", "unknown")):
        if one.due_at is None:
            continue
        due = datetime.fromisoformat(one.due_at)
        if due < now:
            overdue += 1
        else:
            days[due.astimezone(ctx.zone).date()] += 1
    ahead = [today + timedelta(days=n) for n in range(DAYS_AHEAD)]
    return tuple((one, days[one]) for one in ahead), overdue
