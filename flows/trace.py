"""Where each value of a record stood on the page it was read from: the place whose text reads as that very value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from agent.errors import RebuttalError
from agent.reading.labels import norm
from agent.reading.moments import read_moment
from agent.reading.money import read_money
from agent.reading.page import SeenPage
from agent.reading.seen import Place, Seen
from agent.records import Case, Deadline, Money
from flows.context import Context
from flows.contract import hold_case
from flows.visit import labels_of, policy_of

_LEAST_CUT = 8
"""So many letters a text needs to be told by a part of it."""
_CLOCK_S = 60
Matches = Callable[[Place], int]
"""How well a place fits a value: 0 not at all."""


@dataclass(frozen=True)
class Trace:
    """A stored page, what its reader found on it, and at which element each value of the record stands.

    `at`: the value's path (`amount`, `deadlines.0`, `decision.text`, `messages.3`) to the element's number.
    """

    sha256: str
    page: SeenPage
    seen: Seen
    found: tuple[Place, ...]
    at: dict[str, int]
    error: RebuttalError | None
    """Why its reader can't read it any more, where it can't."""

    @property
    def marks(self) -> dict[int, str]:
        """Element to the keys found there, in the order of the page."""
        marks: dict[int, str] = {}
        for place in sorted(self.found, key=lambda p: p.element):
            known = marks.get(place.element)
            if known is None:
                marks[place.element] = place.key
            elif place.key not in known.split(" · "):
                marks[place.element] = f"{known} · {place.key}"
        return marks


def trace(ctx: Context, case: Case, sha256: str | None = None) -> Trace | None:
    """The values of `case` on the page it was read from, or on another stored page of it; None where none is kept."""
    wanted = sha256 or (case.seen.sha256 if case.seen else None)
    if wanted is None or not ctx.store.blobs.path(wanted).exists():
        return None
    page = SeenPage.from_stored(ctx.store.pages.get(wanted))
    portal = ctx.portal(case.portal)
    held = hold_case(
        portal.channel(case.channel), page, case.case_id, labels_of(ctx, portal), policy=policy_of(ctx, portal)
    )
    found = tuple(place for place in held.found if 0 < place.element < len(held.seen.tree.tags))
    at: dict[str, int] = {}
    for path, fits in _wanted(case, page):
        best = max(found, key=lambda place: (fits(place), -_extent(held.seen, place)), default=None)
        if best is not None and fits(best) > 0:
            at[path] = best.element
    return Trace(wanted, page, held.seen, found, at, held.error)


def _extent(seen: Seen, place: Place) -> int:
    """How much of the page the place takes: the narrowest is nearest to the value."""
    return seen.tree.end[place.element] - place.element


def _wanted(case: Case, page: SeenPage) -> Iterator[tuple[str, Matches]]:
    """Each value of the record that may stand on the page, and how it is told."""
    yield "order_id", _text(case.order_shown or case.order_id, "id", "order_id", "number")
    yield "status", _text(case.status.shown, "status")
    if case.reason:
        yield "reason", _text(case.reason.shown, "reason", "type")
    if case.amount:
        yield "amount", _money(case.amount, "amount")
    for name, instant in (("opened_at", case.opened_at), ("decided_at", case.decided_at)):
        if instant:
            yield name, _instant(instant, page, name)
    for number, due in enumerate(case.deadlines):
        yield f"deadlines.{number}", _deadline(due, page)
    if case.appeals:
        yield "appeals", _key("attempts", "appeals")
    yield from _decision(case)
    for number, item in enumerate(case.items):
        yield f"items.{number}", _text(item.name, "name", "product", "items")
    for number, message in enumerate(case.messages):
        yield f"messages.{number}", _text(message.text, "messages", "text")
    if case.outcome:
        yield "outcome.result", _text(case.outcome.result, "result", "outcome")
        if case.outcome.recovered:
            yield "outcome.recovered", _money(case.outcome.recovered, "recovered")
        if case.outcome.settled_on:
            yield "outcome.settled_on", _day(case.outcome.settled_on, page, "settled_on")


def _decision(case: Case) -> Iterator[tuple[str, Matches]]:
    decision = case.decision
    if decision is None:
        return
    if decision.responsible:
        yield "decision.responsible", _text(decision.responsible.shown, "responsible")
    if decision.text:
        yield "decision.text", _text(decision.text, "text")
    if decision.clauses:
        yield "decision.clauses", _text(", ".join(decision.clauses), "clauses", "clause")
    for number, deduction in enumerate(decision.deductions):
        yield f"decision.deductions.{number}", _text(deduction.label, "deductions", "deduction")
    for number, wanted in enumerate(decision.requested_evidence):
        yield f"decision.requested_evidence.{number}", _text(wanted, "requested", "evidence")


def _named(place: Place, keys: tuple[str, ...]) -> bool:
    return not set(place.key.split(".")).isdisjoint(keys)


def _text(shown: str, *keys: str) -> Matches:
    form = norm(shown)

    def fits(place: Place) -> int:
        here = norm(place.text)
        named = _named(place, keys)
        if form and here == form:
            return 5 + named
        if min(len(form), len(here)) >= _LEAST_CUT and (form in here or here in form):
            return 2 + named
        return 2 if named and form and form in here else 1 if named and keys[0] == place.key.rpartition(".")[2] else 0

    return fits


def _key(*keys: str) -> Matches:
    return lambda place: 1 if _named(place, keys) else 0


def _money(money: Money, *keys: str) -> Matches:
    def fits(place: Place) -> int:
        try:
            same = read_money(place.text, currency=money.currency) == money
        except (ValueError, ArithmeticError):
            return 0
        return 3 + _named(place, keys) if same else 0

    return fits


def _instant(instant: datetime, page: SeenPage, *keys: str) -> Matches:
    def fits(place: Place) -> int:
        try:
            moment = read_moment(place.text, zone=page.zone, zone_basis=page.zone_basis, near=page.now)
        except (ValueError, ArithmeticError):
            return 0
        close = abs((moment.at - instant).total_seconds()) < _CLOCK_S
        return 3 + _named(place, keys) if close else 0

    return fits


def _day(day: date, page: SeenPage, *keys: str) -> Matches:
    def fits(place: Place) -> int:
        if not any(character.isdigit() for character in place.text):
            return 0
        digits = "".join(filter(str.isdigit, place.text))
        return 1 + _named(place, keys) if digits == f"{day:%Y%m%d}" else 0

    return fits


def _deadline(due: Deadline, page: SeenPage) -> Matches:
    text, instant = _text(due.shown, "deadline", "left", due.kind), _instant(due.at, page, "deadline", due.kind)
    return lambda place: max(text(place), instant(place))
