"""A record as flat fields with their values in words, for previews, differences and tests that go field by field."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from agent.records import Case, Record

_NOT_FACTS = ("portal", "account", "channel", "seen", "revision")
"""Fields that say where a record comes from, not what the page says."""


class Difference(NamedTuple):
    """One field that two readings give differently; None where one of them does not have it."""

    field: str
    old: str | None
    new: str | None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested JSON that is no table or list itself, by its path (`decision.deductions.0.amount`).

    An amount of money is one value; an empty list or table is one too, so that it can be compared.
    """
    if isinstance(value, dict) and set(value) == {"value", "currency"}:
        yield path, value
    elif isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{number}")
    else:
        yield path, value


def words(value: Any) -> str:
    """One value as a person would read it: `37,900 KRW`."""
    if isinstance(value, dict) and value:
        return f"{Decimal(value['value']):,f} {value['currency']}"
    return "" if value in (None, {}, []) else str(value)


def fields(record: Record) -> dict[str, str]:
    """The facts of a record that are there, by path."""
    data = record.public() if isinstance(record, Case) else record.model_dump(mode="json")
    facts = {name: value for name, value in data.items() if name not in _NOT_FACTS}
    return {path: words(value) for path, value in leaves(facts) if words(value)}


def cut_short(old: Record, new: Record) -> tuple[Difference, ...]:
    """Texts of which `new` has only the beginning of what `old` has, as pages show them: `배송 완료된 것으로 …`."""
    found = []
    for one in differences(old, new):
        if one.old and one.new and one.new.endswith(("…", "...")):
            bare = one.new.rstrip(" .…")
            if len(bare) < len(one.old) and one.old.startswith(bare):
                found.append(one)
    return tuple(found)


def differences(old: Record | None, new: Record) -> tuple[Difference, ...]:
    """What `new` says otherwise than `old`, in the order of the record."""
    was, now = fields(old) if old is not None else {}, fields(new)
    return tuple(
        Difference(name, was.get(name), now.get(name)) for name in {**now, **was} if was.get(name) != now.get(name)
    )
