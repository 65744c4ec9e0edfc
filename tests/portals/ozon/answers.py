"""A fit answer for every action of Ozon: what lint takes and the mock accepts."""

from __future__ import annotations

from agent.records import Action, Case
from tests.portals.answering import Answer, Desk

TEXT = "Отправление вручено покупателю, подтверждение перевозчика и фото упаковки приложены."


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """Values and files for one action."""
    match case.channel, action:
        case "refund_disputes", "appeal":
            kind = "ProductPhoto@{}" if len(case.items) > 1 else "ProductPhoto"
            files = tuple(desk.file(kind.format(item.id), f"{case.case_id}-{item.id}.jpg") for item in case.items)
            return {"text": TEXT, "declaration": "yes"}, files
        case "returns", "accept":
            return {"confirm": "yes"}, ()
        case "returns", "propose_solution":
            return {"amount": "150.50", "comment": "Предлагаем компенсацию за царапину на корпусе."}, ()
        case "returns", "escalate":
            values = {"reason": "no_defect", "comment": "Проверили: товар исправен, следов дефекта нет."}
            return values, (desk.file("ProductPhoto", f"{case.case_id}.jpg"),)
        case "tickets", "reply":
            text = "Прикладываем накладную и фото маркировки.\nНомер отправления в накладной указан."
            return {"text": text}, (desk.file("Invoice", f"{case.case_id}.jpg"),)
        case "tickets", "open_ticket":
            text = "Просим пересмотреть удержание по спору."
            return {"topic": "finance", "subtopic": "finance_dispute", "text": text}, ()
    raise LookupError(f"{case.channel} has no answer for {action}")
