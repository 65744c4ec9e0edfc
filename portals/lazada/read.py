"""Pure reader of one item of a return request: its card on the request's page, the history, the chat."""

from __future__ import annotations

from typing import Literal

from agent.errors import WrongSubject
from agent.portal import Sent
from agent.reading.labels import norm
from agent.reading.seen import Part, Seen
from agent.records import (
    Action,
    Appeals,
    Case,
    DeadlineKind,
    Decision,
    Deduction,
    Instant,
    Item,
    Offer,
    Outcome,
    Party,
    Reason,
    SeenRef,
    Status,
    StatusIs,
)
from agent.rules import withdrawable
from agent.words import say
from portals.lazada.read_talk import Told, read_talk
from portals.lazada.shown import answer_by, instant, market_of, money, number, quantity

CHANNEL = "reverse_orders"
ANSWERS = ("refund_only", "return_refund", "refund_now", "return_first")
"""The buttons that agree; which of them there are depends on the request, and the server says."""
_MEANS: dict[str, StatusIs] = {
    "initiated": "waiting", "agreed": "waiting", "sent": "waiting", "received": "waiting", "processing": "in_review",
    "rejected": "waiting", "dispute": "in_review", "refund_pending": "waiting", "refund_rejected": "won",
    "refund_success": "lost", "cancelled": "withdrawn",
}  # fmt: skip
OVER = ("refund_rejected", "refund_success", "cancelled")
_KIND: dict[str, Literal["return_and_refund"]] = {"return_and_refund": "return_and_refund"}
_ENDS = {
    "refunded": "refund_success", "auto_refunded": "refund_success", "refund_rejected": "refund_rejected",
    "cancelled": "cancelled",
}  # fmt: skip
"""Events that end an item, and the status they end it in."""
_SENT: dict[Action, tuple[str, ...]] = {
    "appeal": ("refused",), "accept": ("agreed_refund", "agreed_return"), "escalate": ("forwarded",), "reply": ("",),
}  # fmt: skip


