"""`rebuttal submit`: send what is approved, each packet once; and say truly what came of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from loguru import logger
from playwright.async_api import Error

from agent.browser.guard import SendingGuard
from agent.browser.narrate import Narrator, narrated
from agent.browser.recording import Recorder
from agent.errors import (
    DONE,
    REFUSED,
    UNKNOWN,
    ApprovalStale,
    CaseMoved,
    LintBlocked,
    NotApproved,
    OutcomeUnknown,
    RebuttalError,
    StoreFault,
    worst,
)
from agent.policy import ActionRule
from agent.portal import Channel
from agent.records import Action, Case, CaseKey, iso
from agent.sending import Ledger
from agent.sending.body import Held, PacketCheck
from agent.sending.difference import moved
from agent.sending.packet import Approval, Attempt, Packet
from agent.sending.send import Sending, contents_of
from agent.store import Lease
from agent.words import Words, heard, joined, say
from flows import terms
from flows.context import Context
from flows.naming import the_case
from flows.readiness import refuse_money
from flows.visit import LEASE_S, Browsers, Visit, browsers, policy_of, visiting

DO_NOT_RESEND = say("Do not send it by hand. Run `rebuttal reconcile`: it reads the portal and never clicks.")
Outcome = Literal["confirmed", "refused", "unknown", "cleared", "not_sent", "rehearsed"]


@dataclass
class Result:
    """What came of one packet. `refused` is the portal's no, `not_sent` is ours."""

    ref: str
    action: str
    outcome: Outcome
    said: Words
    digest: str | None = None
    receipt: dict[str, Any] | None = None
    todo: Words | None = None
    error: str | None = None
    bundle: str | None = None
    held_back: list[str] = field(default_factory=list)
    code: int = DONE

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {k: str(v) if isinstance(v, Words) else v for k, v in vars(self).items() if k != "code"}


