"""`rebuttal reconcile`: settle unknown outcomes by reading the portal. It never clicks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from playwright.async_api import Error

from agent.audit import Link
from agent.errors import DONE, UNKNOWN, RebuttalError
from agent.portal import Channel, Sent
from agent.reading.labels import norm
from agent.records import Case, iso
from agent.sending.ledger import CLICK_WITHIN
from agent.sending.packet import Attempt, Packet, Receipt
from agent.sending.send import READ_BACK
from agent.settings import AccountSettings
from agent.words import Words, say
from flows import terms
from flows.context import Context
from flows.submit import Result, SubmitReport, result_of
from flows.visit import Browsers, Visit, browsers, visiting

SETTLE_AFTER = timedelta(minutes=10)
"""How long after the click a portal that shows nothing of it is believed to have nothing."""
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
    except (RebuttalError, Error) as fault:
        error = fault if isinstance(fault, RebuttalError) else _browser(fault)
        for attempt in ctx.store.ledger.attempts():
            open_here = attempt.state in ("armed", "unknown") and attempt.case.store_name == account.store_name
            if open_here and all(r.ref != attempt.case.ref for r in results):
                results.append(_still_unknown(attempt, error.said, error))
    return results


def _browser(fault: Error) -> RebuttalError:
    return RebuttalError(say("The browser failed: {why}", why=fault.message.splitlines()[0]), say("Run it again."))


async def _attempt(ctx: Context, visit: Visit, attempt: Attempt) -> Result:
    """One unknown attempt: found, proved absent, or still unknown."""
    channel: Channel = visit.portal.channel(attempt.case.channel)
    stored = ctx.store.cases.get(attempt.case)
    packet = ctx.store.ledger.packet(attempt.digest, attempt.case)
    try:
        seen, documents = await channel.visit(visit.tab, attempt.case.case_id, stored.url if stored else "")
        case = channel.read_subject(seen, documents, attempt.case.case_id)
    except RebuttalError as error:
        with contextlib.suppress(OSError):
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
    since = sent_at(ctx.store.audit.story(attempt.case.ref), attempt)
    if since is not None and page.server_at is not None:
        elapsed = page.server_at - since
    else:
        since = attempt.armed_at + (page.server_at - page.seen_at if page.server_at else timedelta())
        elapsed = ctx.clock() - attempt.armed_at
    verdict = judge(packet, case, channel.sent(seen, packet.action), since, elapsed)
    by = ctx.settings.operator
    if isinstance(verdict, Receipt):
        return result_of(
            ctx.store.ledger.settle(
                attempt.id, "confirmed", receipt=verdict, words=say("read on {page}", page=sha).in_language("en"), by=by
            ),
            [],
        )
    if verdict is None:
        proof = say("the portal shows nothing of it on {page}", page=sha).in_language("en")
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
    ctx.store.ledger.record(
        attempt.case, "still unknown", {"attempt": attempt.id, "why": verdict.in_language("en"), "page": sha}, by=by
    )
    return _still_unknown(attempt, verdict, None)


def sent_at(links: Iterable[Link], attempt: Attempt) -> datetime | None:
    """The portal's own clock when `attempt` was armed, out of the case's story; None where it is not told.

    It was noted when the form was ready; what passed from there to the arming is added. With it no clock of ours is
    needed: ours may have been set right, or wrong, between the click and this reading.
    """
    ready: Link | None = None
    for link in links:
        if link.what == READ_BACK and link.data.get("digest") == attempt.digest:
            ready = link
        elif link.what == "armed" and link.data.get("attempt") == attempt.id:
            told = ready.data.get("portal_clock") if ready else None
            return datetime.fromisoformat(told) + max(link.at - ready.at, timedelta()) if ready and told else None
    return None


def judge(
    packet: Packet, case: Case, sent: tuple[Sent, ...], since: datetime, elapsed: timedelta
) -> Receipt | Words | None:
    """A receipt where the portal lists the packet, None where it provably has nothing, else what a person should see.

    `since`: the portal's clock at the arming; `elapsed`: how long ago that is. Absent means: nothing is listed since, the
    slot is not spent, and the portal has had time enough to show what it had taken, even where the request left as late
    as it may (`CLICK_WITHIN`).
    """
    said = {norm(f.shown if f.kind == "choice" else f.value) for f in packet.fields if f.kind in ("choice", "text")}
    fresh = [s for s in sent if s.at is None or since - _SLACK <= s.at <= since + SETTLE_AFTER]
    ours = [s for s in fresh if not s.what or s.what in said]
    if len(ours) == 1:
        return Receipt(number=ours[0].number, at=ours[0].at, shown=iso(ours[0].at) if ours[0].at else "")
    others = fresh or (sent if packet.action == "appeal" else ())
    if others:
        return say(
            "the portal lists {count} other answer(s) to this case, {numbers}: look whether one is yours",
            count=len(others),
            numbers=", ".join(s.number for s in others),
        )
    unspent = packet.action == "appeal" and case.appeals is not None and not case.appeals.used
    if packet.action == "appeal" and case.appeals is not None and case.appeals.used:
        return say("the portal counts {used} answers and lists none: look at the case", used=case.appeals.used)
    if packet.action not in case.actions and not unspent:
        return say(
            "the portal no longer offers “{action}”, and lists no answer: look at the case",
            action=terms.action(packet.action),
        )
    if elapsed < CLICK_WITHIN + SETTLE_AFTER:
        return say(
            "the portal shows nothing of it yet: run `rebuttal reconcile` again in {minutes} minutes",
            minutes=int((CLICK_WITHIN + SETTLE_AFTER).total_seconds() // 60),
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
