"""What stands in the way of approving or sending a packet, looked up within the transaction that would do it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from agent.errors import AlreadyAttempted, ApprovalSpent, ApprovalStale, NotApproved
from agent.sending.difference import difference
from agent.sending.ledger_rows import approval as approval_of
from agent.sending.ledger_rows import slot
from agent.sending.packet import Approval, Packet
from agent.store import schema
from agent.words import say

_SKEW = timedelta(minutes=5)
"""How far two machines' clocks may differ before a clock that stands before an approval counts as set back."""

_PACKETS, _SLOTS = schema.packets, schema.slots
_APPROVALS, _ATTEMPTS = schema.approvals, schema.attempts

# Made once: they are asked in every approval, at every step of a submission and in the transaction that arms it.
_TRIES = select(_ATTEMPTS.c.state, _ATTEMPTS.c.digest).where(*slot(_ATTEMPTS))
_FORCE = select(_SLOTS.c.digest).where(*slot(_SLOTS))
_REVISION = select(schema.cases.c.revision).where(schema.cases.c.ref == bindparam("of"))
_DATA = select(_PACKETS.c.data).where(_PACKETS.c.digest == bindparam("of"))
_ALL = (
    select(_APPROVALS)
    .where(*slot(_APPROVALS))
    .order_by(_APPROVALS.c.at.desc(), _APPROVALS.c.spent_at.is_not(None), _APPROVALS.c.withdrawn_at.is_not(None))
    .with_for_update()
)
_THAT = _ALL.where(_APPROVALS.c.id == bindparam("that"))

LOOK = say("Look at the case with `rebuttal show` and at the portal; nothing was sent now.")
AGAIN = say("Look at the packet again and approve its new digest.")


def spent(approval: Approval) -> ApprovalSpent:
    """The refusal to use an approval twice."""
    return ApprovalSpent(
        say("The approval of {ref} by {by} was used before.", ref=approval.case.ref, by=approval.by),
        say("A further try needs a new approval."),
    )


def free(conn: Connection, packet: Packet, one_shot: bool, allowed: int) -> None:
    """Raise `AlreadyAttempted` unless the slot of this case and action is free."""
    ref, confirmed = packet.case.ref, 0
    for row in conn.execute(_TRIES, {"of": ref, "do": packet.action}):
        if row.state in ("armed", "unknown"):
            raise AlreadyAttempted(
                say("{ref} was tried before and the outcome is not known yet.", ref=ref),
                say("Run `rebuttal reconcile`: only reading the portal can tell."),
            )
        if row.state == "confirmed":
            confirmed += 1
            if row.digest == packet.digest:
                raise AlreadyAttempted(say("{ref}: this very packet was sent and confirmed.", ref=ref), LOOK)
    if one_shot and confirmed >= allowed:
        raise AlreadyAttempted(
            say("{ref}: {count} of {allowed} tries at the portal are used.", ref=ref, count=confirmed, allowed=allowed),
            LOOK,
        )


def in_force(conn: Connection, packet: Packet) -> None:
    """Raise `ApprovalStale` unless the packet is in force and the case stands as it was when it was written."""
    force = conn.execute(_FORCE, {"of": packet.case.ref, "do": packet.action}).scalar()
    if force != packet.digest:
        raise _stale(packet, _packet(conn, force))
    revision = conn.execute(_REVISION, {"of": packet.case.ref}).scalar()
    if revision is not None and revision != packet.case_revision:
        change = say("The case at the portal has changed since the draft was written.")
        raise ApprovalStale(
            say("{ref} is no longer the case that the packet answers: {changes}", ref=packet.case.ref, changes=change),
            AGAIN,
            changes=[change],
        )


def living(conn: Connection, packet: Packet, now: datetime, approval_id: str | None = None) -> Approval:
    """The approval (that one, or the newest) under which the packet may be sent at `now`, or why it may not."""
    ref, digest = packet.case.ref, packet.digest
    place = {"of": ref, "do": packet.action}
    if approval_id is None:
        rows = conn.execute(_ALL, place).mappings().all()
    else:
        rows = conn.execute(_THAT, place | {"that": approval_id}).mappings().all()
    if not rows:
        raise NotApproved(
            say("No one has approved {ref}.", ref=ref),
            say("Look at it with `rebuttal packet {ref}` and approve its digest.", ref=ref),
        )
    approval = next(
        (a for a in map(approval_of, rows) if a.spent_at is None and a.withdrawn_at is None), approval_of(rows[0])
    )
    if approval.spent_at is not None and approval.digest == digest:
        raise spent(approval)
    if approval.spent_at is not None:
        raise NotApproved(
            say("No one has approved this packet of {ref}; the approval before it was used for another.", ref=ref),
            say("Look at it with `rebuttal packet {ref}` and approve its digest.", ref=ref),
        )
    if approval.withdrawn_at is not None:
        raise NotApproved(
            say("The approval of {ref} was taken back: {why}", ref=ref, why=approval.withdrawn_why or ""),
            say("Look at it with `rebuttal packet {ref}` and approve its digest.", ref=ref),
        )
    if approval.digest != digest:
        raise _stale(_packet(conn, approval.digest), packet)
    if now >= approval.expires_at:
        raise ApprovalStale(
            say(
                "The approval of {ref} by {by} expired at {at}.",
                ref=ref,
                by=approval.by,
                at=f"{approval.expires_at:%Y-%m-%d %H:%M} UTC",
            ),
            AGAIN,
            changes=[],
        )
    if now < approval.at - _SKEW:
        raise ApprovalStale(
            say("This computer's clock stands before the moment {ref} was approved.", ref=ref),
            say("Set the clock right and try again."),
            changes=[],
        )
    in_force(conn, packet)
    return approval


def _packet(conn: Connection, digest: str | None) -> Packet | None:
    data = None if digest is None else conn.execute(_DATA, {"of": digest}).scalar()
    return None if data is None else Packet.model_validate_json(data)


def _stale(approved: Packet | None, now: Packet | None) -> ApprovalStale:
    """The refusal with every difference; no packet now: the draft was changed and not frozen again."""
    known = approved or now
    changes = difference(approved, now) if approved and now else [say("The draft was changed and not checked again.")]
    return ApprovalStale(
        say("What was approved for {ref} is not what would be sent now.", ref=known.case.ref if known else "?"),
        AGAIN,
        changes=changes,
    )
