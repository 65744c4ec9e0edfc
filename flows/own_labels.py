"""The operator's own `labels.toml`: one text added or taken out, everything else in it left as it was written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from agent.errors import UsageFault
from agent.home import PRIVATE_FOLDER, write_private
from agent.words import say


def texts_in(path: Path, key: str) -> dict[str, tuple[str, ...]]:
    """The operator's own texts of a label key, by language; empty where there are none."""
    if not path.exists():
        return {}
    table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    for part in key.split("."):
        table = table.get(part, {}) if isinstance(table, dict) else {}
    return {language: tuple(texts) for language, texts in table.items() if isinstance(texts, list)}


def add_text(path: Path, key: str, language: str, text: str, remark: str) -> None:
    """Put `text` in front of the operator's texts of `key`; older ones stay. `remark`: comment of a new key."""
    document = _document(path)
    wanted = _plain(document)
    _put(wanted, key, language, (text, *texts_in(path, key).get(language, ())))
    table: Any = document
    last = key.rpartition(".")[2]
    for part in key.split("."):
        if part not in table:
            inline = isinstance(table, InlineTable)
            table[part] = tomlkit.inline_table() if inline else tomlkit.table(is_super_table=part != last)
        table = table[part]
    if language in table:
        table[language].insert(0, text)
    else:
        table[language] = tomlkit.array()
        table[language].append(text)
        if not isinstance(table, InlineTable):
            table[language].comment(remark)
    _write(path, document, wanted)


def remove_text(path: Path, key: str, language: str | None, text: str | None) -> dict[str, tuple[str, ...]]:
    """Take the operator's `text` (None: every text) of `key` out, in one language or in all; gives what was removed."""
    own = texts_in(path, key)
    removed = {
        name: tuple(t for t in texts if text is None or t == text)
        for name, texts in own.items()
        if language is None or name == language
    }
    removed = {name: texts for name, texts in removed.items() if texts}
    if not removed:
        return {}
    document = _document(path)
    wanted = _plain(document)
    for name, texts in removed.items():
        _put(wanted, key, name, tuple(t for t in own[name] if t not in texts))
        table: Any = document
        for part in key.split("."):
            table = table[part]
        left = [t for t in own[name] if t not in texts]
        if left:
            for one in texts:
                table[name].remove(one)
        else:
            table.remove(name)
    _write(path, document, wanted)
    return removed


def _document(path: Path) -> tomlkit.TOMLDocument:
    if not path.exists():
        head = tomlkit.document()
        head.add(tomlkit.comment("Texts this store's pages show, merged over the portal's own labels."))
        head.add(tomlkit.nl())
        return head
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as fault:
        raise UsageFault(
            say("{path} is not valid TOML: {why}", path=path, why=fault), say("Correct that line and try again.")
        ) from None


def _plain(document: tomlkit.TOMLDocument) -> dict[str, Any]:
    return tomllib.loads(tomlkit.dumps(document))


def _put(tables: dict[str, Any], key: str, language: str, texts: tuple[str, ...]) -> None:
    for part in key.split("."):
        tables = tables.setdefault(part, {})
    if texts:
        tables[language] = list(texts)
    else:
        tables.pop(language, None)


def _write(path: Path, document: tomlkit.TOMLDocument, wanted: dict[str, Any]) -> None:
    """Write the document, after proof that it says exactly what was wanted."""
    text = tomlkit.dumps(document)
    if dict(_leaves(tomllib.loads(text))) != dict(_leaves(wanted)):
        raise UsageFault(
            say("{path} can't be changed without touching something else in it.", path=path),
            say("Write the text into it by hand."),
        )
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    write_private(path, text.encode())


def _leaves(tables: dict[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its path; tables without any are nothing."""
    for name, value in tables.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{at}.{name}")
        else:
            yield f"{at}.{name}", value
