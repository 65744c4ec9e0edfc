"""Runs with a real Chromium and a mock portal: the place where they happen, shared by all of them."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import shutil
import tempfile
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock as patching

from loguru import logger

from agent.browser import open as opening
from agent.home import Home
from agent.records import Case, CaseKey
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.sync import sync
from flows.visit import browsers, visiting
from tests.conftest import Workshop, settings_text, sign_in
from tests.portals.main import main_of
from tests.torture.child import hurry
from tests.torture.judge import Verdict

LONGEST = timedelta(hours=2)
"""No run moves the portal's clock further."""
BATCH = 20
"""Cases made and read at a time: reading them one by one would cost more than the runs."""


def runs(
    seed: int, numbers: list[int], *, portal: str = "coupang", told: bool = False
) -> Generator[tuple[int, Verdict], None, None]:
    """Play the runs `numbers` of `seed` at a portal, one after the other."""
    from tests.torture.chromium_run import Run

    logger.remove()
    hurry(calm=True)
    folder = Path(tempfile.mkdtemp(prefix="rebuttal-torture-"))
    try:
        with place(folder, portal, min(BATCH, len(numbers))) as shared:
            for number in numbers:
                with Run(shared, random.Random(f"{seed}:{number}"), number) as run:
                    verdict = run.play()
                    if told or verdict.notes:
                        print("\n".join(run.trail), flush=True)
                yield number, verdict
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def place(folder: Path, portal: str, batch: int = BATCH) -> Iterator[Place]:
    """A portal, two homes on one database, and one browser for all that is not killed."""
    key = base64.b64encode(b"a key of thirty-two bytes, tests").decode()
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(serving((portal,), seed=1, cases=1, options=main_of(portal).world))[portal]
        prefix = f"REBUTTAL_{portal.upper()}_MAIN"
        own = {f"{prefix}_USERNAME": served.username, f"{prefix}_PASSWORD": served.password}
        stack.enter_context(patching.patch.dict(os.environ, {"REBUTTAL_KEY": key, **own}))
        workshop = Workshop()
        stack.enter_context(patching.patch.object(opening, "playwright_running", workshop.playwright_running))
        stack.enter_context(patching.patch.object(opening, "launch", workshop.launch))
        stack.enter_context(workshop.runner)
        stack.callback(lambda: workshop.runner.run(workshop.close()))
        yield Place(served, folder, workshop, batch)


class Place:
    """What all runs share."""

    def __init__(self, mock: Served, folder: Path, workshop: Workshop, batch: int) -> None:
        self.mock = mock
        self.main = main_of(mock.portal)
        self.account = f"{mock.portal}:main"
        self.folder = folder
        self.database = folder / "rebuttal.db"
        self._workshop = workshop
        self._batch = batch
        self.homes = [Home(folder / name).create() for name in ("desk", "laptop")]
        for home in self.homes:
            text = settings_text(mock, database=json.dumps(str(self.database)))
            text += f'options.channels = ["{self.main.channel}"]\noptions.health = false\n'
            home.settings_file.write_text(text, encoding="utf-8")
        self._supply: list[str] = []

    @contextlib.contextmanager
    def context(self) -> Iterator[Context]:
        """The first home's."""
        with opened(self.homes[0]) as ctx:
            yield ctx

    def run(self, work: Any) -> Any:
        """A coroutine, to its end."""
        return self._workshop.runner.run(work)

    def signed_in(self) -> None:
        """A fresh session in both homes."""
        with self.context() as ctx:
            sign_in(ctx, self.mock, self.run)
            state = ctx.vault.load(self.account)
        assert state is not None
        with opened(self.homes[1]) as other:
            other.vault.save(self.account, state)

    def case(self) -> str:
        """The id of a case that may be answered, also when a run has moved the portal's clock, and is in the records."""
        while True:
            if not self._supply:
                self._refill()
            case_id = self._supply.pop()
            if self._stays_open(case_id):
                return case_id

    def _stays_open(self, case_id: str) -> bool:
        """Whether no deadline of that case can pass during one run; refusing a case that is over is no loss."""
        key = CaseKey(portal=self.mock.portal, account="main", channel=self.main.channel, case_id=case_id)
        ends = datetime.fromisoformat(self.mock.advance(0)) + LONGEST
        with self.context() as ctx:
            case = ctx.store.cases.get(key)
        return (
            case is not None
            and self.main.action in case.actions
            and all(deadline.at > ends for deadline in case.deadlines)
        )

    def _refill(self) -> None:
        """A new batch of cases, read."""
        self.signed_in()
        wish = {"channel": self.main.channel, "state": self.main.state, "count": self._batch}
        self._supply = self.mock.event("new_case", **wish)["case_ids"]
        with self.context() as ctx:
            report = self.run(sync(ctx, ctx.settings.account))
        assert report.exit_code == 0, report.public()

    def page_of(self, case: Case) -> str:
        """The case's page at the portal, as a person sees it."""

        async def look(ctx: Context) -> str:
            account = ctx.settings.named(self.account)
            async with browsers() as shared, visiting(ctx, shared, account, "reading") as visit:
                channel = visit.portal.channel(case.channel)
                seen, _ = await channel.visit(visit.tab, case.case_id, case.url)
                return seen.page.html

        with self.context() as ctx:
            return str(self.run(look(ctx)))
