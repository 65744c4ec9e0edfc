"""A dispute that opened and ended between two readings: nobody could answer it, but it is not lost silently."""

from __future__ import annotations

from datetime import datetime

from agent.records import OPEN, Case
from agent.words import say
from flows.context import Context

ALARM = "missed"


def note_if_missed(ctx: Context, run_id: str, case: Case) -> bool:
    """Raise an alarm when `case`, never read before, was opened after the last finished sync and is over already.

    A real dispute was escalated 8 seconds after it was opened and ruled 15 hours later: one sync a night
    sees it only when it is over. The first sync of an account raises none. Gives whether it raised one.
    """
    since = _last_sync(ctx, run_id, case.key.store_name)
    ended = case.status.is_ not in OPEN or case.outcome is not None
    if since is None or case.opened_at is None or case.opened_at <= since or not ended:
        return False
    left = say("It can still be appealed.") if "appeal" in case.actions else say("Nothing is left to do on it.")
    said = say(
        "{ref} was opened and ended between two syncs (“{shown}”). {left}",
        ref=case.key.ref,
        shown=case.status.shown,
        left=left,
    )
    return ctx.store.alarms.raise_(ALARM, case.key.ref, said, {"opened_at": str(case.opened_at)})


def _last_sync(ctx: Context, run_id: str, account: str) -> datetime | None:
    """When the account's last sync before this one began; None where there was none that came to its end."""
    for run in ctx.store.runs.recent(50, kind="sync"):
        if run.id != run_id and run.state == "finished" and account in run.accounts:
            return run.started_at
    return None
