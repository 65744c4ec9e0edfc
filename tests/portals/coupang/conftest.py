"""What the Coupang tests share: an operator with evidence as the Message Center takes it, and one without a portal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.records import Case
from fixtures.coupang.words import words
from fixtures.kernel.serving import Served
from flows.context import Context, opened
from tests.conftest import Run
from tests.portals.coupang.answers import SIZE
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop

Change = Callable[[dict[str, Any]], None]

WORLD = {"seed": 1, "cases": 9, "options": {"messages": "10", "tickets": "3", "returns": "8", "inquiries": "5"}}
"""One dispute of each status, and some of each other channel."""


MAIN = Main(
    "refund_disputes",
    "action_needed",
    {"appeal_type": "appealType", "note": "note"},
    {"appeal_type": {kind.lower(): kind for kind in words()["appeal_type"]}},
    world={"others": "0"},
)


class Shop(AnyShop):
    """An operator at the Coupang mock."""

    picture_size = SIZE

    def truth(self, channel: str) -> list[dict[str, Any]]:
        """How the cases of a channel really are."""
        return [one for one in self.mock.truth() if one["channel"] == channel]

    def made(self, channel: str, event: str, **wish: Any) -> Case:
        """A case that an event of the mock makes for this test alone, read."""
        case_id = str(self.mock.event(event, **wish)["case_id"])
        assert self.sync(channel).exit_code == 0
        return self.known(channel, case_id)


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
