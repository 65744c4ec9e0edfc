"""`rebuttal reread`: read every stored page again, offline, show what it says differently, and correct the records."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from agent.errors import DONE, DRIFT, PageDrift, RebuttalError, worst
from agent.locks import account_lock
from agent.portal import Channel, Fetched, Listed, Portal
from agent.reading.page import SeenPage
from agent.reading.unreadable import Unreadable
from agent.records import Case, CaseKey, SeenRef, iso
from agent.store import CaseRow, StoredPage
from agent.store.deadlines import merge
from agent.words import Words, say
from flows import registry
from flows.context import Context
from flows.contract import Held, hold_case
from flows.fields import Difference, differences
from flows.visit import LEASE_S, holder, labels_of, policy_of

Confirm = Callable[["RereadReport"], bool]
"""Shown what would be written; says whether to write it."""


class Look(NamedTuple):
    """One stored look at a case: the page, and whether it lies in quarantine."""

    sha256: str
    at: Any
    quarantined: bool


@dataclass(frozen=True)
class Correction:
    """One case that a stored page gives otherwise than the record, or gives at last."""

    look: Look
    case: Case
    differences: tuple[Difference, ...]
    row_hash: str | None = None
    """The hash of the list row that led to the page, where it still leads there: then no visit is wanted."""
    unread: str | None = None
    """Why a newer look at the case failed, where one did: the case stays unread since this one."""

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "ref": self.case.key.ref,
            "seen_at": iso(self.look.at),
            "mended": self.look.quarantined,
            "changes": [d._asdict() for d in self.differences],
        }


@dataclass(frozen=True)
class StillDrifted:
    """A look that its reader can't read; `lost`: it could, when the record was made."""

    ref: str
    error: RebuttalError
    lost: bool

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        named = {"page": self.error.page, "field": self.error.field} if isinstance(self.error, PageDrift) else {}
        return {"ref": self.ref, "error": self.error.name, "said": str(self.error.said), "lost": self.lost} | named


@dataclass
class RereadReport:
    """What came of reading the stored pages again. `older`: looks older than the record, left alone."""

    pages: int = 0
    unchanged: int = 0
    older: int = 0
    corrections: list[Correction] = field(default_factory=list)
    drifted: list[StillDrifted] = field(default_factory=list)
    wants_visit: list[str] = field(default_factory=list)
    """Cases whose page names a file that was never fetched."""
    written: bool = False
    faults: list[RebuttalError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """11 while a page can't be read; worse where an account could not be written."""
        return worst([DONE, *(DRIFT for _ in self.drifted[:1]), *(f.exit_code for f in self.faults)])

    @property
    def said(self) -> tuple[Words, ...]:
        """In sentences: the counts, each difference, what stays."""
        lines = [
            say(
                "{pages} stored pages were read again: {same} as recorded, {other} otherwise, {drifted} unreadable.",
                pages=self.pages,
                same=self.unchanged,
                other=len(self.corrections),
                drifted=len(self.drifted),
            )
        ]
        for one in self.corrections:
            ref = one.case.key.ref
            if not one.differences:
                lines.append(say("{ref}: readable now, as recorded.", ref=ref))
            for name, old, new in one.differences:
                lines.append(say("{ref}: {field}: {old} → {new}", ref=ref, field=name, old=old or "-", new=new or "-"))
        lines += [say("{ref}: still unreadable: {why}", ref=d.ref, why=d.error.said) for d in self.drifted]
        lines += [say("{ref}: only a visit can read it whole.", ref=ref) for ref in self.wants_visit]
        lines += [fault.said for fault in self.faults]
        if self.written:
            lines.append(say("The records are corrected; no portal was visited."))
        elif self.corrections:
            lines.append(say("Nothing is written yet. Write it with `rebuttal reread --write`."))
        return tuple(lines)

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "exit_code": self.exit_code,
            "pages": self.pages,
            "unchanged": self.unchanged,
            "older": self.older,
            "written": self.written,
            "corrections": [c.public() for c in self.corrections],
            "drifted": [d.public() for d in self.drifted],
            "wants_visit": self.wants_visit,
            "errors": [{"error": f.name, "said": str(f.said)} for f in self.faults],
        }


