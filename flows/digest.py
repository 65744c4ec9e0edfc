"""The day's digest: what was read, what is due, what changed, what a person must do, and the head of the audit chain."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.store import Run
from agent.timetable import at_clock
from agent.words import Words, say
from flows import terms
from flows.context import Context
from flows.notices import ToTell, alarm_words, sessions_ending
from flows.times import clock

MOST_BYTES = 1_700
"""The smallest message of all providers (WeCom: 2,048 bytes), with room for its head."""
AHEAD = timedelta(hours=72)
_SINCE = timedelta(hours=24)


def due(ctx: Context) -> ToTell | None:
    """Today's digest, once its time has come and as long as it was not made."""
    now = ctx.clock()
    if now < at_clock(now, ctx.settings.notify.digest_at, ctx.zone):
        return None
    one = made(ctx)
    return None if any(n.key == one.key for n in ctx.store.outbox.about("digest", one.about)) else one


def made(ctx: Context) -> ToTell:
    """The digest of today, in the operator's language, short enough for one message."""
    day = f"{ctx.clock().astimezone(ctx.zone):%Y-%m-%d}"
    # Made of finished text: it tells how things stood when it was made, whenever it arrives.
    text = "\n".join(str(line) for line in lines(ctx))
    return ToTell(f"digest/{day}", "digest", day, say("{text}", text=text))


def lines(ctx: Context) -> list[Words | str]:
    """The digest line by line; lists are cut, with a count of the rest, before it grows too long for one message."""
    now = ctx.clock()
    since = now - _SINCE
    head: list[Words | str] = [say("Daily digest, {now}", now=clock(now, ctx.zone)), *_read(ctx, since)]
    tail: list[Words | str] = [*_moved(ctx, since), *_answers(ctx), _chain(ctx)]
    room = MOST_BYTES - _size(head) - _size(tail)
    deadlines = _cut(_deadlines(ctx, now), room * 2 // 3)
    return [*head, *deadlines, *_cut(_alarms(ctx), room - _size(deadlines)), *tail]


def _read(ctx: Context, since: datetime) -> list[Words | str]:
    """What the runs since then read; the last word on each account and channel counts."""
    runs: list[Run] = [run for run in ctx.store.runs.recent(60, kind="sync") if run.started_at >= since]
    if not runs:
        return [say("Nothing was read in the last 24 hours.")]
    latest: dict[tuple[str, str], dict[str, object]] = {}
    sums = dict.fromkeys(("visited", "new", "changed"), 0)
    for run in reversed(runs):
        for account, channels in run.results.items():
            for channel, told in channels.items():
                latest[account, channel] = told
                for name in sums:
                    sums[name] += int(told.get(name) or 0)
    bad = sorted({account for (account, _), told in latest.items() if told.get("errors")})
    said: list[Words | str] = [
        say(
            "Read: {accounts} accounts, {listed} cases listed, {visited} pages visited, {new} new, {changed} changed.",
            accounts=len({account for account, _ in latest}),
            listed=sum(int(str(told.get("listed") or 0)) for told in latest.values()),
            **sums,
        )
    ]
    if bad:
        said.append(say("Not read whole: {names}.", names=", ".join(bad)))
    return said


def _deadlines(ctx: Context, now: datetime) -> list[Words | str]:
    rows = [row for row in ctx.store.cases.rows(due_before=now + AHEAD) if row.next_deadline_at is not None]
    said: list[Words | str] = [say("Due within 72 hours: {count}.", count=len(rows))]
    for row in rows:
        assert row.next_deadline_at is not None
        said.append(
            say(
                "- {here} ({there}) {kind} {ref}",
                here=clock(row.next_deadline_at, ctx.zone),
                there=clock(row.next_deadline_at, ctx.portal_zone(row.portal, row.account)),
                kind=terms.deadline(row.next_deadline_kind or ""),
                ref=row.ref,
            )
        )
    return said


def _alarms(ctx: Context) -> list[Words | str]:
    told: list[Words | str] = [say("- {what}", what=alarm_words(alarm)) for alarm in ctx.store.alarms.open()]
    sessions = {alarm.scope for alarm in ctx.store.alarms.open() if alarm.kind == "session"}
    told += [
        say("- {what}", what=words)
        for store, words in sessions_ending(ctx).items()
        if words is not None and store not in sessions
    ]
    return [say("To look at: {count}.", count=len(told)), *told] if told else [say("Nothing is wrong.")]


def _moved(ctx: Context, since: datetime) -> list[Words | str]:
    counts: dict[str, int] = {}
    for row in ctx.store.cases.rows(statuses=("won", "partly_won", "lost", "expired", "withdrawn")):
        if row.changed_at >= since:
            counts[row.status] = counts.get(row.status, 0) + 1
    if not counts:
        return []
    told = ", ".join(f"{terms.status(name)} {count}" for name, count in counts.items())
    return [say("Ended in the last 24 hours: {told}.", told=told)]


def _answers(ctx: Context) -> list[Words | str]:
    approved, unknown = len(ctx.store.ledger.approved()), len(ctx.store.ledger.unknown())
    said: list[Words | str] = []
    if approved:
        said.append(say("Approved and not sent: {count}.", count=approved))
    if unknown:
        said.append(say("Sent with unknown outcome: {count}. Run `rebuttal reconcile`.", count=unknown))
    return said


def _chain(ctx: Context) -> Words:
    number, value = ctx.store.audit.head()
    return say("Audit head: {number} {value}", number=number, value=value)


def _size(lines: list[Words | str]) -> int:
    return sum(len(str(line).encode()) + 1 for line in lines)


def _cut(lines: list[Words | str], room: int) -> list[Words | str]:
    """As many lines as there is room for, and how many more there are."""
    kept: list[Words | str] = []
    for number, line in enumerate(lines):
        rest = len(lines) - number
        if _size([*kept, line]) > room - 40 and rest > 0:
            return [*kept, say("… and {count} more.", count=rest)]
        kept.append(line)
    return kept
