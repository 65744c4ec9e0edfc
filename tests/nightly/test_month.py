"""A month nobody watched: every deadline told in time, every alarm once, and at its end the records are the truth."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import DONE
from agent.home import Home
from agent.records import OPEN, Case
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from flows.notify import notify
from flows.runs import history
from flows.sync import sync
from tests.conftest import KEY, Run, settings_text, sign_in
from tests.nightly.provider import Provider
from tests.truth import differences

PORTALS = ("coupang", "ozon", "aliexpress")
OPTIONS = {"coupang.others": "0"}
CHANNELS = {"coupang": "refund_disputes", "ozon": "refund_disputes", "aliexpress": "disputes"}
AWAY = {"ozon": (4,), "aliexpress": (9, 10)}
"""Evenings on which nobody could sign in."""
CASES, NIGHTS = 3, 30
BEGIN = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
"""18:00 in Shanghai, near the true day: a browser's cookies run by the true clock."""
LOOKS = (0, 4.5, 8, 13.5, 18)
"""Hours after 18:00 at which people are told; the night is read at 8."""


class Killed(BaseException):
    """The process ends here."""


class Month:
    """Three portals, a home, one clock for all of them, and who was told what when."""

    def __init__(self, ctx: Context, mocks: dict[str, Served], robot: Provider, run: Run[Any]) -> None:
        self.ctx, self.mocks, self.robot, self.run = ctx, mocks, robot, run
        self.now = BEGIN
        self.told: list[tuple[datetime, str]] = []
        self.due: dict[str, tuple[datetime, datetime]] = {}
        """Of every deadline that a reading knew: when it ends, and since when it was known."""

    def clock(self) -> datetime:
        return self.now

    def until(self, at: datetime) -> None:
        """Move all clocks."""
        step = (at - self.now).total_seconds()
        self.now = at
        for mock in self.mocks.values():
            mock.advance(step)

    def tell(self) -> None:
        """Tell, and note when what came."""
        before = len(self.robot.got)
        notify(self.ctx)
        self.told += [(self.now, line) for text in self.robot.got[before:] for line in text.splitlines()]

    def read(self) -> int:
        """One night; gives its exit code."""
        for mock in self.mocks.values():
            mock.advance(0)
        code: int = self.run(sync(self.ctx, self.ctx.settings.account)).exit_code
        self.known()
        return code

    def known(self) -> None:
        """Note the deadlines that are in the records now."""
        for row in self.ctx.store.cases.rows(open_only=True):
            case = self.ctx.store.cases.get(row.key)
            for deadline in case.deadlines if case and row.needs_action else ():
                name = f"{row.ref}#{deadline.kind}"
                since = self.due.get(name, (deadline.at, self.now))[1]
                self.due[name] = (deadline.at, since)

    def happen(self, portal: str, what: str, **details: Any) -> str:
        """An event on the first open case that takes it; gives that case's id."""
        if what == "new_case":
            return str(self.mocks[portal].event(what, **details).get("case_id"))
        for case in self.mocks[portal].truth():
            if case["status"]["is"] in OPEN and case["channel"] == CHANNELS[portal]:
                try:
                    self.mocks[portal].event(what, case_id=case["case_id"], **details)
                except ValueError:
                    continue
                return str(case["case_id"])
        return ""


