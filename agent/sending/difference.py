"""What changed between the packet that was approved and the one that would be sent now, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.records import Case
from agent.sending.packet import Packet, PacketField, PacketFile, nfc
from agent.words import Words, say

_NAMES = {
    "case_id": say("Case"), "order_id": say("Order"), "url": say("Address"), "status": say("Status"),
    "reason": say("Reason"), "amount": say("Amount"), "opened_at": say("Opened"), "decided_at": say("Decided"),
    "deadlines": say("Deadlines"), "decision": say("Decision"), "actions": say("Possible answers"),
    "appeals": say("Appeals"), "items": say("Items"), "messages": say("Messages"), "flags": say("Marks"),
    "outcome": say("Outcome"), "offers": say("Offers"), "limit": say("Limit"), "details": say("Details"),
}  # fmt: skip
"""What a person calls the facts of a case (DESIGN §4)."""


def difference(old: Packet, new: Packet) -> list[Words]:
    """One sentence per change that the digest sees; none when both have the same digest."""
    changes: list[Words] = []
    if old.case != new.case:
        changes.append(say("Case: {old} is now {new}.", old=old.case.ref, new=new.case.ref))
    for name, before, after in (
        (say("Order"), old.order_id, new.order_id),
        (say("Action"), old.action, new.action),
    ):
        if before != after:
            changes.append(say("{name}: “{old}” is now “{new}”.", name=name, old=before, new=after))
    changes += _fields(old, new) + _files(old.files, new.files)
    if old.case_revision != new.case_revision:
        changes.append(say("The case at the portal has changed since the draft was written."))
    if old.policy_version != new.policy_version:
        changes.append(say("The portal's rules (policy) were changed."))
    return changes


def moved(old: Case, new: Case, fact: Callable[[str, Any], Words | None] = lambda name, value: None) -> list[Words]:
    """Which facts of a case are not what they were; only those that its revision sees.

    `fact` says a fact (by its name in the record, as JSON) in words for people, or None where the portal's own are said.
    """
    before, after = _facts(old), _facts(new)
    return [
        say(
            "{field}: {old} → {new}",
            field=_NAMES.get(name, name),
            old=fact(name, before.get(name)) or _brief(before.get(name)),
            new=fact(name, after.get(name)) or _brief(after.get(name)),
        )
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]


def _facts(case: Case) -> dict[str, object]:
    facts = case.model_dump(mode="json", exclude={"seen", "missing"})
    facts["deadlines"] = [d["kind"] if d["basis"] == "countdown" else (d["kind"], d["at"]) for d in facts["deadlines"]]
    return facts


def _brief(value: object) -> str:
    text = _plain(value)
    return text if len(text) <= 80 else f"{text[:40]}…{text[-39:]}"


def _plain(value: object) -> str:
    """A fact as a person reads it, the portal's word first: no brackets, no quotes of a program."""
    if isinstance(value, dict):
        if value.get("shown"):
            return f"{value['shown']} ({value['is']})" if "is" in value else str(value["shown"])
        return " ".join(f"{name} {_plain(inner)}" for name, inner in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "–"
    if isinstance(value, tuple):
        return " ".join(map(_plain, value))
    return "–" if value is None or value == "" else str(value)


def _fields(old: Packet, new: Packet) -> list[Words]:
    changes: list[Words] = []
    for key in dict.fromkeys(f.key for f in (*old.fields, *new.fields)):
        before, after = old.field(key), new.field(key)
        if before is None:
            changes.append(say("Field {key} was added: “{new}”.", key=key, new=_shown(after)))
        elif after is None:
            changes.append(say("Field {key} was left out; it was “{old}”.", key=key, old=_shown(before)))
        elif _bound(before) != _bound(after):
            where = _first_difference(nfc(before.value), nfc(after.value))
            if _shown(before) == _shown(after) or where is None:
                changes.append(say("Field {key} is filled in another way.", key=key))
            elif max(len(_shown(before)), len(_shown(after))) <= 80:
                changes.append(
                    say("Field {key}: “{old}” is now “{new}”.", key=key, old=_shown(before), new=_shown(after))
                )
            else:
                changes.append(
                    say(
                        "Field {key}, from character {n} on: “{old}” is now “{new}”.",
                        key=key,
                        n=where + 1,
                        old=_around(nfc(before.value), where),
                        new=_around(nfc(after.value), where),
                    )
                )
    if not changes and [f.key for f in old.fields] != [f.key for f in new.fields]:
        changes.append(say("The fields are filled in another order."))
    return changes


def _files(old: tuple[PacketFile, ...], new: tuple[PacketFile, ...]) -> list[Words]:
    changes: list[Words] = []
    before, after = ({nfc(f.upload_name): f for f in files} for files in (old, new))
    for name in dict.fromkeys((*before, *after)):
        if name not in before:
            changes.append(say("File {name} was added.", name=name))
        elif name not in after:
            changes.append(say("File {name} was taken out.", name=name))
        elif (before[name].sha256, before[name].size) != (after[name].sha256, after[name].size):
            changes.append(
                say(
                    "File {name} has other content: {old} bytes, now {new} (SHA-256 {before}… → {after}…).",
                    name=name,
                    old=before[name].size,
                    new=after[name].size,
                    before=before[name].sha256[:8],
                    after=after[name].sha256[:8],
                )
            )
    if not changes and [_file(f) for f in old] != [_file(f) for f in new]:
        changes.append(say("The files are in another order or number."))
    return changes


def _bound(field: PacketField) -> tuple[str, str, str]:
    return field.kind, nfc(field.value), nfc(field.shown)


def _file(file: PacketFile) -> tuple[str, int, str]:
    return nfc(file.upload_name), file.size, file.sha256


def _shown(field: PacketField | None) -> str:
    return "" if field is None else field.shown or field.value


def _first_difference(old: str, new: str) -> int | None:
    """The place of the first character that differs."""
    if old == new:
        return None
    return next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _around(text: str, place: int) -> str:
    """A few characters before and after a place."""
    start, end = max(0, place - 15), place + 45
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
