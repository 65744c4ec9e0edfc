"""Values as Seller Central shows them: instants on the marketplace's own clock, days, amounts, and days-only deadlines."""

from __future__ import annotations

import re
from pathlib import Path

from agent.policy import shipped_policy
from agent.reading.deadlines import deadline_from_instant, deadline_from_rule, read_due
from agent.reading.ids import item_number
from agent.reading.labels import norm
from agent.reading.moments import Moment, read_moment
from agent.reading.money import read_money
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Attachment, Deadline, DeadlineKind, Instant, Item, Message, Money
from agent.words import say
from portals.amazon.markets import Market, market_of

LANGUAGES = ("en", "zh", "de", "ja")
_LENGTH = re.compile(r"(\d{1,3})\s*(calendar days?|days?|hours?)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{6,14}")


def moment(value: Value, market: Market) -> Moment:
    """A date, or date and time: `Sun, Aug 16, 2026, 11:07 AM`, `16.08.2026 11:07`, `2026/08/16`."""
    return value.read(
        lambda text: read_moment(
            text, zone=market.zone, zone_basis=market.basis, order=market.order, languages=LANGUAGES
        )
    )


def instant(value: Value, market: Market) -> Instant:
    """The same as an instant; a day is its first second."""
    return moment(value, market).at


def money(value: Value, market: Market) -> Money:
    """An amount in the marketplace's currency."""
    return value.read(lambda text: read_money(text, currency=market.currency, languages=LANGUAGES))


def due(value: Value, kind: DeadlineKind, rule: str, market: Market) -> Deadline:
    """A deadline that the page gives as a date, without a zone (facts §6)."""
    at = value.read(
        lambda text: read_due(
            text, zone=market.zone, zone_basis=market.basis, order=market.order, languages=LANGUAGES,
            near=value.seen.page.now,
        )
    )  # fmt: skip
    return deadline_from_instant(kind, value.text, at, rule)


def within(
    start: Value, length: Value | None, kind: DeadlineKind, rule: str, market: Market, silent: tuple[str, str]
) -> Deadline:
    """A deadline that the page gives as a number of days after a notice (facts §9), never earlier anchored than that.

    `silent` names channel and rule of the policy that holds where the page gives no number: the shortest known.
    """
    if length is not None:
        days, hours = length.read(_length)
    else:
        alone = [text for text in start.seen.tree.texts if _LENGTH.fullmatch(text)]
        if alone:
            raise start.seen.drift(
                start.key, say("a number of days stands there without its label"), found=tuple(alone)
            )
        days, hours = None, _silent(start.seen, *silent)
    return deadline_from_rule(
        kind,
        start=moment(start, market),
        start_shown=start.text if length is None else length.text,
        days=days,
        hours=hours,
        zone=market.zone,
        zone_basis=market.basis,
        rule=rule,
    )


def _length(text: str) -> tuple[int | None, int | None]:
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise Unreadable(text, "a number of days or hours")
    number = int(match[1])
    return (None, number) if match[2].lower().startswith("hour") else (number, None)


def _silent(seen: Seen, channel: str, rule: str) -> int:
    policy = seen.policy or shipped_policy(Path(__file__).parent)
    return policy.channels[channel].rules[rule].number


def attempts(text: str) -> tuple[int, int]:
    """`0 of 1`."""
    match = re.fullmatch(r"(\d{1,2}) of (\d{1,2})", text.strip())
    if match is None:
        raise Unreadable(text, "how many of how many (0 of 1)")
    return int(match[1]), int(match[2])


def percent(text: str) -> float:
    """A rate like 1.25%."""
    match = re.fullmatch(r"(\d{1,3}(?:[.,]\d+)?)\s*%", text.strip())
    if match is None:
        raise Unreadable(text, "a percentage")
    return float(match[1].replace(",", "."))


def quantity(text: str) -> int:
    """A whole number of things."""
    if not re.fullmatch(r"\d{1,6}", text.strip()):
        raise Unreadable(text, "a quantity")
    return int(text)


