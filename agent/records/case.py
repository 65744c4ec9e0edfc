"""One case as it is known: the public record of DESIGN §4."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any, Literal

from pydantic import Field

from agent.records.base import Instant, Record
from agent.records.money import Money

StatusIs = Literal[
    "action_needed", "waiting", "in_review", "won", "partly_won", "lost", "expired", "withdrawn", "closed", "unknown"
]
OPEN = ("action_needed", "waiting", "in_review", "unknown")
"""Statuses of a case that may still want something."""

ReasonIs = Literal[
    "not_received",
    "not_as_described",
    "wrong_item",
    "damaged",
    "missing_parts",
    "duplicate_refund",
    "late",
    "no_tracking",
    "return_missing",
    "return_abuse",
    "misunderstanding",
    "platform_fault",
    "changed_mind",
    "counterfeit",
    "cancellation",
    "return_dispute",
    "policy",
    "stock",
    "question",
    "other",
]
PartyIs = Literal["seller", "buyer", "platform", "carrier", "unknown"]
DeadlineKind = Literal["appeal", "reply", "negotiate", "confirm_return", "evidence", "withdraw"]
Action = Literal[
    "appeal",
    "reply",
    "propose_solution",
    "accept",
    "escalate",
    "cancel_escalation",
    "request_close",
    "apply_withdrawal",
    "provide_tracking",
    "open_ticket",
]


class Status(Record):
    """What the portal showed, and what we take it to mean."""

    shown: str
    is_: StatusIs

    model_config = Record.model_config | {
        "validate_by_name": True,
        "validate_by_alias": True,
        "alias_generator": lambda name: name.rstrip("_"),
        "serialize_by_alias": True,
    }


class Reason(Status):
    """Why the buyer complained."""

    is_: ReasonIs  # type: ignore[assignment]


class Party(Status):
    """Whom the platform holds responsible."""

    is_: PartyIs  # type: ignore[assignment]


class Deadline(Record):
    """An instant with its proof (DESIGN §5). `precision_s`: the instant is at most that many seconds early."""

    kind: DeadlineKind
    at: Instant
    shown: str
    basis: Literal["instant", "countdown", "rule"]
    zone: str
    zone_basis: Literal["page", "account", "assumed"]
    precision_s: int
    rule: str
    provisional: bool = False
    """True when it rests on a calendar year whose holidays are not announced yet."""


class Deduction(Record):
    """One line the platform takes from the seller."""

    label: str
    amount: Money


class Document(Record):
    """A file the portal gave; its bytes are kept under `sha256`."""

    name: str
    sha256: str
    size: int


class Decision(Record):
    """What the platform ruled and why."""

    responsible: Party | None = None
    deductions: tuple[Deduction, ...] = ()
    clauses: tuple[str, ...] = ()
    text: str | None = None
    requested_evidence: tuple[str, ...] = ()
    document: Document | None = None


class Appeals(Record):
    """How often the seller may still object."""

    used: int
    allowed: int


class Item(Record):
    """One thing sold."""

    id: str
    name: str
    quantity: int
    amount: Money | None = None


class Attachment(Record):
    """A file shown beside a message; bytes are kept only where `sha256` is given."""

    name: str
    sha256: str | None = None


class Message(Record):
    """One entry of the exchange."""

    at: Instant
    from_: Literal["buyer", "seller", "platform"]
    text: str
    attachments: tuple[Attachment, ...] = ()
    auto: bool = Field(default=False, exclude_if=lambda auto: not auto)
    """Sent by an auto-reply: no answer (CM4). Written only where it is so."""

    model_config = Status.model_config


class Offer(Record):
    """One plan on the table: who would end the matter how, for how much (WD5, AE2).

    `amount` is in the currency the seller is paid in, `buyer_amount` the same in the buyer's.
    """

    from_: Literal["buyer", "seller", "platform"]
    kind: Literal["refund", "return_and_refund", "reship", "coupon"]
    amount: Money | None = None
    buyer_amount: Money | None = None
    at: Instant | None = None
    text: str = ""

    model_config = Status.model_config


class Outcome(Record):
    """How the seller's answer ended."""

    result: str
    at: Instant | None = None
    recovered: Money | None = None
    settled_on: date | None = None


class SeenRef(Record):
    """The stored page a record was read from."""

    sha256: str
    at: Instant


class CaseKey(Record):
    """A case's natural key."""

    portal: str
    account: str
    channel: str
    case_id: str

    @property
    def ref(self) -> str:
        """`coupang:main/refund_disputes/COO123`, as people name it."""
        return f"{self.portal}:{self.account}/{self.channel}/{self.case_id}"

    @property
    def store_name(self) -> str:
        """`coupang:main`."""
        return f"{self.portal}:{self.account}"


class Case(Record):
    """One matter that wants, or wanted, an answer. `missing` gives the reason for each optional value not there."""

    portal: str
    account: str
    channel: str
    case_id: str
    order_id: str
    """"" where the matter is about no order (a policy alert)."""
    order_shown: str | None = Field(default=None, exclude_if=lambda shown: shown is None)
    """The order's id as shown, where that is not `order_id` (CM13: a `CP-` before it). Written only where it is so."""
    url: str
    status: Status
    reason: Reason | None = None
    amount: Money | None = None
    opened_at: Instant | None = None
    decided_at: Instant | None = None
    deadlines: tuple[Deadline, ...] = ()
    decision: Decision | None = None
    actions: tuple[Action, ...] = ()
    appeals: Appeals | None = None
    items: tuple[Item, ...] = ()
    messages: tuple[Message, ...] = ()
    flags: tuple[str, ...] = ()
    outcome: Outcome | None = None
    offers: tuple[Offer, ...] = Field(default=(), exclude_if=lambda offers: not offers)
    limit: Money | None = Field(default=None, exclude_if=lambda limit: limit is None)
    """The most that can be refunded, in the currency in which the portal's forms take an amount."""
    details: dict[str, str] = Field(default={}, exclude_if=lambda details: not details)
    """Further facts as shown that no other field holds (a return parcel's number), by name."""
    missing: dict[str, str] = {}
    seen: SeenRef | None = None

    @property
    def key(self) -> CaseKey:
        """The natural key."""
        return CaseKey(portal=self.portal, account=self.account, channel=self.channel, case_id=self.case_id)

    @property
    def revision(self) -> str:
        """SHA-256 of the facts read.

        Left out: where it was seen, and everything about a countdown but its kind, because a countdown is
        worded anew at every look while the fact behind it stands still.
        """
        facts = self.model_dump(mode="json", exclude={"seen", "missing"})
        facts["deadlines"] = [
            {"kind": d["kind"]} if d["basis"] == "countdown" else {"kind": d["kind"], "at": d["at"]}
            for d in facts["deadlines"]
        ]
        return hashlib.sha256(canonical(facts)).hexdigest()

    def public(self) -> dict[str, Any]:
        """The exported form: every field of DESIGN §4, `revision` included."""
        return self.model_dump(mode="json") | {"revision": self.revision}


def canonical(value: Any) -> bytes:
    """Canonical JSON (sorted keys, no spaces, UTF-8), the one form that is ever hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