@pytest.fixture
def month(tmp_path: Path, robot: Provider, run: Run[Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Month]:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    monkeypatch.setenv("REBUTTAL_NOTIFY_GROUP", robot.url)
    home = Home(tmp_path / "home").create()
    with ExitStack() as stack:
        mocks = stack.enter_context(serving(PORTALS, seed=11, cases=CASES, now=BEGIN, options=OPTIONS))
        lines = settings_text(*mocks.values(), at_once=1).replace(
            "[[account]]", '[notify]\nto = ["group"]\n[[account]]', 1
        )
        for portal, channel in CHANNELS.items():  # one queue of each portal: a month has many nights
            mark = f'base_url = "{mocks[portal].base_url}"'
            lines = lines.replace(mark, f'{mark}\noptions.channels = ["{channel}"]')
        home.settings_file.write_text(lines, encoding="utf-8")
        made: list[Month] = []
        ctx = stack.enter_context(opened(home, clock=lambda: made[0].clock() if made else BEGIN))
        made.append(Month(ctx, mocks, robot, run))
        yield made[0]


def killed_after(month: Month, pages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night whose process ends after so many pages; what it read is there, and the run has no end."""
    save, count = month.ctx.store.cases.save, [0]

    def then_killed(case: Case, *given: Any, **named: Any) -> Any:
        count[0] += 1
        if count[0] > pages:
            raise Killed
        return save(case, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(month.ctx.store.cases, "save", then_killed)
        with pytest.raises(Killed):
            month.read()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_month_that_nobody_watches(month: Month, run: Run[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    mocks, robot = month.mocks, month.robot
    label = {"from": "분쟁 상태", "to": "사건 상태"}
    evening: dict[int, Callable[[], Any]] = {
        3: lambda: month.happen("coupang", "message", text="배송이 언제 되나요?"),
        4: lambda: mocks["ozon"].fault("503", "/", count="all"),
        5: lambda: mocks["ozon"].clear_faults(),
        7: lambda: [month.happen(portal, "new_case") for portal in PORTALS],
        9: lambda: mocks["aliexpress"].fault("sign_out", "/", count="all"),
        11: lambda: mocks["aliexpress"].clear_faults(),
        13: lambda: month.happen("coupang", "withdraw"),
        14: lambda: (month.happen("coupang", "new_case"), mocks["coupang"].fault("rename_label", "/", count="all", **label)),
        16: lambda: mocks["coupang"].clear_faults(),
        18: lambda: setattr(robot, "always", "error"),
        19: lambda: setattr(robot, "always", "ok"),
        21: lambda: [month.happen(portal, "new_case") for portal in PORTALS],
        24: lambda: month.happen("ozon", "withdraw"),
        26: lambda: month.happen("coupang", "new_case"),
    }  # fmt: skip
    codes = []
    for night in range(NIGHTS):
        start = BEGIN + timedelta(days=night)
        month.until(start)
        evening.get(night, lambda: None)()
        for mock in mocks.values():
            if night not in AWAY.get(mock.portal, ()):
                sign_in(month.ctx, mock, run)
        for hours in LOOKS:
            month.until(start + timedelta(hours=hours))
            if hours == 8:
                if night in (7, 21):
                    killed_after(month, 1, monkeypatch)
                codes.append(month.read())
            month.tell()
    assert [night for night, code in enumerate(codes) if code != DONE] == [4, 9, 10, 14, 15]

    month.until(BEGIN + timedelta(days=NIGHTS))
    for mock in mocks.values():
        sign_in(month.ctx, mock, run)
    assert month.read() == DONE
    the_records_are_the_truth(month)
    each_alarm_came_once(month)
    no_deadline_passed_unannounced(month)
    assert sum(one.state == "interrupted" or one.finished_at is None for one in history(month.ctx, last=99)) == 2
    assert month.ctx.store.audit.verify() is None


def the_records_are_the_truth(month: Month) -> None:
    from flows.export import export

    told = {(c["portal"], c["channel"], c["case_id"]): c for c in json.loads(export(month.ctx, format="json"))}
    every = [case for mock in month.mocks.values() for case in mock.truth()]
    truth = {(c["portal"], c["channel"], c["case_id"]): c for c in every if CHANNELS[c["portal"]] == c["channel"]}
    assert told.keys() >= truth.keys()
    wrong = {key: found for key, case in truth.items() if (found := differences(told[key], case))}
    assert wrong == {}


def each_alarm_came_once(month: Month) -> None:
    lines = [line for _, line in month.told if line.startswith("#")]
    numbers = Counter(line.split()[0] for line in lines)
    assert [number for number, times in numbers.items() if times > 1] == [], "no notice came twice"
    texts = Counter(re.sub(r"^#\d+ ", "", line) for line in lines if "digest" not in line)
    assert [text for text, times in texts.items() if times > 1] == [], "nothing was told twice in other words"
    for store, what in (
        ("ozon:main", "could not be read"),
        ("aliexpress:main", "wants a person"),
        ("coupang:main", "page is not as it was"),
    ):
        assert any(store in line and what in line for line in lines), (store, what)
    digests = [at for at, line in month.told if "Daily digest" in line]
    assert len({at.date() for at in digests}) == len(digests)
    assert len(digests) >= NIGHTS - 2


def no_deadline_passed_unannounced(month: Month) -> None:
    passed = {name: at for name, (at, since) in month.due.items() if since < at <= month.now}
    assert len(passed) >= 5, "a month in which nothing is due proves nothing"
    for name, at in passed.items():
        ref, _, _ = name.partition("#")
        before = [when for when, line in month.told if f" {ref}: " in line and " ends at " in line and when < at]
        assert before, f"{name}, which ended at {at}, was known since {month.due[name][1]}"
