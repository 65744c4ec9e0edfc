"""What is said to people: English source texts, translated when they are shown and not when they are raised."""

from __future__ import annotations

import contextvars
import functools
import re
import string
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh-CN")
"""Languages a person may choose; `en` is the source language."""

_language: contextvars.ContextVar[str] = contextvars.ContextVar("rebuttal_language", default="en")
_FOLDERS = [Path(__file__).parent / "locale"]
"""Where catalogs lie; of two translations of one sentence the first counts."""


def speak(language: str) -> None:
    """Show everything from here on in `language` (one of `LANGUAGES`; any `zh…` means zh-CN, all else en)."""
    _language.set("zh-CN" if language.lower().startswith("zh") else "en")


def spoken() -> str:
    """The language in force, one of `LANGUAGES`."""
    return _language.get()


def learn(folder: Path) -> None:
    """Know the sentences of a portal package as well: of the catalog in its folder, where it has one."""
    if folder not in _FOLDERS:
        _FOLDERS.append(folder)
        _catalog.cache_clear()
        _patterns.cache_clear()


@functools.cache
def _catalog(language: str) -> dict[str, str]:
    """Translations of one language by source text, read from its gettext files."""
    if language == "en":
        return {}
    from babel.messages.pofile import read_po

    found: dict[str, str] = {}
    for folder in reversed(_FOLDERS):
        path = folder / f"{language.replace('-', '_')}.po"
        if path.exists():
            with path.open("rb") as file:
                found |= {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}
    return found


class Words:
    """A sentence and the values in it; `str()` gives it in the language in force, `in_language` in a named one."""

    __slots__ = ("text", "values")

    def __init__(self, text: str, values: dict[str, Any]) -> None:
        self.text = text
        self.values = values

    def in_language(self, language: str) -> str:
        """The sentence in `language`, its values put in; values that are themselves `Words` follow the language."""
        shown = {k: v.in_language(language) if isinstance(v, Words) else v for k, v in self.values.items()}
        text = _catalog(language).get(self.text, self.text)
        return text.format(**shown) if shown else text.replace("{{", "{").replace("}}", "}")

    def __str__(self) -> str:
        return self.in_language(_language.get())

    def __repr__(self) -> str:
        return f"Words({self.in_language('en')!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and (self.text, self.values) == (other.text, other.values)

    def __hash__(self) -> int:
        return hash(self.text)


class Named(Words):
    """A word that data brings in every language, where no catalog can have it: a portal package's own terms."""

    __slots__ = ()

    def in_language(self, language: str) -> str:
        """The word in `language`, English where there is none."""
        return str(self.values.get(language) or self.text)


def joined(parts: Iterable[object]) -> Words:
    """Several sentences or values as one, divided as the person's language divides them."""
    told: Words | None = None
    for part in parts:
        told = say("{part}", part=part) if told is None else say("{one}; {other}", one=told, other=part)
    return told or say("{part}", part="")


def heard(kept: str) -> Words:
    """A sentence that was kept in English (records and the audit are) as the sentence that was said, so that it follows
    a person's language; any other text as it is."""
    if spoken() == "en":
        return Words("{kept}", {"kept": kept})
    known = _catalog(spoken())
    if kept in known:
        return Words(kept, {})
    for literal, text, pattern in _patterns(spoken()):
        if literal in kept and (found := re.fullmatch(pattern, kept, re.DOTALL)):
            return Words(text, {name: heard(value) for name, value in found.groupdict().items()})
    return Words("{kept}", {"kept": kept})


_LEAST_LETTERS = 6
"""A template with fewer letters of its own fits too many texts to be known again."""


@functools.cache
def _patterns(language: str) -> list[tuple[str, str, str]]:
    """Templates with what they say themselves: their longest piece, the template, a pattern; the most telling first."""
    found = []
    for text in _catalog(language):
        pattern, pieces, names = "", [""], set[str]()
        for literal, name, form, turn in string.Formatter().parse(text):
            pieces.append(literal)
            pattern += re.escape(literal)
            if name is not None:
                if not name or form or turn:
                    break
                pattern += f"(?P={name})" if name in names else f"(?P<{name}>.+)"
                names.add(name)
        else:
            letters = sum(map(str.isalpha, "".join(pieces)))
            if names and letters >= _LEAST_LETTERS:
                found.append((letters, max(pieces, key=len), text, pattern))
    return [(literal, text, pattern) for _, literal, text, pattern in sorted(found, reverse=True)]


def say(text: str, /, **values: Any) -> Words:
    """A translatable sentence; `text` is a `str.format` template and must be a literal, so that it can be collected."""
    return Words(text, values)
