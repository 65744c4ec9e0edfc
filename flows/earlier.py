"""What an account gave before in a matter, from the records: so that no answer repeats it (CM7)."""

from __future__ import annotations

from agent.evidence.answers import Earlier, earlier_in
from agent.records import Case
from flows.context import Context


def earlier(ctx: Context, case: Case) -> tuple[Earlier, ...]:
    """What was sent on this case, and what other cases of the same order and channel show."""
    sent = [
        ctx.store.ledger.packet(attempt.digest, attempt.case)
        for attempt in ctx.store.ledger.attempts(case.key)
        if attempt.state == "confirmed"
    ]
    given = [
        Earlier(
            texts=tuple(field.value for field in packet.fields if field.kind == "text"),
            files=tuple(file.sha256 for file in packet.files),
        )
        for packet in sent
    ]
    if not case.order_id:
        return tuple(given)
    rows = ctx.store.cases.find(case.order_id)
    others = [
        one
        for one in rows
        if one.key != case.key
        and (one.portal, one.account, one.channel, one.order_id)
        == (case.portal, case.account, case.channel, case.order_id)
    ]
    return (*given, *(earlier_in(one) for one in others))
