"""`rebuttal night`: what the schedule runs and nobody watches: read, match payments, tidy up, tell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from loguru import logger

from agent.errors import DONE, FAULT, RebuttalError, worst
from agent.words import Words, say
from flows.context import Context
from flows.notify import NotifyReport, notify
from flows.prune import prune
from flows.recover import match
from flows.sync import SyncReport, sync


@dataclass
class NightReport:
    """What came of a night; a part that failed stops none of the others."""

    sync: SyncReport | None = None
    notify: NotifyReport | None = None
    tidied: dict[str, int] = field(default_factory=dict)
    faults: list[Words] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The worst of all parts."""
        parts = [part.exit_code for part in (self.sync, self.notify) if part is not None]
        return worst([DONE, *parts, *self.codes])

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "exit_code": self.exit_code,
            "sync": self.sync.public() if self.sync else None,
            "notify": self.notify.public() if self.notify else None,
            "tidied": self.tidied,
            "faults": [str(one) for one in self.faults],
        }


async def night(ctx: Context, *, hourly: bool = False) -> NightReport:
    """Read all accounts within the night's hours, then match, tidy and tell. `hourly`: only what has a short window."""
    report = NightReport()
    accounts = ctx.settings.account
    budget = timedelta(minutes=50) if hourly else timedelta(hours=ctx.settings.night.hours)
    try:
        report.sync = await sync(ctx, accounts, short=hourly, budget=budget)
    except RebuttalError as fault:
        report.faults.append(fault.said)
        report.codes.append(fault.exit_code)
    if not hourly:
        for account in accounts:
            _guarded(report, lambda account=account: match(ctx, account))
        _guarded(report, lambda: report.tidied.update(prune(ctx).counts))
    report.notify = await asyncio.to_thread(lambda: _guarded(report, lambda: notify(ctx)))
    return report


def _guarded(report: NightReport, part: Any) -> Any:
    try:
        return part()
    except RebuttalError as fault:
        report.faults.append(fault.said)
        report.codes.append(fault.exit_code)
    except Exception as fault:  # what nobody foresaw stops none of the other parts
        logger.bind(file_only=True).opt(exception=fault).error("{}", type(fault).__name__)
        report.faults.append(say("Something went wrong that should not: {what}.", what=type(fault).__name__))
        report.codes.append(FAULT)
    return None