def items(seen: Seen, market: Market) -> tuple[Item, ...]:
    """What was ordered; every claim is about something."""
    columns = {name: f"items.{name}" for name in ("id", "name", "quantity", "price")}
    section = seen.section("items.heading")
    rows = section.rows(columns)
    if not rows:
        raise seen.drift("items.heading", say("no rows stand under the heading"), found=(section.text[:120],))
    return tuple(
        Item(id=row["id"].read(item_number), name=row["name"].text, quantity=row["quantity"].read(quantity),
             amount=money(row["price"], market))
        for row in rows
    )  # fmt: skip


class Entry:
    """One line of a history: what was done, by whom, when, under which number of the portal."""

    def __init__(self, part: Part, pieces: list[str], market: Market) -> None:
        seen, key = part.seen, "history.heading"

        def value(text: str) -> Value:
            return Value(seen, key, part.element, text)

        if len(pieces) < 3:
            raise seen.drift(key, say("an entry lacks who, when or what"), found=tuple(pieces))
        self.who = value(pieces[0]).word("who")
        self.at = instant(value(pieces[1]), market)
        self.act = value(pieces[2]).word("act")
        rest = pieces[3:]
        self.number = ""
        if rest and norm(rest[0]) in seen.labels.of("history.number"):
            if len(rest) < 2 or not _NUMBER.fullmatch(rest[1]):
                raise seen.drift("history.number", say("an entry has no number"), found=tuple(rest[:2]))
            self.number, rest = rest[1], rest[2:]
        if self.who == "seller" and not self.number:
            raise seen.drift("history.number", say("an answer of ours has no number"), found=tuple(pieces))
        self.said = rest
        self.shown = pieces[2]


def history(seen: Seen, market: Market) -> list[tuple[Entry, Message]]:
    """The entries in the order shown, and each as a message: its text begins with what was done."""
    part = seen.section("history.heading")
    if part.is_empty("history.none"):
        return []
    found = []
    for one in part.entries():
        files = one.links()
        tree = seen.tree  # hint marks and little buttons beside a text are no part of it
        pieces = [tree.texts[n] for n in range(one.first, one.last) if tree.norms[n] and not tree.aside[n]]
        if files and pieces[-len(files) :] != files:
            raise seen.drift("history.heading", say("files do not stand at the end of an entry"), found=tuple(pieces))
        entry = Entry(one, pieces[: len(pieces) - len(files)], market)
        message = Message(
            at=entry.at,
            from_=entry.who,  # type: ignore[arg-type]
            text="\n".join([entry.shown, *entry.said]),
            attachments=tuple(Attachment(name=name) for name in files),
        )
        found.append((entry, message))
    if not found:
        raise seen.drift("history.heading", say("no entry stands under it"))
    return found


def chosen_tab(seen: Seen, key: str, group: str, wanted: str) -> int | None:
    """Proves which tab is chosen; the count that stands in its label, `Action required (3)`, None without one."""
    tree = seen.tree
    found = [
        Value(seen, key, me)
        for me in range(len(tree.tags))
        if tree.has(me, "role") and tree.attrs(me)["role"] == "tab" and tree.attrs(me).get("aria-selected") == "true"
    ]
    if len(found) != 1:
        raise seen.drift(key, say("{count} tabs are chosen", count=len(found)))
    name, _, count = found[0].text.partition("(")
    tab = Value(seen, key, found[0].element, name.strip()).word(group)
    if tab != wanted:
        raise seen.mismatch(key, wanted, tab)
    digits = re.sub(r"\D", "", count)
    return int(digits) if digits else None


def page_of(seen: Seen, number: int) -> bool:
    """Is this the last page (`Page 1 of 2`)? Another page than `number` is drift."""
    found = [match for text in seen.tree.texts if (match := re.fullmatch(r"Page (\d{1,4}) of (\d{1,4})", text))]
    if len(found) != 1:
        raise seen.drift("list.page", say("which page of how many can't be told"))
    here, last = int(found[0][1]), int(found[0][2])
    if here != number:
        raise seen.mismatch("list.page", number, here)
    return here >= last


__all__ = ["Market", "market_of"]
