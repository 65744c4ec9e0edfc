"""`rebuttal approve` and `reject`: a named person's yes to exactly one packet, or their no."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Any

from agent.errors import UsageFault
from agent.records import CaseKey
from agent.sending import difference
from agent.sending.packet import Approval, Packet
from agent.words import Words, joined, say
from flows.context import Context
from flows.naming import the_case
from flows.packet import pays
from flows.readiness import packet_of, refuse_money, standing_draft


def approve(ctx: Context, ref: str, *, digest: str, by: str) -> Approval:
    """Approve the packet that would be sent now, whose digest begins with `digest` (8 digits or more).

    The files are looked at anew and lint must be clean or let stand with a reason (`LintBlocked`). A digest of another
    packet is a `UsageFault` that tells the difference; four eyes, a used slot and the like are the ledger's refusals.
    """
    case, rules, report = standing_draft(ctx, ref)
    packet = packet_of(report)
    refuse_money(ctx, packet, rules.action)
    person = _name(by)
    ledger = ctx.store.ledger
    if not packet.digest.startswith(digest):
        raise _other_packet(ctx, case.key, digest, packet)
    ledger.freeze(packet)
    paid = pays(ctx, case, packet, rules)
    if paid is not None:
        ctx.console.print(str(say("It pays the buyer {sum}.", sum=paid)))
    return ledger.approve(
        packet,
        by=person,
        machine=platform.node(),
        hours=ctx.settings.approval_hours,
        four_eyes=ctx.settings.four_eyes,
        one_shot=rules.action.one_shot,
        allowed=rules.action.allowed.number if rules.action.allowed else 1,
    )


def _other_packet(ctx: Context, key: CaseKey, digest: str, now: Packet) -> UsageFault:
    """What to say of a digest that is not the one of the packet that would be sent."""
    look = say("Look at what would be sent now with: rebuttal packet {ref}", ref=key.ref)
    try:
        known = ctx.store.ledger.packet(digest, key)
    except UsageFault:
        return UsageFault(say("{digest} is not the digest of the packet of {ref}.", digest=digest, ref=key.ref), look)
    return UsageFault(
        say(
            "{digest} is the digest of an earlier packet of {ref}. Since then: {changes}",
            digest=digest,
            ref=key.ref,
            changes=joined(difference(known, now)),
        ),
        look,
    )


@dataclass(frozen=True)
class Rejected:
    """A no, and the approvals it took back."""

    ref: str
    by: str
    why: str
    withdrawn: tuple[Approval, ...]

    @property
    def said(self) -> Words:
        """For a terminal."""
        if self.withdrawn:
            return say("{by} took back the approval of {ref}: {why}", by=self.by, ref=self.ref, why=self.why)
        return say(
            "{by} rejected the packet of {ref}: {why}. Nothing was approved, nothing will be sent.",
            by=self.by,
            ref=self.ref,
            why=self.why,
        )

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "ref": self.ref,
            "by": self.by,
            "why": self.why,
            "withdrawn": [approval.model_dump(mode="json") for approval in self.withdrawn],
        }


def reject(ctx: Context, ref: str, *, why: str, by: str) -> Rejected:
    """Say no to the case's packet, taking back what approval it has; the reason is kept in the audit chain.

    Looks at no files, so that a no is always possible.
    """
    case = the_case(ctx, ref)
    person = _name(by)
    if not why.strip():
        raise UsageFault(say("A no needs a reason."), say("Write it with --why."))
    ledger = ctx.store.ledger
    if not ledger.drafts(case.key) and not ledger.approved(case=case.key):
        raise UsageFault(say("There is nothing to reject on {ref}: no draft, no approval.", ref=case.key.ref))
    return Rejected(case.key.ref, person, why.strip(), tuple(ledger.withdraw(case.key, why.strip(), person)))


def _name(by: str) -> str:
    """The name without blanks around it, so that nobody becomes a second person by one."""
    if not (name := " ".join(by.split())):
        raise UsageFault(say("Whose decision is it?"), say("Give a name with --by, or `operator` in rebuttal.toml."))
    return name
