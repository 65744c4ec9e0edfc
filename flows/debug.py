"""`rebuttal debug REF`: one case in a visible window, slowly, every step named, up to the click and never through it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from agent.browser.narrate import Narrator
from agent.browser.recording import Recorder
from agent.errors import DONE, RebuttalError, worst
from agent.home import file_name
from agent.records import Case
from agent.sending.difference import moved
from agent.words import Words, say
from flows import terms
from flows.context import Context
from flows.naming import the_case
from flows.submit import submit
from flows.visit import browsers, visiting


@dataclass
class DebugReport:
    """What was seen. `differs`: facts of the page that are not those of the record."""

    ref: str
    steps: list[str] = field(default_factory=list)
    differs: list[Words] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    rehearsal: Words | None = None
    fault: RebuttalError | None = None
    codes: list[int] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The worst of all."""
        return worst(self.codes or [DONE])

    @property
    def said(self) -> tuple[Words, ...]:
        """In sentences."""
        told: list[Words] = []
        if self.fault is not None:
            told += [one for one in (self.fault.said, self.fault.todo) if one is not None]
        elif self.differs:
            told.append(say("The page and the record differ: {what}", what="; ".join(map(str, self.differs))))
        else:
            told.append(say("The page says what the record says."))
        if self.rehearsal is not None:
            told.append(self.rehearsal)
        told += [say("Kept: {path}", path=path) for path in self.files]
        return tuple(told)

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "ref": self.ref,
            "exit_code": self.exit_code,
            "steps": self.steps,
            "differs": [str(one) for one in self.differs],
            "files": self.files,
            "rehearsal": str(self.rehearsal) if self.rehearsal else None,
            "error": self.fault.name if self.fault else None,
            "said": [str(one) for one in self.said],
        }


async def debug(
    ctx: Context,
    ref: str,
    *,
    headed: bool = True,
    slow_s: float = 1.0,
    told: Callable[[Words], None] = lambda words: None,
    hold: Callable[[], Awaitable[None]] | None = None,
) -> DebugReport:
    """Visit the case, read it, hold it against the record, and rehearse its packet if there is one.

    A trace and a film are kept, masked. `hold` is waited for before the window closes. Nothing is stored and sent.
    """
    case = the_case(ctx, ref)
    report = DebugReport(case.key.ref)
    narrator = Narrator(slow_s=slow_s, told=told)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-debug-{file_name(case.key.store_name)}"
    recorder = Recorder(ctx.home.bundles / stamp)
    try:
        await _look(ctx, case, report, narrator, recorder, headed, hold)
    except RebuttalError as fault:
        report.fault = fault
        report.codes.append(fault.exit_code)
    else:
        await _rehearse(ctx, case, report, narrator, recorder, headed)
    report.steps = [step.in_language("en") for step in narrator.steps]
    report.files = [str(path) for path in recorder.files]
    return report


async def _look(
    ctx: Context,
    case: Case,
    report: DebugReport,
    narrator: Narrator,
    recorder: Recorder,
    headed: bool,
    hold: Callable[[], Awaitable[None]] | None,
) -> None:
    account = ctx.settings.named(case.key.store_name)
    channel = ctx.portal(case.portal).channel(case.channel)
    async with (
        browsers(headed=headed, pictures=True, narrator=narrator, recorder=recorder) as shared,
        visiting(ctx, shared, account, "reading") as visit,
    ):
        try:
            seen, documents = await channel.visit(visit.tab, case.case_id, case.url)
            now = channel.read_subject(seen, documents, case.case_id)
        except RebuttalError as fault:
            await visit.tab.leave_bundle(fault, channel.name)
            if hold is not None:
                await hold()
            raise
        report.differs = moved(case, now, terms.fact) if now.revision != case.revision else []
        if hold is not None:
            await hold()


async def _rehearse(
    ctx: Context, case: Case, report: DebugReport, narrator: Narrator, recorder: Recorder, headed: bool
) -> None:
    if not ctx.store.ledger.approved(case=case.key):
        report.rehearsal = say("No packet of it is approved: nothing was rehearsed.")
        return
    done = await submit(ctx, (case.key.ref,), dry_run=True, headed=headed, narrator=narrator, recorder=recorder)
    for result in done.results:
        report.rehearsal = result.said
        report.codes.append(result.code)
