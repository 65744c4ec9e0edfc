"""`rebuttal reconcile`: settle unknown outcomes by reading the portal. It never clicks."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.errors import DONE, UNKNOWN, RebuttalError
from agent.portal import Channel, Sent
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Case, iso
from agent.sending.packet import Attempt, Packet, Receipt
from agent.settings import AccountSettings
from agent.words import Words, say
from flows.context import Context
from flows.submit import SETTLE_AFTER, Result, SubmitReport, result_of
from flows.visit import Browsers, Visit, browsers, visiting

_SLACK = timedelta(minutes=2)
"""Portals write times by the minute."""


async def reconcile(ctx: Context, accounts: tuple[AccountSettings, ...], *, headed: bool = False) -> SubmitReport:
    """Settle what is unknown on the accounts; without anything unknown no browser is opened."""
    report = SubmitReport()
    names = [a.store_name for a in accounts]
    armed = [a for a in ctx.store.ledger.attempts() if a.state in ("armed", "unknown") and a.case.store_name in names]
    if not armed:
        return report
    async with browsers(headed=headed) as shared:
        for account in accounts:
            if any(a.case.store_name == account.store_name for a in armed):
                report.results += await _account(ctx, shared, account)
    return report


async def _account(ctx: Context, shared: Browsers, account: AccountSettings) -> list[Result]:
    results: list[Result] = []
    try:
        async with visiting(ctx, shared, account, "reading") as visit:
            ctx.store.ledger.interrupted(account.store_name, by=ctx.settings.operator)
            for attempt in ctx.store.ledger.unknown((account.store_name,)):
                results.append(await _attempt(ctx, visit, attempt))
    except RebuttalError as error:
        for attempt in ctx.store.ledger.unknown((account.store_name,)):
            if all(r.ref != attempt.case.ref for r in results):
                results.append(_still_unknown(attempt, error.said, error))
    return results


async def _attempt(ctx: Context, visit: Visit, attempt: Attempt) -> Result:
    """One unknown attempt: found, proved absent, or still unknown."""
    channel: Channel = visit.portal.channel(attempt.case.channel)
    stored = ctx.store.cases.get(attempt.case)
    packet = ctx.store.ledger.packet(attempt.digest, attempt.case)
    try:
        seen, documents = await channel.visit(visit.tab, attempt.case.case_id, stored.url if stored else "")
        case = channel.read_subject(seen, documents, attempt.case.case_id)
    except RebuttalError as error:
        await visit.tab.leave_bundle(error, "reconcile")
        return _still_unknown(attempt, error.said, error)
    page = seen.page
    sha = ctx.store.pages.put(
        page.portal,
        page.account,
        page.page,
        case.case_id,
        page.stored(),
        page.seen_at,
        channel=channel.name,
        verdict="read",
    )
    for file in documents.values():
        ctx.store.blobs.put(file.data, "document")
    ctx.store.cases.save(case, "reconcile")
    verdict = judge(attempt, packet, case, channel.sent(seen, packet.action), seen, ctx.clock())
    by = ctx.settings.operator
    if isinstance(verdict, Receipt):
        return result_of(
            ctx.store.ledger.settle(attempt.id, "confirmed", receipt=verdict, words=f"read on {sha}", by=by), []
        )
    if verdict is None:
        proof = f"the portal shows nothing of it on {sha}"
        settled = ctx.store.ledger.settle(attempt.id, "cleared", words=proof, by=by)
        return Result(
            attempt.case.ref,
            attempt.action,
            "cleared",
            say("The portal has nothing of it: it was not sent."),
            settled.digest,
            todo=say("Approve again to send it."),
            code=DONE,
        )
    return _still_unknown(attempt, verdict, None)


def judge(
    attempt: Attempt, packet: Packet, case: Case, sent: tuple[Sent, ...], seen: Seen, now: datetime
) -> Receipt | Words | None:
    """A receipt where the portal lists the packet, None where it provably has nothing, else what a person should see.

    Absent means: no answer is listed, the action is still offered, the slot is not spent, and enough time has passed on
    our clock for the portal to have shown it.
    """
    skew = (seen.page.server_at - seen.page.seen_at) if seen.page.server_at else timedelta()
    earliest = attempt.armed_at + skew - _SLACK
    chosen = [norm(f.shown) for f in packet.fields if f.kind == "choice"]
    ours = [s for s in sent if (s.at is None or s.at >= earliest) and (not chosen or s.what in chosen or not s.what)]
    if len(ours) == 1:
        one = ours[0]
        return Receipt(number=one.number, at=one.at, shown=iso(one.at) if one.at else "")
    if sent and packet.action in ("appeal",):
        return say(
            "the portal lists {count} other answer(s) to this case, {numbers}: look whether one is yours",
            count=len(sent),
            numbers=", ".join(s.number for s in sent),
        )
    if packet.action not in case.actions:
        return say("the portal no longer offers {action}, and lists no answer: look at the case", action=packet.action)
    if case.appeals is not None and packet.action == "appeal" and case.appeals.used:
        return say("the portal counts {used} answers and lists none: look at the case", used=case.appeals.used)
    if now - attempt.armed_at < SETTLE_AFTER:
        return say(
            "the portal shows nothing of it yet: run `rebuttal reconcile` again in {minutes} minutes",
            minutes=int(SETTLE_AFTER.total_seconds() // 60),
        )
    return None


def _still_unknown(attempt: Attempt, why: Words, error: RebuttalError | None) -> Result:
    return Result(
        attempt.case.ref,
        attempt.action,
        "unknown",
        say("Still unknown: {why}.", why=why),
        attempt.digest,
        todo=say("Do not send it by hand. Look at the case at the portal, or run `rebuttal reconcile` later."),
        error=error.name if error else None,
        bundle=error.bundle if error else None,
        code=UNKNOWN,
    )
