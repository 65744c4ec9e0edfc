"""One thing that lint has to say about a draft, and which of them stand in the way of sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import ConfigDict

from agent.evidence.data import Spoken
from agent.records import Record
from agent.words import Words

Level = Literal["block", "warn", "note"]
LEVELS: tuple[Level, ...] = ("block", "warn", "note")


class Finding(Record):
    """`code` is the requirement and the check ("CP6.size"); `words` says what is so and what to do.

    "block" keeps the draft from being sent, "warn" should be looked at, "note" should be known. `overridable`: a person
    may let it stand with a reason; a hard fact of the portal (size, type, count, a deadline it showed, spent) never.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    code: str
    level: Level
    concerns: str
    """Key of the field, name of the file, or "" for the draft as a whole."""
    rule: str
    words: Spoken
    overridable: bool = False


def finding(
    rule: str, check: str, level: Level, words: Words, concerns: str = "", *, overridable: bool | None = None
) -> Finding:
    """A finding under `rule`; what is not a block may always be overridden."""
    if overridable is None:
        overridable = level != "block"
    return Finding(
        code=f"{rule}.{check}", level=level, concerns=concerns, rule=rule, words=words, overridable=overridable
    )


def overridden(one: Finding, overrides: Mapping[str, str]) -> bool:
    """True where a person gave a reason (not an empty one) for letting `one` stand, and may."""
    return one.overridable and bool(overrides.get(one.code, "").strip())


def blocking(findings: Iterable[Finding], overrides: Mapping[str, str]) -> list[Finding]:
    """The findings that keep the draft from being ready: blocks that no one overrode, or that no one may."""
    return [one for one in findings if one.level == "block" and not overridden(one, overrides)]
