"""Finding the case that a person names: its ref, or any part of it that is unique."""

from __future__ import annotations

from agent.errors import UsageFault
from agent.records import Case
from agent.words import say
from flows.context import Context


def the_case(ctx: Context, text: str) -> Case:
    """The one case that `text` names; `UsageFault` where there is none, or more than one."""
    found = ctx.store.cases.find(text)
    if not found:
        raise UsageFault(
            say("No case is named “{text}”.", text=text),
            say("`rebuttal cases` lists them; `rebuttal sync` reads new ones."),
        )
    if len(found) > 1:
        refs = ", ".join(case.key.ref for case in found[:5])
        raise UsageFault(
            say("“{text}” names {count} cases: {refs}", text=text, count=len(found), refs=refs),
            say("Give more of the name."),
        )
    return found[0]
