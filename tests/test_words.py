"""An operator who reads Chinese and meets an English sentence, or one with a hole in it: what the catalog prevents."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from agent import words
from agent.words import heard, learn, say, speak, spoken

ROOT = Path(__file__).parents[1]
CATALOGS = (ROOT / "agent" / "locale" / "zh_CN.po", *sorted((ROOT / "portals").glob("*/zh_CN.po")))
"""The kernel's, and those of portals that say something of their own."""
PLACES = ("agent", "portals", "flows")


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call of `say` in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield node


def said(path: Path) -> Iterator[tuple[int, ast.Call, str | None]]:
    """Line, call and literal text of each sentence of a module; None for a text that is put together."""
    for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        text = call.args[0] if call.args else None
        literal = text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None
        yield call.lineno, call, literal


def modules() -> list[Path]:
    return sorted(path for place in PLACES for path in (ROOT / place).rglob("*.py"))


def translations() -> dict[str, str]:
    found: dict[str, str] = {}
    for catalog in CATALOGS:
        with catalog.open("rb") as file:
            found |= {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string and not m.fuzzy}
    return found


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_sentence_can_be_collected() -> None:
    put_together = [
        f"{path.relative_to(ROOT)}:{line}" for path in modules() for line, _, text in said(path) if text is None
    ]
    assert put_together == []


def test_every_sentence_is_there_in_chinese() -> None:
    known = translations()
    missing = sorted({text for path in modules() for _, _, text in said(path) if text is not None} - set(known))
    assert missing == []


def test_no_translation_loses_or_invents_a_value() -> None:
    wrong = {text: translated for text, translated in translations().items() if places(text) != places(translated)}
    assert wrong == {}


def test_every_sentence_gets_the_values_it_names() -> None:
    wrong = []
    for path in modules():
        for line, call, text in said(path):
            given = {keyword.arg for keyword in call.keywords}
            if text is not None and None not in given and places(text) != given and given | places(text):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {sorted(places(text) ^ given, key=str)}")
    assert wrong == []


def test_a_sentence_follows_the_person_and_not_the_place_that_raised_it() -> None:
    words = say("Did you mean {near}?", near=say("buyer"))
    before = spoken()
    try:
        speak("zh_CN.UTF-8")
        assert str(words) == "您是指 买家 吗？"
        speak("en")
        assert str(words) == "Did you mean buyer?"
    finally:
        speak(before)


def test_a_portal_brings_its_own_sentences_and_their_translations(tmp_path: Path) -> None:
    """A portal's folder is all that is added for it: without its catalog its sentences would stay English."""
    (tmp_path / "zh_CN.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "The portal sleeps."\nmsgstr "平台休眠。"\n\nmsgid "buyer"\nmsgstr "另一个词"\n',
        encoding="utf-8",
    )
    sleeps = say("The portal sleeps.")
    assert sleeps.in_language("zh-CN") == "The portal sleeps."
    learn(tmp_path)
    try:
        assert sleeps.in_language("zh-CN") == "平台休眠。"
        assert say("buyer").in_language("zh-CN") == "买家", "a portal does not re-word the kernel"
    finally:
        words._FOLDERS.remove(tmp_path)
        words._catalog.cache_clear()


def test_a_sentence_kept_in_english_is_shown_in_the_readers_language() -> None:
    """The audit is kept in one language; the desk shows it in the reader's."""
    kept = say("The approval of {ref} by {by} was used before.", ref="coupang:main/x/1", by="root").in_language("en")
    before = spoken()
    speak("zh-CN")
    try:
        assert str(heard(kept)) == "root 对 coupang:main/x/1 的批准已经用过。"
        assert str(heard("nothing left: no answer was read")) == "没有发出任何内容：没有读到答复"
        assert str(heard("이의 제기가 접수되었습니다.")) == "이의 제기가 접수되었습니다."
        for text in translations():
            names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
            told = say(text, **{name: f"<{n}>" for n, name in enumerate(names)}).in_language("en")
            assert heard(told).in_language("en") == told, "what was kept is not changed by being known again"
    finally:
        speak(before)


def test_the_catalog_speaks_chinese() -> None:
    letters = sum("一" <= letter <= "鿿" for value in translations().values() for letter in value)
    assert letters > 3 * len(translations())
