"""What the Coupang tests share: an operator who reads, drafts, approves and sends, and the truth to compare with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.browser import open as opening
from agent.home import Home
from agent.records import Action, Case, CaseKey
from agent.settings import AccountSettings
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.approve import approve
from flows.context import Context, opened
from flows.draft import draft
from flows.readiness import DraftReport
from flows.submit import Result, submit
from flows.sync import SyncReport, sync
from tests.conftest import KEY, Run, Workshop, nothing_sent, settings_text, sign_in
from tests.evidence.made import picture

SEEDS = range(1, 1 + int(os.environ.get("TRUTH_SEEDS", "3")))
"""Worlds compared with the truth; TRUTH_SEEDS=20 for all of them."""
CASES = int(os.environ.get("TRUTH_CASES", "12"))
LARGE = (1240, 1650)
"""A picture that the Message Center takes (CM5)."""
EARLY = timedelta(minutes=2)
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def home(request: pytest.FixtureRequest, mock: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The shared home, its account reading only what `@pytest.mark.account(channels=…, …)` says."""
    made = Home(tmp_path / "home").create()
    marker = request.node.get_closest_marker("account")
    options = marker.kwargs if marker else {}
    lines = "".join(f"options.{name} = {json.dumps(value)}\n" for name, value in options.items())
    made.settings_file.write_text(settings_text(mock, pace_s="0.0") + lines, encoding="utf-8")
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    return made


class Shop:
    """An operator at the Coupang mock: everything read, and the way from draft to receipt."""

    def __init__(self, ctx: Context, mock: Served, run: Run[Any], folder: Path) -> None:
        self.ctx = ctx
        self.mock = mock
        self.run = run
        self.folder = folder
        folder.mkdir()

    @property
    def account(self) -> AccountSettings:
        return self.ctx.settings.account[0]

    def sync(self, *, full: bool = False) -> SyncReport:
        """Read everything."""
        report: SyncReport = self.run(sync(self.ctx, (self.account,), full=full))
        return report

    def cases(self, channel: str) -> list[Case]:
        """All cases of a channel as the records have them."""
        return [case for case in self.ctx.store.cases.export() if case.channel == channel]

    def case(self, channel: str, action: Action | None = None, **facts: str) -> Case:
        """The first case of the channel that offers `action`, with that `status` and `reason`."""
        for case in self.cases(channel):
            told = {"status": case.status.is_, "reason": case.reason.is_ if case.reason else ""}
            if (action is None or action in case.actions) and facts.items() <= told.items():
                return case
        raise AssertionError(f"no case of {channel} offers {action} with {facts}")

    def again(self, case: Case) -> Case:
        """The case as the records have it now."""
        found = self.ctx.store.cases.get(case.key)
        assert found is not None
        return found

    def known(self, channel: str, case_id: str) -> Case:
        """A case by its id."""
        found = self.ctx.store.cases.get(CaseKey(portal="coupang", account="main", channel=channel, case_id=case_id))
        assert found is not None
        return found

    def file(
        self, kind: str = "DeliveryProof", name: str = "proof.jpg", data: bytes | None = None, **how: Any
    ) -> tuple[str, Path]:
        """An evidence file; a large, sharp picture unless told otherwise."""
        path = self.folder / name
        how.setdefault("size", LARGE)
        path.write_bytes(picture(seed=len(list(self.folder.iterdir())), **how) if data is None else data)
        return kind, path

    def draft(self, case: Case, action: Action, values: dict[str, str], *files: tuple[str, Path]) -> DraftReport:
        """A draft, linted."""
        return draft(
            self.ctx, case.key.ref, action=action, values=values, text=None, files=files, overrides={}, by="li"
        )

    def send(self, case: Case, report: DraftReport) -> Result:
        """Approve what was drafted, and send it."""
        assert report.packet is not None, [(one.code, str(one.words)) for one in report.blocked]
        approve(self.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
        (result,) = self.run(submit(self.ctx, (case.key.ref,))).results
        return result  # type: ignore[no-any-return]

    def writes(self) -> list[dict[str, Any]]:
        """Every request that arrived and could change something."""
        return self.mock.received("write")

    def truth(self, channel: str) -> list[dict[str, Any]]:
        """How the cases of a channel really are."""
        return [one for one in self.mock.truth() if one["channel"] == channel]


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator; nothing is read yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")


@pytest.fixture
def shop_without_portal(tmp_path: Path) -> Iterator[Shop]:
    """An operator at a desk: records and flows, and no portal to visit."""
    made = Home(tmp_path / "home").create()
    text = 'operator = "li"\n[[account]]\nportal = "coupang"\nname = "main"\nbase_url = "http://127.0.0.1:9"\n'
    made.settings_file.write_text(text, encoding="utf-8")
    with opened(made) as ctx:
        yield Shop(ctx, None, None, tmp_path / "evidence")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def read_shop(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An operator who has read everything, once for all tests of a module that only draft and lint."""
    folder = tmp_path_factory.mktemp("read")
    with (
        pytest.MonkeyPatch.context() as patch,
        serving(("coupang",), seed=1, cases=9, options={"others": "10"}) as served,
    ):
        patch.setenv("REBUTTAL_KEY", KEY)
        patch.setattr(opening, "playwright_running", workshop.playwright_running)
        patch.setattr(opening, "launch", workshop.launch)
        mock = served["coupang"]
        made = Home(folder / "home").create()
        made.settings_file.write_text(settings_text(mock, pace_s="0.0"), encoding="utf-8")
        with opened(made) as ctx:
            sign_in(ctx, mock, workshop.runner.run)
            shop = Shop(ctx, mock, workshop.runner.run, folder / "evidence")
            shop.sync()
            yield shop
            nothing_sent(mock)


def differences(case: Case, truth: dict[str, Any]) -> dict[str, Any]:
    """Every field that is not as it really is, with what is told and what is true; deadlines may be a little early."""
    told = case.public()
    for name in ("seen", "revision", "missing"):
        told.pop(name)
    told_due, true_due = told.pop("deadlines"), truth["deadlines"]
    rest = {name: value for name, value in truth.items() if name != "deadlines"}
    names = told.keys() | rest.keys()
    wrong = {name: (told.get(name), rest.get(name)) for name in names if told.get(name) != rest.get(name)}
    if len(told_due) != len(true_due) or any(map(late_or_other, told_due, true_due)):
        wrong["deadlines"] = (told_due, true_due)
    return wrong


def late_or_other(told: dict[str, Any], truth: dict[str, Any]) -> bool:
    """Is the deadline another one, or told later than it is, or more than two minutes early?"""
    early = datetime.fromisoformat(truth["at"]) - datetime.fromisoformat(told["at"])
    fixed = all(told[name] == truth[name] for name in ("kind", "basis", "zone", "rule"))
    return not (fixed and bool(told["shown"]) and timedelta() <= early <= EARLY)
