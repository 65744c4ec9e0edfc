"""A shop in a language whose words are missing would be read nowhere: every text of the mock is one that is looked for."""

from __future__ import annotations

import pytest

from agent.reading.labels import load_labels, norm
from agent.rules import withdrawable
from fixtures.lazada.words import LOCALES, words
from portals.lazada import PORTAL
from portals.lazada.shown import MARKETS

LABELS = load_labels(PORTAL.name, PORTAL.folder)
GROUPS = ("tab", "status", "type", "act", "role", "to", "qc", "yesno", "refusal", "region")

KINDS = {("type", "return"): "return_and_refund", ("type", "only_refund"): "refund", ("type", "cancel"): "cancellation"}


@pytest.mark.parametrize("group", GROUPS)
def test_every_word_means_the_same_in_each_language(group: str) -> None:
    for key, texts in words()[group].items():
        for locale, text in zip(LOCALES, texts, strict=True):
            assert LABELS.word(group, text) == KINDS.get((group, key), key), (locale, text)


def test_every_reason_is_known_in_each_language_and_only_counterfeit_cannot_be_withdrawn() -> None:
    meant = set()
    for texts in words()["reason"].values():
        (word,) = {LABELS.word("reason", text) for text in texts}
        assert word is not None
        meant.add(word)
    assert [word for word in meant if withdrawable(word, over=False) == f"withdrawable:no:{word}"] == ["counterfeit"]


def test_no_text_is_a_label_of_two_parts_that_stand_together() -> None:
    """Two buttons, or two labels, of one text in one language could be taken for one another."""
    for prefixes in (("action.", "form."), ("list.", "line.", "info.", "entry.")):
        for locale in LOCALES:
            seen: dict[str, str] = {}
            for key in LABELS.texts:
                if key.startswith(prefixes):
                    text = norm(LABELS.in_language(key, locale))
                    assert seen.setdefault(text, key) == key, (locale, key, seen[text])


def test_every_country_has_its_hosts() -> None:
    for market in MARKETS.values():
        assert f"sellercenter.lazada.{market.domain}" in PORTAL.hosts
    assert "gsp.lazada-seller.cn" in PORTAL.hosts and PORTAL.base_url.removeprefix("https://") in PORTAL.hosts
