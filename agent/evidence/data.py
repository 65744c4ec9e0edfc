"""How a portal's evidence data (tone.toml, playbooks.toml) is read, and texts that the data brings in two languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, PlainSerializer, ValidationError

from agent.errors import UsageFault
from agent.policy import merge, read_toml
from agent.records import Record
from agent.words import Words, say

Spoken = Annotated[Words, PlainSerializer(str, return_type=str, when_used="json")]
"""A sentence in a record: in JSON it stands in the language in force."""


class Data(Record):
    """A table of a data file: frozen, unknown keys refused, lists taken as tuples."""

    model_config = ConfigDict(frozen=True, strict=False, extra="forbid")


class Told(Words):
    """A sentence that comes from data, already in both languages."""

    __slots__ = ("zh",)

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en, {})
        self.zh = zh

    def in_language(self, language: str) -> str:
        """The Chinese text for zh-CN, the English one for all else."""
        return self.zh if language == "zh-CN" else self.text


class Both(Data):
    """One text of a data file in both languages of the product."""

    en: str
    zh: str

    @property
    def words(self) -> Words:
        """The text as a sentence that follows the language in force."""
        return Told(self.en, self.zh)


D = TypeVar("D", bound=Data)


def load_data(model: type[D], file: Path, own: Path | None = None) -> D:
    """`file` as a `model`, with the operator's file `own` merged over it; a wrong entry is a `UsageFault`."""
    tables: dict[str, Any] = read_toml(file)
    if own is not None and own.exists():
        tables = merge(tables, read_toml(own))
    try:
        return model.model_validate(tables)
    except ValidationError as fault:
        first = fault.errors()[0]
        raise UsageFault(
            say("{path}: {where}: {why}", path=own or file, where=".".join(map(str, first["loc"])), why=first["msg"]),
            say("Correct that entry and try again."),
        ) from None
