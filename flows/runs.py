"""`rebuttal runs`: what each run read, what changed, what it missed, and how long it took."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.records import iso
from flows.context import Context

_SUMS = ("listed", "visited", "new", "changed", "unchanged", "drifted", "gone", "held_back", "kept", "left")


@dataclass(frozen=True)
class AccountRun:
    """One account in one run. `missed`: pages that drifted, got no answer, or for which no time was left."""

    account: str
    counts: dict[str, int]
    complete: bool
    missed: int
    errors: tuple[str, ...]
    took_s: float


@dataclass(frozen=True)
class RunView:
    """One run."""

    id: str
    kind: str
    by: str
    machine: str
    started_at: datetime
    finished_at: datetime | None
    state: str
    exit_code: int | None
    options: dict[str, Any]
    accounts: tuple[AccountRun, ...]

    @property
    def took_s(self) -> float | None:
        """Seconds from start to end."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "by": self.by,
            "machine": self.machine,
            "started_at": iso(self.started_at),
            "finished_at": iso(self.finished_at) if self.finished_at else None,
            "state": self.state,
            "exit_code": self.exit_code,
            "took_s": self.took_s,
            "options": self.options,
            "accounts": [vars(one) | {"errors": list(one.errors)} for one in self.accounts],
        }


def history(ctx: Context, *, last: int = 20) -> list[RunView]:
    """The last runs, newest first; one whose process is gone without an end is `interrupted`."""
    return [
        RunView(
            run.id,
            run.kind,
            run.by,
            run.machine,
            run.started_at,
            run.finished_at,
            run.state,
            run.exit_code,
            run.options,
            tuple(_account(name, run.results.get(name, {})) for name in run.accounts),
        )
        for run in ctx.store.runs.recent(last, machine=platform.node())
    ]


def _account(name: str, channels: dict[str, dict[str, Any]]) -> AccountRun:
    counts = {key: sum(int(channel.get(key) or 0) for channel in channels.values()) for key in _SUMS}
    errors = [error for channel in channels.values() for error in channel.get("errors") or ()]
    unread = sum(1 for error in errors if error.get("case_id"))
    queues = [channel for key, channel in channels.items() if key != "-"]
    return AccountRun(
        account=name,
        counts=counts,
        complete=bool(queues) and all(queue.get("complete") for queue in queues),
        missed=max(unread, counts["drifted"]) + counts["left"],
        errors=tuple(dict.fromkeys(str(error.get("error")) for error in errors)),
        took_s=round(sum(float(channel.get("took_s") or 0) for channel in channels.values()), 1),
    )
