"""The texts a portal shows, by key and language: what readers look for, and what an operator may teach."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from agent.errors import UsageFault
from agent.policy import merge, read_toml
from agent.words import say

WORDS = "words."
"""Keys under this prefix are vocabularies (values the portal shows), all others are labels, headings and buttons."""


_UNSEEN = dict.fromkeys((0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF))
"""Marks that no person sees: soft hyphens, zero-width blanks, directions."""
_TRIM = ":*▲▼△▽▴▾↑↓↕⇅"
"""What stands around a label and is none of its words: a colon, the mark of a required field, sort arrows."""


@lru_cache(maxsize=1 << 15)
def norm(text: str) -> str:
    """The form in which texts are compared: NFKC, no white space or unseen marks, no colon, asterisk or sort arrow
    around it, lower case. The seeing script has the same."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_UNSEEN))
    return "".join(text.split()).strip(_TRIM).lower()


def first_difference(*pairs: tuple[str, str]) -> str | None:
    """The first pair whose texts are not the same, as “one / other”; None where all are."""
    return next((f"{one} / {other}" for one, other in pairs if norm(one) != norm(other)), None)


@dataclass(frozen=True)
class Labels:
    """All texts of one portal. `texts["dispute.responsible"]` is what may stand there, in every language known."""

    portal: str
    texts: dict[str, tuple[str, ...]]
    by_language: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    @cached_property
    def forms(self) -> dict[str, frozenset[str]]:
        """Key to the compared forms of its texts."""
        return {key: frozenset(norm(t) for t in texts) for key, texts in self.texts.items()}

    @cached_property
    def known(self) -> frozenset[str]:
        """Compared forms of all labels, headings and buttons, without those that a value may read as well: “구매자” is
        the label of a field and also an answer to “책임 주체”."""
        return frozenset(self.named - {f for key, forms in self.forms.items() if key.startswith(WORDS) for f in forms})

    @cached_property
    def named(self) -> frozenset[str]:
        """Compared forms of all labels, headings and buttons, those that a value may read as well included."""
        return frozenset(f for key, forms in self.forms.items() if not key.startswith(WORDS) for f in forms)

    @cached_property
    def headings(self) -> frozenset[str]:
        """Compared forms of the texts that stand over a part of a page."""
        return frozenset(f for key, forms in self.forms.items() if key.endswith(".heading") for f in forms)

    @cached_property
    def _under(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for heading in self.forms:
            if heading.endswith(".heading"):
                inside = heading.removesuffix("heading")
                own = {f for key, forms in self.forms.items() if key.startswith(inside) for f in forms}
                found[heading] = frozenset(
                    own - {f for key, forms in self.forms.items() if not key.startswith(inside) for f in forms}
                )
        return found

    def under(self, heading: str) -> frozenset[str]:
        """Compared forms of what stands under one heading and nowhere else: `return.number` under `return.heading`."""
        return self._under[heading]

    @cached_property
    def _vocabularies(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for key, forms in self.forms.items():
            if key.startswith(WORDS):
                group, _, word = key.removeprefix(WORDS).rpartition(".")
                for form in forms:
                    found.setdefault(group, {})[form] = word
        return found

    def of(self, key: str) -> frozenset[str]:
        """Compared forms of one key; an unknown key is a fault in our own data."""
        return self.forms[key]

    def word(self, group: str, text: str) -> str | None:
        """What `text` means in a vocabulary: `word("status", "심사 중")` is `in_review`; None for an unknown word."""
        return self._vocabularies.get(group, {}).get(norm(text))

    def words(self, group: str) -> tuple[str, ...]:
        """All texts of a vocabulary, for saying what was looked for."""
        prefix = f"{WORDS}{group}."
        return tuple(t for key, texts in self.texts.items() if key.startswith(prefix) for t in texts)

    def in_language(self, key: str, language: str) -> str:
        """The first text of `key` in `language` (`ko`, `en`, …), else the first there is."""
        return (self.by_language.get(key, {}).get(language) or self.texts[key])[0]


def _flatten(table: dict[str, Any], path: str, where: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{path}.{name}" if path else name, where)
        elif isinstance(value, list) and all(isinstance(t, str) and t.strip() for t in value):
            yield path, name, tuple(value)
        else:
            raise UsageFault(
                say("{path}: {key}.{name} must be a list of texts.", path=where, key=path, name=name),
                say("Write it as {example}.", example=f'{name} = ["…"]'),
            )


def load_labels(portal: str, package: Path, own: Path | None = None) -> Labels:
    """The labels of the portal package in folder `package`; the operator's file `own` is merged over it.

    A list in the operator's file is added in front of the package's list of that key and language, so that teaching
    a new word never forgets the old one.
    """
    tables = read_toml(package / "labels.toml")
    texts: dict[str, dict[str, tuple[str, ...]]] = {}
    for key, language, values in _flatten(tables, "", package / "labels.toml"):
        texts.setdefault(key, {})[language] = values
    if own is not None and own.exists():
        for key, language, values in _flatten(merge({}, read_toml(own)), "", own):
            if key not in texts:
                raise UsageFault(
                    say("{path}: {key} is not a label of {portal}.", path=own, key=key, portal=portal),
                    say("Remove it, or see the keys in the portal's own labels.toml."),
                )
            old = texts[key].get(language, ())
            texts[key][language] = values + tuple(t for t in old if t not in values)
    return Labels(
        portal=portal,
        texts={
            key: tuple(dict.fromkeys(t for values in langs.values() for t in values)) for key, langs in texts.items()
        },
        by_language=texts,
    )
