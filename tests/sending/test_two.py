"""Two at once, and what a crash leaves: one appeal, whoever sends it."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Busy
from agent.home import Home
from fixtures.kernel.serving import Served
from flows import visit
from flows.context import Context, opened
from flows.submit import SubmitReport, submit
from tests.conftest import settings_text
from tests.sending.conftest import Desk

HOLDER = """
import sys
from pathlib import Path
from agent.home import Home
from flows.context import opened
from flows.visit import holding
with opened(Home(Path(sys.argv[1]))) as ctx, holding(ctx, ctx.settings.account[0]) as lease:
    print(lease.fence, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def second(desk: Desk, mock: Served, tmp_path: Path) -> Iterator[Context]:
    """Another home that uses the first one's database, signed in too."""
    home = Home(tmp_path / "second").create()
    database = f"'{desk.ctx.home.database}'"
    home.settings_file.write_text(settings_text(mock, database=database), encoding="utf-8")
    with opened(home) as ctx:
        state = desk.ctx.vault.load("coupang:main")
        assert state is not None
        ctx.vault.save("coupang:main", state)
        yield ctx


class _Names:
    """In place of `platform`: each of two tasks runs on a machine of its own name."""

    mine: contextvars.ContextVar[str] = contextvars.ContextVar("machine", default="desk")

    def node(self) -> str:
        """As `platform.node`."""
        return self.mine.get()


@pytest.mark.sends
@pytest.mark.parametrize("names", [("desk", "laptop"), ("desk", "desk")], ids=["two names", "two clones of one name"])
def test_two_machines_on_one_database_send_one_appeal(
    desk: Desk, second: Context, names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "platform", _Names())
    desk.approve()

    async def on(name: str, ctx: Context) -> SubmitReport:
        _Names.mine.set(name)
        return await submit(ctx, (desk.key.ref,))

    async def both() -> tuple[SubmitReport, SubmitReport]:
        return await asyncio.gather(on(names[0], desk.ctx), on(names[1], second))

    outcomes = sorted(r.results[0].outcome for r in desk.run(both()))
    assert len(desk.arrived()) == 1, outcomes
    assert "not_sent" in outcomes
    desk.reconcile()
    assert [a.state for a in desk.ctx.store.ledger.attempts()] == ["confirmed"]
    assert desk.ctx.store.audit.verify() is None


@pytest.mark.sends
def test_two_commands_on_one_machine_send_one_appeal(desk: Desk) -> None:
    desk.approve()

    async def both() -> list[Any]:
        return await asyncio.gather(*(submit(desk.ctx, (desk.key.ref,)) for _ in range(2)))

    results = [report.results[0] for report in desk.run(both())]
    assert sorted((r.outcome, r.error) for r in results) == [("confirmed", None), ("not_sent", "Busy")]
    assert len(desk.arrived()) == 1


def test_a_killed_process_does_not_keep_the_account(ctx: Context) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ctx.home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        fence = int(process.stdout.readline())
        with pytest.raises(Busy), visit.holding(ctx, ctx.settings.account[0]):
            pass
        process.kill()
        process.wait()
        with visit.holding(ctx, ctx.settings.account[0]) as lease:
            assert lease.fence == fence + 1, "a late answer of the dead one is known by its number"
