"""An approved appeal, ready to be sent to a mock portal."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.browser import form, patience
from agent.home import Home
from agent.records import Case
from agent.sending.packet import Packet
from fixtures.kernel.serving import Served
from flows import approve, draft, packet
from flows.context import Context, opened
from flows.reconcile import reconcile
from flows.submit import Result, SubmitReport, submit
from flows.sync import sync
from tests.conftest import sign_in

NOTE = "안녕하세요. 상품은 2026년 11월 10일 고객님께 배송 완료되었으며, 서명 기록을 첨부합니다.\n확인 부탁드립니다."
Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Clock:
    """The machine's clock, moved forward at will."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Appeal:
    """One case with an approved packet, its mock, and the flows that send and settle it."""

    def __init__(self, ctx: Context, mock: Served, clock: Clock, run: Run, folder: Path) -> None:
        self.ctx, self.mock, self.clock, self._run = ctx, mock, clock, run
        self.folder = folder
        folder.mkdir()
        self.sync()
        row = [r for r in ctx.store.cases.rows(channels=["refund_disputes"]) if "appeal" in r.actions][-1]
        self.key = row.key
        self.files = (("DeliveryProof", self.picture("proof.jpg", 1)), ("ShipmentPhoto", self.picture("box.png", 2)))

    def picture(self, name: str, seed: int, side: int = 700) -> Path:
        """A picture that no other seed gives."""
        path = self.folder / name
        Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3)).save(path)
        return path

    @property
    def case(self) -> Case:
        """As it is known now."""
        found = self.ctx.store.cases.get(self.key)
        assert found is not None
        return found

    def sync(self) -> None:
        """Read the portal."""
        self._run(sync(self.ctx, self.ctx.settings.account))

    def draft(self, text: str = NOTE, **given: Any) -> None:
        """Write the draft."""
        wanted = {"action": "appeal", "values": {"appeal_type": "delivery_proof"}, "text": text, "files": self.files,
                  "overrides": {}, "by": "li"}  # fmt: skip
        draft.draft(self.ctx, self.key.ref, **(wanted | given))

    def approve(self) -> Packet:
        """Write the draft, look at the packet, say yes."""
        self.draft()
        looked = packet.packet(self.ctx, self.key.ref)
        approve.approve(self.ctx, self.key.ref, digest=looked.digest[:12], by="wang")
        found = self.ctx.store.ledger.current(self.key, "appeal")
        assert found is not None and found.digest == looked.digest
        return found

    def submit(self, **how: Any) -> Result:
        """Send it; gives what came of it."""
        report: SubmitReport = self._run(submit(self.ctx, (self.key.ref,), **how))
        assert len(report.results) == 1
        return report.results[0]

    def reconcile(self) -> list[Result]:
        """Settle what is unknown."""
        report: SubmitReport = self._run(reconcile(self.ctx, self.ctx.settings.account))
        return report.results

    def arrived(self) -> list[dict[str, Any]]:
        """The appeals that reached the portal, whatever became of them."""
        return [one for one in self.mock.received("write") if one["path"].endswith("/appeal")]

    def writes(self) -> list[str]:
        """Everything else that changes state and reached the portal."""
        return [one["path"] for one in self.mock.received("write") if not one["path"].endswith("/appeal")]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing will come, nobody waits for a minute."""
    monkeypatch.setattr(form, "LOOK_MS", 1_500)
    monkeypatch.setattr(form, "ROWS_MS", 15_000)
    assert patience.LOOK_MS > 1_500


@pytest.fixture
def clock() -> Clock:
    """The operator's clock."""
    return Clock()


@pytest.fixture
def appeal(home: Home, mock: Served, clock: Clock, run: Run, tmp_path: Path) -> Iterator[Appeal]:
    """A case that can be appealed, nothing drafted yet."""
    with opened(home, clock=clock) as ctx:
        sign_in(ctx, mock, run)
        yield Appeal(ctx, mock, clock, run, tmp_path / "evidence")
