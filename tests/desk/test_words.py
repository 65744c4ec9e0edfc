"""An operator who reads Chinese and meets an English word at the desk: what these tests prevent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from flows import terms
from flows.desk.call import at
from tests.flows.conftest import Desk
from tests.test_words import places, translations

TEMPLATES = Path(__file__).parents[2] / "flows" / "desk" / "templates"
PAGES = sorted(TEMPLATES.glob("*.html"))
NAMES = {"Rebuttal", "English", "简体中文", "SHA-256", "Esc", "Enter", "j", "k", "e", "a", "b"}
"""What stands untranslated on purpose: names, and keys of the keyboard."""


def said(page: Path) -> list[nodes.Call]:
    """Every `say` of a template."""
    tree = Environment().parse(page.read_text(encoding="utf-8"))
    return [c for c in tree.find_all(nodes.Call) if isinstance(c.node, nodes.Name) and c.node.name == "say"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_sentence_of_a_page_is_there_in_chinese(page: Path) -> None:
    """And gets the values that it names."""
    known = translations()
    for call in said(page):
        (text,) = call.args
        assert isinstance(text, nodes.Const), f"{page.name}: a sentence that is put together"
        assert text.value in known, f"{page.name}: {text.value!r} has no translation"
        assert places(text.value) == {keyword.key for keyword in call.kwargs}, f"{page.name}: {text.value!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_has_a_text_of_its_own(page: Path) -> None:
    """Every letter comes through `say`, from the records, or is a name."""
    html = page.read_text(encoding="utf-8")
    for attribute in ("title", "alt", "placeholder", "aria-label"):
        for value in re.findall(rf'\s{attribute}="([^"]*)"', html):
            assert value == "" or "{{" in value, f"{page.name}: {attribute}={value!r}"
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", html, flags=re.DOTALL)
    texts = {
        text.strip(" \n·…%")
        for text in re.findall(r">([^<]+)<", re.sub(r"<!doctype[^>]*>", "", bare))
        if re.search(r"[A-Za-z]{2}", text)
    }
    assert texts <= NAMES | {"% ", "&lt;"}, f"{page.name}: {texts - NAMES}"


def test_script_and_style_say_nothing() -> None:
    """Texts that a script shows come with the page, translated."""
    script = (TEMPLATES.parent / "static" / "desk.js").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script, flags=re.DOTALL)
    sentences = [text for text in re.findall(r'"([^"\n]*)"', code) if re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", text)]
    assert [one for one in sentences if not re.search(r"[\[\]#.:=,]", one)] == ["use strict"] or sentences == []
    assert not re.search(
        r"content:\s*\"[A-Za-z]", (TEMPLATES.parent / "static" / "desk.css").read_text(encoding="utf-8")
    )


def test_pages_in_chinese_show_no_english_sentence(desk: Desk, visitor: Any) -> None:
    """What the catalog has in another tongue stands on no page in English."""
    case = desk.case()
    desk.draft(case)
    one = visitor("approve", name="wang", keeps_people=True)
    one.post("/me", {"language": "zh-CN", "look": "auto", "keys": "on"})
    sentences = [text for text in translations() if len(text) > 12 and "{" not in text and " " in text]
    for path in (
        "/",
        "/numbers",
        "/people",
        "/me",
        at("case", case.key),
        at("draft", case.key),
        at("packet", case.key),
        "/case/a:b/c/d",
    ):
        html = one.get(path).text
        assert '<html lang="zh-CN"' in html
        text = re.sub(r'<(code|q|[a-z]+ lang="(ko|en)")[^>]*>.*?</', "", html, flags=re.DOTALL)
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "|", text))
        assert [s for s in sentences if s in shown] == [], path


def test_terms_that_came_later_are_readable() -> None:
    """A portal that is added tomorrow needs no change here to be shown."""
    assert str(terms.channel("a_new_queue")) == "a new queue"
    assert str(terms.field("problem@701")) == "Problem · 701"
    assert str(terms.flag("withdrawable:no:ended")) == "buyer can't withdraw (it ended)"


def test_the_portals_terms_stay_and_are_translated_beside(desk: Desk, visitor: Any) -> None:
    """XX5: what the operator sees here must be found again at the portal."""
    case = desk.case()
    one = visitor("draft")
    one.post("/me", {"language": "zh-CN", "look": "auto", "keys": "on"})
    html = one.get(at("draft", case.key)).text
    assert "申诉类型" in html and "이의 제기 유형" in html
    assert "미수령" in one.get(at("case", case.key)).text
