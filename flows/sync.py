"""`rebuttal sync`: read everything new of the named accounts into the records, and change nothing at the portals."""

from __future__ import annotations

import asyncio
import hashlib
import platform
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from loguru import logger

from agent.browser.narrate import Narrator
from agent.browser.tab import Tab
from agent.errors import (
    DONE,
    DRIFT,
    Busy,
    Mismatch,
    NeedsPerson,
    NotReady,
    PageDrift,
    Paused,
    PortalDown,
    RateLimited,
    RebuttalError,
    Unavailable,
    WrongSubject,
    worst,
)
from agent.portal import Channel, Listed
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.records import OPEN, Case, CaseKey, canonical, iso
from agent.settings import AccountSettings
from agent.store import ListRow
from agent.words import joined, say
from flows.context import Context
from flows.fields import cut_short
from flows.health import read_account
from flows.missed import note_if_missed
from flows.night import Bounds, TimeUp, bounds, short_channels, time_up
from flows.portal_report import differences
from flows.room import Room
from flows.visit import Browsers, Visit, browsers, channels_of, visiting

DUE_SOON = timedelta(hours=24)
"""A case due within this is read again, even if its row did not change …"""
READ_AGAIN = timedelta(hours=6)
"""… unless it was read this recently."""
GIVE_UP_AFTER = 3
"""Pages in a row without an answer, after which an account is left for the next run."""
MOST_PAGES = 2_000
LOOKS = 3
"""How often a list is read whole that moves while it is read."""
AGAIN = "again:"
"""Before the hash of a row that changed while its page stayed as it was: the page is looked at once more next time."""


