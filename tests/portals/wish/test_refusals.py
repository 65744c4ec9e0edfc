"""Whatever Wish would refuse is found before a browser opens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.errors import LintBlocked
from agent.records import Action, Case
from fixtures.kernel.serving import Served
from fixtures.wish.actions import CALLS
from fixtures.wish.words import words
from tests.evidence.made import picture
from tests.portals.wish.conftest import Shop
from tests.portals.wish.signing import session_cookies

pytestmark = pytest.mark.sends
LONG = "The carrier's page shows the delivery. " * 52
WRONG: list[tuple[str, Action, dict[str, str | None], list[str] | None, str, str]] = [
    ("tickets", "reply", {"message": None}, None, "text", "WI1.placeholder"),
    ("tickets", "reply", {"message": LONG}, None, "text_long", "WI1.length"),
    ("tickets", "reply", {}, ["a.jpg"], "no_files", "form.no_files"),
    ("tickets", "request_close", {"solved": "no"}, None, "solved", "WD6.tick"),
    ("tickets", "request_close", {}, None, "unconfirmed", "WD7.too_early"),
    ("tickets", "escalate", {"explanation": LONG}, None, "text_long", "WI1.length"),
    ("refund_disputes", "appeal", {"notes": LONG}, None, "text_long", "WI4.length"),
    ("refund_disputes", "appeal", {"carrier_link": "on the carrier's page"}, None, "link", "WI4.form"),
    ("refund_disputes", "appeal", {"delivered_on": None}, None, "date", "WI4.missing"),
    ("refund_disputes", "appeal", {"fulfilled_on": "20.08.2026"}, None, "date", "WI4.value"),
    ("refund_disputes", "appeal", {"destination": None}, None, "destination", "WI4.missing"),
    ("refund_disputes", "appeal", {}, [], "files", "WI4.too_few"),
    ("refund_disputes", "appeal", {}, [f"{n}.jpg" for n in range(6)], "too_many", "WI4.count"),
    ("refund_disputes", "appeal", {}, ["big.png"], "size", "WI4.size"),
    ("refund_disputes", "appeal", {}, ["page.gif"], "type", "WI4.type"),
    ("refund_disputes", "reply", {"notes": LONG}, None, "text_long", "WI4.length"),
    ("refund_disputes", "reply", {}, ["page.gif"], "type", "WI4.type"),
]
TIMED = {"closed", "running", "spent", "token"}
"""Refusals that hang on the case or session and not on what is typed; the tests below are about them."""


class Raw:
    """The mock asked without a browser and without our checks: does it really refuse?"""

    def __init__(self, mock: Served) -> None:
        self.client = httpx.Client(
            base_url=mock.base_url, cookies={c["name"]: c["value"] for c in session_cookies(mock)}
        )
        self.token = json.loads(re.search(r"csrf:(\"\w+\")", self.client.get("/home").text)[1])  # type: ignore[index]

    def refused(self, case: Case, action: str, values: dict[str, str], files: list[Path]) -> list[str]:
        """The keys of its refusals; none where it was taken."""
        sent = {"id": case.case_id, "_xsrf": self.token} | values
        if sent.get("solved"):
            sent["solved"] = "on" if sent["solved"] == "yes" else ""
        parts: list[Any] = [("files", (file.name, file.read_bytes())) for file in files]
        parts += [(name, (None, value)) for name, value in sent.items()]
        answer = self.client.post(CALLS[case.channel, action], files=parts).json()
        return list(answer.get("refused", []))


@pytest.fixture
def raw(told: Shop) -> Iterator[Raw]:
    """A way around all our checks."""
    made = Raw(told.mock)
    yield made
    made.client.close()


def evidence(shop: Shop, names: list[str]) -> list[tuple[str, Path]]:
    data = {
        "big.png": picture("PNG", (700, 700), seed=1) + b"\0" * 5_300_000,
        "page.gif": b"GIF89a" + b"\0" * 99,
    }
    return [shop.file("DeliveryProof", name, data.get(name), size=(500, 600)) for name in names]


def a_case(shop: Shop, channel: str, action: Action, **more: Any) -> Case:
    state = {"request_close": "awaiting_user", "appeal": "none"}.get(action, "awaiting_merchant")
    if action == "appeal":
        more.setdefault("reason", "no_tracking")
    return shop.fresh(channel, action, state=state, **more)


def test_every_refusal_of_the_portal_is_found_before_a_browser_opens(told: Shop, raw: Raw) -> None:
    tried = TIMED | {code for *_, code, _ in WRONG}
    assert set(words()["refusal"]) == tried, "a refusal of the mock that is tried nowhere"
    for channel, action in dict.fromkeys((one[0], one[1]) for one in WRONG):
        case = a_case(told, channel, action)
        for _, _, changed, names, code, found in (one for one in WRONG if one[:2] == (channel, action)):
            values, files = told.answer(case, action)
            values |= {key: value for key, value in changed.items() if value is not None}
            values = {key: value for key, value in values.items() if changed.get(key, "") is not None}
            given = list(files) if names is None else evidence(told, names)
            blocked = told.found(case, action, values, *given)
            what = (channel, action, changed, names)
            assert found in blocked, (what, list(blocked))
            assert not blocked[found].overridable, what
            assert code in raw.refused(case, action, values, [path for _, path in given]), what
        values, files = told.answer(case, action)
        if action != "request_close":  # which needs a word of the customer first
            assert raw.refused(case, action, values, [path for _, path in files]) == [], (channel, action)


def test_what_is_closed_running_or_spent_is_neither_offered_nor_taken(told: Shop, raw: Raw) -> None:
    for state, code in (
        ("awaiting_admin", "running"),
        ("spent", "spent"),
        ("approved", "closed"),
        ("expired", "closed"),
    ):
        made = told.mock.event("new_case", channel="refund_disputes", state=state)["case_id"]
        assert told.sync("refund_disputes").exit_code == 0
        case = told.known("refund_disputes", made)
        values, files = told.answer(case, "appeal")
        assert raw.refused(case, "appeal", values, [path for _, path in files]) == [code]
        try:
            blocked = told.found(case, "appeal", values, *files)
        except LintBlocked as over:
            assert any(words in str(over) for words in ("is over at the portal", "is spent (3 of 3)"))
        else:
            (code,) = [one for one in blocked if one.endswith(".not_offered")]
            assert not blocked[code].overridable
    made = told.mock.event("new_case", channel="tickets", state="late")["case_id"]
    assert told.sync("tickets").exit_code == 0
    case = told.known("tickets", made)
    assert raw.refused(case, "reply", told.answer(case, "reply")[0], []) == ["closed"]
    assert "WI1.not_offered" in told.found(case, "reply", told.answer(case, "reply")[0])


def test_an_old_session_is_refused(told: Shop, raw: Raw) -> None:
    case = a_case(told, "tickets", "reply")
    raw.token = "0" * 32
    assert raw.refused(case, "reply", told.answer(case, "reply")[0], []) == ["token"]
