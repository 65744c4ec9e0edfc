"""`rebuttal packet`: exactly what would be sent, and the digest an approval is given to."""

from __future__ import annotations

from dataclasses import dataclass

from agent.records import Case, Money
from agent.sending import difference
from agent.sending.packet import Approval, Packet
from agent.words import Words, say
from flows.context import Context
from flows.readiness import DraftReport, Rules, packet_of, standing_draft


@dataclass(frozen=True)
class Looked:
    """The packet of a case's newest draft as everything is now, and what a person should know who looks at it."""

    case: Case
    rules: Rules
    report: DraftReport
    packet: Packet
    changes: tuple[Words, ...]
    """What is not as in the packet that was in force before."""
    void: tuple[Approval, ...]
    """Living approvals that were given to another packet."""
    consequence: str | None
    """What the portal says of sending it, in the portal's language."""
    pays: Money | None = None
    """What sending it pays the buyer at the most; None where it pays nothing."""


def look(ctx: Context, ref: str, *, put_in_force: bool = True) -> Looked:
    """Examine the newest draft, its files looked at anew, and put its packet in force (or with False only look).

    `LintBlocked` where something blocks; then no packet is in force.
    """
    case, rules, report = standing_draft(ctx, ref)
    made = packet_of(report)
    ledger = ctx.store.ledger
    before = ledger.current(case.key, made.action)
    changes = difference(before, made) if before is not None and before.digest != made.digest else []
    if put_in_force:
        ledger.freeze(made)
    return Looked(
        case,
        rules,
        report,
        made,
        tuple(changes),
        tuple(a for a in ledger.approved(case=case.key) if a.action == made.action and a.digest != made.digest),
        consequence(rules),
        pays(ctx, case, made, rules),
    )


def pays(ctx: Context, case: Case, made: Packet, rules: Rules) -> Money | None:
    """What sending `made` pays the buyer at the most; None where it pays nothing, or nobody can tell."""
    if not rules.action.moves_money:
        return None
    return ctx.portal(case.portal).channel(case.channel).pays(case, made)


def consequence(rules: Rules) -> str | None:
    """What the portal says that sending means, in its own language."""
    key = rules.action.consequence
    return rules.labels.in_language(key, rules.language) if key else None


def packet(ctx: Context, ref: str) -> Packet:
    """The packet of the case's newest draft, its files looked at anew, and put in force.

    Where it is not the packet that was in force before, or not the one that is approved, it says what changed.
    `LintBlocked` where something blocks; then no packet is in force.
    """
    looked = look(ctx, ref)
    for change in looked.changes:
        ctx.console.print(str(say("Changed since it was last looked at: {change}", change=change)))
    for approval in looked.void:
        ctx.console.print(
            str(say("The approval by {by} was for another packet and does not hold for this one.", by=approval.by))
        )
    if looked.consequence:
        ctx.console.print(str(say("The portal says of it: “{said}”", said=looked.consequence)))
    if looked.pays is not None:
        ctx.console.print(str(say("It pays the buyer {sum}.", sum=looked.pays)))
    return looked.packet