def reread(
    ctx: Context, portals: tuple[str, ...] = (), *, write: bool = False, confirm: Confirm | None = None
) -> RereadReport:
    """Read the newest look at every case again, with the labels and readers of today.

    Nothing is written but with `write`, or when `confirm` says yes to the report. An older look never replaces what a
    newer one said. A look that was in quarantine and reads now corrects its case, which is then read as of that look.
    """
    report = RereadReport()
    cases: dict[str, list[Case]] = {registry.get(n).name if portals else n: [] for n in portals or registry.names()}
    for case in ctx.store.cases.export():
        cases.get(case.portal, []).append(case)
    for name, own in cases.items():
        quarantine = list(ctx.store.pages.iterate(name, verdict="drifted"))
        if own or quarantine:
            _Rereading(ctx, registry.get(name), report, own, quarantine).run()
    if report.corrections and (write or (confirm is not None and confirm(report))):
        _write(ctx, report)
    return report


class _Rereading:
    """The stored looks of one portal."""

    def __init__(
        self, ctx: Context, portal: Portal, report: RereadReport, cases: list[Case], quarantine: list[StoredPage]
    ) -> None:
        self.ctx, self.portal, self.report = ctx, portal, report
        self.labels, self.policy = labels_of(ctx, portal), policy_of(ctx, portal)
        self.channels: dict[str, Channel] = {c.name: c for c in portal.channels}
        store = ctx.store
        self.cases = {c.key: c for c in cases if c.channel in self.channels}
        self.rows: dict[CaseKey, CaseRow] = {r.key: r for r in store.cases.rows(portals=[portal.name])}
        self.quarantine: dict[CaseKey, Look] = {}
        for page in quarantine:
            if page.subject and page.channel in self.channels:
                key = CaseKey(portal=page.portal, account=page.account, channel=page.channel, case_id=page.subject)
                known = self.quarantine.get(key)
                if known is None or known.at < page.at:
                    self.quarantine[key] = Look(page.sha256, page.at, True)

    def run(self) -> None:
        """Every case once."""
        keys = sorted({*self.cases, *self.quarantine}, key=lambda key: key.ref)
        if not keys:
            return
        bar = self.ctx.progress.task(f"{self.portal.name}: {say('stored pages')}", len(keys))
        for key in keys:
            self._case(key)
            bar.step(key.case_id)
        bar.end()

    def _case(self, key: CaseKey) -> None:
        old, newest = self.cases.get(key), self.quarantine.get(key)
        own = Look(old.seen.sha256, old.seen.at, False) if old is not None and old.seen is not None else None
        if newest is not None and own is not None and newest.at < own.at:
            self.report.older += 1
            newest = None
        if newest is not None and self._read(key, newest, old):
            return
        if own is not None:
            row = self.rows.get(key)
            self._read(key, own, old, unread=row.unread_why if row is not None else None)

    def _read(self, key: CaseKey, look: Look, old: Case | None, unread: str | None = None) -> bool:
        """Note what one look gives; False where it gives nothing, so that the one before it counts."""
        if not self.ctx.store.blobs.path(look.sha256).exists():
            return False  # kept no longer
        self.report.pages += 1
        channel = self.channels[key.channel]
        page = SeenPage.from_stored(self.ctx.store.pages.get(look.sha256))
        held = hold_case(channel, page, key.case_id, self.labels, policy=self.policy, quarantined=look.quarantined)
        if held.case is not None and old is not None and _as_kept(_from(look, held.case), old) == old:
            # Word for word the record: its documents were held against these words when the record was made, and
            # reading a PDF costs several times what the page does.
            self.report.unchanged += 1
            return True
        if held.case is not None:
            documents: dict[str, Fetched] = {}
            for name, file in self._documents(channel, held, old):
                if file is None:
                    self.report.wants_visit.append(key.ref)
                    return False
                documents[name] = file
            held = (
                hold_case(channel, page, key.case_id, self.labels, documents, policy=self.policy) if documents else held
            )
        error = held.error or (self._disagrees(key, held) if look.quarantined else None)
        if error is not None:
            self.report.drifted.append(StillDrifted(key.ref, error, lost=not look.quarantined))
            return False
        assert held.case is not None
        case = _from(look, held.case)
        changes = differences(old, _as_kept(case, old) if old is not None else case)
        if not changes and not look.quarantined:
            self.report.unchanged += 1
            return True
        row_hash = None if unread else self._row_hash(key, look, case)
        self.report.corrections.append(Correction(look, case, changes, row_hash, unread))
        return True

    def _documents(self, channel: Channel, held: Held, old: Case | None) -> Iterator[tuple[str, Fetched | None]]:
        """The files that the page offers, as they were fetched with it, or with the look before it."""
        links = channel.documents(held.seen)
        kept = {f.key: (f.name, f.sha256) for f in held.seen.page.files}
        if old is not None and old.decision is not None and old.decision.document is not None and len(links) == 1:
            kept.setdefault(links[0].name, (old.decision.document.name, old.decision.document.sha256))
        for link in links:
            name, sha256 = kept.get(link.name, ("", ""))
            yield link.name, Fetched(name, self.ctx.store.blobs.get(sha256)) if sha256 else None

    def _disagrees(self, key: CaseKey, held: Held) -> PageDrift | None:
        """A look in quarantine must agree with the list as well: perhaps it lies there because it did not."""
        listed = self.ctx.store.listing.get(key)
        if listed is None or held.case is None:
            return None
        # of a row only what it showed is kept; what its status means is read again, in the words of today
        status = self.labels.word("status", listed.shown.get("status", "")) or "unknown"
        row = Listed(case_id=key.case_id, url=held.case.url, facts=listed.shown, status_is=status)
        try:
            differs = self.channels[key.channel].agrees(row, held.case)
        except Unreadable as fault:
            differs = str(fault)
        return held.seen.drift("", say("list and page disagree: {what}", what=differs)) if differs else None

    def _row_hash(self, key: CaseKey, look: Look, case: Case) -> str | None:
        """What to note as read, so that the next sync need not go there: only where the list has not moved on since."""
        row = self.ctx.store.listing.get(key)
        if row is None or row.seen_at is None or look.at < row.seen_at or not self.channels[key.channel].whole(case):
            return None
        return row.text_hash if look.quarantined else row.read_hash


