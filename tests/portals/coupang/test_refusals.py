"""Whatever Coupang refuses costs a try, or counts as no answer: lint says it before a browser opens.

Each row is a fit answer with one fault. The mock is asked first, with the very fields and files and without our checks:
it must refuse under the named code. Then the same draft must be blocked here, under ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from agent.records import Action, Case
from tests.evidence.made import pdf, picture
from tests.portals.coupang.answers import MP4, SIZE, answer, text_for
from tests.portals.coupang.conftest import Shop
from tests.portals.coupang.signing import session_cookies

pytestmark = pytest.mark.sends

RETURNS = "/tenants/sfl-portal/return-delivery"
PATHS: dict[tuple[str, Action], tuple[str, str]] = {
    ("messages", "reply"): ("/messages/reply?message_id={id}", "/messages/reply"),
    ("returns", "appeal"): (RETURNS + "/confirm?receiptId={id}", RETURNS + "/confirm-requests"),
    ("confirmation_requests", "cancel_escalation"): ("/tenants/cs/coupang-confirm/{id}/withdraw",) * 2,
    ("inquiries", "reply"): ("/tenants/cs/csinquiry/{id}/reply",) * 2,
    ("tickets", "reply"): ("/help/tickets/{id}/reply",) * 2,
}
"""The form's address and where it goes to."""
NAMES = {"amount": "feeAmount", "detail": "detailReason", "shipping_fee": "requestFee", "item_condition": "requestGoods",
         "reason": "withdrawReason"}  # fmt: skip
Made = tuple[str, str, bytes | None]
"""Kind, name and bytes of a file; None: a fit picture."""


@dataclass(frozen=True)
class Row:
    """One fault: `values` are laid over the fit ones (None takes one out), `files` replace them."""

    said: str
    found: str
    values: dict[str, str | None] = field(default_factory=dict)
    files: tuple[Made, ...] | None = None


def _many(kind: str, count: int, name: str = "{n}.jpg", data: bytes | None = None) -> tuple[Made, ...]:
    return tuple((kind, name.format(n=n), data and data + bytes([n])) for n in range(count))


def _texts(rule: str, area: str, key: str) -> list[Row]:
    """What is wrong with a text by itself."""
    return [
        Row(f"ERR-{area}-020", f"{rule}.missing", {key: ""}),
        Row(f"ERR-{area}-025", f"{rule}.short", {key: "짧음"}),
        Row(f"ERR-{area}-021", f"{rule}.length", {key: "확인 부탁드립니다. " * 120}),
        Row(f"ERR-{area}-022", f"{rule}.language", {key: "확인 부탁드립니다. 我们已经处理了。"}),
    ]


MESSAGES = [
    *_texts("CM4", "MSG", "answer"),
    Row("ERR-MSG-023", "CM6.phrase", {"answer": "안녕하세요. 확인 후 안내드리겠습니다."}),
    Row("ERR-MSG-030", "CM5.too_few", files=()),
    Row("ERR-MSG-031", "CM5.count", files=_many("ReturnRecord", 6)),
    Row("ERR-MSG-032", "CM5.size", files=(("ReturnRecord", "h.png", picture("PNG", SIZE) + bytes(10 * 1024 * 1024)),)),
    Row("ERR-MSG-033", "CM5.type", files=(("ReturnRecord", "p.pdf", pdf()),)),
    Row("ERR-MSG-034", "CM5.damaged", files=(("ReturnRecord", "cut.jpg", picture(size=SIZE)[:2000]),)),
    Row("ERR-MSG-036", "CM5.empty", files=(("ReturnRecord", "none.jpg", b""),)),
    Row("ERR-MSG-038", "CM5.pixels", files=(("ReturnRecord", "small.jpg", picture(size=(1199, 1600))),)),
]
REQUESTS = [
    Row("ERR-CF-020", "CP6.kind", {"shipping_fee": "no", "amount": None, "item_condition": "no"}),
    Row("ERR-CF-021", "CP6.fee", {"amount": None}),
    Row("ERR-CF-022", "CP6.over", {"amount": "10001"}),
    Row("ERR-CF-024", "CP6.fee", {"shipping_fee": "no"}),
    Row("ERR-CF-025", "CP6.no_item", {"item_condition": "no"}),
    Row("ERR-CF-026", "CP6.no_item", {"problem@": None, "quantity@": None}),
    Row("ERR-CF-027", "CP6.problem", {"problem@": None}),
    *(Row("ERR-CF-028", "CP6.quantity", {"quantity@": wrong}) for wrong in ("0", "99", "1.5", None)),
    Row("ERR-CF-030", "CP6.too_few", files=()),
    Row("ERR-CF-032", "CP6.total", files=_many("OpeningVideo", 3, "{n}.mp4", MP4 + bytes(11_000_000))),
    Row("ERR-CF-033", "CP6.type", files=(("DamagePhoto", "p.pdf", pdf()),)),
    Row("ERR-CF-034", "CP9.extension", files=(("DamagePhoto", "p.png", picture()),)),
    Row("ERR-CF-036", "CP6.empty", files=(("DamagePhoto", "none.jpg", b""),)),
    Row("ERR-CF-039", "CP5.video_needed", files=(("DamagePhoto", "alone.jpg", None),)),
    Row("ERR-CF-040", "CP6.missing", {"detail": ""}),
    Row("ERR-CF-041", "CP6.length", {"detail": "가" * 501}),
]


