"""A buyer's name, phone or address in a file that everybody can read: no byte under fixtures/ may hold one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.reading.labels import load_labels
from agent.reading.scrub import leaks
from agent.reading.scrub_page import unproved
from flows import registry
from flows.frozen import folders, load

FIXTURES = Path(__file__).parents[2] / "fixtures"
PAGES = FIXTURES / "pages"
CASES = {folder.relative_to(PAGES).as_posix(): folder for folder in folders(PAGES)}
TEXTS = frozenset({".py", ".toml", ".html", ".css", ".js", ".json", ".svg", ".md", ".txt"})
OURS = re.compile(r'"reader": "[^"]*"|"value": "[\d.]+"')
"""In a frozen case: the reader's version, and amounts in their plain form."""
LOOKED_AT = {
    # looked at one by one: sizes, examples in a field, people invented for an imitated portal
    "aliexpress/catalogue.toml": ("市******", "张**", "z**"),
    "aliexpress/templates/csp.js": ("1048576",),
    "aliexpress/templates/dialog.html": ("市******",),
    "coupang/signin.py": ("+82 10-****",),
    "coupang/templates/wing.js": ("1048576",),
    "ozon/templates/ozon.js": ("1048576",),
    "ozon/templates/ozonid.html": ("999 999-99-99",),
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
    allowed = LOOKED_AT.get(path.relative_to(FIXTURES).as_posix(), ())
    assert [one for one in found(path, text) if one not in allowed] == []


@pytest.mark.parametrize("name", CASES)
def test_holds_nothing_that_is_not_known_or_fake(name: str) -> None:
    page = load(CASES[name]).page
    portal = registry.get(page.portal)
    assert unproved(page, load_labels(portal.name, portal.folder)) == []


PLANTED = {
    "a name": "김민수",
    "a masked name": "김*수",
    "a name with its honorific": "김민수님",
    "a phone": "010-1234-5678",
    "a safe number": "0503-1234-****",
    "a foreign phone": "+7 912 345-67-89",
    "a mail address": "minsu.kim@naver.com",
    "an address": "서울특별시 강남구 테헤란로 123",
    "an order": "COO123456789",
    "a tracking number": "115251552339",
    "a foreign tracking number": "RB123456785CN",
    "a session": "JSESSIONID9f8e7d6c5b4a39281706",
    "a Chinese name": "王小明",
    "a Russian name": "Иванов Иван",
    "a Latin name": "John Smith",
}


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("where", ["<dd>{}</dd>", "<p>{}</p>", "<span>x {} y</span>", '<img alt="{}">', "<h3>{}</h3>"])
def test_bites_on_whatever_is_planted_on_a_frozen_page(what: str, where: str) -> None:
    frozen = load(CASES["coupang/order/lost-with-messages"])
    html = frozen.page.html.replace("</main>", where.format(PLANTED[what]) + "</main>")
    page = frozen.page.model_copy(update={"html": html})
    portal = registry.get("coupang")
    assert unproved(page, load_labels(portal.name, portal.folder)) != []


SEEN_ANYWHERE = [
    "a masked name",
    "a name with its honorific",
    "a phone",
    "a safe number",
    "a foreign phone",
    "a mail address",
    "an order",
    "a tracking number",
    "a foreign tracking number",
    "a session",
]
"""What is known by its looks alone; other names are only told on frozen pages, by being unknown there."""


@pytest.mark.parametrize("what", SEEN_ANYWHERE)
def test_bites_on_whatever_is_planted_in_any_file(what: str) -> None:
    for path in (PAGES / "coupang/order/lost-with-messages").iterdir():
        assert found(path, path.read_text(encoding="utf-8") + PLANTED[what]) != []
        assert found(path.with_suffix(".py"), f"NAME = '{PLANTED[what]}'") != []


@pytest.mark.parametrize("attribute", ["href", "data-buyer", "data-order", "aria-label", "id", "value"])
def test_bites_on_an_attribute(attribute: str) -> None:
    frozen = load(CASES["coupang/order/won"])
    portal = registry.get("coupang")
    labels = load_labels(portal.name, portal.folder)
    for secret in ("https://wing.coupang.com/orders/COO123456789", "COO123456789", "a@naver.com"):
        html = frozen.page.html.replace("</main>", f'<a {attribute}="{secret}"></a></main>')
        assert unproved(frozen.page.model_copy(update={"html": html}), labels) != [], secret
