"""A shop in a language whose words are missing would be read nowhere: every text of the mock is one that is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.reading.labels import load_labels, norm
from agent.reading.scrub import Fakes, known_forms, strange
from fixtures.shopee.words import LOCALES, words
from portals.shopee import PORTAL

LABELS = load_labels(PORTAL.name, PORTAL.folder)
GROUPS = {"tab": "tab", "status": "status", "act": "act", "role": "role", "result": "result", "dispute": "dispute"}


@pytest.mark.parametrize("group", GROUPS)
def test_every_word_means_the_same_in_each_language(group: str) -> None:
    for key, texts in words()[group].items():
        for locale, text in zip(LOCALES, texts, strict=True):
            assert LABELS.word(GROUPS[group], text) == key, (locale, text)


def test_no_text_is_a_label_of_two_parts_that_stand_together() -> None:
    """Two buttons, or two headings, of one text in one language could be taken for one another."""
    for prefix in ("action.", "form.", "chat.", "history."):
        for locale in LOCALES:
            seen: dict[str, str] = {}
            for key in LABELS.texts:
                if key.startswith(prefix):
                    text = norm(LABELS.in_language(key, locale))
                    assert seen.setdefault(text, key) == key, (locale, key, seen[text])


def test_a_sentence_with_its_day_may_be_shown_to_others_and_a_name_in_it_may_not() -> None:
    known, text = known_forms(LABELS), "Please provide the evidence by 26-09-2026, otherwise dispute will be withdrawn"
    assert strange(text, known) == [] and Fakes(b"salt", known).text(text) == text
    named = text.replace("evidence", "evidence of Maria Flores")
    assert strange(named, known) != [] and "Maria" not in Fakes(b"salt", known).text(named)


def test_labels_and_policy_lie_with_the_package() -> None:
    assert {path.name for path in Path(PORTAL.folder).glob("*.toml")} >= {
        "labels.toml",
        "policy.toml",
        "playbooks.toml",
        "tone.toml",
    }
