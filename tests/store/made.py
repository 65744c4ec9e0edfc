"""Made-up cases and a clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from agent.records import Appeals, Case, CaseKey, Deadline, Decision, Money, Party, Reason, Status
from agent.store import Store

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)


class Clock:
    """A clock for tests."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **parts: float) -> None:
        """Forward, or back with negative values."""
        self.at += timedelta(**parts)


def open_store(folder: Path, clock: Clock | None = None) -> Store:
    """A store in `folder`."""
    return Store.open(folder / "rebuttal.db", folder / "blobs", clock=clock or Clock())


def key(case_id: str = "C1", **other: str) -> CaseKey:
    """A case's name."""
    return CaseKey(
        **{"portal": "coupang", "account": "main", "channel": "refund_disputes", "case_id": case_id, **other}
    )


def deadline(at: datetime = NOON + timedelta(hours=48), **other: Any) -> Deadline:
    """A deadline read from a countdown in minutes."""
    return Deadline(
        **{
            "kind": "appeal",
            "at": at,
            "shown": "2일",
            "basis": "countdown",
            "zone": "Asia/Seoul",
            "zone_basis": "page",
            "precision_s": 60,
            "rule": "CP4",
            **other,
        }
    )


def case(case_id: str = "C1", **other: Any) -> Case:
    """A case that wants an appeal."""
    return Case(
        **{
            **key(case_id).model_dump(),
            "order_id": f"COO{case_id}",
            "url": f"https://example.test/{case_id}",
            "status": Status(shown="이의제기 가능", is_="action_needed"),
            "reason": Reason(shown="상품 미수령", is_="not_received"),
            "amount": Money(value=Decimal("37900"), currency="KRW"),
            "opened_at": NOON - timedelta(days=1),
            "deadlines": (deadline(),),
            "decision": Decision(responsible=Party(shown="판매자", is_="seller")),
            "actions": ("appeal",),
            "appeals": Appeals(used=0, allowed=1),
            "flags": ("vip",),
            **other,
        }
    )
