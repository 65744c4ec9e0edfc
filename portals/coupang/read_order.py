"""What an order's page shows beside the dispute: what was bought, and what was said."""

from __future__ import annotations

import re

from agent.reading.moments import read_moment
from agent.reading.seen import Entry, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import (
    Attachment,
    Item,
    Message,
)
from agent.words import say
from portals.coupang.shown import CUT, LANGUAGES, instant, money, note_cut

_FILE_NAME = re.compile(r".{1,150}\.[A-Za-z0-9]{2,5}")
_MOST_TIME = 30
"""No part of a date and its hour is longer, where they stand apart."""


def read_items(seen: Seen, missing: dict[str, str] | None = None) -> tuple[Item, ...]:
    """What was ordered; a name that the page shows only in part is noted in `missing`."""
    rows = seen.section("items.heading").rows(
        {"id": "items.id", "name": "items.name", "quantity": "items.quantity", "amount": "items.amount"}
    )
    if not rows:
        raise seen.drift("items.heading", say("no item is shown"))
    for number, row in enumerate(rows):
        note_cut({} if missing is None else missing, f"items.{number}.name", row["name"])
    return tuple(
        Item(
            id=r["id"].read(_option_id),
            name=r["name"].text,
            quantity=r["quantity"].read(_quantity),
            amount=r["amount"].read(money),
        )
        for r in rows
    )


def _option_id(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9-]{4,30}", text) is None:
        raise Unreadable(text, "an option number")
    return text


def _quantity(text: str) -> int:
    match = re.fullmatch(r"([\d,]{1,9})\s*(?:개|EA|ea|pcs)?", text.strip())
    if match is None:
        raise Unreadable(text, "a quantity")
    return int(match[1].replace(",", ""))


def read_messages(seen: Seen, missing: dict[str, str]) -> tuple[Message, ...]:
    """The Message Center dialogue of the order, in the order shown."""
    part = seen.section("messages.heading")
    entries = part.entries() or part.blocks()
    if part.is_empty("messages.none"):
        if len(entries) > 1:
            raise seen.drift("messages.heading", say("messages are shown, and that there are none"))
        return ()
    if not entries:
        raise seen.drift("messages.heading", say("no message is shown, and not that there is none"))
    if part.folded and not any(entry.folded for entry in entries):
        missing["messages"] = "the page shows only a part of them"
    found = []
    for number, entry in enumerate(entries):
        message, cut = _message(seen, entry)
        found.append(message)
        if cut or entry.folded:
            missing[f"messages.{number}.text"] = CUT
    return tuple(found)


def _message(seen: Seen, entry: Entry) -> tuple[Message, bool]:
    """One message: sender and time in either order, its text, and the files under it."""
    tree = seen.tree
    numbers = tree.plain(entry.element)
    if len(numbers) < 3:
        raise seen.drift(
            "messages.heading", say("a message lacks sender, time or text"), found=tuple(tree.texts[n] for n in numbers)
        )
    time_first = seen.labels.word("sender", tree.texts[numbers[0]]) is None
    start, length = (0, 1) if time_first else (1, 1)
    for tried in (3, 2):  # a date and its hour may stand apart
        parts = numbers[start : start + tried]
        if len(parts) < tried or any(len(tree.texts[n]) > _MOST_TIME for n in parts):
            continue
        if _is_moment(seen, tree.joined(parts)):
            length = tried
            break
    at = Value(seen, "messages.heading", entry.element, tree.joined(numbers[start : start + length]))
    who = numbers[length] if time_first else numbers[0]
    sender = Value(seen, "messages.heading", entry.element, tree.texts[who])
    rest = numbers[length + 1 :]
    files = _attachments(seen, entry, rest)
    said = [n for n in rest if not any(n in run for run in files)]
    if not said:
        raise seen.drift("messages.heading", say("a message lacks sender, time or text"), found=tuple(entry.pieces))
    text = Value(seen, "messages.heading", entry.element, tree.joined(said))
    if text.blank:
        raise seen.drift("messages.heading", say("a message lacks sender, time or text"), found=(text.text,))
    return Message(
        at=instant(at),
        from_=sender.word("sender"),  # type: ignore[arg-type]
        text=text.text,
        attachments=tuple(Attachment(name=tree.text(run[0], run[-1] + 1)) for run in files),
    ), text.cut


def _is_moment(seen: Seen, text: str) -> bool:
    try:
        read_moment(text.replace("\n", " "), zone=seen.page.zone, languages=LANGUAGES)
    except Unreadable:
        return False
    return True


def _attachments(seen: Seen, entry: Entry, numbers: list[int]) -> list[range]:
    """The files at the end of a message: links that read like file names, with nothing but such links after them."""
    tree = seen.tree
    links = [
        range(tree.first[i], tree.last[i])
        for i in range(entry.element, tree.end[entry.element])
        if tree.tags[i] == "a" and tree.last[i] > tree.first[i] and tree.first[i] in numbers
    ]
    end = numbers[-1] + 1 if numbers else 0
    files: list[range] = []
    for run in reversed(links):
        if run[-1] + 1 != end or _FILE_NAME.fullmatch(tree.text(run[0], run[-1] + 1)) is None:
            break
        files.insert(0, run)
        end = run[0]
    return files
