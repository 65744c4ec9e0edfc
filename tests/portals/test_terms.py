"""An operator who meets `closed_buyer` or `new information` among Chinese words: every portal's keys have words for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import fixtures
from agent.evidence.playbooks import load_playbooks
from agent.policy import load_policy
from agent.records import Action, Case
from agent.words import Words, speak
from flows import portal_terms, registry, terms

PAGES = Path(str(fixtures.__file__)).parent / "pages"
ROOT = Path(__file__).parents[2]
UNTOLD = "{key}"
"""The text of a word that nobody has: the key as it stands."""


def keys(name: str) -> Iterator[tuple[str, str, Words]]:
    """Every key that a person can meet of one portal: of its rules, its playbooks and its frozen pages."""
    portal = registry.get(name)
    for channel, rules in load_policy(portal.folder).channels.items():
        yield "channel", channel, terms.channel(channel)
        for action in rules.actions.values():
            for key, field in action.fields.items():
                yield "field", key, terms.field(key)
                yield from (("option", option, terms.option(option)) for option in field.options)
            for kind in action.files.kinds if action.files else ():
                yield "evidence", kind, terms.evidence(kind)
    for book in load_playbooks(portal.folder):
        yield from (("evidence", one.kind, terms.evidence(one.kind)) for one in book.evidence)
        for language in book.notes:
            yield from (("place", place, terms.place(place)) for place in book.placeholders(language))
    for file in sorted((PAGES / name).rglob("record.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        if "case_id" not in told:
            continue
        case = Case.model_validate_json(json.dumps(told), strict=False)
        yield from (("flag", flag, terms.flag(flag)) for flag in case.flags)
        yield from (("detail", detail, terms.detail(detail)) for detail in case.details)
        yield from (("missing", f"{one}: {why}", terms.missing(one, why)) for one, why in case.missing.items())
        if case.reason:
            yield "reason", case.reason.is_, terms.reason(case.reason.is_)
        if case.outcome:
            yield "outcome", case.outcome.result, terms.outcome(case.outcome.result, name)


@pytest.mark.parametrize("name", registry.names())
def test_every_key_of_a_portal_has_words(name: str) -> None:
    given = {"order_id", "case_id"}  # the case itself fills them in
    found = {(kind, key): word for kind, key, word in keys(name) if not (kind == "place" and key in given)}
    untold = sorted(one for one, word in found.items() if UNTOLD in {word.text, *map(_text, word.values.values())})
    assert untold == [], f"portals/{name}/terms.toml lacks words for these"
    assert {kind for kind, _ in found} >= {"channel", "field"}


def _text(value: object) -> str:
    return value.text if isinstance(value, Words) else ""


@pytest.mark.parametrize("name", registry.names())
def test_a_portals_words_are_there_in_both_languages_and_mean_one_thing(name: str) -> None:
    for (kind, key), word in portal_terms.of(name).items():
        if kind != "outcome":
            assert word == portal_terms.word(kind, key), f"{kind}.{key} means something else at another portal"
        english, chinese = word.in_language("en"), word.in_language("zh-CN")
        assert english and chinese
        if english != chinese:  # a proper name is the same in both
            assert re.search(r"[\u4e00-\u9fff]", chinese), f"{kind}.{key}: {chinese!r}"


def test_a_key_that_nobody_knows_is_readable() -> None:
    speak("zh-CN")
    assert str(terms.outcome("won_in_the_end", "ebay")) == "won in the end"
    assert str(terms.flag("won_in_the_end")) == "won in the end"


def test_the_same_outcome_of_two_portals_is_told_as_each_means_it() -> None:
    assert str(terms.outcome("closed_seller", "ebay")) == "closed in the seller's favour"
    assert str(terms.outcome("closed_seller", "amazon")) == "closed, paid by the seller"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_readme_promises_what_each_portal_can_do(language: str) -> None:
    """Every queue with its answers, in the README's table: no more, no less."""
    speak(language)
    readme = ROOT / ("README.md" if language == "en" else "README.zh-CN.md")
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", readme.read_text(encoding="utf-8"), re.MULTILINE)
    told = {title: {_letters(word) for word in re.split(r"[(),;:、（）；：]", cells)} for title, cells in rows}
    for name in registry.names():
        portal = registry.get(name)
        rules = load_policy(portal.folder).channels
        named = told[portal.title]
        can = {_letters(str(terms.action(action))) for channel in rules.values() for action in channel.actions}
        assert can <= named, f"{readme.name}: {portal.title}"
        every = {_letters(str(terms.action(action))) for action in get_args(Action)}
        assert named & every <= can, f"{readme.name}: {portal.title} can't do that"


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()