class Raw:
    """The mock asked without a browser and without our checks: does it really refuse?"""

    def __init__(self, shop: Shop) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(shop.mock)}
        self.client = httpx.Client(base_url=shop.mock.base_url, cookies=cookies, follow_redirects=True)

    def codes(self, case: Case, action: Action, values: dict[str, str], files: list[tuple[str, Path]]) -> set[str]:
        """The codes of its refusals; none when it was taken."""
        shown, goes = (address.format(id=case.case_id) for address in PATHS[case.channel, action])
        page = LexborHTMLParser(self.client.get(shown).text)
        form = next(one for one in page.css("form") if one.attributes.get("action") == goes)
        sent: dict[str, str | list[str]] = {
            str(one.attributes["name"]): one.attributes.get("value") or "" for one in form.css("input[type=hidden]")
        }
        for key, value in values.items():
            name, _, item = key.partition("@")
            text = {"yes": "Y", "no": "", "damage": "DAMAGE"}.get(value, value)
            own = NAMES.get(name, "answer" if case.channel == "messages" else "content")
            sent[f"{name}_{item}" if item else own] = text
        given = [(f"{case.order_id}_{n}{path.suffix}", path.read_bytes()) for n, (_, path) in enumerate(files)]
        if case.channel == "returns":
            refused, kept = self._uploaded(page, given)
            if refused:
                return refused
            sent |= {"attachmentName": [name for name, _ in kept], "attachmentPath": [path for _, path in kept]}
            given = []
        answer = self.client.post(
            goes, data=sent, files=[("files", one) for one in given] or None, headers={"accept": "application/json"}
        )
        told = answer.json()
        return {error["code"] for error in told.get("errors", ())}

    def _uploaded(
        self, page: LexborHTMLParser, given: list[tuple[str, bytes]]
    ) -> tuple[set[str], list[tuple[str, str]]]:
        """What the upload page on its own origin refuses, or the names and paths under which it keeps the files."""
        frame = page.css_first("iframe#uploader")
        assert frame is not None
        address = httpx.URL(str(frame.attributes["src"]))
        kept = []
        for name, data in given:
            answer = self.client.post(
                address.copy_with(path="/file/upload", query=None),
                data={"token": address.params["token"]},
                files={"files": (name, data)},
            )
            told = json.loads(re.findall(r"postMessage\((\{.*\}),", answer.text)[0])
            if told["type"] == "failed":
                return set(re.findall(r"ERR-\w+-\d+", told["message"])), []
            kept += [(one["name"], one["path"]) for one in told["files"]]
        return set(), kept


@pytest.fixture
def raw(told: Shop) -> Iterator[Raw]:
    """A way around all our checks."""
    made = Raw(told)
    yield made
    made.client.close()


def refused_by_both(shop: Shop, raw: Raw, case: Case, action: Action, rows: list[Row]) -> None:
    """The mock refuses each row in its own words, lint blocks it under its code, and nothing was taken over."""
    for number, row in enumerate(rows):
        values, files = answer(shop, case, action)
        for key, value in row.values.items():
            hit = [one for one in values if one == key or (key.endswith("@") and one.startswith(key))]
            values = {k: v for k, v in values.items() if k not in hit}
            values |= {} if value is None else dict.fromkeys(hit or [key], value)
        given = list(files)
        if row.files is not None:
            given = [shop.file(kind, f"r{number}-{name}", data) for kind, name, data in row.files]
        assert row.said in raw.codes(case, action, values, given), row
        found = shop.found(case, action, values, *given)
        assert row.found in found, (row, list(found))
    assert not [one for one in shop.writes() if one["accepted"] and one["path"] != "/file/upload"]


def test_an_answer_the_message_center_would_refuse_is_blocked(told: Shop, raw: Raw) -> None:
    case = told.made("messages", "message_new", kind="return_dispute")
    refused_by_both(told, raw, case, "reply", MESSAGES)
    values = {"answer": text_for(case)}
    assert told.found(case, "reply", values, told.file("ReturnRecord", "fit.jpg")) == {}
    assert raw.codes(case, "reply", values, [told.file("ReturnRecord", "fit.jpg")]) == set()


def test_a_request_coupang_would_refuse_is_blocked(told: Shop, raw: Raw) -> None:
    case = told.made("returns", "return_new", state="ARRIVED", price=120000)
    refused_by_both(told, raw, case, "appeal", REQUESTS)
    values, files = answer(told, case, "appeal")
    assert told.found(case, "appeal", values, *files) == {}
    assert told.found(case, "appeal", values | {"problem@1": "damage"}, *files).keys() == {"form.unknown_field"}
    assert raw.codes(case, "appeal", values, list(files)) == set()
    told.sync("returns")
    assert told.again(case).actions == ()


def test_what_the_other_forms_would_refuse_is_blocked(told: Shop, raw: Raw) -> None:
    told.mock.event("return_new", state="CHECKING")
    told.sync("confirmation_requests")
    request = told.case("confirmation_requests", "cancel_escalation")
    refused_by_both(told, raw, request, "cancel_escalation", _texts("CP6", "CF", "reason"))
    inquiry = told.made("inquiries", "inquiry_new", state="NO_ANSWER")
    refused_by_both(told, raw, inquiry, "reply", _texts("CM9", "CS", "answer"))
    ticket = told.made("tickets", "ticket_new", state="asked")
    refused_by_both(told, raw, ticket, "reply", _texts("CP16", "TK", "content"))
