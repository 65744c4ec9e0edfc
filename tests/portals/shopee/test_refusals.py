"""Whatever Shopee would refuse is said before a browser opens: each of its refusals has its finding."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.errors import LintBlocked
from agent.records import Action, Case
from fixtures.kernel.serving import Served
from portals.shopee.pages import reasons
from portals.shopee.read import EVIDENCE_WANTED
from tests.evidence.made import picture
from tests.portals.shopee.conftest import Shop
from tests.portals.shopee.signing import session_cookies

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="shopee", seed=2, cases=4)]

MODULES = ("ShippingProof", "LabelPhoto", "PackingProof", "UnpackingProof", "ProductPhoto", "ChatHistory", "Invoice")
IDS = {"shipped": 9, "right_item": 10, "return_missing": 46, "return_damaged": 47, "no_agreement": 44}
LARGE = picture("PNG", (60, 60)) + b"\0" * (10 * 1024 * 1024)
TEN = [("+", f"c{n}.jpg") for n in range(10)]

WRONG: list[tuple[str, str, dict[str, str | None], list[tuple[str, str]] | None, int, str]] = [
    # what is wrong, which form, changed values, files instead, the portal's code, our finding
    ("no reason", "appeal", {"reason": None}, None, 30002, "WD4.missing"),
    ("a reason of other requests", "appeal", {"reason": "other's"}, None, 30002, "WD4.option"),
    ("no email", "appeal", {"email": None}, None, 30003, "WD4.missing"),
    ("no email address", "appeal", {"email": "claims at example"}, None, 30003, "WD4.form"),
    ("long text", "appeal", {"text": "a" * 1001}, None, 30004, "WD4.length"),
    ("a required module is empty", "appeal", {}, [], 30013, "WD4.module"),
    ("a module that the reason lacks", "appeal", {}, [("UnpackingProof", "u.jpg")], 30011, "WD4.slot"),
    ("ten images", "appeal", {}, TEN, 30014, "WD4.count"),
    ("a large image", "appeal", {}, [("ChatHistory", "large.png")], 20004, "WD4.size"),
    ("a PDF", "appeal", {}, [("ChatHistory", "paper.pdf")], 20002, "WD4.type"),
    ("an empty file", "appeal", {}, [("ChatHistory", "empty.jpg")], 20001, "WD4.empty"),
    ("no picture", "evidence", {}, [], 30022, "WD4.too_few"),
    ("long text", "evidence", {"text": "a" * 1001}, None, 30004, "WD4.length"),
    ("no message", "reply", {"text": None}, None, 30032, "WD10.missing"),
    ("long message", "reply", {"text": "order {order} " + "a" * 500}, None, 30033, "WD10.length"),
]


class Raw:
    """The mock asked without a browser and without our checks: does it really refuse?"""

    def __init__(self, mock: Served) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(mock)}
        self.client = httpx.Client(base_url=mock.base_url, cookies=cookies)
        self.csrf = re.findall(r'csrf:"(\w+)"', self.client.get("/portal/sale/returnrefundcancel").text)[0]

    def code(self, case: Case, form: str, values: dict[str, str], files: list[tuple[str, Path]]) -> int:
        """The code of its first refusal; 0 where it takes it."""
        images: dict[str, list[str]] = {}
        for kind, path in files:
            answer = self.call("upload_image", files={"file": (path.name, path.read_bytes())})
            if answer["error"]:
                return int(answer["error"])
            images.setdefault(kind, []).append(answer["data"]["image_id"])
        wish: dict[str, Any] = {"return_id": case.details["return_id"], "return_sn": case.case_id, "csrf": self.csrf}
        if form == "reply":
            return int(self.call("send_message", json=wish | {"content": values.get("text", "")})["error"])
        wish["image_list"] = [{"module_index": MODULES.index(k) + 1, "images": v} for k, v in images.items()]
        wish["dispute_text_reason"] = values.get("text", "")
        if form == "appeal":
            wish |= {"dispute_reason_id": IDS.get(values.get("reason", ""), ""), "email": values.get("email", "")}
        return int(self.call("dispute" if form == "appeal" else "upload_evidence", json=wish)["error"])

    def call(self, name: str, **how: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(f"/api/v4/seller_center/return/{name}", **how).json()
        return answer


@pytest.fixture
def raw(mock: Served) -> Any:
    """A way around all our checks."""
    made = Raw(mock)
    yield made
    made.client.close()


def cases(shop: Shop) -> dict[str, Case]:
    return {
        "appeal": next(c for c in (shop.first("appeal"), *shop.cases()) if "appeal" in c.actions
                       and EVIDENCE_WANTED not in c.flags and "reply" not in c.actions
                       and reasons(c)[0] in ("shipped", "right_item")),
        "evidence": shop.first("appeal", evidence=True),
        "reply": shop.first("reply"),
    }  # fmt: skip


def action_of(form: str) -> Action:
    return "reply" if form == "reply" else "appeal"


def made(shop: Shop, given: list[tuple[str, str]]) -> list[tuple[str, Path]]:
    data = {"large.png": LARGE, "paper.pdf": b"%PDF-1.4\n%%EOF", "empty.jpg": b""}
    return [shop.file(kind.replace("+", "ChatHistory"), name, data.get(name)) for kind, name in given]


def test_every_refusal_of_the_portal_is_found_before_a_browser_opens(shop: Shop, raw: Raw) -> None:
    known = cases(shop)
    for what, form, changed, names, code, found in WRONG:
        case = known[form]
        other = "return_damaged" if reasons(case)[0] != "return_missing" else "shipped"
        values, files = shop.answer(case, action_of(form))
        values |= {
            key: value.format(order=case.order_id) if value != "other's" else other
            for key, value in changed.items() if value is not None
        }  # fmt: skip
        values = {key: value for key, value in values.items() if changed.get(key, "") is not None}
        given = [*(files if names is None or names == TEN else ()), *made(shop, names or [])]
        report = shop.draft(case, action_of(form), values, *given)
        assert report.packet is None, what
        assert found in {one.code for one in report.blocked}, (what, [one.code for one in report.blocked])
        assert not any(one.overridable for one in report.blocked if one.code == found), what
        assert raw.code(case, form, values, given) == code, what
        for draft in shop.ctx.store.ledger.drafts(case.key):  # the next one must not inherit anything
            shop.ctx.store.ledger.save_draft(draft.model_copy(update={"files": (), "values": {}}))
    assert not any(one["accepted"] for one in shop.writes() if not one["path"].endswith("upload_image"))


def test_what_is_right_is_taken_and_a_second_time_not_offered(shop: Shop, raw: Raw) -> None:
    for form, case in cases(shop).items():
        values, files = shop.answer(case, action_of(form))
        assert shop.draft(case, action_of(form), values, *files).packet is not None, form
        assert raw.code(case, form, values, list(files)) == 0, form
        if form != "reply":
            assert raw.code(case, form, values, list(files)) in (30001, 30021), form
    assert shop.sync().exit_code == 0
    answered = [case for case in shop.cases() if case.status.is_ == "in_review"]
    assert len(answered) >= 2
    for case in answered:
        with pytest.raises(LintBlocked):
            shop.draft(case, "appeal", {"text": "once more"})


def test_a_message_that_leads_off_the_platform_is_blocked(shop: Shop) -> None:
    case = shop.first("reply")
    text = f"About order {case.order_id}: write to us on WhatsApp, we pay you back there."
    codes = {one.code for one in shop.draft(case, "reply", {"text": text}).blocked}
    assert any(code.startswith("WD10") for code in codes), codes
