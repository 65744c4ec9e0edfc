"""`rebuttal check`: the pages we know held against the live ones, and a report that shows each value in its place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent.errors import DONE, DRIFT, NeedsPerson, PageDrift, RebuttalError, Unavailable, WrongSubject, worst
from agent.reading.seen import Place, Seen
from agent.settings import AccountSettings
from agent.words import Words, say
from flows.context import Context
from flows.visit import Browsers, browsers, visiting

Verdict = Literal["read", "drifted", "signed_out", "unreachable", "incomplete", "fault"]
AT_ONCE = 3
"""Accounts looked at at the same time."""


@dataclass
class PageCheck:
    """One live page held against its contract. `what`: the filter, the case, or the action it is for."""

    account: str
    page: str
    what: str = ""
    channel: str = ""
    verdict: Verdict = "read"
    error: RebuttalError | None = None
    remark: Words | None = None
    seen: Seen | None = None
    missing: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Keys that were looked for and not found, with their texts."""
    candidates: tuple[str, ...] = ()
    """Texts on the page that may be what was looked for."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The values found, each once, where they stood."""
        return tuple(dict.fromkeys(self.seen.found)) if self.seen is not None else ()

    @property
    def exit_code(self) -> int:
        """What this page alone would end the command with."""
        if self.error is not None:
            return self.error.exit_code
        return DRIFT if self.verdict == "incomplete" else DONE

    @property
    def said(self) -> Words | None:
        """What is wrong, or worth saying."""
        return self.error.said if self.error is not None else self.remark

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        error = self.error
        return {
            "account": self.account,
            "channel": self.channel,
            "page": self.page,
            "what": self.what,
            "verdict": self.verdict,
            "verdict_said": str(VERDICTS[self.verdict]()),
            "url": self.seen.page.url if self.seen is not None else None,
            "error": error.name if error is not None else None,
            "field": error.field if isinstance(error, PageDrift) else None,
            "said": str(self.said) if self.said is not None else None,
            "todo": str(error.todo) if error is not None and error.todo is not None else None,
            "missing": [{"key": key, "looked_for": list(texts)} for key, texts in self.missing],
            "candidates": list(self.candidates),
            "found": [{"key": place.key, "text": place.text} for place in self.places],
        }


VERDICTS = {
    "read": lambda: say("read"),
    "drifted": lambda: say("changed"),
    "signed_out": lambda: say("a person is needed"),
    "unreachable": lambda: say("unreachable"),
    "incomplete": lambda: say("incomplete"),
    "fault": lambda: say("fault"),
}


def verdict_of(error: RebuttalError) -> Verdict:
    """The verdict that an error means."""
    if isinstance(error, PageDrift | WrongSubject):
        return "drifted"
    if isinstance(error, NeedsPerson):
        return "signed_out"
    return "unreachable" if isinstance(error, Unavailable) else "fault"


@dataclass
class CheckReport:
    """What came of a check; `path` is the HTML report."""

    pages: list[PageCheck] = field(default_factory=list)
    path: Path | None = None

    @property
    def exit_code(self) -> int:
        """The worst of all pages (DESIGN §7)."""
        return worst([page.exit_code for page in self.pages] or [DONE])

    @property
    def said(self) -> tuple[Words, ...]:
        """A line a page, and where the report is."""
        lines: list[Words] = []
        for page in self.pages:
            name = " ".join(filter(None, (page.page, page.what)))
            if page.said is None:
                lines.append(
                    say(
                        "{account} {page}: {verdict}, {count} values found.",
                        account=page.account,
                        page=name,
                        verdict=VERDICTS[page.verdict](),
                        count=len(page.places),
                    )
                )
                continue
            lines.append(
                say(
                    "{account} {page}: {verdict}. {said}",
                    account=page.account,
                    page=name,
                    verdict=VERDICTS[page.verdict](),
                    said=page.said,
                )
            )
            for key, texts in page.missing:
                lines.append(say("  {key} was looked for as: {texts}", key=key, texts=" · ".join(texts)))
            if page.candidates:
                lines.append(say("  Perhaps one of these: {texts}", texts=" · ".join(page.candidates)))
        if self.path is not None:
            lines.append(say("The pages with all that was found: {path}", path=self.path))
        return tuple(lines)

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "exit_code": self.exit_code,
            "report": str(self.path) if self.path is not None else None,
            "pages": [page.public() for page in self.pages],
        }


async def check(ctx: Context, accounts: tuple[AccountSettings, ...], *, headed: bool = False) -> CheckReport:
    """Look at every kind of page of the accounts, changing nothing; one failing account never stops the others.

    What has drifted is kept in quarantine, so that `teach` can be tried on it. The report lies in `<home>/reports`.
    """
    from flows.report import write_check

    report = CheckReport()
    room = asyncio.Semaphore(AT_ONCE)
    async with browsers(headed=headed) as shared:

        async def one(account: AccountSettings) -> list[PageCheck]:
            async with room:
                return await _account(ctx, shared, account)

        for pages in await asyncio.gather(*(one(account) for account in accounts)):
            report.pages += pages
    if accounts:
        report.path = write_check(report, ctx.home.path / "reports", ctx.clock())
    return report


async def _account(ctx: Context, shared: Browsers, account: AccountSettings) -> list[PageCheck]:
    from flows.checking import Checking

    pages: list[PageCheck] = []
    bar = ctx.progress.task(f"{account.store_name}: {say('pages')}")
    try:
        async with visiting(ctx, shared, account, "reading") as visit:
            await Checking(ctx, visit, pages, bar).run()
    except RebuttalError as error:
        if not pages or pages[-1].error is not error:
            pages.append(PageCheck(account.store_name, "-", verdict=verdict_of(error), error=error))
    finally:
        bar.end()
    return pages