def _from(look: Look, case: Case) -> Case:
    """The case with its proof: the page as it lies in the store, whatever form a page has by now."""
    return case.model_copy(update={"seen": SeenRef(sha256=look.sha256, at=look.at)})


def _as_kept(case: Case, old: Case) -> Case:
    """The case as it would stand beside the record `old`: a countdown's better bound and the document stay."""
    changes: dict[str, Any] = {}
    deadlines, _ = merge(old.deadlines, case.deadlines)
    if deadlines != case.deadlines:
        changes["deadlines"] = deadlines
    if case.decision is not None and case.decision.document is None and old.decision is not None:
        changes["decision"] = case.decision.model_copy(update={"document": old.decision.document})
    return case.model_copy(update=changes) if changes else case


def _write(ctx: Context, report: RereadReport) -> None:
    """Write the corrections, account by account; one that is busy is left for another time."""
    run_id = ctx.store.runs.start(
        "reread",
        sorted({c.case.key.store_name for c in report.corrections}),
        ctx.settings.operator,
        platform.node(),
    )
    kept: list[Correction] = []
    by_account = groupby(report.corrections, key=lambda c: c.case.key.store_name)
    for store_name, corrections in by_account:
        try:
            with _alone(ctx, store_name):
                for one in corrections:
                    if _write_one(ctx, one, run_id):
                        kept.append(one)
                    else:
                        report.older += 1
        except RebuttalError as fault:
            report.faults.append(fault)
    report.corrections = kept
    report.written = bool(kept)
    ctx.store.runs.finish(run_id, report.exit_code)


@contextlib.contextmanager
def _alone(ctx: Context, store_name: str) -> Iterator[None]:
    """No sync of the account at the same time, here or on another machine."""
    with account_lock(ctx.home, store_name):
        lease = ctx.store.leases.take(store_name, holder(), LEASE_S, machine=platform.node(), alone_here=True)
        try:
            yield
        finally:
            ctx.store.leases.release(lease)


def _write_one(ctx: Context, one: Correction, run_id: str) -> bool:
    """Write one correction, unless the case was seen since it was made."""
    now = ctx.store.cases.get(one.case.key)
    if now is not None and now.seen is not None and now.seen.at > one.look.at:
        return False
    ctx.store.cases.save(one.case, run_id, row_hash=one.row_hash)
    if one.unread:
        ctx.store.cases.mark_unread(one.case.key, one.unread)
    elif one.look.quarantined:
        ctx.store.pages.judge(one.look.sha256, "read")
    return True
