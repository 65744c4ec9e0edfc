"""The account's own pages, read at the end of each sync: its figures and their limits, and its settlement lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal

from agent.errors import NeedsPerson, PageDrift, Paused, RateLimited, RebuttalError, Unavailable
from agent.policy import Policy
from agent.portal import HealthPage, Limit, Measure, Portal, SettlementPage
from agent.reading.seen import Seen
from agent.records import Case, Money
from agent.store import SettlementLine
from agent.store.metrics import Metric
from agent.words import Words, say
from flows import terms
from flows.context import Context
from flows.visit import Visit, policy_of

if TYPE_CHECKING:
    from agent.evidence import Finding

MOST_PAGES = 200


async def read_account(ctx: Context, visit: Visit, *, full: bool = False) -> list[RebuttalError]:
    """Read health and settlement pages; what went wrong is given back, alarmed, and stops nothing else.

    A person that is needed, a paused portal and a rate limit are raised: they concern the whole account. An account
    whose setting `options.health` is false has its queues read and nothing else.
    """
    faults: list[RebuttalError] = []
    if visit.account.options.get("health") is False:
        return faults
    for page in visit.portal.health:
        await _guarded(ctx, visit, page.name, partial(_health, ctx, visit, page), faults)
    settlement = visit.portal.settlement
    if settlement is not None:
        await _guarded(
            ctx, visit, settlement.name, partial(read_settlements, ctx, visit, settlement, full=full), faults
        )
    return faults


async def _guarded(
    ctx: Context, visit: Visit, name: str, read: Callable[[], Awaitable[object]], faults: list[RebuttalError]
) -> None:
    """One page: drift becomes an alarm and a bundle, an unavailable page is left for the next run."""
    scope = f"{visit.account.store_name}/{name}"
    try:
        await read()
    except PageDrift as error:
        await visit.tab.leave_bundle(error, name)
        place = f"{scope}/{error.page}/{error.field}"
        ctx.store.alarms.raise_("drift", place, error.said, {"error": error.name, "bundle": error.bundle})
        faults.append(error)
    except (NeedsPerson, RateLimited, Paused):
        raise
    except Unavailable as error:
        faults.append(error)
    else:
        for alarm in ctx.store.alarms.open():
            if alarm.kind == "drift" and alarm.scope.startswith(f"{scope}/"):
                ctx.store.alarms.clear("drift", alarm.scope)


def _keep(ctx: Context, seen: Seen, verdict: Literal["read", "drifted"]) -> None:
    page = seen.page
    ctx.store.pages.put(page.portal, page.account, page.page, "", page.stored(), page.seen_at, verdict=verdict)


async def _health(ctx: Context, visit: Visit, page: HealthPage) -> None:
    """The figures of one page into the records (CP14, CM10), and the alarms of their limits."""
    seen = await page.see(visit.tab)
    try:
        measures = page.read(seen)
    except PageDrift:
        _keep(ctx, seen, "drifted")
        raise
    _keep(ctx, seen, "read")
    portal, account = visit.portal.name, visit.account.name
    now = seen.page.now.replace(microsecond=0)
    for one in measures:
        value = one.value.value if isinstance(one.value, Money) else Decimal(str(one.value))
        ctx.store.metrics.put(portal, account, one.name, one.at or now, value, one.unit, one.shown)
    _alarm(ctx, visit.account.store_name, page.limits, measures, policy_of(ctx, visit.portal))


def _alarm(ctx: Context, store: str, limits: tuple[Limit, ...], measures: tuple[Measure, ...], policy: Policy) -> None:
    """One alarm a figure, for the gravest limit it breaks; closed when it breaks none."""
    latest = {one.name: one for one in sorted(measures, key=lambda m: (m.at is not None, m.at))}
    for name in dict.fromkeys(limit.measure for limit in limits):
        one = latest.get(name)
        if one is None:
            continue
        value = one.value.value if isinstance(one.value, Money) else Decimal(str(one.value))
        limit = next((lim for lim in limits if lim.measure == name and _broken(lim, value, policy)), None)
        if limit is None:
            ctx.store.alarms.clear("health", f"{store}/{name}")
        else:
            ctx.store.alarms.raise_("health", f"{store}/{name}", _words(store, name, one.shown, limit, policy))


def _broken(limit: Limit, value: Decimal, policy: Policy) -> bool:
    bound = Decimal(str(policy.rules[limit.rule].value))
    return value < bound if limit.bad == "below" else value > bound


def _words(store: str, name: str, shown: str, limit: Limit, policy: Policy) -> Words:
    bound, told = str(policy.rules[limit.rule].value), terms.metric(name)
    if limit.bad == "below":
        return say("{store}: {name} is {shown}, below {bound}.", store=store, name=told, shown=shown, bound=bound)
    return say("{store}: {name} is {shown}, above {bound}.", store=store, name=told, shown=shown, bound=bound)


@dataclass(frozen=True)
class Standing:
    """A limit that the account's latest figure breaks, and what it means for a case."""

    limit: Limit
    metric: Metric
    words: Words
    rule: str


