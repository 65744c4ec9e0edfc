"""One case: the decision in the platform's words beside our reading, how it came to that, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from agent.records import Case
from agent.rules import house_deadline
from agent.sending.difference import moved
from agent.words import Words, heard, say
from flows import cases, health, terms
from flows.desk import papers
from flows.desk.call import Call, NotThere, at
from flows.trace import Trace, trace

_QUIET = ("frozen",)
"""Steps that tell a person nothing: they follow from others."""


@dataclass(frozen=True)
class Event:
    """One line of the time line."""

    at: datetime
    kind: str
    words: Words
    who: str
    more: tuple[Words | str, ...] = ()
    address: str | None = None


def show(call: Call) -> Response:
    """The case with all that is known of it."""
    case = call.case
    view = cases.one(call.ctx, case.key.ref)
    found = trace(call.ctx, case)
    zones = call.zones(case.portal, case.account)
    portal = call.ctx.portal(case.portal)
    row = call.ctx.store.cases.row(case.key)
    document = case.decision.document if case.decision else None
    return call.page(
        "case.html",
        case=case,
        row=row,
        view=view,
        portal=portal,
        zones=zones,
        trace=found,
        where=lambda path: _where(case, found, path),
        events=timeline(call, view, zones),
        changed=_changed(view),
        flags=health.flags(call.ctx, case),
        document=document,
        pages=papers.pages_of(call.ctx.store.blobs.get(document.sha256))
        if document and call.ctx.store.blobs.path(document.sha256).exists()
        else 0,
        expected=view.expected,
        house=house.at if (house := house_deadline(case, call.ctx.settings.house_hours)) else None,
    )


def _where(case: Case, found: Trace | None, path: str) -> str | None:
    """The address of the place where the value of that path stands; None where it stands on no page."""
    if found is None or path not in found.at:
        return None
    return at(f"seen/{found.sha256}", case.key, at=str(found.at[path]))


def _changed(view: cases.CaseView) -> list[Words]:
    """What the last reading that brought news said otherwise than the one before it."""
    if len(view.history) < 2:
        return []
    return list(moved(view.history[-2].case, view.history[-1].case, terms.fact))


def timeline(call: Call, view: cases.CaseView, zones: tuple[ZoneInfo, ZoneInfo]) -> list[Event]:
    """What happened, the newest first: readings, messages, drafts, approvals, sendings."""
    found: list[Event] = []
    before: Case | None = None
    for seen in view.history:
        address = at(f"seen/{seen.seen_sha256}", view.case.key) if seen.seen_sha256 else None
        status = say("{ours} (“{shown}”)", ours=terms.status(seen.case.status.is_), shown=seen.case.status.shown)
        if before is None:
            found.append(Event(seen.at, "read", say("first read: {status}", status=status), "", (), address))
        else:
            found.append(
                Event(
                    seen.at,
                    "read",
                    say("changed at the portal: {status}", status=status),
                    "",
                    tuple(moved(before, seen.case, terms.fact)),
                    address,
                )
            )
        before = seen.case
    for link in view.story:
        if link.what not in _QUIET:
            found.append(Event(link.at, "done", terms.event(link.what), link.who, _told(link.data)))
    case = view.case
    for at_, words in ((case.opened_at, say("opened")), (case.decided_at, say("decided"))):
        if at_:
            found.append(Event(at_, "portal", words, "", ()))
    return sorted(found, key=lambda event: event.at, reverse=True)


def _told(data: dict[str, Any]) -> tuple[Words | str, ...]:
    """What a step says of itself, as far as a person cares."""
    told: list[Words | str] = []
    if data.get("digest"):
        told.append(say("digest {digest}", digest=str(data["digest"])[:12]))
    for name in ("why", "said", "words"):
        if data.get(name):
            told.append(heard(str(data[name])))
    receipt = data.get("receipt")
    if isinstance(receipt, dict) and receipt.get("number"):
        told.append(say("receipt {number}", number=receipt["number"]))
    return tuple(told)


def sync(call: Call) -> Response:
    """Read the case's account anew, now."""
    from flows.sync import sync as run

    account = call.ctx.settings.named(call.request.path_params["store"])
    if account.store_name != call.request.path_params["store"]:
        raise NotThere
    work = call.desk.works.start(
        "sync",
        account.store_name,
        call.person.name,
        lambda ctx, step: run(ctx, (ctx.settings.named(account.store_name),)),
    )
    return call.go(f"/work/{work.id}")
