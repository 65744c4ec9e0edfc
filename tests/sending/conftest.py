"""An approved appeal at the mock portal, made without lint, and page scripts that meddle with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.browser import form, guard
from agent.browser import open as opening
from agent.records import Case
from agent.sending.packet import Packet
from fixtures.kernel.serving import Served
from flows.context import Context
from flows.reconcile import reconcile
from flows.submit import Result, SubmitReport, submit
from flows.sync import sync
from tests.conftest import Run
from tests.torture import made

NOTE = "안녕하세요. 배송 완료 자료를 첨부합니다.\n확인 부탁드립니다."


class Desk:
    """One case with an approved packet, and what reached the portal."""

    def __init__(self, ctx: Context, mock: Served, run: Run[Any], folder: Path) -> None:
        self.ctx, self.mock, self.run, self.folder = ctx, mock, run, folder
        folder.mkdir()
        run(sync(ctx, ctx.settings.account))
        rows = [r for r in ctx.store.cases.rows(channels=["refund_disputes"]) if "appeal" in r.actions]
        self.key = rows[-1].key

    @property
    def case(self) -> Case:
        """As it is in the records."""
        found = self.ctx.store.cases.get(self.key)
        assert found is not None
        return found

    def approve(self, *sizes: int, kind: str = "delivery_proof") -> Packet:
        """A packet with files of these sizes (bytes), approved."""
        paths = []
        for number, size in enumerate(sizes or (3_000, 50_000)):
            path = self.folder / f"{number}.jpg"
            path.write_bytes(made.JPEG + random.Random(number).randbytes(size - len(made.JPEG)))
            paths.append(path)
        draft, packet = made.appeal(self.ctx, self.case, paths, kind, NOTE)
        ledger = self.ctx.store.ledger
        ledger.save_draft(draft)
        ledger.freeze(packet)
        ledger.approve(packet, by="wang", machine="desk", hours=24, four_eyes=True)
        return packet

    def submit(self, **how: Any) -> Result:
        """Send it; what came of it."""
        report: SubmitReport = self.run(submit(self.ctx, (self.key.ref,), **how))
        [result] = report.results
        return result

    def reconcile(self) -> list[Result]:
        """Settle what is unknown."""
        found: list[Result] = self.run(reconcile(self.ctx, self.ctx.settings.account)).results
        return found

    def arrived(self) -> list[dict[str, Any]]:
        """The appeals that reached the portal, whatever became of them."""
        return [one for one in self.mock.received("write") if one["path"].endswith("/appeal")]

    def others(self) -> list[str]:
        """Whatever else reached it."""
        return [one["path"] for one in self.mock.received("write") if not one["path"].endswith("/appeal")]


@pytest.fixture
def desk(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Desk:
    """The desk; nothing is drafted yet."""
    return Desk(signed_in, mock, run, tmp_path / "evidence")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing will come, nobody waits for a minute."""
    monkeypatch.setattr(form, "LOOK_MS", 1_500)
    monkeypatch.setattr(form, "ANSWER_MS", 20_000)
    monkeypatch.setattr(form, "ROWS_MS", 20_000)
    monkeypatch.setattr(guard, "ANSWER_MS", 60_000)


@pytest.fixture
def page_script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Adds a script to every page of every context that is opened from now on, as the portal itself might."""
    real = opening.new_context

    def add(script: str) -> None:
        async def new_context(*args: Any, **how: Any) -> Any:
            context = await real(*args, **how)
            await context.add_init_script(script)
            return context

        monkeypatch.setattr(opening, "new_context", new_context)

    yield add