def standing(ctx: Context, portal: Portal, account: str) -> tuple[Standing, ...]:
    """The limits that the latest stored figures of the account break, the gravest of each figure."""
    policy = policy_of(ctx, portal)
    limits = [limit for page in portal.health for limit in page.limits]
    found: list[Standing] = []
    for name in dict.fromkeys(limit.measure for limit in limits):
        series = ctx.store.metrics.series(portal.name, account, name)
        if not series or series[-1].value is None:
            continue
        latest, value = series[-1], series[-1].value
        limit = next((lim for lim in limits if lim.measure == name and _broken(lim, value, policy)), None)
        if limit is not None:
            words = _words(f"{portal.name}:{account}", name, latest.shown, limit, policy)
            found.append(Standing(limit, latest, words, policy.rules[limit.rule].rule))
    return tuple(found)


def flags(ctx: Context, case: Case) -> tuple[str, ...]:
    """Flags that the account's standing gives an open case (`not_eligible`, `poor_odds`), for lists and drafts.

    They are ours and not the portal's, so they never stand in the record and never change its revision.
    """
    return tuple(dict.fromkeys(one.limit.flag for one in _concerning(ctx, case)))


def _concerning(ctx: Context, case: Case) -> list[Standing]:
    return [
        one
        for one in standing(ctx, ctx.portal(case.portal), case.account)
        if one.limit.flag and (not one.limit.channels or case.channel in one.limit.channels)
    ]


def findings(ctx: Context, case: Case) -> list[Finding]:
    """The same as lint findings for a draft: warnings, since the portal and not the form decides on them (CP14)."""
    from agent.evidence.finding import finding

    said = {
        "not_eligible": say("The portal does not let a store with this score appeal."),
        "poor_odds": say("The odds of an appeal are poor with this score."),
        "appeals_limited": say("The portal limits appeals after two such weeks."),
        "strict_review": say("The portal reviews the appeals of such an account more strictly."),
    }
    return [
        finding(
            one.rule,
            one.limit.flag,
            "warn",
            say("{standing} {meaning}", standing=one.words, meaning=said.get(one.limit.flag, one.limit.flag)),
        )
        for one in _concerning(ctx, case)
    ]


async def read_settlements(ctx: Context, visit: Visit, page: SettlementPage, *, full: bool = False) -> int:
    """Settlement lines into the records (CP13); gives how many are new. Ends at the first page that is all known."""
    new = 0
    for number in range(1, MOST_PAGES):
        seen = await page.see(visit.tab, number)
        try:
            statement = page.read(seen, number)
        except PageDrift:
            _keep(ctx, seen, "drifted")
            raise
        _keep(ctx, seen, "read")
        said = [
            ctx.store.metrics.put_settlement(
                SettlementLine(
                    portal=visit.portal.name,
                    account=visit.account.name,
                    statement=line.statement,
                    line_id=line.line,
                    order_id=line.order_id,
                    kind=line.kind,
                    amount=line.amount,
                    settled_on=line.on,
                    shown=line.shown,
                )
            )
            for line in statement.lines
        ]
        new += said.count("new")
        if statement.last or (said and not full and set(said) == {"unchanged"}):
            break
    return new
