"""Pure reader of what was said and done: the communication history of a request, and the chat about its order."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from agent.reading.seen import Entry, Part, Seen, Value
from agent.records import Attachment, Instant, Message
from agent.words import say
from portals.lazada.shown import instant, market_of, number

_TIME = re.compile(r"\d{1,2} [A-Za-z]{3} \d{4} \d{1,2}:\d{2}(?::\d{2})?|\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}(?::\d{2})?")
_BY: dict[str, Literal["buyer", "seller"]] = {
    "requested": "buyer", "resolved": "buyer", "cancelled": "buyer", "shipped": "buyer", "disputed": "buyer",
    "refused": "seller", "agreed_refund": "seller", "agreed_return": "seller", "forwarded": "seller",
}  # fmt: skip
"""Whose an event is; all others are the platform's."""


class Told(NamedTuple):
    """One entry: `act` is the event's word, "" for a message; `ref` the portal's number of the seller's own; `line` the
    item it is about, "" for all; `said` what was written or chosen."""

    act: str
    ref: str
    line: str
    said: tuple[str, ...]
    message: Message


def chat_of(seen: Seen) -> Part:
    """The chat, which `pages` lays behind the request's own HTML."""
    chat = seen.maybe_section("chat.heading")
    if chat is None:
        raise seen.drift("chat.heading", say("the chat was not looked at"))
    return chat


def read_talk(seen: Seen, line: str) -> tuple[Told, ...]:
    """Everything said and done about one item, oldest first: its own events, those of the request, and the chat."""
    history = read_entries(seen.section("history.heading"), events=True)
    own = [one for one in history if one.line in ("", line)]
    if not own or own[0].act != "requested":
        raise seen.drift("history.heading", say("it does not begin with the buyer's request"))
    chat = read_entries(chat_of(seen), events=False)
    return tuple(sorted((*own, *chat), key=lambda one: one.message.at))


def read_entries(part: Part, *, events: bool) -> list[Told]:
    """The entries of a part, oldest first, whichever way it shows them; `events`: none of them may be a message."""
    found = [_entry(part, entry) for entry in part.entries()]
    strays = [n for n in range(part.first, part.last) if _TIME.fullmatch(part.seen.tree.texts[n])]
    if len(strays) != len(found):
        raise part.seen.drift("history.heading", say("its times and its entries are not as many"))
    if not found and not part.shows("chat.none"):
        raise part.seen.drift("chat.none", say("neither a message nor the word for none"))
    if events and any(not one.act for one in found):
        raise part.seen.drift("history.heading", say("“{text}” is not a word known for it", text="?"))
    times = [one.message.at for one in found]
    if times != sorted(times):
        if times != sorted(times, reverse=True):
            raise part.seen.drift("history.heading", say("its times go neither up nor down"))
        found.reverse()
    return found


def _entry(part: Part, entry: Entry) -> Told:
    seen, tree = part.seen, part.seen.tree
    times = [n for n in range(entry.first, entry.last) if _TIME.fullmatch(tree.texts[n])]
    if len(times) != 1:
        raise seen.drift(
            "history.heading", say("an entry lacks who, when or what"), found=(entry.text[:120],)
        )  # fmt: skip
    time = times[0]
    at = instant(Value(seen, "history.heading", tree.owners[time], tree.texts[time]), market_of(seen).zone)
    linked = {
        n
        for i in range(entry.element, tree.end[entry.element])
        if tree.tags[i] == "a"
        for n in range(tree.first[i], tree.last[i])
    }
    files, taken = entry.links(), {time, *linked}
    ref = _beside(entry, "entry.ref", time, taken)
    line = _beside(entry, "entry.line", time, taken)
    before = [tree.texts[n] for n in range(entry.first, time) if n not in taken and not tree.aside[n]]
    after = [tree.texts[n] for n in range(time, entry.last) if n not in taken and not tree.aside[n]]
    if len(before) == 1 and after:
        who = seen.labels.word("role", before[0])
        if who is None or line:
            raise seen.drift("chat.heading", say("“{text}” is not a word known for it", text=before[0][:80]))
        return Told("", ref, "", tuple(after), _message(at, who, after, files))
    if before or not after:
        raise seen.drift("history.heading", say("an entry lacks who, when or what"), found=(entry.text[:120],))
    act = seen.labels.word("act", after[0])
    if act is None:
        raise seen.drift(
            "history.heading",
            say("“{text}” is not a word known for it", text=after[0][:80]),
            looked_for=seen.labels.words("act"),
        )
    if any(re.fullmatch(r"\d{8,20}", text) for text in after):
        raise seen.drift("entry.line", say("a number stands under no label that is known"), found=tuple(after[:4]))
    return Told(act, ref, line, tuple(after[1:]), _message(at, _BY.get(act, "platform"), after, files))


def _beside(entry: Entry, key: str, time: int, taken: set[int]) -> str:
    """The number beside a label of an entry; what stands in the box of both is no word of the message: it is noted in
    `taken`."""
    tree, forms = entry.seen.tree, entry.seen.labels.of(key)
    label = next((n for n in range(entry.first, entry.last) if tree.norms[n] in forms), None)
    if label is None:
        return ""
    value = entry.labelled(key)
    box = value.element
    while not tree.first[box] <= label < tree.last[box]:
        box = tree.parent[box]
    if box > entry.element and not tree.first[box] <= time < tree.last[box]:
        taken |= set(range(tree.first[box], tree.last[box]))
    else:
        taken |= set(range(label, tree.last[value.element]))
    return value.read(number)


def _message(at: Instant, who: str, lines: list[str], files: list[str]) -> Message:
    return Message(
        at=at,
        from_=who,  # type: ignore[arg-type]
        text="\n".join(lines),
        attachments=tuple(Attachment(name=name) for name in files),
    )
