"""`rebuttal recover`: follow won cases to the money, and raise an alarm where it does not come (CP13)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from agent.errors import DONE, PageDrift, RebuttalError, worst
from agent.policy import Policy
from agent.portal import Portal
from agent.reading.labels import Labels
from agent.records import Case, Money, plain
from agent.settings import AccountSettings
from agent.store import SettlementLine
from agent.words import Words, say
from flows.context import Context
from flows.health import read_settlements
from flows.visit import browsers, labels_of, policy_of, visiting

WON = ("won", "partly_won")
Result = Literal["paid", "waiting", "unpaid", "short"]
"""`short`: less came than the portal granted, and no more is expected."""


@dataclass(frozen=True)
class Recovery:
    """One won case and its money. `due_on`: the last settlement day by which it should be there."""

    ref: str
    result: Result
    granted: Money | None
    paid: Money | None
    lines: tuple[SettlementLine, ...]
    due_on: date | None
    said: Words

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "ref": self.ref,
            "result": self.result,
            "granted": self.granted.model_dump(mode="json") if self.granted else None,
            "paid": self.paid.model_dump(mode="json") if self.paid else None,
            "lines": [f"{line.statement}-{line.line_id}" for line in self.lines],
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "said": str(self.said),
        }


@dataclass
class RecoverReport:
    """What came of all won cases. `new_lines`: settlement lines read for the first time."""

    cases: list[Recovery] = field(default_factory=list)
    new_lines: int = 0
    faults: list[RebuttalError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The worst fault of reading; money that does not come is an alarm and no fault."""
        return worst([DONE, *(fault.exit_code for fault in self.faults)])

    @property
    def said(self) -> tuple[Words, ...]:
        """In sentences: what is missing first, then the counts."""
        count = {name: sum(one.result == name for one in self.cases) for name in ("paid", "waiting", "unpaid", "short")}
        told = [one.said for one in self.cases if one.result in ("unpaid", "short")]
        told.append(
            say(
                "{won} won cases: {paid} paid, {waiting} awaited, {short} short, {unpaid} unpaid;"
                " {new} new settlement lines.",
                won=len(self.cases),
                paid=count["paid"],
                waiting=count["waiting"],
                short=count["short"],
                unpaid=count["unpaid"],
                new=self.new_lines,
            )
        )
        return (*told, *(fault.said for fault in self.faults))

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "exit_code": self.exit_code,
            "new_lines": self.new_lines,
            "cases": [one.public() for one in self.cases],
            "errors": [{"error": f.name, "said": str(f.said), "bundle": f.bundle} for f in self.faults],
        }


async def recover(
    ctx: Context, accounts: tuple[AccountSettings, ...], *, offline: bool = False, headed: bool = False
) -> RecoverReport:
    """Read the settlement lines (unless `offline`), then match every won case of the accounts with them.

    Alarms of kind `unpaid` are raised and closed. One failing account never stops the others; it is matched with the
    lines that are known.
    """
    report = RecoverReport()
    if not offline:
        async with browsers(headed=headed) as shared:
            for account in accounts:
                page = ctx.portal(account.portal).settlement
                if page is None:
                    continue
                try:
                    async with visiting(ctx, shared, account, "reading") as visit:
                        try:
                            report.new_lines += await read_settlements(ctx, visit, page)
                        except PageDrift as error:
                            await visit.tab.leave_bundle(error, page.name)
                            raise
                except RebuttalError as error:
                    report.faults.append(error)
    for account in accounts:
        report.cases += match(ctx, account)
    return report


def match(ctx: Context, account: AccountSettings) -> list[Recovery]:
    """Every won case of the account against the known settlement lines, and the alarms that follow."""
    portal = ctx.portal(account.portal)
    if portal.settlement is None:
        return []
    policy, labels = policy_of(ctx, portal), labels_of(ctx, portal)
    counted: set[tuple[str, str]] = set()
    today = ctx.clock().astimezone(ctx.portal_zone(account.portal, account.name)).date()
    found = []
    for row in ctx.store.cases.rows(accounts=[account.store_name], statuses=WON):
        case = ctx.store.cases.get(row.key)
        if case is None or case.outcome is None:
            continue
        one = followed(ctx, portal, policy, labels, case, today, counted)
        counted |= {(line.statement, line.line_id) for line in one.lines}
        found.append(one)
        if one.result in ("unpaid", "short"):
            ctx.store.alarms.raise_("unpaid", one.ref, one.said, {"due_on": str(one.due_on)})
        elif one.result == "paid":
            ctx.store.alarms.clear("unpaid", one.ref)
    return found


def followed(
    ctx: Context,
    portal: Portal,
    policy: Policy,
    labels: Labels,
    case: Case,
    today: date,
    counted: Container[tuple[str, str]] = (),
) -> Recovery:
    """One won case and the lines that pay its order since it was won.

    Where the labels know how the portal calls such lines (`words.settlement_kind.recovery`), only those count: an order's
    sale is settled too. A line that is `counted` for another case (statement and line) pays nothing here.
    """
    known = bool(labels.words("settlement_kind"))
    outcome = case.outcome
    assert outcome is not None
    zone = ctx.portal_zone(case.portal, case.account)
    won_on = outcome.at.astimezone(zone).date() if outcome.at else None
    granted = outcome.recovered or case.amount
    lines = tuple(
        line
        for line in ctx.store.metrics.settlements(case.portal, case.account, case.order_id)
        if (line.statement, line.line_id) not in counted
        and (not known or labels.word("settlement_kind", line.kind) == "recovery")
        and (won_on is None or line.settled_on >= won_on)
        and (granted is None or line.amount.currency == granted.currency)
    )
    total = sum((line.amount.value for line in lines), Decimal(0))
    paid = Money(value=total, currency=lines[0].amount.currency) if lines else None
    days = policy.rules.get("settlement_days")
    awaited = policy.rules.get("settlements_awaited")
    due_on = None
    if won_on is not None and days is not None and isinstance(days.value, tuple):
        due_on = nth_day(won_on, tuple(int(day) for day in days.value), awaited.number if awaited else 1)
    late = due_on is not None and today > due_on
    ref = case.key.ref
    result: Result
    if granted is not None and total >= granted.value and lines:
        result = "paid"
        said = say("{ref}: {amount} came on {day}.", ref=ref, amount=plain(total), day=str(lines[-1].settled_on))
    elif not late:
        result = "waiting"
        said = say("{ref}: awaited by {day}.", ref=ref, day=str(due_on) if due_on else "?")
    elif lines:
        result = "short"
        said = say(
            "{ref}: {paid} of {granted} came by {day}.",
            ref=ref,
            paid=plain(total),
            granted=plain(granted.value) if granted else "?",
            day=str(due_on),
        )
    else:
        result = "unpaid"
        shown = outcome.settled_on
        said = (
            say(
                "{ref}: won, and the case says it was settled on {shown}, but no settlement has it.",
                ref=ref,
                shown=str(shown),
            )
            if shown
            else say("{ref}: won, and not paid by {day}, two settlements later.", ref=ref, day=str(due_on))
        )
    return Recovery(ref, result, granted, paid, lines, due_on, said)


def nth_day(start: date, days: tuple[int, ...], count: int) -> date:
    """The `count`th settlement day after `start`: each of `days` (1, 16) of every month; a 31st only where there is."""
    day, left = start, count
    while left:
        day += timedelta(days=1)
        left -= day.day in days
    return day
