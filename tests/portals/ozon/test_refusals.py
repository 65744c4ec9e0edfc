"""Whatever Ozon refuses costs a try, or is swallowed without a word: lint says it before a browser opens.

Each row is a draft with one fault. The mock is asked first, with the very fields and files, and must refuse them; then
the same draft must be blocked here, under the named code. What a draft does not give stays as in the one before: a row
without files comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from agent.errors import LintBlocked, RebuttalError
from agent.evidence import upload_names
from agent.evidence.files import look_at
from agent.records import Action, Case
from agent.sending.packet import DraftFile
from flows.approve import approve
from flows.readiness import rules_for
from tests.conftest import KEY, Workshop
from tests.evidence.made import pdf, picture
from tests.portals.conftest import opened_shop
from tests.portals.ozon.answers import TEXT
from tests.portals.ozon.signing import session_cookies
from tests.portals.shop import Shop

pytestmark = pytest.mark.sends

Files = Callable[[Case], list[tuple[str, str, bytes]]]
"""Kind, name and bytes of each file."""


def good(case: Case) -> list[tuple[str, str, bytes]]:
    return [("DeliveryProof", "proof.jpg", picture())]


def none(case: Case) -> list[tuple[str, str, bytes]]:
    return []


def one(kind: str, name: str, data: bytes) -> Files:
    return lambda case: [(kind, name, data)]


@dataclass(frozen=True)
class Row:
    """One fault. `values` are laid over what would be right; `code` is lint's, `said` is in the portal's answer."""

    code: str
    said: str
    values: dict[str, str] = field(default_factory=dict)
    files: Files = good
    items: int = 1


MP4 = b"\0\0\0\x18ftypmp42" + bytes(99)
APPEAL = {"text": TEXT, "declaration": "yes"}
APPEALS = {
    "no file": Row("OZ4.too_few", "хотя бы один файл", files=none),
    "no text": Row("OZ8.missing", "Опишите ситуацию", {"text": ""}),
    "a few words": Row("OZ8.short", "не меньше 20", {"text": "Всё вручено."}),
    "too long": Row("OZ8.length", "длиннее 1000", {"text": "Вручено. " * 120}),
    "chinese": Row("OZ8.language", "на русском или английском", {"text": "货件已妥投，随附承运商官网签收截图。"}),
    "no declaration": Row("OZ4.tick", "достоверна", {"declaration": "no"}),
    "six files": Row(
        "OZ4.count", "не больше 5", files=lambda case: [
            ("ProductPhoto", f"{n}.jpg", picture(seed=n)) for n in range(6)
        ]
    ),
    "over 5 MB": Row(
        "OZ4.size", "больше 5 МБ", files=one("DeliveryProof", "big.jpg", picture() + bytes(5 * 1024 * 1024))
    ),
    "a gif": Row("OZ4.type", "JPG, PNG и PDF", files=one("DeliveryProof", "proof.gif", b"GIF89a" + bytes(400))),
    "a film": Row("OZ4.video", "JPG, PNG и PDF", files=one("DeliveryProof", "pack.mp4", MP4)),
    "an empty file": Row("OZ4.empty", "пустой", files=one("DeliveryProof", "proof.jpg", b"")),
    "not what it is called": Row(
        "OZ4.type", "не соответствует", files=one("DeliveryProof", "proof.pdf", b"no pdf at all")
    ),
    "several items, files without SKU": Row("OZ4.per_item", "SKU", items=2),
}  # fmt: skip
ANSWER = {"reason": "used", "comment": ""}
ANSWERS = {
    "no reason": Row("OZ-R2.missing", "Выберите причину", {"reason": ""}, none),
    "a reason that wants a comment": Row("OZ-R2.missing", "нужен комментарий", {"reason": "other"}, none),
    "a long comment": Row("OZ-R2.length", "длиннее 500", {"comment": "Товар исправен. " * 40}, none),
    "a damaged file": Row("OZ-R2.type", "Содержимое", {}, one("ProductPhoto", "photo.pdf", b"no pdf at all")),
}
OFFER = {"amount": "100", "comment": ""}
OFFERS = {
    "no amount": Row("OZ-R3.missing", "Укажите сумму", {"amount": ""}, none),
    "nothing": Row("OZ-R3.form", "Укажите сумму", {"amount": "0"}, none),
    "more than the price": Row("OZ-R3.over", "больше цены", {"amount": "999999"}, none),
    "a tenth of a kopeck": Row("OZ-R3.form", "Укажите сумму", {"amount": "10.125"}, none),
}
ACCEPT = {"confirm": "yes"}
ACCEPTS = {"not confirmed": Row("OZ-R2.tick", "Подтвердите решение", {"confirm": "no"}, none)}
REPLY = {"text": "Прикладываем документы."}
REPLIES = {
    "no text": Row("OZ-T2.missing", "Введите сообщение", {"text": ""}, none),
    "too long": Row("OZ-T2.length", "длиннее 1000", {"text": "Документы. " * 100}, none),
    "over 10 MB": Row("OZ-T2.size", "больше 10 МБ", {}, one("Invoice", "a.pdf", pdf() + bytes(10 * 1024 * 1024))),
}
TICKET = {"topic": "returns", "subtopic": "returns_lost", "text": "Возврат не приехал в пункт выдачи."}
TICKETS = {
    "no topic": Row("OZ-T2.missing", "Выберите тему", {"topic": ""}, none),
    "another topic's subtopic": Row("OZ-T2.option", "Выберите подтему", {"subtopic": "finance_dispute"}, none),
    "no text": Row("OZ-T2.missing", "Введите сообщение", {"text": ""}, none),
}


@pytest.fixture
def shop(told: Shop) -> Shop:
    """The operator, who knows every case; no browser is opened."""
    return told


def test_an_appeal_ozon_would_refuse_is_blocked(shop: Shop) -> None:
    cases = {n: shop.fresh("refund_disputes", "appeal", items=n, state="action_needed") for n in (1, 2)}
    for row in APPEALS.values():
        case = cases[row.items]
        blocked(shop, case, "appeal", APPEAL, row, f"/app/postings/fbs/{case.case_id}/appeal")


def test_an_answer_to_a_return_ozon_would_refuse_is_blocked(shop: Shop) -> None:
    case = shop.case("returns", "propose_solution")
    path = f"/app/returns/rfbs/{case.case_id}/action"
    for row in ANSWERS.values():
        blocked(shop, case, "escalate", ANSWER, row, f"{path}/reject")
    for row in OFFERS.values():
        blocked(shop, case, "propose_solution", OFFER, row, f"{path}/compensate")
    for row in ACCEPTS.values():
        blocked(shop, case, "accept", ACCEPT, row, f"{path}/approve")


def test_a_message_or_request_ozon_would_refuse_is_blocked(shop: Shop) -> None:
    case = shop.case("tickets", "reply")
    thread = case.url.rpartition("id=")[2]
    for row in REPLIES.values():
        blocked(shop, case, "reply", REPLY, row, "/api/chat-service/seller-ui/message/send", chat_id=thread)
    locked = shop.case("tickets", "open_ticket")
    for row in TICKETS.values():
        blocked(shop, locked, "open_ticket", TICKET, row, "/api/chat-service/seller-ui/ticket/create")


def test_what_is_right_is_blocked_by_neither(shop: Shop) -> None:
    case = shop.fresh("refund_disputes", "appeal", items=1, state="action_needed")
    assert shop.draft(case, "appeal", APPEAL, *written(shop, good(case))).packet is not None
    answer = asked(shop, case, "appeal", APPEAL, good(case), f"/app/postings/fbs/{case.case_id}/appeal")
    assert "Апелляция отправлена" in answer


def test_after_seven_days_no_appeal_is_begun(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    with opened_shop("ozon", workshop, tmp_path, seed=2, cases=2) as shop:
        shop.reads = False
        after_seven_days(shop)


def after_seven_days(shop: Shop) -> None:
    case = shop.fresh("refund_disputes", "appeal", items=1, state="action_needed")
    shop.mock.advance(8 * 86_400)
    answer = asked(shop, case, "appeal", APPEAL, good(case), f"/app/postings/fbs/{case.case_id}/appeal")
    assert "истёк" in answer
    shop.sync("refund_disputes", full=True)
    with pytest.raises(LintBlocked):
        shop.draft(shop.again(case), "appeal", APPEAL, *written(shop, good(case)))


def test_a_second_appeal_is_swallowed_by_ozon_and_refused_here(shop: Shop) -> None:
    case = shop.fresh("refund_disputes", "appeal", items=1, state="action_needed")
    path = f"/app/postings/fbs/{case.case_id}/appeal"
    for _ in range(2):
        asked(shop, case, "appeal", APPEAL, good(case), path)
    assert [one["accepted"] for one in shop.writes()] == [True, False]
    shop.sync("refund_disputes")
    with pytest.raises(LintBlocked):
        shop.draft(shop.again(case), "appeal", APPEAL, *written(shop, good(case)))


def test_an_answer_that_pays_the_buyer_needs_the_owners_leave(shop: Shop) -> None:
    case = shop.case("returns", "propose_solution")
    report = shop.draft(case, "propose_solution", OFFER)
    assert report.packet is not None
    with pytest.raises(RebuttalError):
        approve(shop.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
    assert shop.writes() == []


def blocked(shop: Shop, case: Case, action: Action, right: dict[str, str], row: Row, path: str, **more: str) -> None:
    """The mock refuses it in its own words, lint blocks it under its code, and nothing was taken over."""
    values = right | row.values
    answer = asked(shop, case, action, values, row.files(case), path, **more)
    assert row.said in answer, row
    assert not any(one["accepted"] for one in shop.writes())
    report = shop.draft(case, action, values, *written(shop, row.files(case)))
    codes = {one.code for one in report.blocked}
    assert row.code in codes, (row, codes)
    assert report.packet is None


def written(shop: Shop, files: list[tuple[str, str, bytes]]) -> list[tuple[str, Path]]:
    return [shop.file(kind, name, data) for kind, name, data in files]


def asked(
    shop: Shop,
    case: Case,
    action: Action,
    values: dict[str, str],
    files: list[tuple[str, str, bytes]],
    path: str,
    **more: str,
) -> str:
    """What the mock answers to the form as the portal's own page would send it, files under their upload names."""
    rule = rules_for(shop.ctx, case, action).action
    drafted = tuple(DraftFile(kind=kind, path=str(path)) for kind, path in written(shop, files))
    facts = [look_at(Path(file.path)) for file in drafted]
    names: tuple[str, ...] = upload_names(rule.files, case, drafted, facts) if rule.files and drafted else ()
    given = [  # the portal sees the ending that the seller gave; only the name before it is ours
        ("files", (f"{name.rpartition('.')[0]}.{fact.named_ext}", data))
        for name, fact, (_, _, data) in zip(names, facts, files, strict=True)
    ]
    fields = {key: value for key, value in values.items() if not (key in ("declaration", "confirm") and value == "no")}
    cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(shop.mock)}
    company = cookies["sc_company_id"]
    with httpx.Client(base_url=shop.mock.base_url, cookies=cookies, follow_redirects=True) as client:
        answer = client.post(path, data=fields | {"company_id": company} | more, files=given or {"files": ("", b"")})
    assert answer.status_code in (200, 422), answer.status_code
    return answer.text
