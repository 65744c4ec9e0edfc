"""`rebuttal pause` and `resume`: the switch that stops all work on a portal within one step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.home import PRIVATE_FOLDER, write_private
from agent.records import iso
from agent.words import Words, say
from flows import registry
from flows.context import Context


@dataclass(frozen=True)
class Switched:
    """How a portal stands now."""

    portal: str
    paused: bool
    said: Words

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"portal": self.portal, "paused": self.paused, "said": str(self.said)}


def switch(ctx: Context, portal: str) -> Path:
    """The file whose being there pauses a portal; every step of every visit looks for it."""
    return ctx.home.path / "paused" / registry.get(portal).name


def pause(ctx: Context, portal: str, *, why: str = "", by: str) -> Switched:
    """Stop all work on `portal`, also in runs that are under way; the reason is kept."""
    file = switch(ctx, portal)
    already = file.exists()
    file.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    # The switch first: that the work stops must not depend on the record of it.
    told = {"by": by, "why": why, "at": iso(ctx.clock())}
    write_private(file, json.dumps(told, ensure_ascii=False).encode())
    _note(ctx, by, "paused", portal, why)
    if already:
        return Switched(portal, True, say("{portal} was paused already.", portal=portal))
    return Switched(
        portal,
        True,
        say("{portal} is paused: nothing is read or sent there until `rebuttal resume {portal}`.", portal=portal),
    )


def resume(ctx: Context, portal: str, *, by: str) -> Switched:
    """Let work on `portal` go on."""
    file = switch(ctx, portal)
    if not file.exists():
        return Switched(portal, False, say("{portal} is not paused.", portal=portal))
    _note(ctx, by, "resumed", portal, "")
    file.unlink(missing_ok=True)
    return Switched(portal, False, say("{portal} goes on.", portal=portal))


def _note(ctx: Context, by: str, what: str, portal: str, why: str) -> None:
    with ctx.store.writing(durable=True) as conn:
        ctx.store.audit.append(conn, by, what, portal, {"why": why} if why else {})
