"""One run's bounds in time: until when pages are read, and which were read already before the run was cut off."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.errors import Unavailable
from agent.policy import ChannelRule
from agent.portal import Channel, Portal
from agent.settings import AccountSettings
from agent.words import say
from flows.context import Context
from flows.visit import channels_of, policy_of

NIGHT = timedelta(hours=12)
"""A run that was cut off longer ago is of another night: what it read is read again where it is asked for."""
SHORT_HOURS = 24
"""A channel with a window this short is read hourly."""
_LOOKED_BACK = 30


class TimeUp(Unavailable):
    """The time that the run was given is over; what is left is read by the next one."""


@dataclass
class Bounds:
    """`until`: no further page is begun after it. `read_since`: per account, when the night's first run began that did
    not come to its end; a page read since then is not read a second time, whatever else is asked for."""

    clock: Callable[[], datetime]
    until: datetime | None = None
    read_since: dict[str, datetime] = field(default_factory=dict)

    def up(self) -> bool:
        """Is the time over?"""
        return self.until is not None and self.clock() >= self.until

    def read_already(self, account: str, read_at: datetime) -> bool:
        """Was a page of the account that was read at `read_at` read in this night?"""
        since = self.read_since.get(account)
        return since is not None and read_at >= since


def bounds(ctx: Context, accounts: tuple[AccountSettings, ...], budget: timedelta | None) -> Bounds:
    """The bounds of a run that begins now and may take `budget`."""
    now = ctx.clock()
    names = tuple(account.store_name for account in accounts)
    return Bounds(ctx.clock, now + budget if budget is not None else None, _cut_off(ctx, names, now))


def _cut_off(ctx: Context, accounts: tuple[str, ...], now: datetime) -> dict[str, datetime]:
    """When the night's first unfinished run of each account began, over runs that were cut off one after another."""
    since: dict[str, datetime] = {}
    done: set[str] = set()
    for run in ctx.store.runs.recent(50, kind="sync", machine=platform.node()):
        if now - run.started_at > NIGHT:
            break
        if run.options.get("short"):
            continue
        for account in set(run.accounts) & set(accounts) - done:
            results = run.results.get(account, {})
            left = any(channel.get("left") for channel in results.values())
            if run.state == "interrupted" or left:
                since[account] = run.started_at
            else:
                done.add(account)
    return since


def time_up(store: str) -> TimeUp:
    """What is said where the time is over."""
    return TimeUp(
        say("{store}: the time that this run was given is over.", store=store),
        say("The rest is read at the next run, the most urgent first."),
    )


def short_channels(ctx: Context, portal: Portal, account: AccountSettings) -> tuple[Channel, ...]:
    """The channels of the account whose windows are a day or shorter, by the portal's policy (CM2, Ozon's 24 hours)."""
    policy = policy_of(ctx, portal)
    return tuple(c for c in channels_of(portal, account) if is_short(policy.channels.get(c.name)))


def is_short(rule: ChannelRule | None) -> bool:
    """Does a rule of the channel give a day or less?"""
    if rule is None:
        return False
    hours = [one for name, one in rule.rules.items() if "hours" in name]
    hours += [action.window_hours for action in rule.actions.values() if action.window_hours is not None]
    return any(not isinstance(one.value, str | tuple) and one.number <= SHORT_HOURS for one in hours)