@dataclass
class SubmitReport:
    """What came of all."""

    results: list[Result] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The worst of all."""
        return worst([r.code for r in self.results] or [DONE])

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"exit_code": self.exit_code, "results": [r.public() for r in self.results]}


async def submit(
    ctx: Context,
    refs: tuple[str, ...] = (),
    *,
    everything: bool = False,
    dry_run: bool = False,
    headed: bool = False,
    slow_ms: int = 0,
    step: Callable[[str], None] = lambda name: None,
    narrator: Narrator | None = None,
    recorder: Recorder | None = None,
) -> SubmitReport:
    """Send the approved packets of `refs` (or all). One packet after another; a fault of one never stops the others.

    `narrator` and `recorder` are for rehearsals that a person watches (`dry_run`)."""
    report = SubmitReport()
    wanted: list[tuple[CaseKey, Action | None]] = []
    if everything:
        wanted += [(a.case, a.action) for a in ctx.store.ledger.approved()]
    for ref in refs:
        key = the_case(ctx, ref).key
        found = {a.action for a in ctx.store.ledger.approved(case=key)} or {
            a.action for a in ctx.store.ledger.approvals(key)
        }
        wanted += [(key, action) for action in sorted(found)] or [(key, None)]
    bar = ctx.progress.task(str(say("sending")), len(wanted))
    async with browsers(
        headed=headed, pictures=headed, slow_ms=slow_ms, narrator=narrator, recorder=recorder
    ) as shared:
        for key, action in dict.fromkeys(wanted):
            report.results.append(await _one(ctx, shared, key, action, dry_run, step))
            bar.step(key.case_id)
    bar.end()
    return report


async def _one(
    ctx: Context, shared: Browsers, key: CaseKey, action: Action | None, dry_run: bool, step: Callable[[str], None]
) -> Result:
    """One packet; everything that goes wrong becomes its result."""
    digest: str | None = None
    came: list[Result] = []
    try:
        packet = ctx.store.ledger.current(key, action) if action else None
        digest = packet.digest if packet else None
        if action is None:
            raise NotApproved(
                say("{ref} has no approved packet.", ref=key.ref),
                say("Draft, look and approve first: `rebuttal draft`, `rebuttal packet`, `rebuttal approve`."),
            )
        if packet is None:
            raise ApprovalStale(
                say("{ref}: the draft was changed after the approval.", ref=key.ref),
                say("Nothing was sent. Look at `rebuttal packet {ref}` and approve again.", ref=key.ref),
            )
        await _Submission(ctx, shared, packet, step, came).run(dry_run)
    except RebuttalError as error:
        return came[0] if came else _failed(ctx, key, action, digest, error)
    except Error as fault:
        logger.opt(exception=fault).error("the browser failed")
        why = fault.message.splitlines()[0]
        failed = RebuttalError(say("The browser failed: {why}", why=why), say("Run it again."))
        return came[0] if came else _failed(ctx, key, action, digest, failed)
    except OSError as fault:  # a full disk is no fault of ours, and hurts again until somebody makes room
        logger.opt(exception=fault).error("a file could not be written or read")
        stuck = StoreFault(
            say("A file can't be written or read: {why}", why=fault.strerror or fault),
            say("Look at the disk and its rights, then run it again; `rebuttal doctor` looks at both."),
        )
        return came[0] if came else _failed(ctx, key, action, digest, stuck)
    except Exception as fault:  # one packet never stops the others
        logger.opt(exception=fault).error("a packet could not be sent")
        failed = RebuttalError(say("A fault of Rebuttal's own: {what}", what=f"{type(fault).__name__}: {fault}"))
        return came[0] if came else _failed(ctx, key, action, digest, failed)
    return came[0]


def _failed(ctx: Context, key: CaseKey, action: Action | None, digest: str | None, error: RebuttalError) -> Result:
    """The result of a packet that met `error`: after the click its outcome is unknown, before it nothing was sent."""
    unknown = isinstance(error, OutcomeUnknown)
    with contextlib.suppress(RebuttalError):
        ctx.store.ledger.record(
            key,
            "not known" if unknown else "not sent",
            {"error": error.name, "said": error.said.in_language("en"), "digest": digest},
            by=ctx.settings.operator,
        )
    said = error.said
    changes = error.facts.get("changes")
    if changes:
        said = say("{said} Changed: {changes}", said=said, changes=joined(changes))
    return Result(
        key.ref,
        action or "-",
        "unknown" if unknown else "not_sent",
        said,
        digest,
        todo=error.todo,
        error=error.name,
        bundle=error.bundle,
        code=error.exit_code,
    )


class _Submission:
    """One packet's way: checks against what is known, the visit, the sending, and the record of it."""

    def __init__(
        self, ctx: Context, shared: Browsers, packet: Packet, step: Callable[[str], None], came: list[Result]
    ) -> None:
        self.ctx = ctx
        self.came = came
        """The result, as soon as there is one: closing the visit may fail after it, and changes nothing of it."""
        self.shared = shared
        self.packet = packet
        self.portal = ctx.portal(packet.case.portal)
        self.policy = policy_of(ctx, self.portal)
        rule = self.policy.action(packet.case.channel, packet.action)
        if rule is None:
            raise LintBlocked(
                say(
                    "{portal} has no {action} in {channel}.",
                    portal=self.portal.name,
                    action=packet.action,
                    channel=packet.case.channel,
                )
            )
        self.channel: Channel = self.portal.channel(packet.case.channel)
        known = ctx.store.cases.get(packet.case)
        self.rule: ActionRule = self.channel.rule_for(known, packet.action, rule) if known else rule
        self.step = step
        self.ledger = Ledger(ctx.store, step=step)
        self.check = PacketCheck(packet, names_case=rule.send.names_case and packet.action != "open_ticket")

    async def run(self, dry_run: bool) -> None:
        """Check what can be checked without a browser, then go."""
        try:
            case = self._still_true()
        except ApprovalStale:
            if not dry_run:  # A sent packet's case has moved by that: the spent approval is told, not "approve again".
                with contextlib.suppress(ApprovalStale):
                    self.ledger.living_approval(self.packet)
            raise
        refuse_money(self.ctx, self.packet, self.rule)
        approval = None if dry_run else self.ledger.living_approval(self.packet)
        account = self.ctx.settings.named(self.packet.case.store_name)
        uploads = 0 if dry_run or not self.rule.send.uploads else len(self.packet.files)
        async with visiting(
            self.ctx, self.shared, account, "sending", send=self.rule.send, uploads=uploads, step=self.step
        ) as visit:
            assert visit.sending is not None and visit.lease is not None
            self.ledger.interrupted(account.store_name, by=self._by)
            await visit.sending.attach(visit.context, self._upload_check)
            try:
                with _waiting(visit):
                    if approval is None:
                        self.came.append(await self._rehearse(visit, case))
                    else:
                        await self._send(visit, case, approval)
            except RebuttalError as error:
                if isinstance(error, CaseMoved):  # a list row may not show it: the next sync looks at the page itself
                    self.ctx.store.cases.mark_unread(self.packet.case, error.said.in_language("en"))
                with contextlib.suppress(OSError):
                    await visit.tab.leave_bundle(error, "sending")
                raise

    @property
    def _by(self) -> str:
        return self.ctx.settings.operator

    def _still_true(self) -> Case:
        """Policy, case and files as they were approved. Whether the deadline has passed is the portal's to say."""
        packet = self.packet
        case = self.ctx.store.cases.get(packet.case)
        changes: list[Words] = []
        if case is None:
            raise NotApproved(
                say("{ref} is not in the records.", ref=packet.case.ref), say("Run `rebuttal sync` first.")
            )
        if self.policy.version != packet.policy_version:
            changes.append(
                say(
                    "the portal's rules (policy) changed: {old} → {new}",
                    old=packet.policy_version,
                    new=self.policy.version,
                )
            )
        if case.revision != packet.case_revision:
            changes += [say("the case changed at the portal"), *self._case_changes(case)]
        if changes:
            raise ApprovalStale(
                say("{ref}: what was approved is no longer true.", ref=packet.case.ref),
                say(
                    "Nothing was sent. Look at `rebuttal show {ref}` and `rebuttal packet {ref}`, then approve again.",
                    ref=packet.case.ref,
                ),
                changes=changes,
            )
        contents_of(packet)
        return case

    def _case_changes(self, case: Case) -> list[Words]:
        """Which facts of the case are not what they were when the packet was written."""
        old = next(
            (
                o.case
                for o in reversed(self.ctx.store.cases.history(case.key))
                if o.revision == self.packet.case_revision
            ),
            None,
        )
        if old is None:
            return []
        return moved(old, case, terms.fact)

    def _upload_check(self, address: str, data: bytes | None, content_type: str) -> str | None:
        return self.check.upload(data, content_type)

    def _sending(self, visit: Visit, case: Case) -> Sending:
        assert visit.sending is not None and visit.lease is not None
        lease = self.ctx.store.leases.renew(visit.lease, LEASE_S)
        visit.lease = lease
        guard = _GuardFor(visit.sending, self.check, self.ledger, lease)
        form = self.channel.form(visit.tab, case, self.packet.action, self.rule)
        if self.shared.narrator is not None:
            form = narrated(form, visit.tab.page, self.shared.narrator)
        return Sending(
            self.ledger,
            lease,
            form,
            guard,
            self.rule.one_shot,
            self.rule.allowed.number if self.rule.allowed else 1,
            self.step,
            self._by,
            changes=lambda now: moved(case, now, terms.fact),
            portal_clock=lambda: visit.tab.server_now_at_most,
            before=visit.tab.before,
        )

    async def _rehearse(self, visit: Visit, case: Case) -> Result:
        assert visit.sending is not None
        rehearsal = asyncio.ensure_future(self._sending(visit, case).rehearse(self.packet))
        held = asyncio.ensure_future(visit.sending.upload_held.wait())
        try:
            await asyncio.wait((rehearsal, held), return_when=asyncio.FIRST_COMPLETED)
            if rehearsal.done():
                await rehearsal
                said = say("Rehearsed up to the click: the form holds exactly the packet. Nothing was sent.")
            else:
                said = say(
                    "Rehearsed up to the files: this portal uploads each file at once, and a rehearsal sends nothing."
                )
        finally:
            for task in (rehearsal, held):
                task.cancel()
            await asyncio.gather(rehearsal, held, return_exceptions=True)
        self.ledger.record(self.packet.case, "rehearsed", {"digest": self.packet.digest}, by=self._by)
        return Result(
            self.packet.case.ref,
            self.packet.action,
            "rehearsed",
            said,
            self.packet.digest,
            held_back=_held(visit.sending),
        )

    async def _send(self, visit: Visit, case: Case, approval: Approval) -> None:
        attempt = await self._sending(visit, case).send(self.packet, approval)
        self.came.append(harmless(result_of(attempt, _held(visit.sending)), attempt, self.rule.harmless_refusal))
        await self._remember(visit, attempt)
        self.came[0].held_back = _held(visit.sending)

    async def _remember(self, visit: Visit, attempt: Attempt) -> None:
        """Keep the picture of the answer, then read the case anew; neither can change the outcome."""
        tab = visit.tab
        facts: dict[str, Any] = {"attempt": attempt.id, "portal_clock": iso(tab.server_now) if tab.server_now else None}
        with contextlib.suppress(Error):
            picture = await tab.page.screenshot(timeout=5_000)
            facts["screenshot"] = self.ctx.store.blobs.put(picture, "screenshot", durable=True)
        self.ledger.record(attempt.case, "answer seen", facts, by=self._by)
        if attempt.state != "confirmed":
            return
        try:
            seen, documents = await self.channel.visit(tab, attempt.case.case_id, self._url())
            case = self.channel.read_subject(seen, documents, attempt.case.case_id)
        except RebuttalError as error:
            self.ctx.store.cases.mark_unread(attempt.case, error.said.in_language("en"))
            return
        page = seen.page
        self.ctx.store.pages.put(
            page.portal,
            page.account,
            page.page,
            case.case_id,
            page.stored(),
            page.seen_at,
            channel=self.channel.name,
            verdict="read",
        )
        for file in documents.values():
            self.ctx.store.blobs.put(file.data, "document")
        self.ctx.store.cases.save(case, "submit")

    def _url(self) -> str:
        case = self.ctx.store.cases.get(self.packet.case)
        return case.url if case else ""


