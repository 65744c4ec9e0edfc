"""Pure readers of return requests: the portal's own statuses, the automatic decision, answers and compensation."""

from __future__ import annotations

from typing import cast

from agent.portal import Listed, Listing, Sent
from agent.reading.beside import spots, value_of
from agent.reading.labels import norm
from agent.reading.seen import Entry, Part, Seen, Value
from agent.records import (
    Action,
    Attachment,
    Case,
    Decision,
    Instant,
    Message,
    Outcome,
    Reason,
    SeenRef,
    Status,
)
from agent.words import say
from portals.ozon.values import by_rule, deadline, instant, items, money, prove_tab

CHANNEL = "returns"
ACTIONS: tuple[Action, ...] = ("accept", "propose_solution", "escalate")
_STEADY = ("posting", "status", "reason", "price", "created", "changed")


def read_listing(seen: Seen, filter: str, number: int) -> Listing:
    """The cards that one window of the virtual list shows, under the tab that is proved to be chosen."""
    prove_tab(seen, "returns.heading", filter)
    total = seen.count("returns.total")
    listed = []
    for card in seen.entries():
        if not card.places("returns.number"):
            continue
        values = {name: card.labelled(f"returns.{name}") for name in _STEADY}
        values["status"].word("return_status")
        address = Value(seen, "returns.number", card.element).href
        if address is None:
            raise seen.drift("returns.number", say("no link leads to the request"))
        listed.append(
            Listed(
                case_id=card.labelled("returns.number").text,
                url=address,
                facts={name: value.text for name, value in values.items()},
            )
        )
    if total and not listed and number == 1:
        raise seen.mismatch("returns.total", "0", total)
    return Listing(rows=tuple(listed), total=total, number=number, last=not listed)


def read_case(seen: Seen) -> Case:
    """One return request with what may be done about it."""
    about = seen.section("return.heading")
    shown, reason = about.labelled("returns.status"), about.labelled("returns.reason")
    status = Status(shown=shown.text, is_=shown.word("return_status"))  # type: ignore[arg-type]
    opened_at = instant(about.labelled("returns.created"))
    deadlines = deadline(seen, about.labelled("return.auto"), "reply", "OZ-R1")
    offered = offers(seen)
    if (status.is_ == "action_needed") != bool(offered):
        raise seen.mismatch(
            "returns.status", status.shown, say("actions are offered") if offered else say("no action is offered")
        )
    if deadlines and not offered:
        raise seen.mismatch("return.auto", deadlines[0].shown, say("no action is offered"))
    if offered and not deadlines:
        deadlines = (by_rule(seen, "reply", CHANNEL, "auto_approve_hours", opened_at),)
    goods = items(seen.section("return.item.heading"), "returns.price")
    decided_at, decision = read_ruling(seen)
    return Case(
        portal=seen.page.portal,
        account=seen.page.account,
        channel=CHANNEL,
        case_id=about.labelled("returns.number").text,
        order_id=about.labelled("return.order").text,
        url=seen.page.url.split("#")[0],
        status=status,
        reason=Reason(shown=reason.text, is_=reason.word("return_reason")),  # type: ignore[arg-type]
        amount=goods[0].amount,
        opened_at=opened_at,
        decided_at=decided_at,
        deadlines=deadlines,
        decision=decision,
        actions=offered,
        items=goods,
        messages=(*_complaint(about, opened_at), *_answers_as_messages(seen)),
        flags=(f"scheme_{about.labelled('return.schema').word('schema')}",),
        outcome=_outcome(seen, status.shown),
        limit=goods[0].amount if "propose_solution" in offered else None,
        details=_details(seen, status.shown),
        missing={} if decision else {"decision": "none is shown"},
        seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
    )


def offers(seen: Seen) -> tuple[Action, ...]:
    """All actions that the page offers, also those that move money."""
    part = seen.section("return.actions.heading")
    found = tuple(action for action in ACTIONS if part.offers(f"return.action.{action}"))
    if not found and not part.shows("return.actions.none"):
        raise seen.drift("return.actions.heading", say("no action is known here"), found=(part.text[:120],))
    return found


