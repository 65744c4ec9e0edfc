"""`rebuttal notify`: write down what there is to tell, and bring every target what it does not have yet."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from agent.errors import DONE, DOWN, USAGE, Busy, RebuttalError, worst
from agent.locks import account_lock
from agent.log import redact
from agent.store import Due
from agent.words import Words, say
from flows import digest as digests
from flows.context import Context
from flows.notices import ToTell, outdated, to_tell, watch
from flows.telling import address, tell
from flows.visit import holder

MOST_BYTES = 1_800
_LEASE_S = 600
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=1)
UNDELIVERED = timedelta(hours=6)
"""A target that has taken nothing for so long becomes an alarm, which the other targets get."""
_NAME = "notify"


@dataclass
class Told:
    """What came of one target. `waiting`: what it still does not have."""

    target: str
    taken: int = 0
    waiting: int = 0
    why: str = ""


@dataclass
class NotifyReport:
    """What was written down, and what became of it; `busy`: another process was telling just then."""

    written: list[str] = field(default_factory=list)
    targets: list[Told] = field(default_factory=list)
    text: str = ""
    dry_run: bool = False
    busy: bool = False
    codes: list[int] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """12 where a target did not take everything, 2 where its address is wrong."""
        return worst(self.codes or [DONE])

    @property
    def said(self) -> tuple[Words, ...]:
        """In sentences."""
        if self.dry_run:
            would = tuple(say("Would be told: {what}", what=one) for one in self.written)
            return would or (say("There is nothing to tell."),)
        told: list[Words] = [say("{text}", text=self.text)] if self.text else []
        if self.busy:
            return (*told, say("Another process is telling just now; this one left it to it."))
        told.append(say("New notices: {count}.", count=len(self.written)))
        told += [
            say("{target}: {taken} taken.", target=one.target, taken=one.taken)
            if not one.why
            else say(
                "{target}: {taken} taken, {waiting} are tried again later ({why}).",
                target=one.target,
                taken=one.taken,
                waiting=one.waiting,
                why=one.why,
            )
            for one in self.targets
        ]
        if not self.targets:
            told.append(say("Nobody is told: name targets under [notify] in rebuttal.toml."))
        return tuple(told)

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "written": self.written,
            "targets": [vars(one) for one in self.targets],
            "text": self.text,
            "dry_run": self.dry_run,
            "busy": self.busy,
            "exit_code": self.exit_code,
        }


def notify(ctx: Context, *, dry_run: bool = False, digest: bool = False, test: bool = False) -> NotifyReport:
    """Write down what there is to tell, then tell. `digest`: make it now and show it; `test`: one message to each
    target that goes through no outbox; `dry_run`: only say what would be told."""
    report = NotifyReport(dry_run=dry_run)
    if test:
        return _test(ctx, report)
    if digest:
        report.text = "\n".join(str(line) for line in digests.lines(ctx))
    if dry_run:
        report.written = [_shown(one) for one in _all(ctx, digest)]
        return report
    try:
        with _alone(ctx):
            watch(ctx)
            _write(ctx, report, digest)
            for target in ctx.settings.notify.to:
                report.targets.append(_bring(ctx, target, report))
            _undelivered(ctx)
    except Busy:
        report.busy = True
    return report


def _all(ctx: Context, digest: bool) -> Iterator[ToTell]:
    yield from to_tell(ctx)
    one = digests.made(ctx) if digest else digests.due(ctx)
    if one is not None:
        yield one


@contextlib.contextmanager
def _alone(ctx: Context) -> Iterator[None]:
    """One process tells at a time, over all machines of one database. Raises `Busy`."""
    with account_lock(ctx.home, _NAME):
        lease = ctx.store.leases.take(_NAME, holder(), _LEASE_S, machine=platform.node(), alone_here=True)
        try:
            yield
        finally:
            with contextlib.suppress(RebuttalError):
                ctx.store.leases.release(lease)


def _write(ctx: Context, report: NotifyReport, digest: bool) -> None:
    targets = ctx.settings.notify.to
    for old in outdated(ctx):
        for target in targets:
            ctx.store.outbox.drop([old.id], target, "over")
    for one in _all(ctx, digest):
        number = ctx.store.outbox.put(
            one.key,
            one.kind,
            one.about,
            one.words,
            targets=targets,
            facts=one.facts,
            loud=one.loud,
            not_before=one.not_before,
        )
        if number is None:
            continue
        report.written.append(_shown(one))
        if one.instead_of:
            for target, waiting in ctx.store.outbox.waiting().items():
                passed = {notice.id for notice, _ in waiting} & set(one.instead_of)
                ctx.store.outbox.drop(passed, target, "a later notice says more")


def _shown(one: ToTell) -> str:
    return redact(str(one.words))


def _bring(ctx: Context, target: str, report: NotifyReport) -> Told:
    """Bring a target all it does not have, message by message; the first that is not taken ends it for this time."""
    told = Told(target)
    due = ctx.store.outbox.due(target, ctx.clock())
    try:
        url = address(ctx.home, target)
    except RebuttalError as fault:
        told.waiting, told.why = len(due), str(fault.said)
        report.codes.append(USAGE)
        return told
    for message in _messages(due):
        numbers = [one.notice.id for one in message]
        ctx.store.outbox.begin(numbers, target)
        try:
            answer = tell(url, say("Rebuttal: {count} notices", count=len(message)), _text(message))
        except RebuttalError as fault:
            ctx.store.outbox.again(numbers, target, fault.name, ctx.clock() + _FIRST_WAIT, sure=True)
            told.why = str(fault.said)
            report.codes.append(USAGE)
            break
        if answer.outcome == "taken":
            ctx.store.outbox.taken(numbers, target)
            told.taken += len(numbers)
            continue
        wait = min(_FIRST_WAIT * 2 ** min(max(one.tries for one in message), 8), _LONGEST_WAIT)
        ctx.store.outbox.again(numbers, target, answer.why, ctx.clock() + wait, sure=answer.outcome == "refused")
        told.why = answer.why or answer.outcome
        report.codes.append(DOWN)
        break
    told.waiting = len(due) - told.taken
    return told


def _messages(due: list[Due]) -> Iterator[list[Due]]:
    """Packed into as few messages as providers take; what may have come before stays alone, as it was."""
    pack: list[Due] = []
    for one in due:
        if pack and (one.tries or pack[-1].tries or len(_whole([*pack, one]).encode()) > MOST_BYTES):
            yield pack
            pack = []
        pack.append(one)
    if pack:
        yield pack


def _whole(message: list[Due]) -> str:
    """One line or more a notice, with its number; a repetition says so, so that nobody counts it twice."""
    told = []
    for one in message:
        again = f" {say('(sent again: it may have come before)')}" if one.tries else ""
        told.append(f"#{one.notice.id}{again} {redact(str(one.notice.words))}")
    return "\n".join(told)


def _text(message: list[Due]) -> str:
    """The message; a single notice that is too long for any provider is cut off where it must be."""
    whole = _whole(message)
    if len(whole.encode()) <= MOST_BYTES:
        return whole
    return whole.encode()[: MOST_BYTES - 3].decode(errors="ignore") + "…"


def _undelivered(ctx: Context) -> None:
    waiting = ctx.store.outbox.waiting()
    for target in ctx.settings.notify.to:
        oldest = min((n.not_before for n, why in waiting.get(target, ()) if why), default=None)
        if oldest is not None and ctx.clock() - oldest > UNDELIVERED:
            ctx.store.alarms.raise_(
                "undelivered", target, say("The target “{target}” has taken nothing for hours.", target=target)
            )
        elif not waiting.get(target):
            ctx.store.alarms.clear("undelivered", target)


def _test(ctx: Context, report: NotifyReport) -> NotifyReport:
    for target in ctx.settings.notify.to:
        told = Told(target)
        report.targets.append(told)
        try:
            answer = tell(
                address(ctx.home, target), say("Rebuttal: a test"), str(say("This is a test. Nothing is to be done."))
            )
        except RebuttalError as fault:
            told.why = str(fault.said)
            report.codes.append(USAGE)
            continue
        told.taken = int(answer.outcome == "taken")
        if answer.outcome != "taken":
            told.why = answer.why or answer.outcome
            report.codes.append(DOWN)
    return report
