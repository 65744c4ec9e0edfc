"""How Ozon's pages write amounts, moments, deadlines and quantities, and which tab of a list is chosen."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from agent.policy import Policy, shipped_policy
from agent.reading.deadlines import agree, deadline_from_countdown, deadline_from_instant, deadline_from_rule, read_due
from agent.reading.ids import item_number
from agent.reading.moments import ZoneBasis, read_moment
from agent.reading.money import read_money
from agent.reading.seen import Entry, Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Attachment, Deadline, DeadlineKind, Instant, Item, Message, Money
from agent.words import say

LANGUAGES = ("ru", "en", "zh")


def money(text: str) -> Money:
    """An amount in roubles, with whatever no-break spaces stand in it."""
    return read_money(text, currency="RUB", languages=LANGUAGES)


def zone_basis(seen: Seen) -> ZoneBasis:
    """The page may say that its times are Moscow's; where it does not, they are taken to be."""
    return "page" if seen.shows("zone.note") else seen.page.zone_basis


def instant(value: Value) -> Instant:
    """A date and time on the page: `12 марта 2026, 18:05`, `12.03.2026 18:05`, `2026/03/12 18:05`."""
    seen = value.seen
    return value.read(
        lambda text: read_moment(
            text, zone=seen.page.zone, zone_basis=zone_basis(seen), order="dmy", languages=LANGUAGES
        )
    ).at


def day(text: str) -> date:
    """A calendar day: `16.03.2026`, `2026/03/16`."""
    numbers = [int(part) for part in re.split(r"[./-]", text.strip()) if part.isdigit()]
    try:
        return date(*numbers) if numbers[0] > 31 else date(*reversed(numbers))
    except (TypeError, ValueError, IndexError):
        raise Unreadable(text, "a day (16.03.2026)") from None


def deadline(seen: Seen, value: Value, kind: DeadlineKind, rule: str) -> tuple[Deadline, ...]:
    """The deadline in `value`: a date, a countdown on the portal's clock, or both, which must then agree."""
    if value.empty:
        return ()
    page, basis = seen.page, zone_basis(seen)
    dates, counts = [], []
    for text in value.pieces:
        try:
            moment = read_due(text, zone=page.zone, zone_basis=basis, order="dmy", languages=LANGUAGES, near=page.now)
            dates.append(deadline_from_instant(kind, text, moment, rule))
        except Unreadable:
            one = Value(seen, value.key, value.element, text)
            counts.append(
                one.read(
                    lambda shown: deadline_from_countdown(
                        kind, shown, server_now=page.now, zone=page.zone, zone_basis=basis, rule=rule,
                        languages=LANGUAGES,
                    )
                )
            )  # fmt: skip
    if len(dates) > 1 or len(counts) > 1:
        raise seen.drift(value.key, say("two deadlines stand there"), found=tuple(value.pieces))
    if dates and counts and not agree(dates[0], counts[0]):
        raise seen.mismatch(value.key, dates[0].shown, counts[0].shown)
    return ((dates or counts)[0].model_copy(update={"shown": value.text}),)


def quantity(text: str) -> int:
    """`2 шт.`"""
    match = re.fullmatch(r"(\d+)\s*(?:шт\.?|pcs|件)?", text.strip())
    if match is None:
        raise Unreadable(text, "a quantity (2 шт.)")
    return int(match[1])


def items(part: Part, price: str = "item.price") -> tuple[Item, ...]:
    """The goods in a table; `price` is the label key of its last column."""
    rows = part.rows({"id": "item.sku", "name": "item.name", "quantity": "item.quantity", "amount": price})
    return tuple(
        Item(
            id=row["id"].read(item_number), name=row["name"].text, quantity=row["quantity"].read(quantity),
            amount=row["amount"].read(money),
        )
        for row in rows
    )  # fmt: skip


def message(entry: Entry, key: str) -> Message:
    """One entry of a conversation: sender, time, text, files."""
    seen, files = entry.seen, entry.links()
    said = entry.pieces[: len(entry.pieces) - len(files)]
    if len(said) < 3 or entry.pieces[len(said) :] != files:
        raise seen.drift(key, say("a message lacks sender, time or text"), found=tuple(entry.pieces))
    sender = Value(seen, key, entry.element, said[0])
    return Message(
        at=instant(Value(seen, key, entry.element, said[1])),
        from_=sender.word("sender"),  # type: ignore[arg-type]
        text="\n".join(said[2:]),
        attachments=tuple(Attachment(name=name) for name in files),
    )


def prove_tab(seen: Seen, key: str, wanted: str) -> None:
    """The list's own word for the tab that is chosen: `aria-selected`, because classes are new at every build."""
    tree = seen.tree
    chosen = [
        Value(seen, key, me)
        for me in range(len(tree.tags))
        if tree.attrs(me).get("role") == "tab" and tree.attrs(me).get("aria-selected") == "true"
    ]
    if len(chosen) != 1:
        raise seen.drift(key, say("which tab is chosen can't be told"), found=tuple(one.text for one in chosen))
    if chosen[0].word("filter") != wanted:
        raise seen.mismatch(key, seen.wording(f"words.filter.{wanted}"), chosen[0].text)


def rules_of(seen: Seen) -> Policy:
    """The policy that the page came with, the operator's over it; else the package's own."""
    return seen.policy or shipped_policy(Path(__file__).parent)


def by_rule(seen: Seen, kind: DeadlineKind, channel: str, name: str, start: datetime) -> Deadline:
    """The deadline of a page that shows none: so long after `start` as the channel's rule `name` says, in hours or days."""
    rule = rules_of(seen).channels[channel].rules[name]
    hours, days = (rule.number, None) if name.endswith("_hours") else (None, rule.number)
    return deadline_from_rule(
        kind, start=start, start_shown="-", hours=hours, days=days, zone=seen.page.zone, zone_basis=zone_basis(seen),
        rule=rule.rule,
    )  # fmt: skip
