"""A buyer's name, phone or address in a file that everybody can read: no byte under fixtures/ may hold one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.reading.labels import load_labels
from agent.reading.scrub import known_forms, leaks, strange
from agent.reading.scrub_page import unproved
from flows import registry
from flows.fields import leaves
from flows.frozen import folders, load

FIXTURES = Path(__file__).parents[2] / "fixtures"
PAGES = FIXTURES / "pages"
CASES = {folder.relative_to(PAGES).as_posix(): folder for folder in folders(PAGES)}
TEXTS = frozenset({".py", ".toml", ".html", ".css", ".js", ".json", ".svg", ".md", ".txt"})
OURS = re.compile(r'"reader": "[^"]*"|"value": "[\d.]+"')
"""In a frozen case: the reader's version, and amounts in their plain form."""
MADE_UP = {
    # invented by hand for the imitated portals, and looked at one by one
    "ozon/data.toml": ("7 495 1234567",),
}


def every_file() -> list[Path]:
    return sorted(p for p in FIXTURES.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def found(path: Path, text: str) -> list[str]:
    """What a file may not hold. Source code is looked at line by line, so that its numbers do not join."""
    lines = [text] if path.suffix in (".html", ".json") else text.splitlines()
    return [one for line in lines for one in leaks(OURS.sub("", line))]


@pytest.mark.parametrize("path", every_file(), ids=lambda p: p.relative_to(FIXTURES).as_posix())
def test_names_nobody(path: Path) -> None:
    assert path.suffix in TEXTS, "a kind of file that nobody can look through"
    text = path.read_bytes().decode("utf-8")
    assert found(path, text) == []


@pytest.mark.parametrize("name", CASES)
def test_holds_nothing_that_is_not_known_or_fake(name: str) -> None:
    page = load(CASES[name]).page
    portal = registry.get(page.portal)
    assert unproved(page, load_labels(portal.name, portal.folder)) == []
