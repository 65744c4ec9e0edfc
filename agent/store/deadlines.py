"""Two looks at one countdown: both are lower bounds of the same instant, so the later one is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from agent.records import Deadline

_CLOCK = timedelta(seconds=60)
"""How much earlier than it is the portal's clock may be told at one look: its Date has whole seconds, its page ticks, and
the time it took to answer is taken off."""


def merge(old: Sequence[Deadline], new: Sequence[Deadline]) -> tuple[tuple[Deadline, ...], bool]:
    """The deadlines to keep, in the order of `new`, and whether a countdown of `old` now counts to another instant.

    A countdown worded in minutes is up to a minute early. As long as two of one kind can mean the same instant, the
    later bound is nearer to it; if they can't, the newer one is right and the case has changed.
    """
    before = {d.kind: d for d in old if d.basis == "countdown"}
    kept, moved = [], False
    for deadline in new:
        earlier = before.get(deadline.kind) if deadline.basis == "countdown" else None
        if earlier is None:
            kept.append(deadline)
        elif not _may_agree(earlier, deadline):
            kept.append(deadline)
            moved = True
        else:
            kept.append(earlier if earlier.at > deadline.at else deadline)
    return tuple(kept), moved


def _may_agree(one: Deadline, other: Deadline) -> bool:
    return (
        one.at <= other.at + timedelta(seconds=other.precision_s) + _CLOCK
        and other.at <= one.at + timedelta(seconds=one.precision_s) + _CLOCK
    )
