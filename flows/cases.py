"""`rebuttal cases` and `show`: the list by urgency, and one case with all that happened to it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from agent.audit import Link
from agent.errors import UsageFault
from agent.records import Case, StatusIs, iso
from agent.sending.packet import Approval, Attempt, Draft, Packet
from agent.store import CaseRow, Observation
from agent.words import say
from flows import registry
from flows.context import Context
from flows.expected import Expected, expected_answer
from flows.naming import the_case
from flows.urgency import Found, by_urgency


def listing(ctx: Context, **wanted: Any) -> list[CaseRow]:
    """All cases that `top` would find."""
    return top(ctx, **wanted).rows


def top(
    ctx: Context,
    *,
    limit: int | None = None,
    due: timedelta | None = None,
    statuses: tuple[str, ...] = (),
    portals: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    everything: bool = False,
) -> Found:
    """The `limit` most urgent cases: of the open ones, or those of `statuses`, or with `everything` of all.

    `due` keeps what wants an answer within that time, what is overdue included. `accounts` as `coupang:main`.
    """
    for status in statuses:
        _known(status, get_args(StatusIs))
    for portal in portals:
        registry.get(portal)
    return by_urgency(
        ctx,
        due=due,
        count=limit,
        portals=portals,
        accounts=accounts,
        statuses=statuses,
        open_only=not everything and not statuses,
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
