"""`rebuttal audit`: is the record of every step whole, and what does it tell."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from agent.audit import Link
from agent.errors import DONE, FAULT, UsageFault
from agent.words import Words, say
from flows.context import Context
from flows.naming import the_case


@dataclass(frozen=True)
class AuditReport:
    """What checking the chain gave; `said` names the first bad link."""

    whole: bool
    links: int
    head: str
    said: Words | None = None
    bad_link: int | None = None

    @property
    def exit_code(self) -> int:
        """0 for a whole chain."""
        return DONE if self.whole else FAULT

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "whole": self.whole,
            "links": self.links,
            "head": self.head,
            "bad_link": self.bad_link,
            "said": str(self.said) if self.said else None,
        }


def verify(ctx: Context, kept: str = "") -> AuditReport:
    """Check every link of the chain; `kept`, a head noted elsewhere ("NUMBER HASH", as the digest has it), must be in
    it. Raises `UsageFault` where `kept` is no head."""
    expected = _head(kept) if kept else None
    links, head = ctx.store.audit.head()
    bad = ctx.store.audit.verify(expected)
    if bad is None:
        return AuditReport(True, links, head)
    return AuditReport(False, links, head, bad.words, bad.seq)


def _head(kept: str) -> tuple[int, str]:
    found = re.fullmatch(r"\s*([0-9]{1,18})[\s:]+([0-9a-fA-F]{64})\s*", kept)
    if found is None:
        raise UsageFault(
            say("“{given}” is no head of the record.", given=kept),
            say("Give the number and the whole hash, as the daily digest has them: --head “NUMBER HASH”."),
        )
    return int(found[1]), found[2].lower()


def show(ctx: Context, ref: str | None = None, *, last: int = 50) -> list[Link]:
    """The last steps, oldest first: of the case that `ref` names, or of all."""
    if ref is not None:
        return ctx.store.audit.story(the_case(ctx, ref).key.ref)[-last:]
    count, _ = ctx.store.audit.head()
    return list(deque(ctx.store.audit.links(after=max(0, count - last)), maxlen=last))
