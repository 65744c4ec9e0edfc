"""What each portal asks, as data: windows, limits, names; every value with its source and grade.

A portal's `policy.toml` is merged under the operator's own `<home>/portals/<name>/policy.toml`; the merged text has a
version (a hash), which is part of every packet's digest, so that an approval dies when a rule changes.
"""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, ValidationError

from agent.errors import UsageFault
from agent.records import DeadlineKind, Record, canonical
from agent.words import say

Grade = Literal["page", "official", "guide", "assumed"]


class _Loose(Record):
    model_config = ConfigDict(frozen=True, strict=False, extra="forbid")


class Rule(_Loose):
    """One number or switch: its value, the requirement it comes from, where that was read, how far to trust it."""

    value: int | float | str | bool | tuple[str, ...]
    rule: str
    source: str
    grade: Grade

    @property
    def number(self) -> int:
        """The value as a whole number."""
        return int(self.value)  # type: ignore[arg-type]


class FieldRule(_Loose):
    """One field of a form, in a table named by its key. `label` is a key of labels.toml; options map an option key
    to a label key.

    `message` is no field of the portal's form: it names, by its number in the case, the buyer's message that must be
    there before this may be sent (WD7). It is approved with the packet and typed nowhere.
    """

    kind: Literal["text", "choice", "tick", "amount", "date", "message"]
    label: str
    required: bool = True
    min_chars: int = 0
    max_chars: int | None = None
    pattern: str | None = None
    """A regular expression that the whole value must match, and `example` a value that does."""
    example: str = ""
    languages: tuple[str, ...] = ()
    to_buyer: bool = False
    """The buyer reads it: no contact off the platform, no pressure, no mass text (WD10)."""
    options: dict[str, str] = {}
    options_when: dict[str, dict[str, tuple[str, ...]]] = {}
    """Which options another field leaves: its key, its value, the options offered then."""
    required_when: dict[str, tuple[str, ...]] = {}
    """An optional field that is asked for where another field has one of these values."""
    shown_when: dict[str, tuple[str, ...]] = {}
    """The form shows the field only where another one has one of these values; elsewhere it is left empty."""
    own_list: bool = False
    """A choice among the seller's own entries at the portal, which no rule can name: its value is the entry's text as the
    form shows it."""
    disabled: bool = False
    """The portal fills it itself and greys it out (AE4)."""
    rule: str
    source: str
    grade: Grade

    def shown_beside(self, values: Mapping[str, str]) -> bool:
        """Does the form show the field while the others hold `values`?"""
        return all(values.get(other, "").strip() in shown for other, shown in self.shown_when.items())


class FilesRule(_Loose):
    """What files a form takes. `name` is a format with order_id, case_id, kind, n and ext."""

    min_count: int = 0
    max_count: int
    max_bytes_each: int
    max_bytes_total: int | None = None
    types: tuple[str, ...]
    min_width: int | None = None
    min_height: int | None = None
    name: str = "{original}"
    kinds: tuple[str, ...] = ()
    per_item: bool = False
    """Of several items each file names the one it is for: `ProductPhoto@<item id>` (OZ9)."""
    rule: str
    source: str
    grade: Grade


class SendRule(_Loose):
    """Which request is the sending one, which uploads go before it; `path` are regular expressions on the path."""

    method: str = "POST"
    path: str
    uploads: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Other requests that the form makes on its way and that change nothing for good (validation, token renewal)."""
    names_case: bool = True
    """Does the sending request name the case or its order, in its address or its fields? Then it must."""
    source: str
    grade: Grade


class ActionRule(_Loose):
    """All that is asked of one action in one channel."""

    one_shot: bool = False
    allowed: Rule | None = None
    window_days: Rule | None = None
    window_hours: Rule | None = None
    fields: dict[str, FieldRule] = {}
    """In the order in which they are filled."""
    files: FilesRule | None = None
    send: SendRule
    consequence: str = ""
    """Label key of the sentence that says what sending means."""
    moves_money: bool = False
    """Sending it pays the buyer: it can be approved only where the settings allow that (`allow_money_actions`)."""
    deadline: DeadlineKind | None = None
    """The deadline after which it is no longer taken, where it is not the usual one of that action."""
    harmless_refusal: str = ""
    """The requirement that says why a refusal of it does no harm (AE5); "" where it does."""


class ChannelRule(_Loose):
    """All that is asked in one channel. `reading_posts` are regular expressions of paths whose POST only reads."""

    actions: dict[str, ActionRule] = {}
    rules: dict[str, Rule] = {}
    reading_posts: tuple[str, ...] = ()


class Policy(_Loose):
    """One portal's rules."""

    country: str
    channels: dict[str, ChannelRule]
    reading_posts: tuple[str, ...] = ()
    rules: dict[str, Rule] = {}
    version: str = ""

    def channel(self, name: str) -> ChannelRule:
        """Rules of a channel; an unknown one is a fault in our own data."""
        return self.channels[name]

    def action(self, channel: str, action: str) -> ActionRule | None:
        """Rules of an action, or None where the channel does not have it."""
        found = self.channels.get(channel)
        return found.actions.get(action) if found else None


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`, table by table; lists and values are replaced."""
    out = dict(base)
    for key, value in over.items():
        old = out.get(key)
        out[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as tables; a file that can't be read is a `UsageFault` with line and column."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UsageFault(
            say("{path} is not valid TOML: {why}", path=path, why=fault),
            say("Correct that line and try again."),
        ) from None
    except OSError as fault:
        raise UsageFault(say("{path} can't be read: {why}", path=path, why=fault.strerror or fault)) from None


def load_policy(package: Path, own: Path | None = None) -> Policy:
    """The policy of the portal package in folder `package`, with the operator's file `own` merged over it."""
    tables = read_toml(package / "policy.toml")
    if own is not None and own.exists():
        tables = merge(tables, read_toml(own))
    try:
        policy = Policy.model_validate(tables)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageFault(
            say("{path}: {where}: {why}", path=own or package / "policy.toml", where=where, why=first["msg"]),
            say("Correct that entry and try again."),
        ) from None
    return policy.model_copy(update={"version": hashlib.sha256(canonical(tables)).hexdigest()[:16]})


@functools.cache
def shipped_policy(package: Path) -> Policy:
    """A package's policy without an operator's, for pages that came without one (`Seen.policy`)."""
    return load_policy(package)
