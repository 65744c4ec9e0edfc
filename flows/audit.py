"""`rebuttal audit`: is the record of every step whole, and what does it tell."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from agent.audit import Link
from agent.errors import DONE, FAULT
from agent.words import Words
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


def verify(ctx: Context) -> AuditReport:
    """Check every link of the chain."""
    links, head = ctx.store.audit.head()
    bad = ctx.store.audit.verify()
    if bad is None:
        return AuditReport(True, links, head)
    return AuditReport(False, links, head, bad.words, bad.seq)


def show(ctx: Context, ref: str | None = None, *, last: int = 50) -> list[Link]:
    """The last steps, oldest first: of the case that `ref` names, or of all."""
    if ref is not None:
        return ctx.store.audit.story(the_case(ctx, ref).key.ref)[-last:]
    count, _ = ctx.store.audit.head()
    return list(deque(ctx.store.audit.links(after=max(0, count - last)), maxlen=last))
