"""Sending one approved packet, once: the order of steps that DESIGN §6 fixes.

Everything before `armed` may fail freely: nothing has left. After `armed` there is one click and no second one; what
is not known then is `unknown`, and only reading settles it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.browser.form import Answer, CaseForm
from agent.errors import CaseMoved, OutcomeUnknown, PacketAltered, RebuttalError, WrongSubject
from agent.records import Case, iso
from agent.sending.body import Held
from agent.sending.packet import Approval, Attempt, Packet
from agent.words import Words, joined, say

if TYPE_CHECKING:
    from agent.sending.ledger import Ledger
    from agent.store import Lease


READ_BACK = "read back"
"""The step of a case's story that says the form holds the packet, with the portal's clock at that moment."""


class Guard(Protocol):
    """What the sender needs of the sending guard."""

    @property
    def released(self) -> int:
        """How many sending requests were let out: 0 or 1."""

    @property
    def over(self) -> bool:
        """Will nothing more come of the one request?"""

    @property
    def fault(self) -> str | None:
        """Why the one request got no answer, or was held back."""

    @property
    def refusal_counts(self) -> bool:
        """Is a refusal on the page the portal's word on the one request?"""

    def arm_for(self, attempt: Attempt, chosen: Held) -> None:
        """From now on the attempt's one request may leave, once, if it carries what the form held (`chosen`)."""

    def disarm(self) -> None:
        """From now on nothing leaves."""


@dataclass
class Sending:
    """Everything one sending needs; `step` is told each step by name before it is taken.

    `changes` says what of the case is not as it was approved against; `portal_clock` the portal's own clock, noted when the form is ready,
    so that no clock of ours is needed to settle an unknown outcome. `before` is asked before every step up to the
    arming and raises where the portal is paused.
    """

    ledger: Ledger
    lease: Lease
    form: CaseForm
    guard: Guard
    one_shot: bool
    allowed: int
    step: Callable[[str], None] = lambda name: None
    by: str = ""
    changes: Callable[[Case], list[Words]] = lambda case: []
    portal_clock: Callable[[], datetime | None] = lambda: None
    before: Callable[[], None] = lambda: None

    async def rehearse(self, packet: Packet) -> Case:
        """Everything up to the click, without arming: opened, compared, filled, attached, read back."""
        self._next("open case")
        case = await self.form.look()
        refuse_if_moved(packet, case, self.changes)
        self._next("open form")
        await self.form.open(packet)
        self._next("fill")
        await self.form.fill(packet)
        self._next("attach")
        await self.form.attach(packet, contents_of(packet))
        self._next("read back")
        differences = await self.form.differences(packet)
        if differences:
            raise PacketAltered(
                say("The form does not hold what was approved: {what}", what=joined(differences)),
                say("Nothing was sent. Look with `rebuttal debug`, then approve again."),
                differences=[str(d) for d in differences],
            )
        self._next("aim")
        await self.form.aim()
        return case

    def _next(self, name: str) -> None:
        self.step(name)
        self.before()

    async def send(self, packet: Packet, approval: Approval) -> Attempt:
        """Send `packet`; gives the settled (or unknown) attempt, raises where nothing was sent."""
        self.ledger.living_approval(packet)
        await self.rehearse(packet)
        at = self.portal_clock()
        self.ledger.record(
            packet.case,
            READ_BACK,
            {"action": packet.action, "digest": packet.digest, "portal_clock": iso(at) if at else None},
            by=self.by,
        )
        self._next("arm")
        attempt = self.ledger.arm(packet, approval, lease=self.lease, one_shot=self.one_shot, allowed=self.allowed)
        self.guard.arm_for(attempt, self.form.chosen)
        self.step("click")
        answer: Answer | None = None
        fault: Exception | None = None
        try:
            await self.form.click()
            self.step("answer")
            answer = await self.form.answer(lambda: self.guard.over)
        except Exception as error:  # the click may have been made: whatever happened, the truth is read, not assumed
            fault = error
        self.guard.disarm()
        try:
            self.step("settle")
            return self._settled(attempt, answer, fault)
        except Exception as error:  # a full disk, a locked database: it stays armed until reading settles it
            why = error.said if isinstance(error, RebuttalError) else error
            raise OutcomeUnknown(
                say("The click was made, and what came of it can't be written down: {why}", why=why),
                say("Do not send it by hand. Mend that, then run `rebuttal reconcile`: it reads the portal."),
            ) from error

    def _settled(self, attempt: Attempt, answer: Answer | None, fault: Exception | None) -> Attempt:
        if answer is not None and self.guard.released:
            if answer.outcome == "confirmed":
                return self.ledger.settle(attempt.id, "confirmed", receipt=answer.receipt, by=self.by)
            if self.guard.refusal_counts:
                return self.ledger.settle(attempt.id, "refused", words=answer.words, by=self.by)
        return self._unknown(attempt, fault, answer.words if answer else "")

    def _unknown(self, attempt: Attempt, fault: Exception | None, shown: str) -> Attempt:
        """Nobody read an answer. Where the guard let nothing out, that is proof, and the attempt is cleared."""
        why = self.guard.fault or (str(fault) if fault else shown or say("no answer was read").in_language("en"))
        unknown = self.ledger.settle(attempt.id, "unknown", words=why, by=self.by)
        if not self.guard.released:
            return self.ledger.settle(
                unknown.id, "cleared", words=say("nothing left: {why}", why=why).in_language("en"), by=self.by
            )
        return unknown


def refuse_if_moved(packet: Packet, case: Case, changes: Callable[[Case], list[Words]] = lambda case: []) -> None:
    """Is this the case that was approved, unchanged, with the action still offered?"""
    if case.key != packet.case:
        raise WrongSubject(
            say("{ref} was asked for, the page shows {shown}.", ref=packet.case.ref, shown=case.key.ref),
            say("Nothing was sent. Run `rebuttal sync`, then look."),
        )
    if case.revision != packet.case_revision:
        raise CaseMoved(
            say("{ref} changed at the portal after it was approved.", ref=packet.case.ref),
            say("Nothing was sent. Run `rebuttal sync`, see what changed with `rebuttal show`, then approve again."),
            changes=changes(case),
        )
    if packet.action not in case.actions:
        raise CaseMoved(
            say("{ref}: the portal no longer offers what was approved.", ref=packet.case.ref),
            say("Nothing was sent. Run `rebuttal sync`, then look."),
        )


def contents_of(packet: Packet) -> dict[str, bytes]:
    """The packet's files by hash, read now; a file that is not what was approved stops everything."""
    contents: dict[str, bytes] = {}
    for file in packet.files:
        try:
            data = Path(file.path).read_bytes()
        except OSError as fault:
            raise PacketAltered(
                say("{path} can't be read: {why}", path=file.path, why=fault.strerror or fault),
                say("Nothing was sent. Put the file back, or draft and approve again."),
            ) from None
        if hashlib.sha256(data).hexdigest() != file.sha256 or len(data) != file.size:
            raise PacketAltered(
                say("{path} is not the file that was approved: its bytes changed.", path=file.path),
                say("Nothing was sent. Draft and approve again with the file as it is now."),
            )
        contents[file.sha256] = data
    return contents
