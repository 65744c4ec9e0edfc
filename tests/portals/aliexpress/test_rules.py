"""Whatever AliExpress would refuse is said before a browser opens: each of its refusals has its finding."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.records import Action, Case
from fixtures.kernel.serving import Served
from tests.conftest import KEY, Workshop
from tests.evidence.made import picture
from tests.portals.aliexpress.answers import ADDRESS
from tests.portals.aliexpress.conftest import STATE, Shop
from tests.portals.aliexpress.signing import session_cookies
from tests.portals.conftest import opened_shop

pytestmark = pytest.mark.sends

VERBS: dict[str, str] = {
    "propose_solution": "saveSolution", "apply_withdrawal": "applyWithdrawal", "escalate": "submitArbitration",
    "cancel_escalation": "cancelArbitration", "provide_tracking": "fillReturnLogistics", "appeal": "submitAppeal",
    "accept": "agreeSolution",
}  # fmt: skip
FIELDS = {"text": "content", "message": "content", "explanation": "content", "cancel_reason": "content",
          "statement": "content", "type": "solutionType", "amount": "refundAmount", "carrier": "company",
          "number": "number", "appeal_type": "appealType", "solution": "solution",
          "return_address": "returnAddressId"}  # fmt: skip
ADDRESSES = {ADDRESS: "50012"}
SIX = [f"p{n}.jpg" for n in range(6)]
_LARGE = picture("PNG", (60, 60)) + b"\0" * (2 * 1024 * 1024)

WRONG: list[tuple[str, Action, dict[str, str | None], list[str] | None, str, str]] = [
    # what is wrong, action, changed values, files instead, the portal's code, our finding
    ("no type", "propose_solution", {"type": None}, None, "NO_TYPE", "AE2.missing"),
    ("unknown type", "propose_solution", {"type": "gift"}, None, "NO_TYPE", "AE2.option"),
    ("no return address", "propose_solution", {"return_address": None}, None, "NO_ADDRESS", "AE2.missing"),
    ("no amount", "propose_solution", {"amount": None}, None, "AMOUNT", "AE2.missing"),
    ("no number", "propose_solution", {"amount": "ten"}, None, "AMOUNT", "AE2.value"),
    ("negative", "propose_solution", {"amount": "-1"}, None, "AMOUNT", "AE2.value"),
    ("over the maximum", "propose_solution", {"amount": "99999999"}, None, "AMOUNT_OVER", "AE2.over"),
    ("too fine", "propose_solution", {"amount": "0.001"}, None, "AMOUNT_DIGITS", "AE2.digits"),
    ("no text", "propose_solution", {"text": None}, None, "NO_TEXT", "AE2.missing"),
    ("long text", "propose_solution", {"text": "{order} please accept " + "a" * 512}, None, "TEXT_LONG", "AE2.length"),
    ("six files", "propose_solution", {}, SIX, "FILES_MANY", "AE2.count"),
    ("large file", "propose_solution", {}, ["large.png"], "FILE_LARGE", "AE2.size"),
    ("a PDF", "propose_solution", {}, ["paper.pdf"], "FILE_TYPE", "AE2.type"),
    ("no message", "apply_withdrawal", {"message": None}, None, "NO_TEXT", "WD6.missing"),
    ("no explanation", "escalate", {"explanation": None}, None, "NO_TEXT", "AE4.missing"),
    ("six files", "escalate", {}, SIX, "FILES_MANY", "AE4.count"),
    ("no reason to cancel", "cancel_escalation", {"cancel_reason": None}, None, "NO_TEXT", "AE5.missing"),
    ("files where none go", "cancel_escalation", {}, ["a.jpg"], "FILES", "form.no_files"),
    ("no carrier", "provide_tracking", {"carrier": None}, None, "NO_COMPANY", "AE7.missing"),
    ("no tracking number", "provide_tracking", {"number": "待填写编号在此"}, None, "TRACKING", "AE7.form"),
    ("short number", "provide_tracking", {"number": "RR1"}, None, "TRACKING", "AE7.short"),
    ("no appeal type", "appeal", {"appeal_type": None}, None, "NO_TYPE", "A21.missing"),
    ("no statement", "appeal", {"statement": None}, None, "NO_TEXT", "A21.missing"),
    ("long statement", "appeal", {"statement": "说明" * 501}, None, "TEXT_LONG", "A21.length"),
    ("no files", "appeal", {}, [], "NO_FILES", "A21.too_few"),
    ("a plan that is not there", "accept", {"solution": "platform"}, None, "NO_SOLUTION", "AE2.option"),
]


class Raw:
    """The mock asked without a browser and without our checks: does it really refuse?"""

    def __init__(self, mock: Served) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(mock)}
        self.client = httpx.Client(base_url=mock.base_url, cookies=cookies)
        self.token = ""

    def codes(self, case: Case, action: str, values: dict[str, str], files: list[Path]) -> list[str]:
        """The codes of its refusals."""
        call = "/h5/mtop.aliexpress.seller.reverse.{}/1.0/"
        if not self.token:
            asked = {"reverseOrderLineId": case.case_id}
            page = self.client.get(call.format("reverseOrderLineDetailRender"), params=asked)
            self.token = re.findall(r'name=\\"_tb_token_\\" value=\\"(\w+)', page.text)[0]
        sent = {"_tb_token_": self.token, "reverseOrderLineId": case.case_id}
        for key, value in values.items():
            if key != "buyer_confirmation":
                upper = key in ("type", "solution")
                sent[FIELDS[key]] = value.upper() if upper else ADDRESSES.get(value, value)
        names = [(f"{n}{file.suffix}", file.read_bytes()) for n, file in enumerate(files)]
        parts: list[Any] = [("files", part) for part in names]
        parts += [(name, (None, value)) for name, value in sent.items()]
        answer = self.client.post(call.format(VERBS[action]), files=parts)
        return [ret.partition("::")[0].removeprefix("FAIL_BIZ_") for ret in json.loads(answer.text)["ret"]]


@pytest.fixture
def shop(told: Shop) -> Shop:
    """The operator, who knows every case; no browser is opened."""
    return told


@pytest.fixture
def raw(told: Shop) -> Any:
    """A way around all our checks."""
    made = Raw(told.mock)
    yield made
    made.client.close()


def several(shop: Shop) -> dict[Action, Case]:
    """A dispute for each action, made for this test alone."""
    made = {action: str(shop.mock.event("new_case", state=state)["case_id"]) for action, state in STATE.items()}
    assert shop.sync().exit_code == 0
    return {action: shop.by_id(case_id) for action, case_id in made.items()}


def evidence(shop: Shop, action: Action, names: list[str]) -> list[tuple[str, Path]]:
    kind = "WarehouseRecord" if action == "escalate" else "ProductPhoto"
    made = []
    for name in names:
        data = _LARGE if name == "large.png" else b"%PDF-1.4\n%%EOF" if name.endswith("pdf") else None
        made.append(shop.file(kind, name, data))
    return made


def test_every_refusal_of_the_portal_is_found_before_a_browser_opens(shop: Shop, raw: Raw) -> None:
    cases = several(shop)
    for what, action, changed, names, code, found in WRONG:
        case = cases[action]
        values, files = shop.answer(case, action)
        values |= {key: value.format(order=case.order_id) for key, value in changed.items() if value is not None}
        values = {key: value for key, value in values.items() if changed.get(key, "") is not None}
        given = list(files) if names is None else evidence(shop, action, names)
        blocked = shop.found(case, action, values, *given)
        assert found in blocked and not blocked[found].overridable, (what, list(blocked))
        paths = [path for _, path in given]
        assert code in raw.codes(case, action, values, paths), what
    assert not any(one["accepted"] for one in shop.writes())


def test_the_fit_answers_are_what_the_portal_takes(shop: Shop, raw: Raw) -> None:
    for action, case in several(shop).items():
        values, files = shop.answer(case, action)
        assert raw.codes(case, action, values, [path for _, path in files]) == ["SUCCESS"], action


def test_a_withdrawal_from_the_sixth_day_is_not_offered(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with opened_shop("aliexpress", workshop, tmp_path, seed=5, cases=1) as shop:
        shop.reads = False
        assert isinstance(shop, Shop)
        on_the_sixth_day(shop)


def on_the_sixth_day(shop: Shop) -> None:
    case = shop.one_for("apply_withdrawal")
    shop.mock.advance(5 * 86400)
    values, _ = shop.answer(case, "apply_withdrawal")
    raw = Raw(shop.mock)
    assert raw.codes(case, "apply_withdrawal", values, []) == ["STATUS_ERROR"]
    raw.client.close()
    shop.sync(full=True)
    assert "apply_withdrawal" not in shop.by_id(case.case_id).actions
    report = shop.draft(shop.by_id(case.case_id), "apply_withdrawal", values)
    assert "WD8.not_offered" in {one.code for one in report.blocked}


def test_a_second_appeal_is_not_offered(shop: Shop, raw: Raw) -> None:
    case = shop.one_for("appeal")
    values, files = shop.answer(case, "appeal")
    paths = [path for _, path in files]
    assert raw.codes(case, "appeal", values, paths) == ["SUCCESS"]
    assert raw.codes(case, "appeal", values, paths) == ["APPEAL_USED"]
    shop.sync()
    now = shop.by_id(case.case_id)
    assert (now.actions, now.appeals and now.appeals.used) == ((), 1)


def test_asking_for_withdrawal_before_the_buyer_confirmed_is_blocked(shop: Shop) -> None:
    case = shop.one_for("apply_withdrawal")
    text = f"About order {case.order_id}: please confirm on this page."
    none = shop.draft(case, "apply_withdrawal", {"message": text})
    assert "WD7.unconfirmed" in {one.code for one in none.blocked}
    claim = shop.draft(case, "apply_withdrawal", {"message": text, "buyer_confirmation": "1"})
    assert "WD7.too_early" in {one.code for one in claim.blocked}
    other = shop.draft(case, "apply_withdrawal", {"message": text, "buyer_confirmation": "99"})
    assert "WD7.not_buyers" in {one.code for one in other.blocked}
