"""The portals' own keys in words for people: `portals/<name>/terms.toml`, for what `flows.terms` has no word of its own.

One file has a table per kind (`field`, `option`, `flag` …), and in it a word per key, in English (`en`) and Chinese (`zh`).
A key means the same at every portal, but for outcomes: two portals that close a case for the seller may mean opposites.
"""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files

from agent.words import Named, Words
from flows import registry


def word(kind: str, key: str) -> Words | None:
    """What a portal package calls `key`; None where none does."""
    return _words().get((kind, key))


@functools.cache
def of(portal: str) -> dict[tuple[str, str], Words]:
    """All words of one portal by kind and key; none where it has no file of them."""
    file = files(f"portals.{portal}") / "terms.toml"
    if not file.is_file():
        return {}
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        (kind, key): Named(word["en"], {"en": word["en"], "zh-CN": word["zh"]})
        for kind, words in told.items()
        for key, word in words.items()
    }


@functools.cache
def _words() -> dict[tuple[str, str], Words]:
    """The words of all portals; no portal is imported for them."""
    return {one: word for name in registry.names() for one, word in of(name).items()}
