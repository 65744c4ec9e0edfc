"""A portal in memory: cases, one appeal each, and every way in which its answer to the one request can go wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from playwright.async_api import Error

from agent.portal import Sent
from agent.reading.labels import norm
from agent.records import Appeals, Case, Message, Money, Reason, SeenRef, Status
from tests.torture.judge import Arrival, Content

SHOWN = {"delivery_proof": "배송 증빙", "product_accuracy": "상품 정확성"}
KEYS = {"delivery_proof": "DELIVERY_PROOF", "product_accuracy": "WRONG_ITEM"}
WINDOW = timedelta(days=7)

ANSWERS = {
    "receipt": 30,
    "drop_before": 6,
    "drop_after": 12,
    "late": 10,
    "hang_before": 3,
    "hang_after": 4,
    "408": 3,
    "408_after": 4,
    "500": 4,
    "500_after": 5,
    "504_after": 3,
    "refusal": 6,
    "refusal_422": 3,
    "signed_out": 3,
    "redirect_307": 2,
    "blank_after": 3,
    "wrong_receipt": 3,
    "unreadable_receipt": 3,
}
"""What comes of the request, with weights. `…_after`: it was accepted, and the answer does not say so."""


@dataclass
class Response:
    """What the portal answers: an HTTP status and the kind of page it leads to."""

    status: int
    page: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Appeal:
    """The one appeal of a case; shown on its page from `visible_at` on."""

    number: str
    at: datetime
    kind: str
    visible_at: datetime


@dataclass
class Matter:
    """One case at the portal. `version` moves with everything that a page of it shows."""

    case_id: str
    opened_at: datetime
    amount: int
    messages: list[tuple[datetime, str]] = field(default_factory=list)
    withdrawn: bool = False
    appeal: Appeal | None = None

    def open_at(self, now: datetime) -> bool:
        """May an appeal be filed?"""
        return self.appeal is None and not self.withdrawn and now < self.opened_at + WINDOW


@dataclass
class Pending:
    """A request that broke off and is worked on nevertheless, until `due`."""

    arrival: Arrival
    kind: str
    due: datetime


class MemoryPortal:
    """The portal. `now` is its own clock, which nobody can set."""

    def __init__(self, rng: random.Random, now: Callable[[], datetime]) -> None:
        self.rng = rng
        self.now = now
        self.matters: dict[str, Matter] = {}
        self.arrivals: list[Arrival] = []
        self.slow: timedelta = timedelta()
        """How long after it was accepted an appeal shows on the case's page."""
        self._pending: list[Pending] = []
        self._numbers = 0

    def new(self) -> Matter:
        """A case that wants an appeal."""
        made = Matter(f"COO{self.rng.randrange(10**8, 10**9)}", self.now() - timedelta(days=1), 10_000)
        made.amount += self.rng.randrange(10_000)
        self.matters[made.case_id] = made
        return made

    def matter(self, case_id: str) -> Matter:
        """A case as it is now, late work done."""
        for one in sorted(self._pending, key=lambda p: p.due):
            if one.due <= self.now():
                self._pending.remove(one)
                self._accept(one.arrival, one.kind, one.due)
        return self.matters[case_id]

    def read(self, case_id: str) -> tuple[Case, tuple[Sent, ...]]:
        """The case's page: the record a reader makes of it, and the appeals it lists."""
        matter, now = self.matter(case_id), self.now()
        appeal = matter.appeal if matter.appeal and matter.appeal.visible_at <= now else None
        if appeal is not None:
            status = Status(shown="재심사 중", is_="in_review")
        elif matter.withdrawn:
            status = Status(shown="구매자 철회", is_="withdrawn")
        elif now >= matter.opened_at + WINDOW:
            status = Status(shown="이의 제기 기간 만료", is_="expired")
        else:
            status = Status(shown="이의 제기 가능", is_="action_needed")
        case = Case(
            portal="coupang",
            account="main",
            channel="refund_disputes",
            case_id=case_id,
            order_id=case_id,
            url=f"https://portal.example/orders/{case_id}",
            status=status,
            reason=Reason(shown="상품 미수령", is_="not_received"),
            amount=Money(value=Decimal(matter.amount), currency="KRW"),
            opened_at=matter.opened_at,
            actions=("appeal",) if status.is_ == "action_needed" else (),
            appeals=Appeals(used=1 if appeal else 0, allowed=1),
            messages=tuple(Message(at=at, from_="buyer", text=text) for at, text in matter.messages),
            seen=SeenRef(sha256="0" * 64, at=now),
        )
        sent = (Sent(number=appeal.number, at=appeal.at, what=norm(appeal.kind)),) if appeal else ()
        return case, sent

    def receive(self, answer: str, content: Content, attempt: str, objection: str | None) -> Response:
        """One sending request, and what becomes of it. Raises Playwright's `Error` where the connection breaks."""
        if answer == "drop_before_arrival":
            raise Error("Route.fetch: connect ECONNREFUSED")
        matter, now = self.matter(content[0]), self.now()
        pending = any(one.arrival.content[0] == content[0] for one in self._pending)
        arrival = Arrival(content, False, attempt=attempt, pending_before=pending, objection=objection)
        self.arrivals.append(arrival)
        if answer in ("drop_before", "hang_before"):
            raise Error("Route.fetch: socket hang up" if answer == "drop_before" else "Route.fetch: Timeout")
        if answer == "late":
            due = now + timedelta(seconds=self.rng.choice([2, 20, 200]))
            self._pending.append(Pending(arrival, content[1], due))
            raise Error("Route.fetch: socket hang up")
        nothing = {"408": (408, "error"), "500": (500, "error"), "signed_out": (302, "sign_in")}
        nothing |= {"redirect_307": (307, "error")}
        if answer in nothing:
            return Response(*nothing[answer])
        if answer.startswith("refusal") or not matter.open_at(now):
            return Response(422 if answer == "refusal_422" else 200, "refusal")
        self._accept(arrival, content[1], now)
        if answer in ("drop_after", "hang_after"):
            raise Error("Route.fetch: socket hang up" if answer == "drop_after" else "Route.fetch: Timeout")
        after = {"408_after": (408, "error"), "500_after": (500, "error"), "504_after": (504, "error")}
        after |= {"blank_after": (200, "blank")}
        return Response(*after.get(answer, (303, answer)))

    def _accept(self, arrival: Arrival, kind: str, at: datetime) -> None:
        matter = self.matters[arrival.content[0]]
        if not matter.open_at(at):
            return
        self._numbers += 1
        number = f"AP{self._numbers:06d}"
        at = at.replace(microsecond=0)
        matter.appeal = Appeal(number, at, SHOWN[kind], at + self.slow)
        arrival.accepted, arrival.number = True, number

    def file_by_hand(self, case_id: str) -> None:
        """A person appeals in a browser of their own, with another type than ours."""
        matter = self.matter(case_id)
        if matter.open_at(self.now()) and not any(p.arrival.content[0] == case_id for p in self._pending):
            matter.appeal = Appeal(f"BYHAND{case_id}", self.now().replace(microsecond=0), "기타", self.now())