@dataclass
class _GuardFor:
    """The sending guard for one packet: what leaves is compared with it, under a lease that is still ours."""

    guard: SendingGuard
    check: PacketCheck
    ledger: Ledger
    lease: Lease
    attempt_id: str = ""

    @property
    def released(self) -> int:
        return self.guard.released

    @property
    def over(self) -> bool:
        return self.guard.over

    @property
    def fault(self) -> str | None:
        return self.guard.fault

    @property
    def refusal_counts(self) -> bool:
        return self.guard.refusal_counts

    def arm_for(self, attempt: Attempt, chosen: Held) -> None:
        """One request that carries the packet, and what the form held, may leave under `attempt`."""
        self.attempt_id = attempt.id
        self.check.held = chosen
        self.guard.arm(self._check)

    def disarm(self) -> None:
        """From now on nothing leaves."""
        self.guard.disarm()

    def _check(self, address: str, data: bytes | None, content_type: str) -> str | None:
        try:
            self.ledger.still_armed(self.attempt_id, self.lease)
        except RebuttalError as error:
            return error.said.in_language("en")
        return self.check.sending(address, data, content_type)


@contextlib.contextmanager
def _waiting(visit: Visit) -> Iterator[None]:
    """Pages of a sending run are slower than reading ones: every request goes through the guard."""
    before = visit.tab.wait_ms
    visit.tab.wait_ms = before * 3
    try:
        yield
    finally:
        visit.tab.wait_ms = before


