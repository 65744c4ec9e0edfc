"""The words of dates, durations and money (grammar.toml), and how a shown text is tidied before they are looked for."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "grammar.toml"

# What looks alike to a person is made one: spaces, full-width forms, minus and hyphens; invisible marks go.
_ALIKE: dict[int, str | None] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),
    **dict.fromkeys((0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF)),
    **dict.fromkeys((0x2010, 0x2011, 0x2212, 0xFE63), "-"),
    0xFFE6: "₩",
    0xFFE5: "¥",
    0xFE69: "$",
    0xFFE1: "£",
}
_ODD = re.compile(f"[{''.join(map(re.escape, map(chr, _ALIKE)))}]")


def tidy(text: str) -> str:
    """`text` in one line, NFC, with plain spaces, digits, signs and hyphens; letters keep their case."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if _ODD.search(text):
            text = text.translate(_ALIKE)
    return " ".join(text.split())


@functools.cache
def grammar() -> dict[str, Any]:
    """The whole of grammar.toml."""
    with _FILE.open("rb") as file:
        return tomllib.load(file)


def wanted_languages(languages: Iterable[str]) -> frozenset[str]:
    """`("zh-CN", "en")` as the keys of the grammar, `{"zh", "en"}`; none named means all, an empty set."""
    return frozenset(re.split("[-_]", language)[0].lower() for language in languages)


def spoken_in(table: dict[str, Any], languages: frozenset[str]) -> list[Any]:
    """The entries of a by-language table that belong to `languages` (all, if that is empty)."""
    return [entry for language, entry in table.items() if not languages or language in languages]


def any_of(words: Iterable[str]) -> str:
    """A regex alternative of literal words, longest first; one that never matches when there are none."""
    return "|".join(sorted(map(re.escape, set(words)), key=lambda word: (-len(word), word))) or r"(?!)"