@dataclass
class ChannelReport:
    """What came of one account and channel; `complete`: the rows read are as many as the portal says there are.

    `kept`: pages not visited because this night's run had read them before it was cut off; `left`: pages for which no
    time was left; `took_s`: seconds.
    """

    account: str
    channel: str
    listed: int = 0
    portal_total: int | None = None
    complete: bool = False
    visited: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    drifted: int = 0
    gone: int = 0
    held_back: int = 0
    kept: int = 0
    left: int = 0
    took_s: float = 0.0
    errors: list[dict[str, Any]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def fault(self, error: RebuttalError, case_id: str | None = None) -> None:
        """Note an error; the exit code hears of it."""
        self.codes.append(error.exit_code)
        self.errors.append(
            {
                "error": error.name,
                "said": str(error.said),
                "todo": str(error.todo) if error.todo else None,
                "case_id": case_id,
                "bundle": error.bundle,
            }
            | (
                {
                    "page": error.page,
                    "field": error.field,
                    "looked_for": list(error.looked_for),
                    "found": list(error.found),
                }
                if isinstance(error, PageDrift)
                else {}
            )
        )

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {k: v for k, v in vars(self).items() if k != "codes"}


@dataclass
class SyncReport:
    """What came of a sync."""

    run_id: str
    channels: list[ChannelReport] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The worst of all."""
        return worst([code for c in self.channels for code in c.codes] or [DONE])

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"run": self.run_id, "exit_code": self.exit_code, "channels": [c.public() for c in self.channels]}


async def sync(
    ctx: Context,
    accounts: tuple[AccountSettings, ...],
    *,
    full: bool = False,
    headed: bool = False,
    short: bool = False,
    budget: timedelta | None = None,
    narrator: Narrator | None = None,
) -> SyncReport:
    """Read the accounts' channels; one failing account or case never stops the others.

    `short`: only the channels whose windows are a day or shorter. `budget`: no page is begun after that time. Of a
    run that was cut off this night, what it read is not visited again. `narrator`: names each step on the page.
    """
    limits = bounds(ctx, accounts, budget)
    run_id = ctx.store.runs.start(
        "sync", [a.store_name for a in accounts], ctx.settings.operator, platform.node(), full=full, short=short
    )
    report = SyncReport(run_id)
    room = Room(1 if narrator is not None else ctx.settings.at_once)
    async with browsers(headed=headed, narrator=narrator) as shared:

        async def one(account: AccountSettings) -> list[ChannelReport]:
            async with room.place():
                return await _unstopped(ctx, shared, account, run_id, full, short, limits)

        working = [asyncio.ensure_future(one(account)) for account in accounts]
        try:
            for done in await asyncio.gather(*working):
                report.channels += done
        finally:  # a run that is being ended leaves no account at work behind it
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
    ctx.store.runs.finish(run_id, report.exit_code)
    return report


async def _unstopped(
    ctx: Context, shared: Browsers, account: AccountSettings, run_id: str, full: bool, short: bool, limits: Bounds
) -> list[ChannelReport]:
    """One account; a fault of ours that nobody foresaw is its own, and stops no other account."""
    try:
        return await _account(ctx, shared, account, run_id, full, short, limits)
    except Exception as fault:
        logger.bind(file_only=True).opt(exception=fault).error("{}", type(fault).__name__)
        report = ChannelReport(account.store_name, "-")
        report.fault(
            RebuttalError(
                say(
                    "{store}: something went wrong that should not: {what}.",
                    store=account.store_name,
                    what=type(fault).__name__,
                ),
                say("The details are in the log; report them."),
            )
        )
        ctx.store.runs.account_result(run_id, account.store_name, "-", report.public())
        return [report]


async def _account(
    ctx: Context, shared: Browsers, account: AccountSettings, run_id: str, full: bool, short: bool, limits: Bounds
) -> list[ChannelReport]:
    reports: list[ChannelReport] = []
    store = account.store_name
    unready: NotReady | None = None
    try:
        portal = ctx.portal(account.portal)
        channels = short_channels(ctx, portal, account) if short else channels_of(portal, account)
        if not channels:
            return []
        async with visiting(ctx, shared, account, "reading") as visit:
            for channel in channels:
                report = ChannelReport(store, channel.name)
                reports.append(report)
                begun = time.monotonic()
                try:
                    await ChannelSync(ctx, visit, channel, report, run_id, full, limits).run()
                except NotReady as error:  # this list stays a shell; the other channels may be well
                    await visit.tab.leave_bundle(error, channel.name)
                    report.fault(error)
                    unready = error
                except TimeUp:
                    raise
                except RebuttalError as error:
                    await visit.tab.leave_bundle(error, channel.name)
                    raise
                finally:
                    report.took_s = round(time.monotonic() - begun, 2)
                    report.held_back = len(visit.reading.stopped) if visit.reading else 0
                    ctx.store.runs.account_result(run_id, store, channel.name, report.public())
            faults = [] if short else await read_account(ctx, visit, full=full)
            if faults:
                reports.append(ChannelReport(store, "-"))
                for fault in faults:
                    reports[-1].fault(fault)
                reports[-1].drifted = sum(isinstance(fault, PageDrift) for fault in faults)
                ctx.store.runs.account_result(run_id, store, "-", reports[-1].public())
    except RebuttalError as error:
        if short and isinstance(error, Busy):  # the night is reading it just now
            return []
        if not reports:
            reports.append(ChannelReport(store, "-"))
        reports[-1].fault(error)
        if isinstance(error, NeedsPerson):
            ctx.store.alarms.raise_("needs_person", store, error.said, {"error": error.name})
        elif isinstance(error, Unavailable) and not isinstance(error, TimeUp):
            ctx.store.alarms.raise_("unavailable", store, error.said, {"error": error.name})
        ctx.store.runs.account_result(run_id, store, reports[-1].channel, reports[-1].public())
    else:
        ctx.store.alarms.clear("needs_person", store)
        if unready is not None:
            ctx.store.alarms.raise_("unavailable", store, unready.said, {"error": unready.name})
        else:
            ctx.store.alarms.clear("unavailable", store)
    return reports


class ChannelSync:
    """One channel of one account: its lists, then the pages of the cases that want reading."""

    def __init__(
        self,
        ctx: Context,
        visit: Visit,
        channel: Channel,
        report: ChannelReport,
        run_id: str,
        full: bool,
        limits: Bounds | None = None,
    ) -> None:
        self.ctx = ctx
        self.tab: Tab = visit.tab
        self._visit = visit
        self.channel = channel
        self.report = report
        self.run_id = run_id
        self.full = full
        self.limits = limits or Bounds(ctx.clock)
        self.portal, self.account = visit.portal.name, visit.account.name
        self.store = visit.account.store_name
        self.scope = f"{self.store}/{channel.name}"
        self._drifts: set[str] = set()
        self._known: dict[str, ListRow] = {}

    async def run(self) -> None:
        """Lists first, then pages; alarms whose cause is gone are closed. Raises `TimeUp` where the time is over."""
        if self.limits.up():
            self.report.left = 1
            raise time_up(self.store)
        rows = await self._lists()
        await self._pages(rows)
        await self._report(rows)
        self._alarms()

    async def _report(self, rows: dict[str, Listed]) -> None:
        """The portal's own export, where it has one, tells of cases that no list showed (OZ6)."""
        try:
            found = await differences(self.ctx, self.tab, self.channel, rows)
        except PageDrift as error:
            await self._quarantine(error, None)
            return
        if not found:
            self.ctx.store.alarms.clear("report", self.scope)
            return
        told = say("{scope}: {what}", scope=self.scope, what=joined(found[:5]))
        self.report.fault(
            Mismatch(told, say("Run `rebuttal sync --full`; if it stays so, look at both at the portal."))
        )
        self.ctx.store.alarms.raise_("report", self.scope, told, {"count": len(found)})

    # -- lists -----------------------------------------------------------------------------------------------------

    async def _lists(self) -> dict[str, Listed]:
        bar = self.ctx.progress.task(f"{self.scope}: {say('lists')}")
        self._known = self.ctx.store.listing.all(self.portal, self.account, self.channel.name)
        rows, totals, complete = await self._every_filter(bar)
        if complete and any(r.gone_since is None and name not in rows for name, r in self._known.items()):
            # one that went from a filter not yet read to one read before is in neither: only twice missing is gone
            again, totals, complete = await self._every_filter(bar)
            rows |= again
        bar.end()
        known = [t for t in totals if t is not None]
        self.report.listed = len(rows)
        self.report.portal_total = sum(known) if len(known) == len(self.channel.filters) else None
        self.report.complete = complete
        now = self.ctx.clock()
        self.ctx.store.listing.save(
            self.portal,
            self.account,
            self.channel.name,
            [ListRow(case_id=r.case_id, text_hash=_hash(r), shown=r.facts) for r in rows.values()],
            now,
        )
        if complete:
            fresh, _ = self.ctx.store.listing.vanished(self.portal, self.account, self.channel.name, rows, now)
            self.report.gone = len(fresh)
        else:
            self._incomplete()
        return rows

    async def _every_filter(self, bar: Any) -> tuple[dict[str, Listed], list[int | None], bool]:
        """The rows of all filters, the portal's total of each, and whether every one was read whole."""
        rows: dict[str, Listed] = {}
        totals: list[int | None] = []
        complete = True
        for name in self.channel.filters:
            try:
                got, total, whole = await self._filter(name, bar)
            except PageDrift as error:
                await self._quarantine(error, None)
                complete = False
                continue
            totals.append(total)
            complete = complete and whole
            rows |= got
        return rows, totals, complete

    def _incomplete(self) -> None:
        said = say(
            "{scope}: {listed} rows were read, the portal says {total}.",
            scope=self.scope,
            listed=self.report.listed,
            total=self.report.portal_total if self.report.portal_total is not None else "?",
        )
        self.report.codes.append(DRIFT)
        self.report.errors.append(
            {
                "error": "Incomplete",
                "said": str(said),
                "case_id": None,
                "bundle": None,
                "todo": str(say("Nothing stored was removed. Run it again; if it stays so, `rebuttal check`.")),
            }
        )
        self.ctx.store.alarms.raise_("incomplete", self.scope, said)

    async def _filter(self, name: str, bar: Any) -> tuple[dict[str, Listed], int | None, bool]:
        """All rows under one filter, the portal's own total, and whether these are all of them, proved.

        Read again when it is not: rows moved while paging, or some were withheld. What any look showed is kept.
        """
        rows: dict[str, Listed] = {}
        for _ in range(LOOKS):
            got, total, still = await self._look_through(name, bar)
            if total is not None and still and len(got) == total:
                return got, total, True
            rows |= got
            if total is None:
                break
        return rows, total, False

    async def _look_through(self, name: str, bar: Any) -> tuple[dict[str, Listed], int | None, bool]:
        """One look at all pages of a filter, and whether the list stood still meanwhile.

        A row that leaves an early page draws one from the next page over the gap, unseen, and rows and total still
        agree: so all pages must name one total and no row twice, and the first page must be as it was at the end.
        """
        rows: dict[str, Listed] = {}
        totals: set[int | None] = set()
        still = True
        first, page = None, None
        for number in range(1, MOST_PAGES):
            page = self.channel.read_listing(await self.channel.listing(self.tab, name, number), name, number)
            first = first or page
            totals.add(page.total)
            seen_before = [r for r in page.rows if r.case_id in rows]
            still = still and (self.channel.overlapping or not seen_before)
            if self.channel.overlapping and page.rows and len(seen_before) == len(page.rows):
                break  # the end of a scrolled list shows nothing new
            rows |= {r.case_id: r for r in page.rows}
            bar.step(f"{name} {len(rows)}/{page.total if page.total is not None else '?'}")
            if page.last or not page.rows or (page.total is not None and len(rows) >= page.total):
                break
        if first is not page and first is not None:
            end = self.channel.read_listing(await self.channel.listing(self.tab, name, 1), name, 1)
            totals.add(end.total)
            still = still and [r.case_id for r in end.rows] == [r.case_id for r in first.rows]
        return rows, (page.total if page else None), still and len(totals) == 1

    # -- pages -----------------------------------------------------------------------------------------------------

    def _wants_reading(self, rows: dict[str, Listed]) -> list[Listed]:
        """Rows whose case was never read, changed, could not be read last time, or is due soon."""
        known = self.ctx.store.listing.all(self.portal, self.account, self.channel.name)
        cases = {r.case_id: r for r in self.ctx.store.cases.rows(accounts=[self.store], channels=[self.channel.name])}
        now = self.ctx.clock()
        wanted = []
        for row in rows.values():
            old, case = known.get(row.case_id), cases.get(row.case_id)
            due = (
                case is not None
                and case.next_deadline_at is not None
                and case.needs_action
                and (now - READ_AGAIN > case.last_read_at and case.next_deadline_at - now < DUE_SOON)
            )
            # A deadline that passed since the last look changes the page, and not always the row.
            passed = (
                case is not None
                and case.next_deadline_at is not None
                and case.status in OPEN
                and case.last_read_at < case.next_deadline_at <= now
            )
            stale = old is None or old.read_hash != _hash(row) or case is None or case.unread_since is not None
            read_already = case is not None and not stale and self.limits.read_already(self.store, case.last_read_at)
            if read_already and self.full and not due:
                self.report.kept += 1
            elif self.full or stale or due or passed:
                wanted.append((case.next_deadline_at if case and case.needs_action else None, row))
        wanted.sort(key=lambda pair: (pair[0] is None, pair[0]) if pair[0] else (True, now))
        return [row for _, row in wanted]

    async def _pages(self, rows: dict[str, Listed]) -> None:
        wanted = self._wants_reading(rows)
        bar = self.ctx.progress.task(f"{self.scope}: {say('cases')}", len(wanted))
        silent = 0
        for done, row in enumerate(wanted):
            if self.limits.up():
                self.report.left = len(wanted) - done
                raise time_up(self.store)
            try:
                await self._visit.renew()
                await self._page(row)
                silent = 0
            except (PageDrift, WrongSubject) as error:
                silent = 0
                await self._quarantine(error, row.case_id)
            except (NeedsPerson, RateLimited, Paused):
                raise
            except Unavailable as error:
                silent += 1
                self.report.fault(error, row.case_id)
                self._unread(row.case_id, error.said.in_language("en"))
                if silent >= GIVE_UP_AFTER:
                    raise PortalDown(
                        say("{store} gave no answer {count} times in a row.", store=self.store, count=silent),
                        say("The rest is read at the next run."),
                    ) from None
            bar.step(row.case_id)
        bar.end()

    async def _page(self, row: Listed) -> None:
        seen, documents = await self.channel.visit(self.tab, row.case_id, row.url)
        self.report.visited += 1
        for file in documents.values():
            self.ctx.store.blobs.put(file.data, "document")
        try:
            case = self.channel.read_subject(seen, documents, row.case_id)
            differs = self.channel.agrees(row, case)
            if differs:
                raise seen.drift("", say("list and page disagree: {what}", what=differs), kind=Mismatch)
            stored = self.ctx.store.cases.get(case.key)
            for cut in cut_short(stored, case) if stored is not None else ():
                raise seen.drift(cut.field, say("it was read whole before, and is cut off now"), found=(cut.new or "",))
        except WrongSubject:
            self._keep(seen.page, row.case_id, "drifted")
            raise
        self._keep(seen.page, row.case_id, "read")
        whole = self.channel.whole(case)
        saved = self.ctx.store.cases.save(case, self.run_id, row_hash=self._row_hash(row, case) if whole else None)
        if self.channel.keeps_picture and saved != "unchanged":
            await self._archive(case, seen)
        setattr(self.report, saved, getattr(self.report, saved) + 1)
        if saved == "new":
            note_if_missed(self.ctx, self.run_id, case)

    def _row_hash(self, row: Listed, case: Case) -> str:
        """What to note as read: a row that changed over a page that did not may have led to a stale page."""
        now, before = _hash(row), self._known.get(row.case_id)
        if before is None or before.read_hash in (None, now, AGAIN + now):
            return now
        stored = self.ctx.store.cases.get(case.key)
        return now if stored is None or stored.revision != case.revision else AGAIN + now

    async def _archive(self, case: Case, seen: Seen) -> None:
        """Page and picture of what changed, bound into the audit chain: the only proof later (CM12)."""
        picture = await self.tab.picture()
        proof = {"page": seen.page.sha256, "url": seen.page.url, "seen_at": iso(seen.page.seen_at)}
        if picture is not None:
            proof["picture"] = self.ctx.store.blobs.put(picture, "screenshot")
        with self.ctx.store.writing() as conn:
            self.ctx.store.audit.append(conn, "sync", "archived", case.key.ref, proof)

    # -- what went wrong -------------------------------------------------------------------------------------------

    def _keep(self, page: SeenPage, case_id: str, verdict: Literal["read", "drifted"]) -> None:
        self.ctx.store.pages.put(
            page.portal,
            page.account,
            page.page,
            case_id,
            page.stored(),
            page.seen_at,
            channel=self.channel.name,
            verdict=verdict,
        )

    def _unread(self, case_id: str, why: str) -> None:
        self.ctx.store.cases.mark_unread(
            CaseKey(portal=self.portal, account=self.account, channel=self.channel.name, case_id=case_id), why
        )

    async def _quarantine(self, error: RebuttalError, case_id: str | None) -> None:
        """Nothing is written over good data; one alarm per page and field, one bundle per run of it."""
        self.report.drifted += 1
        if isinstance(error, PageDrift) and error.seen is not None:
            self._keep(error.seen, case_id or "", "drifted")
        place = f"{error.page}/{error.field}" if isinstance(error, PageDrift) else f"detail/{error.name}"
        if place not in self._drifts:
            self._drifts.add(place)
            await self.tab.leave_bundle(error, place)
            self.ctx.store.alarms.raise_(
                "drift", f"{self.scope}/{place}", error.said, {"error": error.name, "bundle": error.bundle}
            )
        self.report.fault(error, case_id)
        if case_id is not None:
            self._unread(case_id, error.said.in_language("en"))

    def _alarms(self) -> None:
        """Close what is over: drift that did not come again although pages were read, and incompleteness."""
        if self.report.complete:
            self.ctx.store.alarms.clear("incomplete", self.scope)
        listed = self.ctx.store.listing.all(self.portal, self.account, self.channel.name)
        gone = {name for name, row in listed.items() if row.gone_since is not None}
        cases = self.ctx.store.cases.rows(accounts=[self.store], channels=[self.channel.name])
        if self._drifts or any(r.unread_since and r.case_id not in gone for r in cases):
            return
        for alarm in self.ctx.store.alarms.open():
            if alarm.kind == "drift" and alarm.scope.startswith(self.scope + "/"):
                self.ctx.store.alarms.clear("drift", alarm.scope)


def _hash(row: Listed) -> str:
    return hashlib.sha256(canonical(row.facts)).hexdigest()