def harmless(result: Result, attempt: Attempt, rule: str) -> Result:
    """A refusal that the requirement `rule` calls harmless is told as such, and is no fault of the run (AE5)."""
    if not rule or attempt.state != "refused":
        return result
    said = say("The portal answered with an error, which is harmless ({rule}): {words}", rule=rule, words=attempt.words)
    todo = say("Do nothing: the portal's staff look at it themselves, and the next sync shows what came of it.")
    return replace(result, said=said, todo=todo, code=DONE)


def _held(guard: SendingGuard | None) -> list[str]:
    return [f"{s.method} {s.path}: {s.why}" for s in guard.stopped] if guard else []


def result_of(attempt: Attempt, held_back: list[str]) -> Result:
    """An attempt as a person is told of it."""
    receipt = attempt.receipt
    if attempt.state == "confirmed":
        said = say(
            "Sent and received: {number}, {at}.",
            number=receipt.number if receipt else "?",
            at=receipt.shown if receipt else "?",
        )
        todo, code = None, DONE
    elif attempt.state == "refused":
        said = say("The portal refused it: {words}", words=attempt.words or "?")
        todo = say("Nothing was accepted. Correct the draft and approve again, if the portal still allows it.")
        code = REFUSED
    elif attempt.state == "cleared":
        said = say("Nothing left this machine: {words}", words=heard(attempt.words or "?"))
        todo, code = say("Approve again to try again."), REFUSED
    else:
        said = say("The click was made and no answer was read ({words}).", words=heard(attempt.words or "?"))
        todo = DO_NOT_RESEND
        code = UNKNOWN
    outcome: Outcome = "unknown" if attempt.state == "armed" else attempt.state
    return Result(
        attempt.case.ref,
        attempt.action,
        outcome,
        said,
        attempt.digest,
        receipt=receipt.model_dump(mode="json") if receipt else None,
        todo=todo,
        held_back=held_back,
        code=code,
    )
