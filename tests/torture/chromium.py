"""Runs with a real Chromium and a mock portal: the place where they happen, shared by all of them."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import shutil
import tempfile
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from unittest import mock as patching

from loguru import logger

from agent.browser import open as opening
from agent.home import Home
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.sync import sync
from tests.conftest import Workshop, settings_text, sign_in
from tests.torture.child import hurry
from tests.torture.judge import Verdict

BATCH = 20
"""Cases made and read at a time: reading them one by one would cost more than the runs."""


def runs(seed: int, numbers: list[int], *, told: bool = False) -> Generator[tuple[int, Verdict], None, None]:
    """Play the runs `numbers` of `seed` one after the other."""
    from tests.torture.chromium_run import Run

    logger.remove()
    hurry(calm=True)
    folder = Path(tempfile.mkdtemp(prefix="rebuttal-torture-"))
    try:
        with place(folder, min(BATCH, len(numbers))) as shared:
            for number in numbers:
                with Run(shared, random.Random(f"{seed}:{number}"), number) as run:
                    verdict = run.play()
                    if told or verdict.notes:
                        print("\n".join(run.trail), flush=True)
                yield number, verdict
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def place(folder: Path, batch: int = BATCH) -> Iterator[Place]:
    """A portal, two homes on one database, and one browser for all that is not killed."""
    key = base64.b64encode(b"a key of thirty-two bytes, tests").decode()
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(serving(("coupang",), seed=1, cases=1, options={"others": "0"}))["coupang"]
        own = {"REBUTTAL_COUPANG_MAIN_USERNAME": served.username, "REBUTTAL_COUPANG_MAIN_PASSWORD": served.password}
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
        self.folder = folder
        self.database = folder / "rebuttal.db"
        self._workshop = workshop
        self._batch = batch
        self.homes = [Home(folder / name).create() for name in ("desk", "laptop")]
        for home in self.homes:
            text = settings_text(mock, database=json.dumps(str(self.database)))
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
            state = ctx.vault.load("coupang:main")
        assert state is not None
        with opened(self.homes[1]) as other:
            other.vault.save("coupang:main", state)

    def case(self) -> str:
        """The id of a case that may be appealed and is in the records."""
        if not self._supply:
            self.signed_in()
            self._supply = self.mock.event("new_case", state="action_needed", count=self._batch)["case_ids"]
            with self.context() as ctx:
                report = self.run(sync(ctx, ctx.settings.account))
            assert report.exit_code == 0, report.public()
        return self._supply.pop()

    def page_of(self, case_id: str) -> str:
        """The case's page at the portal, fetched without a browser."""
        with self.context() as ctx:
            state = ctx.vault.load("coupang:main") or {}
        cookies = "; ".join(f"{c['name']}={c['value']}" for c in state["cookies"])
        asked = urllib.request.Request(f"{self.mock.base_url}/orders/{case_id}", headers={"Cookie": cookies})
        with urllib.request.urlopen(asked) as answer:
            return str(answer.read().decode())
