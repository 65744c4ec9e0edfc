"""A portal that lacks a piece is found here, by walking the folders, and not by the seller who needs that piece.

What the pieces are stands in docs/adding-a-portal.md. Nothing here opens a browser or knows a portal by name.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import get_args

import pytest

from agent.evidence import load_playbooks
from agent.evidence.tone import load_tone
from agent.policy import Policy, load_policy
from agent.portal import Portal
from agent.reading.labels import Labels, load_labels
from agent.records import Action
from fixtures.kernel import discover
from flows import registry
from flows.frozen import folders

ROOT = Path(__file__).parents[2]
NAMES = registry.names()
portals = pytest.mark.parametrize("name", NAMES)


@functools.cache
def policy_of(name: str) -> Policy:
    return load_policy(registry.get(name).folder)


@functools.cache
def labels_of(name: str) -> Labels:
    return load_labels(name, registry.get(name).folder)


@portals
def test_package_mock_and_tests_bear_one_name(name: str) -> None:
    package: Portal = registry.get(name)
    assert (package.name, package.folder) == (name, ROOT / "portals" / name)
    assert discover.portal(name).name == name
    tests = ROOT / "tests" / "portals" / name
    assert (tests / "__init__.py").is_file() and list(tests.glob("test_*.py")), "nothing sends its actions"


def test_no_mock_and_no_tests_are_left_of_a_portal_that_is_gone() -> None:
    assert set(discover.portal_names()) == set(NAMES)
    assert {path.parent.name for path in (ROOT / "tests" / "portals").glob("*/__init__.py")} == set(NAMES)
    assert {path.name for path in (ROOT / "fixtures" / "pages").iterdir() if path.is_dir()} <= set(NAMES)


@portals
def test_each_channel_has_rules_and_every_rule_a_channel(name: str) -> None:
    package, policy = registry.get(name), policy_of(name)
    channels = {channel.name for channel in package.channels}
    assert len(channels) == len(package.channels)
    assert set(policy.channels) <= channels, "rules of a channel that is read nowhere"
    acting = {channel for channel, rule in policy.channels.items() if rule.actions}
    assert acting, "a portal that nobody can answer on"
    assert {action for rule in policy.channels.values() for action in rule.actions} <= set(get_args(Action))


@portals
def test_every_text_that_a_rule_names_is_a_label(name: str) -> None:
    """A field without its label is found on no form."""
    known = labels_of(name).texts
    for channel, rules in policy_of(name).channels.items():
        for action, rule in rules.actions.items():
            keys = [field.label for field in rule.fields.values()]
            keys += [key for field in rule.fields.values() for key in field.options.values()]
            keys += [rule.consequence] if rule.consequence else []
            assert [key for key in keys if key not in known] == [], (channel, action)


@portals
def test_gates_and_their_buttons_have_words(name: str) -> None:
    gate, known = registry.get(name).gate, labels_of(name).texts
    keys = [key for spot in gate.spots for key in spot.texts] + [*gate.dismiss, *gate.enter, *gate.later]
    assert [key for key in [*keys, gate.home_landmark] if key and key not in known] == []
    assert {"challenge", "sign_in"} <= {spot.name for spot in gate.spots}, "a challenge would be taken for a page"


@portals
def test_playbooks_are_about_channels_and_files_that_there_are(name: str) -> None:
    policy, books = policy_of(name), load_playbooks(registry.get(name).folder)
    assert books, "a draft would begin with an empty page"
    load_tone(registry.get(name).folder)
    for book in books:
        assert set(book.channels) <= set(policy.channels), book.key
        rules = [rule for channel in book.channels for rule in policy.channels[channel].actions.values()]
        kinds = {kind for rule in rules if rule.files for kind in rule.files.kinds}
        needed = {want.kind for want in book.evidence if want.required}
        assert needed <= kinds or not kinds, book.key


@portals
def test_pages_of_its_channels_are_frozen(name: str) -> None:
    """Without one, nothing tells that a mended reader reads another page otherwise than before."""
    found = [path for path in folders(ROOT / "fixtures" / "pages") if path.parents[1].name == name]
    frozen = {json.loads((path / "meta.json").read_text(encoding="utf-8"))["channel"] for path in found}
    assert {channel.name for channel in registry.get(name).channels} <= frozen, (
        "`rebuttal capture` makes what is missing"
    )
