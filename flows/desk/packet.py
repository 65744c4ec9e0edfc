"""The packet: exactly what would be sent, the yes or no to it, the sending, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from agent.errors import RebuttalError, UsageFault
from agent.records import Case
from agent.sending import difference
from agent.sending.packet import Approval, Attempt, Packet, PacketField
from agent.words import Words, say
from flows import approve as approving
from flows.context import Context
from flows.desk.call import Call, at
from flows.packet import Looked, look
from flows.readiness import Rules

_LIVES = timedelta(minutes=30)
"""How long a page that offers a yes may lie open."""


def show(call: Call) -> Response:
    """The packet as everything is now, and where it stands."""
    return _page(call)


def approve(call: Call) -> Response:
    """A yes to the digest that was shown, by the right that the page gave once."""
    digest, key = call.text("digest"), call.key
    subject = call.ctx.store.people.spend("approve", call.text("token"), holder=call.session_id)
    if subject is None:
        return _again(call)
    if subject != _subject(key.ref, digest):
        raise UsageFault(
            say("This yes was for something else; nothing was approved."), say("Look at the packet again.")
        )
    try:
        approval = approving.approve(call.ctx, key.ref, digest=digest, by=call.person.name)
    except RebuttalError as fault:
        return _page(call, status=409, fault=fault, looked_at=digest)
    call.tell(
        say("{by} approved it, digest {digest}. It is not sent yet.", by=approval.by, digest=approval.digest[:12])
    )
    return call.go(at("packet", key))


def reject(call: Call) -> Response:
    """A no with its reason; an approval that was given is taken back."""
    try:
        done = approving.reject(call.ctx, call.key.ref, why=call.text("why"), by=call.person.name)
    except UsageFault as fault:
        return _page(call, status=400, fault=fault)
    call.tell(done.said, "warn")
    return call.go(at("packet", call.key))


def send(call: Call) -> Response:
    """Send what is approved, in work of its own; a page tells its steps."""
    from flows.submit import submit

    ref = call.key.ref
    if call.ctx.store.people.spend("send", call.text("token"), holder=call.session_id) != ref:
        return _again(call)
    if len({approval.action for approval in call.ctx.store.ledger.approved(case=call.key)}) > 1:
        raise UsageFault(
            say("Two answers to this case are approved; the desk sends one at a time."),
            say("Take one approval back with its reason, then send."),
        )
    rehearse = call.text("do") == "rehearse"

    def job(ctx: Context, step: Callable[[str], None]) -> Awaitable[Any]:
        return submit(ctx, (ref,), dry_run=rehearse, step=step)

    work = call.desk.works.start("rehearse" if rehearse else "send", ref, call.person.name, job)
    return call.go(f"/work/{work.id}")


def settle(call: Call) -> Response:
    """Settle an unknown outcome by reading the portal; never by clicking."""
    from flows.reconcile import reconcile

    store = call.key.store_name
    account = call.ctx.settings.named(store)

    def job(ctx: Context, step: Callable[[str], None]) -> Awaitable[Any]:
        return reconcile(ctx, (account,))

    work = call.desk.works.start("reconcile", store, call.person.name, job)
    return call.go(f"/work/{work.id}")


def _again(call: Call) -> Response:
    """The right was used before, or has run out: nothing is done twice, and the page says how things stand."""
    call.tell(say("That was done already, or the page lay open too long. Nothing was done twice."), "warn")
    return call.go(at("packet", call.key))


def _page(call: Call, *, status: int = 200, fault: RebuttalError | None = None, looked_at: str = "") -> Response:
    case = call.case
    ledger = call.ctx.store.ledger
    looked, blocked = _looked(call, case)
    attempts = sorted(ledger.attempts(case.key), key=lambda a: a.armed_at)
    approvals = ledger.approvals(case.key)
    packet = looked.packet if looked else None
    living = [a for a in ledger.approved(case=case.key) if packet is not None and a.action == packet.action]
    good = next((a for a in living if packet is not None and a.digest == packet.digest), None)
    stale = [a for a in living if good is None]
    last = attempts[-1] if attempts else None
    done = last is not None and last.state == "confirmed" and (packet is None or last.digest == packet.digest)
    open_attempt = last is not None and last.state in ("armed", "unknown")
    people = call.ctx.store.people
    may = call.may("approve") and packet is not None and not done and not open_attempt
    return call.page(
        "packet.html",
        status=status,
        case=case,
        looked=looked,
        packet=packet,
        fields=_shown(looked.rules, packet) if looked and packet else [],
        blocked=blocked,
        fault=fault,
        changes=_since(call, case, packet, looked_at, stale),
        stale=stale,
        approval=good,
        approvals=approvals,
        attempts=attempts,
        last=last,
        done=done,
        unknown=open_attempt,
        pictures=_pictures(call, attempts),
        only_one=bool(looked and looked.rules.action.one_shot),
        allowed=looked.rules.action.allowed.number if looked and looked.rules.action.allowed else 1,
        approve_token=people.issue(
            "approve", _subject(case.key.ref, packet.digest), holder=call.session_id, lives=_LIVES
        )
        if may and packet is not None and good is None
        else "",
        send_token=people.issue("send", case.key.ref, holder=call.session_id, lives=_LIVES)
        if may and good is not None
        else "",
        own=packet is not None and packet.by.casefold() == call.person.name.casefold(),
        four_eyes=call.ctx.settings.four_eyes,
        portal=call.ctx.portal(case.portal),
        zones=call.zones(case.portal, case.account),
        work=next((w for w in call.desk.works.under_way() if w.scope in (case.key.ref, case.key.store_name)), None),
    )


def _looked(call: Call, case: Case) -> tuple[Looked | None, RebuttalError | None]:
    """The packet as it would be now; looking changes nothing. None with the reason where there is none."""
    if not call.ctx.store.ledger.drafts(case.key):
        return None, None
    try:
        return look(call.ctx, case.key.ref, put_in_force=False), None
    except RebuttalError as fault:
        return None, fault


def _since(call: Call, case: Case, packet: Packet | None, looked_at: str, stale: list[Approval]) -> list[Words]:
    """What changed since the packet that was looked at or approved."""
    if packet is None:
        return []
    for digest in [looked_at, *(a.digest for a in stale)]:
        if digest and digest != packet.digest:
            try:
                return list(difference(call.ctx.store.ledger.packet(digest, case.key), packet))
            except UsageFault:
                continue
    return []


def _shown(rules: Rules, packet: Packet) -> list[tuple[PacketField, str]]:
    """Each field with the portal's own label."""
    return [
        (field, rules.labels.in_language(rules.action.fields[field.key].label, rules.language))
        for field in packet.fields
        if field.key in rules.action.fields
    ]


def _pictures(call: Call, attempts: list[Attempt]) -> dict[str, str]:
    """Attempt to the picture of the portal's answer."""
    ids = {attempt.id for attempt in attempts}
    return {
        link.data["attempt"]: link.data["screenshot"]
        for link in call.ctx.store.audit.story(call.key.ref)
        if link.what == "answer seen" and link.data.get("attempt") in ids and link.data.get("screenshot")
    }


def _subject(ref: str, digest: str) -> str:
    return json.dumps([ref, digest])
