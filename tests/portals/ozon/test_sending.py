"""What a seller approved reaches Ozon once, as approved; what Ozon would refuse never leaves this machine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.ozon.answers import TEXT, answer
from tests.portals.shop import Shop

pytestmark = pytest.mark.sends


@pytest.fixture
def shop(shared: Shop) -> Shop:
    """The operator in the world that is read once."""
    return shared


def arrived(shop: Shop, path: str) -> dict[str, Any]:
    """The one write that arrived, which must have been taken over."""
    (one,) = shop.writes()
    assert one["path"] == path
    assert one["accepted"]
    return one


def files_of(one: dict[str, Any]) -> list[tuple[str, str]]:
    return [(file["name"], file["sha256"]) for file in one["files"]]


def test_an_appeal_arrives_once_with_its_files_and_declaration(shop: Shop) -> None:
    case = shop.fresh("refund_disputes", "appeal", items=1, state="action_needed")
    files = shop.file(), shop.file("PackingPhoto", "pack.jpg")
    report = shop.draft(case, "appeal", {"text": TEXT, "declaration": "yes"}, *files)
    assert report.packet is not None
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    one = arrived(shop, f"/app/postings/fbs/{case.case_id}/appeal")
    assert one["fields"]["text"] == [TEXT]
    assert one["fields"]["declaration"] == ["yes"]
    assert files_of(one) == [(file.upload_name, file.sha256) for file in report.packet.files]
    now = shop.again(case)
    assert (now.status.is_, now.actions, now.appeals and now.appeals.used) == ("in_review", (), 1)


def test_every_item_of_a_dispute_has_its_own_evidence(shop: Shop) -> None:
    case = shop.fresh("refund_disputes", "appeal", items=2, state="action_needed")
    values, files = answer(shop, case, "appeal")
    report = shop.draft(case, "appeal", values, *files)
    assert shop.send(case, report).outcome == "confirmed"
    one = arrived(shop, f"/app/postings/fbs/{case.case_id}/appeal")
    assert [item.id in name for item, (name, _) in zip(case.items, files_of(one), strict=True)] == [True, True]


def test_a_return_request_is_rejected_with_reason_and_comment(shop: Shop) -> None:
    case = shop.case("returns", "escalate")
    values = {"reason": "no_defect", "comment": "Проверили: товар исправен, следов дефекта нет."}
    report = shop.draft(case, "escalate", values, shop.file("ProductPhoto"))
    result = shop.send(case, report)
    assert result.outcome == "confirmed", result.public()
    (one,) = shop.writes()
    assert one["accepted"]
    assert {name: one["fields"][name] for name in values} == {name: [value] for name, value in values.items()}
    assert "escalate" not in shop.again(case).actions
    assert shop.again(case).messages[-1].text == values["comment"]


def test_a_message_arrives_in_its_thread_with_the_portals_id(shop: Shop) -> None:
    case = shop.case("tickets", "reply")
    text = "Прикладываем накладную и фото маркировки.\nНомер отправления в накладной указан."
    result = shop.send(case, shop.draft(case, "reply", {"text": text}, shop.file("Invoice", "nakladnaya.jpg")))
    assert result.outcome == "confirmed", result.public()
    assert result.receipt is not None and len(result.receipt["number"]) == 19
    one = arrived(shop, "/api/chat-service/seller-ui/message/send")
    assert one["fields"]["text"][0].replace("\r\n", "\n") == text
    assert shop.again(case).messages[-1].text == text


def test_a_locked_request_is_followed_by_a_new_one(shop: Shop) -> None:
    case = shop.case("tickets", "open_ticket")
    values = {"topic": "finance", "subtopic": "finance_dispute", "text": "Просим пересмотреть удержание по спору."}
    result = shop.send(case, shop.draft(case, "open_ticket", values))
    assert result.outcome == "confirmed", result.public()
    one = arrived(shop, "/api/chat-service/seller-ui/ticket/create")
    assert {name: one["fields"][name] for name in values} == {name: [value] for name, value in values.items()}
    assert result.receipt is not None
    shop.sync("tickets")
    made = shop.again(case.model_copy(update={"case_id": result.receipt["number"]}))
    assert (made.status.is_, made.order_id) == ("waiting", case.order_id)
