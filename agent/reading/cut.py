"""Texts of which a page shows only the beginning, or nothing yet: said so in the record where they are free texts and
begun, else refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agent.reading.seen import Seen, is_cut, is_unfilled
from agent.words import say

if TYPE_CHECKING:
    from agent.records import Case

BEGINNING = "the page shows only its beginning"
_FREE = re.compile(r"(?:.*\.)?(?:text|name|label|shown)|decision\.requested_evidence\.\d+")
"""Fields that people write, or that only repeat what is shown: the beginning of one is still of use."""
_OURS = frozenset(("portal", "account", "channel", "url", "seen", "missing", "flags", "actions"))


def noted(case: Case, seen: Seen) -> Case:
    """The case with every free text that ends in an ellipsis noted in `missing`. An id, a number or a date of which only
    the beginning is shown is none, and what a script has still to fill in is nothing: `PageDrift`."""
    found: dict[str, str] = {}
    for path, text in _texts({k: v for k, v in case.model_dump().items() if k not in _OURS}):
        if is_unfilled(text):
            raise seen.drift("", say("{field} is not filled in yet", field=path), found=(text[:120],))
        if not is_cut(text):
            continue
        if _FREE.fullmatch(path) is None:
            raise seen.drift("", say("{field} is shown only in part", field=path), found=(text[:120],))
        if not any(path == known or path.startswith(f"{known}.") for known in case.missing):
            found[path] = BEGINNING
    return case.model_copy(update={"missing": case.missing | found}) if found else case


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a nested record by its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{number}")