def action_address(seen: Seen, action: Action) -> str | None:
    """Where the page's own link to the action leads."""
    part = seen.section("return.actions.heading")
    links = {seen.tree.attrs(me).get("href", "") for me in part.controls(f"return.action.{action}", ("a",))}
    return links.pop() if len(links) == 1 else None


def _complaint(about: Part, at: Instant) -> tuple[Message, ...]:
    """The customer's comment and photos; the page gives them no time of their own."""
    comment, photos = about.labelled("return.comment"), about.labelled("return.photos")
    if comment.empty and photos.empty:
        return ()
    names = () if photos.empty else photos.items()
    return (
        Message(
            at=at,
            from_="buyer",
            text="" if comment.empty else comment.text,
            attachments=tuple(Attachment(name=name) for name in names),
        ),
    )


def _answers(seen: Seen) -> list[Entry]:
    part = seen.section("return.answer.heading")
    return part.told("return.answer.none")


def _answers_as_messages(seen: Seen) -> tuple[Message, ...]:
    found = []
    for answer in _answers(seen):
        text = answer.labelled("answer.text")
        if not text.empty:
            found.append(
                Message(
                    at=instant(answer.labelled("answer.at")),
                    from_="seller",
                    text=text.text,
                    attachments=tuple(Attachment(name=name) for name in answer.links()),
                )
            )
    return tuple(found)


def read_sent(seen: Seen, action: Action) -> tuple[Sent, ...]:
    """The answers of this kind that the portal says it has; what was chosen is the reason."""
    found = []
    for answer in _answers(seen):
        if answer.labelled("answer.kind").word("answer_kind") == action:
            reason = answer.maybe("answer.reason")
            what = norm(reason.text) if reason else ""
            number = answer.labelled("answer.number").text
            found.append(Sent(number=number, at=instant(answer.labelled("answer.at")), what=what))
    return tuple(found)


def read_ruling(seen: Seen) -> tuple[Instant | None, Decision | None]:
    """What Ozon decided, in its words, and when."""
    part = seen.section("return.ruling.heading")
    if part.is_empty("return.ruling.none"):
        return None, None
    taken: set[int] = set()  # what belongs to a label; the rest is the text
    for key in ("return.ruled_at", "return.compensation"):
        for spot in spots(part, key):
            value = value_of(part, key, spot).element
            taken |= {*range(spot.first, spot.last), *range(seen.tree.first[value], seen.tree.last[value])}
    said = [seen.tree.texts[n] for n in range(part.first, part.last) if n not in taken and not seen.tree.aside[n]]
    if len(said) != 1:  # none, or also a text of something else, such as a bar beside the heading
        raise seen.drift("return.ruling.heading", say("the decision has no text"), found=(part.text[:120],))
    text = said[0]
    return instant(part.labelled("return.ruled_at")), Decision(text=text)


def _outcome(seen: Seen, status: str) -> Outcome | None:
    """A compensation that is due or paid; one that is only offered is no outcome."""
    result = seen.labels.word("compensation", status)
    if result is None:
        return None
    amount = seen.section("return.ruling.heading").labelled("return.compensation")
    return Outcome(result=result, recovered=amount.read(money))


def _details(seen: Seen, status: str) -> dict[str, str]:
    """Amounts that are only on the table: what Ozon offers the seller, what the seller offered the customer."""
    found = {}
    part = seen.section("return.ruling.heading")
    if part.shows("return.compensation") and seen.labels.word("compensation", status) is None:
        found["compensation_offered"] = part.labelled("return.compensation").text
    for answer in _answers(seen):
        if answer.shows("answer.amount"):
            found["offered_to_buyer"] = answer.labelled("answer.amount").text
    return found


def agrees(listed: Listed, case: Case) -> str | None:
    """What the card and the request's page say differently."""
    facts = listed.facts
    if norm(facts["status"]) != norm(case.status.shown):
        return f"{facts['status']} / {case.status.shown}"
    return None if case.amount == money(facts["price"]) else f"{facts['price']} / {cast(object, case.amount)}"
