"""Whatever Lazada would refuse is said before a browser opens: each of its refusals has its finding."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.errors import LintBlocked
from agent.records import Action, Case
from fixtures.kernel.serving import Served
from tests.evidence.made import picture
from tests.portals.lazada.conftest import Shop
from tests.portals.lazada.signing import session_cookies

pytestmark = [pytest.mark.sends, pytest.mark.mock(portal="lazada", seed=1, cases=5)]

API = "/h5/mtop.lazada.seller."
IDS = {"insufficient": 3101, "as_described": 3102, "return_wrong": 3202}
LARGE = picture("PNG", (60, 60)) + b"\0" * (5 * 1024 * 1024)
SIX = [("ProductPhoto", f"c{n}.jpg") for n in range(6)]

WRONG: list[tuple[str, Action, dict[str, str | None], list[tuple[str, str]] | None, str, str]] = [
    # what is wrong, which form, changed values, files instead, the portal's code, our finding
    ("no reason", "appeal", {"reason": None}, None, "REASON_REQUIRED", "WD4.missing"),
    ("a reason of another state", "appeal", {"reason": "return_wrong"}, None, "REASON_REQUIRED", "WD4.option"),
    ("no comment", "appeal", {"comment": None}, None, "COMMENT_REQUIRED", "WD4.missing"),
    ("short comment", "appeal", {"comment": "No."}, None, "COMMENT_SHORT", "WD4.short"),
    ("long comment", "appeal", {"comment": "a" * 501}, None, "COMMENT_LONG", "WD4.length"),
    ("no picture", "appeal", {}, [], "IMAGE_REQUIRED", "WD4.too_few"),
    ("six pictures", "appeal", {}, SIX, "IMAGE_COUNT", "WD4.count"),
    ("a large picture", "appeal", {}, [("ProductPhoto", "large.png")], "FILE_SIZE", "WD4.size"),
    ("a PDF", "appeal", {}, [("ProductPhoto", "paper.pdf")], "FILE_TYPE", "WD4.type"),
    ("an empty file", "appeal", {}, [("ProductPhoto", "empty.jpg")], "FILE_EMPTY", "WD4.empty"),
    ("no comment", "escalate", {"comment": None}, None, "COMMENT_REQUIRED", "WD4.placeholder"),  # the playbook's note
    ("long comment", "escalate", {"comment": "a" * 501}, None, "COMMENT_LONG", "WD4.length"),
    ("an answer that is not offered", "accept", {"answer": "refund_now"}, None, "STATUS_ERROR", "WD5.option"),
    ("no confirmation", "accept", {"confirm": None}, None, "CONFIRM_REQUIRED", "WD5.tick"),
    ("no message", "reply", {"text": None}, None, "MESSAGE_EMPTY", "WD10.missing"),
    ("long message", "reply", {"text": "order {order} " + "a" * 500}, None, "MESSAGE_LONG", "WD10.length"),
]


class Raw:
    """The mock asked without a browser and without our checks: does it really refuse?"""

    def __init__(self, mock: Served) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(mock)}
        self.client = httpx.Client(base_url=mock.base_url, cookies=cookies)
        self.token = re.findall(r'token:"(\w+)"', self.client.get("/apps/reverse/list").text)[0]

    def code(self, case: Case, action: Action, values: dict[str, str], files: list[tuple[str, Path]]) -> str:
        """The code of its first refusal; SUCCESS where it takes it."""
        images = []
        for _, path in files:
            answer = self.call("reverse.image.upload", files={"file": (path.name, path.read_bytes())})
            if not answer["ret"][0].startswith("SUCCESS"):
                return self._code(answer)
            images.append(answer["data"]["imageId"])
        wish: dict[str, Any] = {"reverseOrderId": case.details["request"], "reverseOrderLineId": case.case_id}
        if action == "reply":
            return self._send("im.message.send", {"orderId": case.order_id, "content": values.get("text", "")})
        if action == "accept":
            call = {"refund_now": "instantRefund", "refund_only": "agreeRefund"}.get(values["answer"], "agreeReturn")
            return self._send(
                "reverse.agree", wish | {"action": call, "confirm": values.get("confirm", "")[:2] and "on"}
            )
        wish |= {"comment": values.get("comment", ""), "images": images}
        if action == "escalate":
            return self._send("reverse.forward", wish)
        return self._send("reverse.refuse", wish | {"reasonId": str(IDS.get(values.get("reason", ""), ""))})

    def _send(self, name: str, wish: dict[str, Any]) -> str:
        return self._code(self.call(name, data={"_tb_token_": self.token, "data": json.dumps(wish)}))

    def _code(self, answer: dict[str, Any]) -> str:
        return str(answer["ret"][0].partition("::")[0])

    def call(self, name: str, **how: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(f"{API}{name}/1.0/", **how).json()
        return answer


@pytest.fixture
def raw(mock: Served) -> Any:
    """A way around all our checks."""
    made = Raw(mock)
    yield made
    made.client.close()


def cases(shop: Shop) -> dict[Action, Case]:
    if not shop.cases():
        shop.reads = False  # the mock tells its cases itself: no browser is needed here
        shop.sync()
    return {
        "appeal": next(c for c in shop.cases() if "appeal" in c.actions and c.deadlines[0].kind == "reply"),
        "accept": next(c for c in shop.cases() if "refund_only" in c.details and "return_refund" not in c.details),
        "escalate": next(c for c in shop.cases() if "escalate" in c.actions),
        "reply": next(c for c in shop.cases() if "reply" in c.actions),
    }


def made(shop: Shop, given: list[tuple[str, str]]) -> list[tuple[str, Path]]:
    data = {"large.png": LARGE, "paper.pdf": b"%PDF-1.4\n%%EOF", "empty.jpg": b""}
    return [shop.file(kind, name, data.get(name)) for kind, name in given]


def test_every_refusal_of_the_portal_is_found_before_a_browser_opens(paying: Shop, raw: Raw) -> None:
    shop, known = paying, cases(paying)
    for what, action, changed, names, code, found in WRONG:
        case = known[action]
        values, files = shop.answer(case, action)
        values |= {key: value.format(order=case.order_id) for key, value in changed.items() if value is not None}
        values = {key: value for key, value in values.items() if changed.get(key, "") is not None}
        given = list(files) if names is None else made(shop, names)
        blocked = shop.found(case, action, values, *given)
        assert found in blocked, (what, action, list(blocked))
        assert not blocked[found].overridable, what
        assert raw.code(case, action, values, given) == code, (what, action)
    assert not any(one["accepted"] for one in shop.writes() if "image.upload" not in one["path"])


def test_what_is_right_is_taken_and_a_second_time_not_offered(paying: Shop, raw: Raw) -> None:
    shop = paying
    for action, case in cases(shop).items():
        values, files = shop.answer(case, action)
        assert shop.draft(case, action, values, *files).packet is not None, action
        if action != "reply":
            assert raw.code(case, action, values, list(files)) == "SUCCESS", action
            assert raw.code(case, action, values, list(files)) == "STATUS_ERROR", action
    shop.sync()
    refused = next(case for case in shop.cases() if case.appeals and case.appeals.used and case.status.is_ == "waiting")
    with pytest.raises(LintBlocked):
        shop.draft(refused, "appeal", {"comment": "once more, please"})


def test_a_message_that_leads_off_the_platform_is_blocked(paying: Shop) -> None:
    case = cases(paying)["reply"]
    text = f"About order {case.order_id}: write to us on WhatsApp, we pay you back there."
    codes = {one.code for one in paying.draft(case, "reply", {"text": text}).blocked}
    assert any(code.startswith("WD10") for code in codes), codes
