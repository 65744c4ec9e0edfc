"""`rebuttal cases` and `show`: the list by urgency, and one case with all that happened to it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from agent.audit import Link
from agent.errors import UsageFault
from agent.records import OPEN, Case, StatusIs, iso
from agent.sending.packet import Approval, Attempt, Draft, Packet
from agent.store import CaseRow, Observation
from agent.words import say
from flows import registry
from flows.context import Context
from flows.expected import Expected, expected_answer
from flows.naming import the_case

HOUSE_OVERDUE = "house_overdue"
"""The mark of a row whose answer is overdue by the house's own rule, while the portal still takes it."""


def listing(
    ctx: Context,
    *,
    due: timedelta | None = None,
    statuses: tuple[str, ...] = (),
    portals: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    everything: bool = False,
) -> list[CaseRow]:
    """Cases, the most urgent first: open ones, or those of `statuses`, or with `everything` all.

    `due` keeps what wants an answer within that time, what is overdue included. `accounts` as `coupang:main`.
    """
    for status in statuses:
        _known(status, get_args(StatusIs))
    for portal in portals:
        registry.get(portal)
    rows = ctx.store.cases.rows(
        portals=portals, accounts=accounts, statuses=statuses, open_only=not everything and not statuses
    )
    return by_urgency(ctx, rows, None if due is None else ctx.clock() + due)


def by_urgency(ctx: Context, rows: list[CaseRow], due_before: datetime | None = None) -> list[CaseRow]:
    """`rows` with the house's own earlier deadline where there is one (WD3), the most urgent first.

    `due_before` keeps those that want an answer before it, what is overdue by the house's rule included. The house
    deadline is reckoned here and stored nowhere.
    """
    now, hours = ctx.clock(), ctx.settings.house_hours
    told = [with_house(row, now, hours) for row in rows]
    if due_before is not None:
        told = [
            r
            for r in told
            if HOUSE_OVERDUE in r.flags
            or (r.needs_action and r.next_deadline_at is not None and r.next_deadline_at < due_before)
        ]
    never = datetime.max.replace(tzinfo=UTC)
    told.sort(
        key=lambda r: (
            0 if r.needs_action else 1 if r.status in OPEN else 2,
            r.next_deadline_at or never,
            r.opened_at or never,
            r.ref,
        )
    )
    return told


def counts_until(
    asked: datetime | None, theirs: datetime | None, now: datetime, hours: int
) -> tuple[datetime | None, bool]:
    """The deadline that counts, and whether the house's own has passed (WD3: `hours` after the seller was `asked`).

    The house's counts while it is the earlier. Once it has passed it would hide how long the portal still takes an
    answer: then the portal's counts again. Where the portal names none, the house's stands on.
    """
    own = asked + timedelta(hours=hours) if asked is not None else None
    if own is None or (theirs is not None and theirs <= own):
        return theirs, False
    return (own, False) if theirs is None or own > now else (theirs, True)


def with_house(row: CaseRow, now: datetime, hours: int) -> CaseRow:
    """`row` with the deadline that counts; a mark where the answer is overdue by the house's own rule."""
    at, late = counts_until(row.asked_at, row.next_deadline_at, now, hours)
    if late:
        return replace(row, flags=(*row.flags, HOUSE_OVERDUE))
    if at == row.next_deadline_at:
        return row
    return replace(
        row,
        next_deadline_at=at,
        next_deadline_kind="house",
        next_deadline_shown=str(say("house rule: {hours} h", hours=hours)),
        next_deadline_sure=True,
    )


def _known(status: str, known: tuple[str, ...]) -> None:
    if status not in known:
        near = next(iter(difflib.get_close_matches(status, known, n=1)), None)
        raise UsageFault(
            say("There is no status “{given}”.", given=status),
            say("Did you mean {near}?", near=near) if near else say("Choose one of: {names}.", names=", ".join(known)),
        )


@dataclass(frozen=True)
class CaseView:
    """One case: as it is known, as it was read before, and what was done about it."""

    case: Case
    history: tuple[Observation, ...]
    drafts: tuple[Draft, ...]
    packets: tuple[Packet, ...]
    """The packets in force, one an action at most."""
    approvals: tuple[Approval, ...]
    attempts: tuple[Attempt, ...]
    story: tuple[Link, ...]
    unread_why: str | None
    """Why the last sync could not read it; then the record is older than that."""
    expected: Expected | None = None
    """When the portal's answer to what was sent should be there."""

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "ref": self.case.key.ref,
            "case": self.case.public(),
            "unread_why": self.unread_why,
            "expected_answer": self.expected.public() if self.expected else None,
            "history": [
                {
                    "at": iso(seen.at),
                    "run": seen.run_id,
                    "revision": seen.revision,
                    "seen": seen.seen_sha256,
                    "status": seen.case.status.is_,
                    "shown": seen.case.status.shown,
                }
                for seen in self.history
            ],
            "drafts": [one.model_dump(mode="json") for one in self.drafts],
            "packets": [one.model_dump(mode="json") | {"digest": one.digest} for one in self.packets],
            "approvals": [one.model_dump(mode="json") for one in self.approvals],
            "attempts": [one.model_dump(mode="json") for one in self.attempts],
            "story": [one.model_dump(mode="json") for one in self.story],
        }


def one(ctx: Context, ref: str) -> CaseView:
    """The case that `ref` names, a whole ref or any part of one that is unique; else `UsageFault`."""
    case = the_case(ctx, ref)
    key, ledger = case.key, ctx.store.ledger
    drafts = tuple(ledger.drafts(key))
    row = ctx.store.cases.row(key)
    attempts = tuple(ledger.attempts(key))
    return CaseView(
        case=case,
        history=tuple(ctx.store.cases.history(key)),
        drafts=drafts,
        packets=tuple(p for d in drafts if (p := ledger.current(key, d.action)) is not None),
        approvals=tuple(ledger.approvals(key)),
        attempts=attempts,
        story=tuple(ctx.store.audit.story(key.ref)),
        unread_why=row.unread_why if row else None,
        expected=expected_answer(ctx, case, attempts),
    )
