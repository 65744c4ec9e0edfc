"""`rebuttal packet`: exactly what would be sent, and the digest an approval is given to."""

from __future__ import annotations

from agent.sending import difference
from agent.sending.packet import Packet
from agent.words import say
from flows.context import Context
from flows.readiness import packet_of, standing_draft


def packet(ctx: Context, ref: str) -> Packet:
    """The packet of the case's newest draft, its files looked at anew, and put in force.

    Where it is not the packet that was in force before, or not the one that is approved, it says what changed.
    `LintBlocked` where something blocks; then no packet is in force.
    """
    case, rules, report = standing_draft(ctx, ref)
    made = packet_of(report)
    ledger = ctx.store.ledger
    before = ledger.current(case.key, made.action)
    if before is not None and before.digest != made.digest:
        for change in difference(before, made):
            ctx.console.print(str(say("Changed since it was last looked at: {change}", change=change)))
    ledger.freeze(made)
    for approval in ledger.approved(case=case.key):
        if approval.action == made.action and approval.digest != made.digest:
            ctx.console.print(
                str(say("The approval by {by} was for another packet and does not hold for this one.", by=approval.by))
            )
    if rules.action.consequence:
        said = rules.labels.in_language(rules.action.consequence, rules.language)
        ctx.console.print(str(say("The portal says of it: “{said}”", said=said)))
    return made
