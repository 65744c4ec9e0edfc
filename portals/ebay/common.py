"""What requests, cases and payment disputes show alike: list rows, items, activity, and what may be done."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.portal import Listed, Listing, Sent
from agent.reading.ids import item_number
from agent.reading.labels import first_difference, norm
from agent.reading.seen import Part, Row, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.records import Action, Attachment, Case, Item, Message, Money
from agent.words import say
from portals.ebay.shown import instant, money

_COLUMNS = {
    "id": "list.id", "order": "list.order", "item": "list.item", "buyer": "list.buyer", "reason": "list.reason",
    "total": "list.total", "opened": "list.opened", "status": "list.status", "actions": "list.actions",
}  # fmt: skip
_RESULTS = re.compile(r"(?:Results|Ergebnisse): ?(?:0|([\d,.]+)-([\d,.]+) (?:of|von) ([\d,.]+))")


def read_listing(seen: Seen, tab: str, status_words: str, number: int) -> Listing:
    """The rows of one page under the tab that is proved to be chosen; links are taken from the rows, never built."""
    tree = seen.tree
    chosen = [
        Value(seen, "list.heading", me)
        for me in range(len(tree.tags))
        if tree.attrs(me).get("role") == "tab" and tree.attrs(me).get("aria-selected") == "true"
    ]
    if len(chosen) != 1:
        raise seen.drift("list.heading", say("{count} tabs are chosen", count=len(chosen)))
    if chosen[0].word("tab") != tab:
        raise seen.mismatch("list.heading", tab, chosen[0].text)
    counts = {match.groups() for text in tree.texts if (match := _RESULTS.fullmatch(text))}
    if len(counts) != 1:
        raise seen.drift("list.results", say("which rows of how many can't be told"))
    first, last, total = (int(re.sub(r"[,.]", "", part)) if part else 0 for part in counts.pop())
    if number == 1 and first > 1:
        raise seen.mismatch("list.results", 1, first)
    rows = [_listed(row, status_words) for row in seen.rows(_COLUMNS)] if total and seen.shows("list.id") else []
    return Listing(rows=tuple(rows), total=total, number=number, last=last >= total)


def _listed(row: Row, status_words: str) -> Listed:
    row["status"].word(status_words)
    money(row["total"])
    return Listed(
        case_id=row["id"].text,
        url=_way(row),
        facts={name: row[name].text for name in _COLUMNS if name not in ("id", "actions")},
    )


def _way(row: Row) -> str:
    """The row's own link to the matter; a row that has none leads to its order, which does (facts §10)."""
    part = row["actions"].part
    links = {part.seen.tree.attrs(me).get("href", "") for me in part.controls("list.view", ("a",))}
    if len(links) == 1 and (link := links.pop()):
        return link
    order = row["order"].href
    if links or order is None:
        raise part.seen.drift("list.view", say("no link leads to the request"), found=(part.text[:120],))
    return order


def way_from_order(seen: Seen, case_id: str) -> str:
    """The link from an order's page to the matter with that number."""
    found = [row for row in seen.rows({"number": "order.number", "actions": "order.actions"}) if
             row["number"].text == case_id]  # fmt: skip
    links = {row["actions"].href for row in found}
    link = links.pop() if len(links) == 1 else None
    if link is None:
        raise seen.drift("order.actions", say("no link leads to {case}", case=case_id))
    return link


def agrees(listed: Listed, case: Case) -> str | None:
    """What the row and the page say differently; None where they agree."""
    facts, reason = listed.facts, case.reason.shown if case.reason else ""
    pairs = ((facts["status"], case.status.shown), (facts["reason"], reason), (facts["order"], case.order_id))
    return first_difference(*pairs)


def offered(seen: Seen, channel: str, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """The actions that the page offers; one that nobody knows, and nothing in its place, is drift."""
    part = seen.section("todo.heading")
    found = tuple(action for action in actions if part.offers(f"action.{channel}.{action}"))
    if not found and not part.shows("todo.none"):
        raise seen.drift("todo.heading", say("no action is known here"), found=(part.text[:120],))
    known = {norm(text) for action in actions for text in seen.labels.texts[f"action.{channel}.{action}"]}
    strange = [
        part.seen.tree.value_text(me)
        for me in range(part.element, seen.tree.end[part.element])
        if seen.tree.attrs(me).get("role") == "button" and part.holds(me) and seen.tree.named(me) not in known
    ]
    if strange:
        raise seen.drift("todo.heading", say("an action stands there that is not known"), found=tuple(strange))
    return found


def action_address(seen: Seen, channel: str, action: Action) -> str:
    """Where the page's own link to the action leads; "" where there is none."""
    part = seen.section("todo.heading")
    links = {seen.tree.attrs(me).get("href", "") for me in part.controls(f"action.{channel}.{action}", ("a",))}
    return links.pop() if len(links) == 1 else ""


def read_items(seen: Seen) -> tuple[Item, ...]:
    """What was sold."""
    columns = {"id": "items.id", "name": "items.title", "quantity": "items.quantity", "price": "items.price"}
    return tuple(
        Item(
            id=row["id"].read(item_number),
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


class Entry(NamedTuple):
    """One line of activity with its meaning and the portal's number of it."""

    act: str
    number: str
    message: Message
    said: str
    at: Value


def activity(seen: Seen) -> list[Entry]:
    """Who did what when, in which words, with which files; in the order shown."""
    found = []
    for entry in seen.section("activity.heading").entries():
        files = entry.links()
        words = [piece for piece in entry.pieces if piece not in files]
        number = re.fullmatch(r"\D*(\d{10})", words[3]) if len(words) > 3 else None
        if number is None:
            raise seen.drift(
                "activity.heading", say("an entry lacks who, when, what or its number"), found=tuple(words)
            )

        def value(at: int, element: int = entry.element, words: list[str] = words) -> Value:
            return Value(seen, "activity.heading", element, words[at])

        found.append(
            Entry(
                value(2).word("act"),
                number[1],
                Message(
                    at=instant(value(1)),
                    from_=value(0).word("who"),  # type: ignore[arg-type]
                    text="\n".join([words[2], *words[4:]]),
                    attachments=tuple(Attachment(name=name) for name in files),
                ),
                "\n".join(words[4:]),
                value(1),
            )
        )
    return found


def sent_as(seen: Seen, acts: tuple[str, ...], tail: bool = False) -> tuple[Sent, ...]:
    """The seller's answers of these kinds. `tail`: of the text only the last word, as a tracking number stands."""
    return tuple(
        Sent(
            number=entry.number,
            at=entry.message.at,
            what=norm(entry.said.split()[-1] if tail and entry.said else entry.said),
        )
        for entry in activity(seen)
        if entry.act in acts and entry.message.from_ == "seller"
    )


def plain(part: Part, *keys: str) -> dict[str, str]:
    """Facts as shown, by the last part of their key; those that the page says are empty left out."""
    values = {key: part.labelled(key) for key in keys}
    return {key.rpartition(".")[2]: value.text for key, value in values.items() if not value.empty}


def paid(value: Value | None) -> Money | None:
    """An amount, None where the page has none."""
    return None if value is None or value.empty else money(value)
