"""What tickets and refunds show alike: list rows, products, the conversation, and what may be done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from agent.portal import Listed, Listing, Sent
from agent.reading.labels import first_difference, norm
from agent.reading.seen import Entry, Part, Row, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Action, Attachment, Case, Item, Message
from agent.words import say
from portals.wish.shown import instant, money

NOT_OURS = ("action.reopen", "action.resolve")
"""Buttons that are known and never pressed: re-opening is left to a person at the portal, and that the issue is resolved
is for the customer alone to say (WD6)."""


def read_listing(seen: Seen, heading: str, columns: Mapping[str, str], group: str, number: int) -> Listing:
    """The rows of one page of a list; links are taken from the rows, never built. `group`: the words of its states."""
    if not seen.shows(heading):
        raise seen.drift(heading, say("the heading is not on the page"), near=seen)
    if seen.shows("list.none"):
        return Listing(rows=(), total=0, number=number, last=True)
    first, last, total = _range(seen)
    if (first == 1) != (number == 1):
        raise seen.mismatch("list.range", number, first)
    rows = seen.rows(columns) if seen.shows(columns["id"]) else []
    return Listing(
        rows=tuple(_listed(row, columns, group) for row in rows), total=total, number=number, last=last >= total
    )


def _range(seen: Seen) -> tuple[int, int, int]:
    """Which rows of how many, as the texts of `list.range` have it."""
    found: set[tuple[int, int, int]] = set()
    for template in seen.labels.texts["list.range"]:
        pattern = re.escape(norm(template))
        for name in ("first", "last", "total"):
            pattern = pattern.replace(re.escape(f"{{{name}}}"), rf"(?P<{name}>[\d,]+)")
        for form in seen.tree.norms:
            if match := re.fullmatch(pattern, form):
                found.add(tuple(int(match[n].replace(",", "")) for n in ("first", "last", "total")))  # type: ignore[arg-type]
    if len(found) != 1:
        raise seen.drift("list.range", say("which rows of how many can't be told"))
    return found.pop()


def _listed(row: Row, columns: Mapping[str, str], group: str) -> Listed:
    row["status"].word(group)
    money(row["amount"])
    links = {row.seen.tree.attrs(me).get("href", "") for me in row.part.controls("list.view", ("a",))}
    if len(links) != 1:
        raise row.seen.drift("list.view", say("no link leads to the request"), found=(row.part.text[:120],))
    return Listed(
        case_id=row["id"].read(number),
        url=links.pop(),
        facts={name: row[name].text for name in columns if name not in ("id", "actions")},
    )


def number(text: str) -> str:
    """An id of a ticket, order or product: one word of letters and digits. That they are 24 hexadecimal digits is known
    of variations only (facts §3)."""
    if not re.fullmatch(r"[0-9A-Za-z]{8,40}", text):
        raise Unreadable(text, "an id like 5f0c1d2e3a4b5c6d7e8f9a0b")
    return text


def agrees(listed: Listed, case: Case) -> str | None:
    """What the row and the page say differently; None where they agree."""
    reason = case.reason.shown if case.reason else ""
    return first_difference((listed.facts["status"], case.status.shown), (listed.facts["reason"], reason))


def offered(seen: Seen, channel: str, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """The actions that the page offers, in its order; a button that nobody knows, and nothing in its place, is drift."""
    part, tree = seen.section("todo.heading"), seen.tree
    places = {action: part.controls(f"action.{channel}.{action}") for action in actions}
    found = sorted((action for action in actions if places[action]), key=lambda action: places[action][0])
    if not found and not part.shows("todo.none"):
        raise seen.drift("todo.heading", say("no action is known here"), found=(part.text[:120],))
    if found and part.shows("todo.none"):
        raise seen.mismatch("todo.heading", seen.wording("todo.none"), ", ".join(found))
    keys = (*(f"action.{channel}.{action}" for action in actions), *NOT_OURS)
    known = {norm(text) for key in keys for text in seen.labels.texts[key]}
    strange = tuple(
        tree.value_text(me)
        for me in range(part.element, tree.end[part.element])
        if (tree.tags[me] == "button" or tree.attrs(me).get("role") == "button")
        and part.holds(me)
        and tree.named(me) not in known
    )
    if strange:
        raise seen.drift("todo.heading", say("an action stands there that is not known"), found=strange)
    return tuple(found)


def read_items(seen: Seen) -> tuple[Item, ...]:
    """What was sold."""
    columns = {"id": "items.id", "name": "items.name", "quantity": "items.quantity", "price": "items.price"}
    return tuple(
        Item(
            id=row["id"].read(number),
            name=row["name"].text,
            quantity=row["quantity"].read(_quantity),
            amount=money(row["price"]),
        )
        for row in seen.section("items.heading").rows(columns)
    )


def _quantity(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text.strip()):
        raise Unreadable(text, "a quantity")
    return int(text)


class Told(NamedTuple):
    """One entry of the conversation: what it is (`message`, `resolved` …), its words, and where its time stands."""

    act: str
    message: Message
    said: str
    at: Value


def conversation(seen: Seen, heading: str) -> list[Told]:
    """Who did what when, in which words, with which files; in the order shown."""
    return [_told(seen, heading, entry) for entry in seen.section(heading).told("thread.none")]


def _told(seen: Seen, heading: str, entry: Entry) -> Told:
    tree = seen.tree
    words = [
        tree.texts[n]
        for n in range(entry.first, entry.last)
        if not tree.aside[n] and tree.within("a", tree.owners[n]) < 0
    ]
    if len(words) < 3:
        raise seen.drift(heading, say("an entry lacks who, when or what"), found=tuple(words))
    who, at, act = (Value(seen, heading, entry.element, words[n]) for n in range(3))
    kind, said = act.word("act"), "\n".join(words[3:])
    if (kind == "message") > bool(said):
        raise seen.drift(heading, say("a message has no text"), found=tuple(words))
    return Told(
        kind,
        Message(
            at=instant(at),
            from_=who.word("who"),  # type: ignore[arg-type]
            text="\n".join([*([] if kind == "message" else [words[2]]), *words[3:]]),
            attachments=tuple(Attachment(name=name) for name in entry.links()),
        ),
        said,
        at,
    )


def sent_as(told: list[Told], act: str) -> tuple[Sent, ...]:
    """The seller's entries of that kind. Wish numbers none: the time shown stands for a number."""
    return tuple(
        Sent(number=one.at.text, at=one.message.at, what=norm(one.said))
        for one in told
        if one.act == act and one.message.from_ == "seller"
    )


def plain(part: Part, *keys: str) -> dict[str, str]:
    """Facts as shown, by the last part of their key; those that the page says are empty left out."""
    values = {key: part.labelled(key) for key in keys}
    return {key.rpartition(".")[2]: value.text for key, value in values.items() if not value.empty}
