"""What there is to tell: deadlines rung by rung, alarms, sessions that end, runs that did not take place, the digest.

A notice goes to group chats of strangers' companies. It is made of ids, kinds, instants and our own sentences alone:
what a portal, a buyer or a page said never gets into one, and neither does a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.records import Case, Deadline
from agent.rules import ANSWERS, HOUSE_RULE, house_deadline
from agent.store import Alarm, Notice
from agent.timetable import last_clock, quiet_until
from agent.words import Words, say
from flows import terms
from flows.accounts import listing
from flows.context import Context
from flows.ladder import OVER, Told, next_rung
from flows.schedule_state import installed_at
from flows.times import clock

CALM = timedelta(hours=6)
"""An alarm that comes and goes is told once in this time."""
LATE = timedelta(hours=1)
"""How much longer than its hours a night may take before it counts as not having taken place."""


@dataclass(frozen=True)
class ToTell:
    """A notice that is not written down yet; `instead_of`: earlier ones that it makes superfluous."""

    key: str
    kind: str
    about: str
    words: Words
    facts: dict[str, Any] = field(default_factory=dict)
    loud: bool = False
    not_before: datetime | None = None
    instead_of: tuple[int, ...] = ()


def watch(ctx: Context) -> None:
    """Raise and clear the alarms that no reading raises: sessions that end before the coming night, nights that did not
    take place."""
    for store, words in sessions_ending(ctx).items():
        if words is None:
            ctx.store.alarms.clear("session", store)
        else:
            ctx.store.alarms.raise_("session", store, words)
    missed = night_missed(ctx)
    for alarm in ctx.store.alarms.open():
        if alarm.kind == "missed_run" and (missed is None or alarm.scope != missed[0]):
            ctx.store.alarms.clear("missed_run", alarm.scope)
    if missed is not None:
        ctx.store.alarms.raise_("missed_run", missed[0], missed[1])


def to_tell(ctx: Context) -> Iterator[ToTell]:
    """All that is to be told now and was not yet; writes nothing."""
    yield from _deadlines(ctx)
    yield from _alarms(ctx)


def outdated(ctx: Context) -> list[Notice]:
    """Notices of alarms that are over: who has not got them yet need not."""
    open_ones = {f"alarm/{alarm.id}" for alarm in ctx.store.alarms.open()}
    waiting = {notice.id: notice for found in ctx.store.outbox.waiting().values() for notice, _ in found}
    return [one for one in waiting.values() if one.key.startswith("alarm/") and one.key not in open_ones]


# -- deadlines -----------------------------------------------------------------------------------------------------


def _deadlines(ctx: Context) -> Iterator[ToTell]:
    now = ctx.clock()
    rows = {row.ref: row for row in ctx.store.cases.rows(open_only=True) if row.needs_action}
    before = ctx.store.outbox.by_subject("deadline") if rows else {}
    for case in ctx.store.cases.export(list(rows)) if rows else ():
        unread_since = rows[case.key.ref].unread_since
        for deadline in (*case.deadlines, *_of_the_house(ctx, case)):
            about = f"{case.key.ref}#{deadline.kind}"
            one = _deadline(ctx, case, deadline, unread_since, now, before.get(about, []))
            if one is not None:
                yield one


def _of_the_house(ctx: Context, case: Case) -> tuple[Deadline, ...]:
    """The house's own deadline (WD3), where the portal's page shows no day by which to answer: silence is not time."""
    if any(deadline.kind in ANSWERS for deadline in case.deadlines):
        return ()
    own = house_deadline(case, ctx.settings.house_hours)
    return (own,) if own else ()


def _deadline(
    ctx: Context,
    case: Case,
    deadline: Deadline,
    unread_since: datetime | None,
    now: datetime,
    before: list[Notice],
) -> ToTell | None:
    ref, about = case.key.ref, f"{case.key.ref}#{deadline.kind}"
    told = [Told(datetime.fromisoformat(n.facts["at"]), timedelta(seconds=n.facts["rung_s"])) for n in before]
    rung = next_rung(deadline, now, ctx.settings.notify, ctx.zone, told)
    if rung is None:
        return None
    at = deadline.at.isoformat()
    return ToTell(
        key=f"deadline/{about}/{at}/{int(rung.rung.total_seconds())}",
        kind="deadline",
        about=about,
        words=_deadline_words(ctx, case, deadline, rung.rung, unread_since),
        facts={"at": at, "rung_s": rung.rung.total_seconds(), "ref": ref},
        loud=rung.loud,
        not_before=rung.not_before,
        instead_of=tuple(n.id for n in before),
    )


def _deadline_words(
    ctx: Context, case: Case, deadline: Deadline, rung: timedelta, unread_since: datetime | None
) -> Words:
    here = clock(deadline.at, ctx.zone)
    there = clock(deadline.at, ctx.portal_zone(case.portal, case.account))
    kind, ref = terms.deadline(deadline.kind), case.key.ref
    if deadline.rule == HOUSE_RULE:
        said = say(
            "{ref}: the portal shows no day by which to answer; by the house rule it is {here} ({there}). Look at the"
            " portal.",
            ref=ref,
            here=here,
            there=there,
        )
    elif rung <= OVER:
        said = say("{ref}: {kind} ended at {here} ({there}), unanswered.", ref=ref, kind=kind, here=here, there=there)
    else:
        said = say(
            "{ref}: {kind} ends at {here} ({there}), in less than {hours} h.",
            ref=ref,
            kind=kind,
            here=here,
            there=there,
            hours=f"{rung.total_seconds() / 3600:g}",
        )
    if deadline.zone_basis == "assumed" or deadline.provisional:
        said = say("{said} Not certain: look at the portal.", said=said)
    if unread_since is not None:
        said = say("{said} Last read at {when}.", said=said, when=clock(unread_since, ctx.zone))
    return said


# -- alarms --------------------------------------------------------------------------------------------------------


def alarm_words(alarm: Alarm) -> Words:
    """An alarm for those who are not at the desk: its own sentence only where nothing from a page can be in it."""
    scope = alarm.scope
    known = {
        "needs_person": say("{scope}: the portal wants a person. Sign in again: `rebuttal login`.", scope=scope),
        "unavailable": say("{scope}: the portal could not be read.", scope=scope),
        "drift": say("{scope}: the page is not as it was; what is stored was not overwritten.", scope=scope),
        "incomplete": say("{scope}: the list was not shown whole; nothing was removed.", scope=scope),
        "report": say("{scope}: the portal's own report knows of other cases than its list.", scope=scope),
        "missed": say("{scope} was opened and ended between two readings.", scope=scope),
        "unpaid": say("{scope}: won, and the money has not come in full.", scope=scope),
        "health": say("{scope}: this figure of the account is beyond its limit.", scope=scope),
    }
    if alarm.kind in ("session", "missed_run", "undelivered"):
        return alarm.words
    return known.get(alarm.kind) or say("{scope}: {kind}.", scope=scope, kind=alarm.kind)


def _alarms(ctx: Context) -> Iterator[ToTell]:
    now = ctx.clock()
    quiet_ends = quiet_until(now, ctx.settings.notify.quiet, ctx.zone)
    for alarm in ctx.store.alarms.open():
        before = ctx.store.outbox.about(alarm.kind, alarm.scope)
        key = f"alarm/{alarm.id}"
        if any(one.key == key or now - one.made_at < CALM for one in before):
            continue
        yield ToTell(key, alarm.kind, alarm.scope, alarm_words(alarm), not_before=quiet_ends)


def sessions_ending(ctx: Context) -> dict[str, Words | None]:
    """Per account whose session we keep: what to tell, None where it lasts over the coming night."""
    night = ctx.settings.night
    end = last_clock(ctx.clock(), night.at, ctx.zone) + timedelta(days=1, hours=night.hours)
    found: dict[str, Words | None] = {}
    for one in listing(ctx):
        if one.session == "browser":
            continue
        store = one.account
        if one.session == "none":
            found[store] = say("{store} was never signed in here: `rebuttal login {store}`.", store=store)
        elif one.session == "unreadable":
            found[store] = say("{store}: the kept session can't be opened: `rebuttal login {store}`.", store=store)
        elif one.expires_at is not None and one.expires_at <= end:
            found[store] = say(
                "{store}: the session ends at {when}, before the next night is read: `rebuttal login {store}`.",
                store=store,
                when=clock(one.expires_at, ctx.zone),
            )
        else:
            found[store] = None
    return found


def night_missed(ctx: Context) -> tuple[str, Words] | None:
    """The last night by the schedule, where it should be over and no run read all accounts since; its day and words."""
    since = installed_at(ctx.home)
    if since is None:
        return None
    night, now = ctx.settings.night, ctx.clock()
    due = last_clock(now, night.at, ctx.zone)
    if now - due < timedelta(hours=night.hours) + LATE:
        due = last_clock(due - timedelta(seconds=1), night.at, ctx.zone)
    if due < since:
        return None
    wanted = {account.store_name for account in ctx.settings.account}
    read: set[str] = set()
    for run in ctx.store.runs.recent(200, kind="sync"):
        if run.started_at < due - timedelta(minutes=30):
            break
        if not run.options.get("short") and run.state == "finished":
            read |= set(run.accounts)
    left = sorted(wanted - read)
    if not left:
        return None
    day = f"{due.astimezone(ctx.zone):%Y-%m-%d}"
    return day, say("The night of {day} was not read: {stores}.", day=day, stores=", ".join(left))