def read_case(seen: Seen) -> Case:
    """The item that was asked for (the page's subject): a request may have several, each with its own state."""
    info = seen.section("info.heading")
    line = str(seen.page.subject or "")
    card = card_of(seen, line)
    market = market_of(seen)
    status, reason = card.labelled("list.status"), card.labelled("list.reason")
    state, reason_is = status.word("status"), reason.word("reason")
    amount, created = money(card.labelled("list.amount"), market), instant(card.labelled("line.created"), market.zone)
    talk = read_talk(seen, line)
    acts = [one.act for one in talk if one.act]
    answers = answers_of(card)
    actions = _actions(card, state, answers)
    kind: DeadlineKind = "confirm_return" if state == "received" else "reply"
    due = answer_by(seen, card, kind)
    if bool(answers) != (due is not None) or (answers and state not in ("initiated", "received")):
        raise seen.mismatch("list.sla", status.text, ", ".join(answers) or "nothing can be done")
    ended = _ended(seen, state, talk)
    refusals = acts.count("refused")
    ruling = card.maybe_section("ruling.heading")
    if (ruling is not None) != ("ruled" in acts):
        raise seen.mismatch("ruling.heading", status.text, ", ".join(acts[-3:]))
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=card.labelled("list.line").read(number),
        order_id=info.labelled("list.order").read(number),
        url=seen.page.url.split("#")[0],
        status=Status(shown=status.text, is_="action_needed" if answers else _means(state, acts)),
        reason=Reason(shown=reason.text, is_=reason_is),  # type: ignore[arg-type]
        amount=amount,
        opened_at=created,
        decided_at=ended,
        deadlines=(due,) if due is not None else (),
        decision=read_decision(seen, ruling),
        actions=actions,
        appeals=Appeals(used=refusals, allowed=max(1, refusals + ("appeal" in actions))),
        items=(
            Item(
                id=card.labelled("line.item").read(number),
                name=card.labelled("list.product").text,
                quantity=card.labelled("line.quantity").read(quantity),
                amount=amount,
            ),
        ),
        messages=tuple(one.message for one in talk),
        flags=_flags(card, state, reason_is, acts, ruling),
        outcome=Outcome(result=state, at=ended) if ended else None,
        offers=(
            Offer(
                from_="buyer",
                kind=_KIND.get(card.labelled("list.type").word("type"), "refund"),
                amount=amount,
                at=created,
                text=card.labelled("line.claim").text,
            ),
        ),
        details=_details(info, card, answers, talk),
        missing={} if ended else {"decided_at": "not ended yet"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def chat_address(seen: Seen) -> str:
    """Where the request's page says that the chat about its order is."""
    info = seen.section("info.heading")
    links = {seen.tree.attrs(at).get("href", "") for at in info.controls("action.chat", ("a",))}
    if len(links) != 1:
        raise info.seen.drift("action.chat", say("{count} links lead to the chat", count=len(links)))
    return links.pop()


def cards_of(seen: Seen) -> list[Part]:
    """The card of each item: the widest box with one item's number in it, inside the part of the items."""
    items = seen.section("items.heading")
    tree, places = seen.tree, items.places("list.line")
    cards = []
    for place in places:
        box = place
        while items.holds(tree.parent[box]) and tree.parent[box] > items.element:
            up = tree.parent[box]
            if any(up <= other < tree.end[up] for other in places if other != place):
                break
            box = up
        cards.append(items.piece(box) if len(places) > 1 else items)
    return cards


def card_of(seen: Seen, line: str) -> Part:
    """The one card of that item; a page that shows only others is not the one asked for: `WrongSubject`."""
    shown = [(card.labelled("list.line").read(number), card) for card in cards_of(seen)]
    found = [card for name, card in shown if name == line]
    if shown and not found:
        raise WrongSubject(
            say(
                "{asked} was asked for, the page shows {shown}.", asked=line, shown=", ".join(name for name, _ in shown)
            ),
            say("Nothing was stored or sent. Run `rebuttal sync` again; then look at the bundle."),
        )
    if len(found) != 1:
        raise seen.drift("list.line", say("{count} cards have this number", count=len(found)))
    return found[0]


def answers_of(card: Part) -> tuple[str, ...]:
    """The buttons that agree, as the card has them. A button that nobody knows among the known ones is drift: it may be
    one of them under another name."""
    tree, named = card.seen.tree, card.seen.labels.named
    for at in (at for name in (*ANSWERS, "appeal", "escalate") for at in card.controls(f"action.{name}")):
        box = at
        while card.holds(tree.parent[box]) and not tree.count(tree.parent[box]):
            box = tree.parent[box]
        strange = [
            tree.text(tree.first[me], tree.last[me])
            for me in range(box, tree.end[box])
            if tree.tags[me] in ("button", "a") and tree.last[me] > tree.first[me] and tree.named(me) not in named
        ]
        if strange:
            raise card.seen.drift(
                "action.appeal", say("an action stands there that is not known"), found=tuple(strange[:6])
            )
    return tuple(name for name in ANSWERS if card.offers(f"action.{name}"))


def _actions(card: Part, state: str, answers: tuple[str, ...]) -> tuple[Action, ...]:
    """What the server lets the seller do with this item; a word to the buyer always, until it is over."""
    if state in OVER:
        return ()
    found: list[Action] = ["reply"]
    if card.offers("action.appeal"):
        found.append("appeal")
    if answers:
        found.append("accept")
    if card.offers("action.escalate"):
        found.append("escalate")
    return tuple(found)


def _means(state: str, acts: list[str]) -> StatusIs:
    """A refund is lost where it was ruled, expired where nobody answered in time, closed where the seller agreed."""
    if state == "refund_success" and "ruled" not in acts:
        return "expired" if "auto_refunded" in acts else "closed" if "agreed_refund" in acts else "lost"
    return _MEANS[state]


def _ended(seen: Seen, state: str, talk: tuple[Told, ...]) -> Instant | None:
    """When it ended, by the event that ended it; the event must be of the status that is shown."""
    ends = [one for one in talk if one.act in _ENDS]
    if (state in OVER) != bool(ends) or (ends and _ENDS[ends[-1].act] != state):
        raise seen.mismatch("history.heading", state, ", ".join(one.act for one in talk[-3:]))
    return ends[-1].message.at if ends else None


def read_decision(seen: Seen, ruling: Part | None) -> Decision | None:
    """What Lazada's dispute agent ruled."""
    if ruling is None:
        return None
    liable, paid = ruling.labelled("ruling.liable"), ruling.labelled("ruling.amount")
    return Decision(
        responsible=Party(shown=liable.text, is_=liable.word("role")),  # type: ignore[arg-type]
        deductions=(Deduction(label=ruling.worded("ruling.amount"), amount=money(paid, market_of(seen))),),
        text=ruling.labelled("ruling.text").text,
    )


def _flags(card: Part, state: str, reason: str, acts: list[str], ruling: Part | None) -> tuple[str, ...]:
    """What else is to be known. That the buyer pressed Resolve Issue is told, and changes no status (WD6, WD12)."""
    found = [withdrawable(reason, over=state in OVER)]
    if "resolved" in acts:
        found.append("buyer_resolved")
    if "disputed" in acts:
        found.append("disputed")
    if ruling is not None and ruling.labelled("ruling.fault").word("yesno") == "yes":
        found.append("seller_fault")
    if card.shows("line.warehouse"):
        found.append("warehouse")
    return tuple(found)


def _details(info: Part, card: Part, answers: tuple[str, ...], talk: tuple[Told, ...]) -> dict[str, str]:
    """Facts without a field of their own; of each answer that agrees the button as shown, by the answer's name."""
    to, tracking, check = (card.maybe(f"line.{name}") for name in ("to", "tracking", "qc"))
    found = {
        "request": info.labelled("info.request").read(number),
        "type": card.labelled("list.type").text,
        "return_to": to.text if to and not to.empty else "",
        "return_number": tracking.text if tracking and not tracking.empty else "",
        "warehouse_check": check.text if check and not check.empty else "",
    }
    tree = card.seen.tree
    for name in answers:
        at = card.controls(f"action.{name}")[0]
        found[name] = tree.text(tree.first[at], tree.last[at])
    if to is not None:
        to.word("to")
    if check is not None and not check.empty:
        check.word("qc")
    for who in ("buyer", "seller"):
        names = [file.name for one in talk if one.message.from_ == who for file in one.message.attachments]
        found[f"{who}_evidence"] = ", ".join(names)
    return {name: text for name, text in found.items() if text}


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The seller's answers of one kind about this item (proof for settling an unknown outcome)."""
    found = []
    for one in read_talk(seen, str(seen.page.subject or "")):
        if one.act in _SENT.get(action, ()) and one.message.from_ == "seller":
            found.append(Sent(number=one.ref, at=one.message.at, what=_what(seen, action, one)))
    return tuple(found)


def _what(seen: Seen, action: Action, one: Told) -> str:
    """What was sent in the form in which a packet is compared with it: the chosen reason, the answer, or the text."""
    if action == "accept":  # the history tells the refund or the return, the request's reason which button that was
        lost = card_of(seen, one.line).labelled("list.reason").word("reason") == "not_received"
        pairs = {"agreed_refund": ("refund_only", "refund_now"), "agreed_return": ("return_refund", "return_first")}
        return norm(seen.labels.in_language(f"action.{pairs[one.act][lost]}", ""))
    if action == "appeal" and one.said:
        word = seen.labels.word("refusal", one.said[0])
        return norm(seen.labels.in_language(f"words.refusal.{word}", "") if word else one.said[0])
    return norm("\n".join(one.said))
