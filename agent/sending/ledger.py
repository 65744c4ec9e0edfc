"""The ledger: who approved what, and every try to send it; each line on the disk before anything follows from it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.errors import AlreadyAttempted, NotApproved, StoreFault, UsageFault
from agent.records import Action, CaseKey
from agent.sending import standing
from agent.sending.ledger_rows import approval as approval_of
from agent.sending.ledger_rows import attempt as attempt_of
from agent.sending.ledger_rows import slot, unspent
from agent.sending.packet import Approval, Attempt, Draft, Packet, Receipt
from agent.store import schema
from agent.words import say

if TYPE_CHECKING:
    from agent.store.leases import Lease
    from agent.store.store import Store

CLICK_WITHIN = timedelta(minutes=2)
"""Nothing leaves later than this after the arming: whoever reads afterwards knows how old a request can be at the least."""
Settled = Literal["confirmed", "refused", "unknown", "cleared"]

_LEGAL: dict[str, tuple[str, ...]] = {
    "armed": ("confirmed", "refused", "unknown"),
    "unknown": ("confirmed", "cleared", "refused"),
}

_DRAFTS, _PACKETS, _SLOTS = schema.drafts, schema.packets, schema.slots
_APPROVALS, _ATTEMPTS = schema.approvals, schema.attempts

# Made once: what a statement is made of costs more than what it does.
_ADD_DRAFT, _ADD_PACKET, _ADD_SLOT = insert(_DRAFTS), insert(_PACKETS), insert(_SLOTS)
_ADD_APPROVAL, _ADD_ATTEMPT = insert(_APPROVALS), insert(_ATTEMPTS)
_DRAFT = select(_DRAFTS.c.data).where(*slot(_DRAFTS))
_DRAFTED_BY = select(_DRAFTS.c.by).where(*slot(_DRAFTS))
_CHANGE_DRAFT = update(_DRAFTS).where(*slot(_DRAFTS))
_PACKET = select(_PACKETS.c.authors, _PACKETS.c.data).where(_PACKETS.c.digest == bindparam("of"))
_CHANGE_PACKET = update(_PACKETS).where(_PACKETS.c.digest == bindparam("of"))
_SLOT = select(_SLOTS.c.digest, _SLOTS.c.at).where(*slot(_SLOTS))
_CHANGE_SLOT = update(_SLOTS).where(*slot(_SLOTS))
_IN_FORCE = select(_PACKETS.c.data).join(_SLOTS, _SLOTS.c.digest == _PACKETS.c.digest).where(*slot(_SLOTS))
_OF_CASE = select(_APPROVALS).where(_APPROVALS.c.ref == bindparam("of")).order_by(_APPROVALS.c.at, _APPROVALS.c.id)
_GOOD = (
    select(_APPROVALS)
    .where(*unspent(None, None), _APPROVALS.c.expires_at > bindparam("now"))
    .order_by(_APPROVALS.c.at, _APPROVALS.c.id)
)
_GOOD_OF_CASE = _GOOD.where(_APPROVALS.c.ref == bindparam("of"))
_REPLACE = update(_APPROVALS).where(*unspent(None, None), *slot(_APPROVALS))
_SPEND = update(_APPROVALS).where(_APPROVALS.c.id == bindparam("of"), _APPROVALS.c.spent_at.is_(None))
_ATTEMPT = select(_ATTEMPTS).where(_ATTEMPTS.c.id == bindparam("of"))
_LOCK_ATTEMPT = _ATTEMPT.with_for_update()
_STANDING = select(_ATTEMPTS.c.state, _ATTEMPTS.c.armed_at).where(_ATTEMPTS.c.id == bindparam("of"))
_CHANGE_ATTEMPT = update(_ATTEMPTS).where(_ATTEMPTS.c.id == bindparam("of"))
_EVERY_ATTEMPT = select(_ATTEMPTS).order_by(_ATTEMPTS.c.armed_at, _ATTEMPTS.c.id)
_ATTEMPTS_OF_CASE = _EVERY_ATTEMPT.where(_ATTEMPTS.c.ref == bindparam("of"))
_UNKNOWN = select(_ATTEMPTS).where(_ATTEMPTS.c.state == "unknown").order_by(_ATTEMPTS.c.armed_at)
_LEFT_ARMED = (
    select(_ATTEMPTS)
    .where(
        _ATTEMPTS.c.portal == bindparam("of_portal"),
        _ATTEMPTS.c.account == bindparam("of_account"),
        _ATTEMPTS.c.state == "armed",
    )
    .order_by(_ATTEMPTS.c.armed_at)
    .with_for_update()
)


class Ledger:
    """Every write is one durable transaction that also holds its audit link.

    `step` is called with a name around each write ("arm" before, "arm:written" before the commit, "arm:committed"
    after it), so that a test can stop the process between any two; by default nothing is called.
    """

    def __init__(self, store: Store, *, step: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._step = step or (lambda name: None)

    # Drafts and packets

    def save_draft(self, draft: Draft) -> None:
        """Write or replace the draft. A changed one takes the packet, and with it the approval, out of force."""
        ref, place = draft.case.ref, _place(draft.case, draft.action)
        with self._write("draft") as conn:
            data = conn.execute(_DRAFT, place).scalar()
            values = {"by": draft.by, "at": draft.at, "data": draft.model_dump_json()}
            if data is None:
                conn.execute(_ADD_DRAFT, {"ref": ref, "action": draft.action, **values})
            else:
                conn.execute(_CHANGE_DRAFT, place | values)
                if _content(Draft.model_validate_json(data)) != _content(draft):
                    conn.execute(_CHANGE_SLOT, place | {"digest": None})
            self._note(
                conn,
                draft.by,
                "drafted",
                ref,
                {
                    "action": draft.action,
                    "case_revision": draft.case_revision,
                    "fields": sorted(draft.values),
                    "files": [f.path for f in draft.files],
                    "overrides": draft.overrides,
                },
            )

    def draft(self, case: CaseKey, action: Action) -> Draft | None:
        """The draft of an action, if there is one."""
        with self._store.reading() as conn:
            data = conn.execute(_DRAFT, _place(case, action)).scalar()
        return None if data is None else Draft.model_validate_json(data)

    def drafts(self, case: CaseKey) -> list[Draft]:
        """All drafts of a case."""
        query = select(_DRAFTS.c.data).where(_DRAFTS.c.ref == case.ref).order_by(_DRAFTS.c.action)
        with self._store.reading() as conn:
            return [Draft.model_validate_json(data) for data in conn.execute(query).scalars()]

    def freeze(self, packet: Packet) -> str:
        """Keep a packet and put it in force for its case and action; gives its digest. Again: nothing changes."""
        digest, ref = packet.digest, packet.case.ref
        with self._write("freeze") as conn:
            now, place = self._store.clock(), _place(packet.case, packet.action)
            row = conn.execute(_PACKET, {"of": digest}).first()
            authors = json.loads(row.authors) if row else []
            force = conn.execute(_SLOT, place).first()
            if (
                row
                and packet.by in authors
                and force
                and force.digest == digest
                and (Packet.model_validate_json(row.data) == packet)
            ):
                return digest
            values = {"authors": json.dumps(sorted({*authors, packet.by})), "data": packet.model_dump_json()}
            if row:
                conn.execute(_CHANGE_PACKET, {"of": digest, **values})
            else:
                conn.execute(
                    _ADD_PACKET,
                    {"digest": digest, "ref": ref, "action": packet.action, "frozen_at": now, **values},
                )
            if force:
                conn.execute(_CHANGE_SLOT, place | {"digest": digest, "at": now})
            else:
                conn.execute(_ADD_SLOT, {"ref": ref, "action": packet.action, "digest": digest, "at": now})
            self._note(
                conn,
                packet.by,
                "frozen",
                ref,
                {"action": packet.action, "digest": digest, "overrides": packet.overrides},
            )
        return digest

    def packet(self, digest_prefix: str, case: CaseKey) -> Packet:
        """The packet of that case whose digest begins so (8 digits or more). Raises `UsageFault` when there is none."""
        prefix = digest_prefix.strip().lower()
        if len(prefix) < 8 or set(prefix) - set("0123456789abcdef"):
            raise UsageFault(
                say(
                    "{digest} is not the beginning of a digest: at least 8 digits (0-9, a-f) are needed.",
                    digest=digest_prefix,
                ),
                say("`rebuttal packet {ref}` shows it.", ref=case.ref),
            )
        query = select(_PACKETS.c.data).where(_PACKETS.c.ref == case.ref, _PACKETS.c.digest.startswith(prefix))
        with self._store.reading() as conn:
            found = conn.execute(query).scalars().all()
        if len(found) != 1:
            raise UsageFault(
                say(
                    "{count} packets of {ref} have a digest beginning with {digest}.",
                    count=len(found),
                    ref=case.ref,
                    digest=prefix,
                ),
                say("`rebuttal packet {ref}` shows the one in force.", ref=case.ref),
            )
        return Packet.model_validate_json(found[0])

    def current(self, case: CaseKey, action: Action) -> Packet | None:
        """The packet in force, or None when none was frozen since the draft was changed."""
        with self._store.reading() as conn:
            data = conn.execute(_IN_FORCE, _place(case, action)).scalar()
        return None if data is None else Packet.model_validate_json(data)

    # Approvals

    def approve(
        self,
        packet: Packet,
        *,
        by: str,
        machine: str,
        hours: float,
        four_eyes: bool,
        one_shot: bool = True,
        allowed: int = 1,
    ) -> Approval:
        """A named yes to exactly this packet, good for `hours`; takes the place of an earlier one not yet spent.

        Raises `NotApproved` (four eyes, or the packet is not the one in force), `AlreadyAttempted` (the slot is used:
        an attempt is open, or for `one_shot` all `allowed` are confirmed, or this very packet was confirmed).
        """
        ref, digest = packet.case.ref, packet.digest
        with self._write("approve") as conn:
            now = self._store.clock()
            standing.free(conn, packet, one_shot, allowed)
            standing.in_force(conn, packet)
            place = _place(packet.case, packet.action)
            authors = json.loads(conn.execute(_PACKET, {"of": digest}).one().authors)
            written = conn.execute(_DRAFTED_BY, place).scalar()
            if four_eyes and by in {*authors, packet.by, written}:
                raise NotApproved(
                    say("{by} wrote this packet, and four_eyes wants another person to approve it.", by=by),
                    say("Ask a colleague to approve it under their own name."),
                )
            conn.execute(_REPLACE, place | {"withdrawn_at": now, "withdrawn_why": "replaced by a newer approval"})
            approval = Approval(
                id=secrets.token_hex(8),
                digest=digest,
                case=packet.case,
                action=packet.action,
                by=by,
                machine=machine,
                at=now,
                expires_at=now + timedelta(hours=hours),
            )
            conn.execute(
                _ADD_APPROVAL,
                {
                    "id": approval.id,
                    "digest": digest,
                    "ref": ref,
                    "action": packet.action,
                    "by": by,
                    "machine": machine,
                    "at": now,
                    "expires_at": approval.expires_at,
                    **packet.case.model_dump(),
                },
            )
            self._note(
                conn,
                by,
                "approved",
                ref,
                {
                    "action": packet.action,
                    "approval": approval.id,
                    "digest": digest,
                    "machine": machine,
                    "expires_at": approval.model_dump(mode="json")["expires_at"],
                },
            )
        return approval

    def withdraw(self, case: CaseKey, why: str, by: str, *, action: Action | None = None) -> list[Approval]:
        """Take back the approvals of a case that are not spent; gives those taken back."""
        with self._write("withdraw") as conn:
            now = self._store.clock()
            found = [
                approval_of(row)
                for row in conn.execute(
                    select(_APPROVALS).where(*unspent(case.ref, action)).with_for_update()
                ).mappings()
            ]
            conn.execute(
                update(_APPROVALS)
                .where(_APPROVALS.c.id.in_([a.id for a in found]))
                .values(withdrawn_at=now, withdrawn_why=why)
            )
            self._note(conn, by, "withdrawn", case.ref, {"approvals": [a.id for a in found], "why": why})
        return [a.model_copy(update={"withdrawn_at": now, "withdrawn_why": why}) for a in found]

    def approved(self, *, accounts: tuple[str, ...] = (), case: CaseKey | None = None) -> list[Approval]:
        """Approvals neither spent nor withdrawn nor expired, oldest first; `accounts` as `coupang:main`."""
        now = {"now": self._store.clock()}
        with self._store.reading() as conn:
            good = conn.execute(_GOOD_OF_CASE, now | {"of": case.ref}) if case else conn.execute(_GOOD, now)
            rows = good.mappings().all()
        found = [approval_of(row) for row in rows]
        return [a for a in found if not accounts or a.case.store_name in accounts]

    def approvals(self, case: CaseKey) -> list[Approval]:
        """All approvals of a case, oldest first."""
        with self._store.reading() as conn:
            return [approval_of(row) for row in conn.execute(_OF_CASE, {"of": case.ref}).mappings()]

    def living_approval(self, packet: Packet, now: datetime | None = None) -> Approval:
        """The approval under which this packet may be sent (at `now`, by default this moment).

        Raises `NotApproved`, `ApprovalSpent`, or `ApprovalStale` with the differences (`facts["changes"]`: list of
        `Words`) between what was approved and `packet`.
        """
        with self._store.reading() as conn:
            return standing.living(conn, packet, now or self._store.clock())

    # Attempts

    def arm(self, packet: Packet, approval: Approval, *, lease: Lease, one_shot: bool, allowed: int = 1) -> Attempt:
        """Spend the approval and note the attempt, on the disk, before the one click.

        All in one transaction: the lease is the account's newest and has not run out (`Busy`), the approval lives and
        is for this digest (`NotApproved`, `ApprovalSpent`, `ApprovalStale`), no other attempt stands in the way
        (`AlreadyAttempted`). After an error nothing was spent and nothing may be clicked.
        """
        ref = packet.case.ref
        if lease.name != packet.case.store_name:
            raise StoreFault(
                say(
                    "The lease is for {name}, the case is of {account}.",
                    name=lease.name,
                    account=packet.case.store_name,
                )
            )
        try:
            with self._write("arm") as conn:
                now = self._store.clock()
                self._store.leases.still_held(conn, lease)
                standing.free(conn, packet, one_shot, allowed)
                living = standing.living(conn, packet, now, approval.id)
                attempt = Attempt(
                    id=secrets.token_hex(8),
                    digest=packet.digest,
                    approval_id=living.id,
                    case=packet.case,
                    action=packet.action,
                    state="armed",
                    armed_at=now,
                    fence=lease.fence,
                )
                spent = conn.execute(_SPEND, {"of": living.id, "spent_at": now})
                if spent.rowcount != 1:
                    raise standing.spent(living)
                conn.execute(
                    _ADD_ATTEMPT,
                    {
                        "id": attempt.id,
                        "digest": attempt.digest,
                        "approval_id": living.id,
                        "ref": ref,
                        "action": packet.action,
                        "state": "armed",
                        "armed_at": now,
                        "fence": lease.fence,
                        **packet.case.model_dump(),
                    },
                )
                self._note(
                    conn,
                    living.by,
                    "armed",
                    ref,
                    {
                        "action": packet.action,
                        "attempt": attempt.id,
                        "approval": living.id,
                        "digest": attempt.digest,
                        "fence": lease.fence,
                        "holder": lease.holder,
                    },
                )
        except IntegrityError:  # the unique constraints of the table: another machine was quicker
            raise AlreadyAttempted(
                say("{ref} was sent by another process at the same moment.", ref=ref), standing.LOOK
            ) from None
        return attempt

    def still_armed(self, attempt_id: str, lease: Lease) -> None:
        """For the sending guard, right before the request leaves: `Busy` or `AlreadyAttempted` when it must not.

        A process that slept through its lease may wake up here after another one declared its attempt unknown. Whoever
        settles an attempt by reading counts on it that nothing leaves later than `CLICK_WITHIN` after the arming.
        """
        with self._store.reading() as conn:
            self._store.leases.still_held(conn, lease)
            row = conn.execute(_STANDING, {"of": attempt_id}).first()
        state = row.state if row else "?"
        if row is None or state != "armed":
            raise AlreadyAttempted(
                say("This attempt is {state} by now, nothing may be sent under it.", state=state), standing.LOOK
            )
        if not timedelta() <= self._store.clock() - row.armed_at <= CLICK_WITHIN:
            raise AlreadyAttempted(
                say("The click came too long after the form was ready: this machine slept, or its clock was set."),
                say("Nothing left. Approve again to send it."),
            )

    def settle(
        self, attempt_id: str, state: Settled, receipt: Receipt | None = None, words: str | None = None, *, by: str
    ) -> Attempt:
        """Note how an attempt ended: armed → confirmed, refused, unknown; unknown → confirmed, cleared, refused.

        Anything else, and any change of what is final, is a `StoreFault`. `words`: the portal's own of a refusal, or
        what a person should look at.
        """
        with self._write("settle") as conn:
            row = conn.execute(_LOCK_ATTEMPT, {"of": attempt_id}).mappings().first()
            if row is None:
                raise StoreFault(say("There is no attempt {id}.", id=attempt_id))
            return self._settle(conn, attempt_of(row), state, receipt, words, by)

    def interrupted(self, account: str, *, by: str) -> list[Attempt]:
        """Turn attempts of `account` (`coupang:main`) whose process is gone into `unknown`; gives them.

        To be called under the account's lease, first thing in every submit and reconcile: an attempt armed under an
        older fence, or under a lease that is no longer held, can have no process that still works on it.
        """
        portal, _, name = account.partition(":")
        with self._write("interrupted") as conn:
            held = self._store.leases.held(conn, account)
            rows = conn.execute(_LEFT_ARMED, {"of_portal": portal, "of_account": name}).mappings().all()
            return [
                self._settle(
                    conn,
                    attempt,
                    "unknown",
                    None,
                    str(say("The process ended between the click and the answer: look at the portal.")),
                    by,
                )
                for attempt in map(attempt_of, rows)
                if attempt.fence != held
            ]

    def attempt(self, attempt_id: str) -> Attempt | None:
        """One attempt."""
        with self._store.reading() as conn:
            row = conn.execute(_ATTEMPT, {"of": attempt_id}).mappings().first()
        return None if row is None else attempt_of(row)

    def attempts(self, case: CaseKey | None = None) -> list[Attempt]:
        """All attempts, of one case or at all, oldest first."""
        with self._store.reading() as conn:
            rows = conn.execute(_ATTEMPTS_OF_CASE, {"of": case.ref}) if case else conn.execute(_EVERY_ATTEMPT)
            return [attempt_of(row) for row in rows.mappings()]

    def unknown(self, accounts: tuple[str, ...] = ()) -> list[Attempt]:
        """Attempts whose outcome only reading the portal can settle, oldest first."""
        with self._store.reading() as conn:
            found = [attempt_of(row) for row in conn.execute(_UNKNOWN).mappings()]
        return [a for a in found if not accounts or a.case.store_name in accounts]

    def record(self, case: CaseKey, what: str, data: dict[str, Any], *, by: str) -> None:
        """Add another step to the story of a case: filled, read back, dry run, refused to send …"""
        with self._write("record") as conn:
            self._note(conn, by, what, case.ref, data)

    @contextmanager
    def _write(self, name: str) -> Iterator[Connection]:
        """One durable transaction, alone with the chain from its start, its steps named."""
        self._step(name)
        with self._store.writing(durable=True) as conn:
            if conn.dialect.name != "sqlite":  # there, beginning has locked the whole database
                self._store.audit.lock(conn)
            yield conn
            self._step(f"{name}:written")
        self._step(f"{name}:committed")

    def _note(self, conn: Connection, who: str, what: str, ref: str, data: dict[str, Any]) -> None:
        self._store.audit.append(conn, who, what, ref, data)

    def _settle(
        self, conn: Connection, attempt: Attempt, state: Settled, receipt: Receipt | None, words: str | None, by: str
    ) -> Attempt:
        if state not in _LEGAL.get(attempt.state, ()):
            raise StoreFault(say("An attempt that is {old} can't become {new}.", old=attempt.state, new=state))
        settled = attempt.model_copy(
            update={
                "state": state,
                "settled_at": None if state == "unknown" else self._store.clock(),
                "receipt": receipt,
                "words": words,
            }
        )
        conn.execute(
            _CHANGE_ATTEMPT,
            {
                "of": attempt.id,
                "state": state,
                "settled_at": settled.settled_at,
                "words": words,
                "receipt": receipt.model_dump_json() if receipt else None,
            },
        )
        self._note(
            conn,
            by,
            state,
            attempt.case.ref,
            {
                "action": attempt.action,
                "attempt": attempt.id,
                "digest": attempt.digest,
                "words": words,
                "receipt": receipt.model_dump(mode="json") if receipt else None,
            },
        )
        return settled


def _place(case: CaseKey, action: Action) -> dict[str, Any]:
    """What `slot` asks for."""
    return {"of": case.ref, "do": action}


def _content(draft: Draft) -> dict[str, Any]:
    return draft.model_dump(exclude={"by", "at"})
