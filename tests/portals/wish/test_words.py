"""A dashboard in the other language would be read nowhere if a word were missing: every text of the mock is known."""

from __future__ import annotations

import pytest

from agent.reading.labels import load_labels, norm
from fixtures.wish.words import LANGUAGES, words
from portals.wish import PORTAL

LABELS = load_labels(PORTAL.name, PORTAL.folder)
GROUPS = ("status", "dispute", "order", "result", "act", "issue", "cause", "who", "party")
SAME = {"where": "not_received", "customer": "buyer", "merchant": "seller", "wish": "platform"}


@pytest.mark.parametrize("group", GROUPS)
def test_every_word_means_the_same_in_both_languages(group: str) -> None:
    for key, texts in words()[group].items():
        for language, text in zip(LANGUAGES, texts, strict=True):
            assert LABELS.word(group, text) == SAME.get(key, key), (language, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_buttons_or_windows_are_called_the_same(language: str) -> None:
    seen: dict[str, str] = {}
    for key in LABELS.texts:
        if key.startswith(("action.", "form.")):
            text = norm(LABELS.in_language(key, language))
            assert seen.setdefault(text, key) == key, (key, seen[text])


def test_every_text_is_there_in_both_languages() -> None:
    assert {key for key, texts in LABELS.by_language.items() if not texts.keys() >= set(LANGUAGES)} == set()
