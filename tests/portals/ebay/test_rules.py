"""Whatever eBay would refuse is found before a browser opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.errors import LintBlocked
from agent.records import Action, Case
from fixtures.ebay.actions import NAMES, ROOTS
from fixtures.kernel.serving import Served
from tests.evidence.made import picture
from tests.portals.ebay.conftest import Shop
from tests.portals.ebay.signing import session_cookies
from tests.portals.ebay.test_sending import FIELDS

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="ebay", seed=4, cases=12)]

LONG = "The carrier's page shows the delivery. " * 26
WRONG: list[tuple[str, Action, dict[str, str | None], list[str] | None, str, str]] = [
    ("payment_disputes", "appeal", {"statement": None}, None, "TEXT", "E5.placeholder"),
    ("payment_disputes", "appeal", {"statement": LONG}, None, "TEXT_LONG", "E5.length"),
    ("payment_disputes", "appeal", {"full_name": None}, None, "ADDRESS", "E1.missing"),
    ("payment_disputes", "appeal", {"phone": None}, None, "ADDRESS", "E1.missing"),
    ("payment_disputes", "appeal", {"country": None}, None, "ADDRESS", "E1.missing"),
    ("payment_disputes", "appeal", {}, [f"{n}.jpg" for n in range(6)], "33103", "E5.count"),
    ("payment_disputes", "appeal", {}, ["big1.png", "big2.png"], "33104", "E5.total"),
    ("payment_disputes", "appeal", {}, ["paper.pdf"], "33005", "E5.type"),
    ("payment_disputes", "accept", {"response": "accept_return"}, None, "RESPONSE", "E5.option"),
    ("payment_disputes", "accept", {"response": None}, None, "RESPONSE", "E5.missing"),
    ("cases", "appeal", {"new_information": None}, None, "NEW_FACTS", "E6.missing"),
    ("cases", "appeal", {"explanation": LONG}, None, "TEXT_LONG", "E6.length"),
    ("cases", "appeal", {}, ["paper.pdf"], "33005", "E6.type"),
    ("requests", "reply", {"message": LONG}, None, "TEXT_LONG", "E7.length"),
    ("requests", "reply", {}, ["a.jpg"], "FILES", "form.no_files"),
    ("requests", "provide_tracking", {"carrier": None}, None, "CARRIER", "E3.missing"),
    ("requests", "provide_tracking", {"number": "12 34"}, None, "TRACKING", "E3.form"),
    ("requests", "accept", {"decision": "return"}, None, "DECISION", "E7.option"),
    ("requests", "propose_solution", {"amount": "99999"}, None, "AMOUNT_OVER", "E7.over"),
    ("requests", "propose_solution", {"amount": "1.999"}, None, "AMOUNT", "E7.digits"),
    ("requests", "escalate", {"reason": None}, None, "REASON", "E3.missing"),
]


class Raw:
    """The mock asked without a browser and without our checks: does it really refuse?"""

    def __init__(self, mock: Served) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(mock)}
        self.client = httpx.Client(base_url=mock.base_url, cookies=cookies)

    def codes(self, case: Case, action: str, values: dict[str, str], files: list[Path]) -> list[str]:
        """The codes of its refusals; none where it was taken."""
        path = f"{ROOTS[case.channel]}/{case.case_id}/{NAMES[case.channel][action]}"
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.client.get(path).text))
        sent = hidden | {FIELDS[key]: value for key, value in values.items()}
        parts: list[Any] = [("files", (file.name, file.read_bytes())) for file in files]
        parts += [(name, (None, value)) for name, value in sent.items()]
        answer = self.client.post(path, files=parts)
        return re.findall(r"\((\w+)\)</li>", answer.text) if answer.status_code != 303 else []


@pytest.fixture
def raw(mock: Served) -> Iterator[Raw]:
    """A way around all our checks."""
    made = Raw(mock)
    yield made
    made.client.close()


def evidence(shop: Shop, names: list[str]) -> list[tuple[str, Path]]:
    made = []
    for name in names:
        data = b"%PDF-1.4\n%%EOF" if name.endswith("pdf") else None
        if name.startswith("big"):
            data = picture("PNG", (700, 700), seed=int(name[3])) + b"\0" * 900_000
        made.append(shop.file("DeliveryProof", name, data, size=(500, 600)))
    return made


def test_every_refusal_of_the_portal_is_found_before_a_browser_opens(shop: Shop, raw: Raw) -> None:
    for channel, action, changed, names, code, found in WRONG:
        case = shop.first(channel, action)
        values, files = shop.answer(case, action)
        values |= {key: value for key, value in changed.items() if value is not None}
        values = {key: value for key, value in values.items() if changed.get(key, "") is not None}
        given = list(files) if names is None else evidence(shop, names)
        report = shop.draft(case, action, values, *given)
        what = (channel, action, changed, names)
        assert report.packet is None, what
        assert found in {one.code for one in report.blocked}, (what, [one.code for one in report.blocked])
        assert not any(one.overridable for one in report.blocked if one.code == found), what
        assert code in raw.codes(case, action, values, [path for _, path in given]), what
        for draft in shop.ctx.store.ledger.drafts(case.key):  # the next one must not inherit anything
            shop.ctx.store.ledger.save_draft(draft.model_copy(update={"files": (), "values": {}}))
    assert not any(one["accepted"] for one in shop.writes())
    for channel, action in {(one[0], one[1]): None for one in WRONG}:
        case = shop.first(channel, action)
        values, files = shop.answer(case, action)
        assert raw.codes(case, action, values, [path for _, path in files]) == [], (channel, action)


def test_after_its_time_an_answer_is_neither_offered_nor_taken(fresh: Shop, raw: Raw) -> None:
    """Five calendar days for a payment dispute (E5), thirty for an appeal after the case was closed (E6)."""
    assert fresh.sync("payment_disputes", "cases").exit_code == 0
    late = [(fresh.case("payment_disputes", "appeal"), 6 * 86400), (fresh.case("cases", "appeal"), 31 * 86400)]
    for case, seconds in late:
        values, files = fresh.answer(case, "appeal")
        fresh.mock.advance(seconds)
        assert raw.codes(case, "appeal", values, [path for _, path in files]) == ["CLOSED"]
        assert fresh.sync(case.channel, full=True).exit_code == 0
        now = fresh.again(case)
        assert now.actions == () and now.status.is_ in ("expired", "lost")
        with pytest.raises(LintBlocked, match="is over at the portal"):
            fresh.draft(now, "appeal", values, *files)


def test_a_second_answer_is_not_offered(fresh: Shop, raw: Raw) -> None:
    assert fresh.sync("payment_disputes").exit_code == 0
    case = fresh.case("payment_disputes", "appeal")
    values, files = fresh.answer(case, "appeal")
    paths = [path for _, path in files]
    assert raw.codes(case, "appeal", values, paths) == []
    assert raw.codes(case, "appeal", values, paths) == ["33101"]
    assert fresh.sync("payment_disputes", full=True).exit_code == 0
    now = fresh.again(case)
    assert (now.actions, now.appeals and now.appeals.used) == ((), 1)
