"""A desk with somebody to tell: a home whose settings name one target, and the robot at that target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.records import Case, Deadline
from flows.context import Context, opened
from tests.conftest import KEY
from tests.evidence.made import NOW
from tests.flows.conftest import Clock, Desk
from tests.nightly.provider import Provider, provider

SETTINGS = """operator = "li"
zone = "Asia/Shanghai"
language = "en"
[notify]
to = ["group"]
quiet = "23:00-07:30"
digest_at = "11:30"
[[account]]
portal = "coupang"
name = "main"
base_url = "http://127.0.0.1:9"
"""


@pytest.fixture
def clock() -> Clock:
    """The desk's clock: 11:00 in Shanghai, until it is moved."""
    return Clock()


@pytest.fixture
def robot() -> Iterator[Provider]:
    """The target of the settings."""
    with provider() as made:
        yield made


@pytest.fixture
def told_home(tmp_path: Path, robot: Provider, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose people are told by the robot."""
    made = Home(tmp_path / "home").create()
    made.settings_file.write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("REBUTTAL_NOTIFY_GROUP", robot.url)
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    return made


@pytest.fixture
def desk(told_home: Home, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """The desk; its account is signed in for a month."""
    with opened(told_home, clock=clock) as ctx:
        sign_in_until(ctx, NOW.timestamp() + 40 * 86400)
        yield Desk(ctx, clock, tmp_path / "evidence")


def sign_in_until(ctx: Context, end: float) -> None:
    """Keep a session whose cookie ends at `end`, in seconds of the epoch."""
    cookie = {"name": "SESSION", "value": "kept-session-value", "domain": "127.0.0.1", "path": "/", "expires": end}
    ctx.vault.save("coupang:main", {"cookies": [cookie], "origins": []})


@pytest.fixture
def due(desk: Desk) -> Callable[..., Case]:
    """Saves a case whose deadline is so many hours ahead."""

    def made(hours: float, case_id: str = "COO123456789", kind: str = "appeal", **changes: Any) -> Case:
        deadline = Deadline(
            kind=kind,  # type: ignore[arg-type]
            at=desk.clock() + timedelta(hours=hours),
            shown=f"{hours} h",
            basis="instant",
            zone="Asia/Seoul",
            zone_basis="page",
            precision_s=60,
            rule="CP4",
        )
        return desk.case(case_id=case_id, order_id=case_id, deadlines=(deadline,), **changes)

    return made
