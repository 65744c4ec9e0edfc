"""`rebuttal prune`: let go of what is older than the retention of the settings, which is never under 180 days (WD9)."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.errors import Busy
from agent.store import retention
from agent.words import Words, say
from flows.context import Context
from flows.visit import holding

LEAST_DAYS = 180


@dataclass(frozen=True)
class PruneReport:
    """What was let go, or with `dry_run` would be; `before`: everything younger stays."""

    before: datetime
    counts: dict[str, int]
    refs: list[str] = field(default_factory=list)
    dry_run: bool = False
    busy: str = ""

    @property
    def said(self) -> tuple[Words, ...]:
        """In sentences."""
        if self.busy:
            return (say("Nothing was let go: {account} is being worked on. Try again later.", account=self.busy),)
        day = f"{self.before:%Y-%m-%d}"
        if self.dry_run:
            return (say("{count} cases ended before {day} and would be let go.", count=len(self.refs), day=day),)
        told = ", ".join(f"{name} {count}" for name, count in self.counts.items() if count)
        return (say("Let go, older than {day}: {told}.", day=day, told=told or "0"),)

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "before": self.before.isoformat().replace("+00:00", "Z"),
            "counts": self.counts,
            "refs": self.refs,
            "dry_run": self.dry_run,
            "busy": self.busy or None,
        }


def prune(ctx: Context, *, dry_run: bool = False) -> PruneReport:
    """Let go of cases that ended and are listed no more, of their pages and files, and of old bundles.

    Nothing is done while an account is worked on: a file that is being put away could be one that goes.
    """
    before = ctx.clock() - timedelta(days=max(ctx.settings.retention_days, LEAST_DAYS))
    refs = retention.old_cases(ctx.store, before)
    if dry_run:
        return PruneReport(before, {"cases": len(refs)}, refs, dry_run=True)
    with contextlib.ExitStack() as stack:
        try:
            for account in ctx.settings.account:
                stack.enter_context(holding(ctx, account))
        except Busy as fault:
            return PruneReport(before, {}, busy=str(fault.facts.get("account") or "?"))
        counts = retention.remove_cases(ctx.store, refs, by=ctx.settings.operator)
        rows = retention.remove_old_rows(ctx.store, before)
        counts["pages"] += rows.pop("pages")
        counts |= rows
        counts["files"] = retention.remove_files(ctx.store, before)
    counts["bundles"] = _old_bundles(ctx, before)
    return PruneReport(before, counts, refs)


def _old_bundles(ctx: Context, before: datetime) -> int:
    gone = 0
    for folder in ctx.home.bundles.iterdir() if ctx.home.bundles.is_dir() else ():
        with contextlib.suppress(OSError):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < before:
                shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
                gone += 1
    return gone
