"""Pure reader of the talk about a return request: on the page while it goes on, in the history window when it is over."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal, NamedTuple

from agent.reading.seen import Entry, Part, Seen, Value
from agent.records import Attachment, Instant, Message
from agent.words import say
from portals.shopee.shown import Clock, instant

_TIME = re.compile(r"\d{1,2}-\d{1,2}-\d{4} \d{1,2}:\d{2}(?::\d{2})?")
_BY: dict[str, Literal["buyer", "seller"]] = {
    "requested": "buyer", "resolved": "buyer", "cancelled": "buyer", "shipped": "buyer", "disputed": "seller",
    "evidence": "seller", "withdrew": "seller", "complained": "seller",
}  # fmt: skip
"""Whose an event is; all others are the platform's."""


class Told(NamedTuple):
    """One entry: `act` is the event's word, "" for a person's message; `ref` the portal's number of the seller's own."""

    act: str
    ref: str
    message: Message


def read_talk(seen: Seen, clock: Clock, *, over: bool) -> tuple[Told, ...]:
    """Everything said and done, oldest first. It must begin with the buyer's request: else the window was not read to
    its end (facts 1.6: it loads as it is scrolled)."""
    if over:
        found = _in_order(seen, _entries(seen.section("history.modal.heading"), clock))
    else:
        both = [_in_order(seen, _entries(seen.section(f"chat.{who}.heading"), clock)) for who in ("buyer", "shopee")]
        found = sorted((one for talk in both for one in talk), key=lambda one: one.message.at)
    if not found or found[0].act != "requested":
        raise seen.drift("history.heading", say("it does not begin with the buyer's request"))
    return tuple(found)


def _in_order(seen: Seen, entries: list[Told]) -> list[Told]:
    """Oldest first, whichever way the page shows them; neither way is drift."""
    times = [one.message.at for one in entries]
    if times == sorted(times) and (len(set(times)) > 1 or (entries and entries[0].act == "requested")):
        return entries
    if times == sorted(times, reverse=True):
        return entries if len(set(times)) < 2 and entries and entries[-1].act != "requested" else entries[::-1]
    raise seen.drift("history.heading", say("its times go neither up nor down"))


def _entries(part: Part, clock: Clock) -> list[Told]:
    """Each entry has one time of its own; what stands around it up to the next entry is the entry."""
    tree = part.seen.tree
    times = [n for n in range(part.first, part.last) if _TIME.fullmatch(tree.texts[n])]
    if not times:
        if not part.shows("chat.none"):
            raise part.seen.drift("chat.none", say("neither a message nor the word for none"))
        return []
    return [_entry(part, _box(part, n, times), n, clock) for n in times]


def _box(part: Part, time: int, times: list[int]) -> int:
    """The widest box around a time that holds no other time and no field to write in."""
    tree = part.seen.tree
    at = tree.owners[time]
    while True:
        box = tree.parent[at]
        if box <= part.element or not part.holds(box):
            return at
        if any(tree.first[box] <= n < tree.last[box] for n in times if n != time):
            return at
        if any(tree.tags[i] in ("textarea", "form", "h1", "h2", "h3") for i in range(box, tree.end[box])):
            return at
        at = box


def _entry(part: Part, box: int, time: int, clock: Clock) -> Told:
    seen, tree = part.seen, part.seen.tree
    entry = Entry(seen, box)
    files = entry.links()
    at = instant(Value(seen, "history.heading", tree.owners[time], tree.texts[time]), clock)
    linked = {n for i in range(box, tree.end[box]) if tree.tags[i] == "a" for n in range(tree.first[i], tree.last[i])}
    refs = seen.labels.of("entry.ref")
    before: list[str] = []
    after: list[str] = []
    ref = ""
    shown = [n for n in range(entry.first, entry.last) if not tree.aside[n] and tree.norms[n]]
    for label, number in pairwise(shown):  # whatever controls, colons and stars stand between the two
        if tree.norms[label] in refs and re.fullmatch(r"\d{6,}", tree.texts[number]):
            ref = tree.texts[number]
            linked |= set(range(label, number + 1))
    for n in range(entry.first, entry.last):
        if n != time and n not in linked and not tree.aside[n]:  # “copy” is no word of the message
            (before if n < time else after).append(tree.texts[n])
    if len(before) == 1 and after:
        who = seen.labels.word("role", before[0])
        if who is None:
            raise seen.drift("history.heading", say("“{text}” is not a word known for it", text=before[0][:80]))
        return Told("", ref, _message(at, who, after, files))
    if before or not after:
        raise seen.drift("history.heading", say("an entry lacks who, when or what"), found=(entry.text[:120],))
    act = seen.labels.word("act", after[0])
    if act is None:
        raise seen.drift(
            "history.heading",
            say("“{text}” is not a word known for it", text=after[0][:80]),
            looked_for=seen.labels.words("act"),
        )
    return Told(act, ref, _message(at, _BY.get(act, "platform"), after, files))


def _message(at: Instant, who: str, lines: list[str], files: list[str]) -> Message:
    return Message(
        at=at,
        from_=who,  # type: ignore[arg-type]
        text="\n".join(lines),
        attachments=tuple(Attachment(name=name) for name in files),
    )
