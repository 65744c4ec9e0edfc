"""A fit answer for each of the seven actions at AliExpress: what lint takes and the mock accepts."""

from __future__ import annotations

from agent.records import Action, Case
from tests.portals.answering import Answer, Desk

ADDRESS = "意大利海外仓：Via ****** 12, Milano（Magazz**）"
"""A return address of the shop that is not its default."""


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """Values and files for one action; a withdrawal rests on the buyer's last word."""
    about = f"About order {case.order_id}: "
    match action:
        case "accept":
            back = any(plan.from_ == "buyer" and plan.kind == "return_and_refund" for plan in case.offers)
            return {"solution": "buyer"} | ({"return_address": ADDRESS} if back else {}), ()
        case "propose_solution":
            assert case.limit is not None
            amount = f"{case.limit.value // 2}"
            text = f"{about}we offer {amount} {case.limit.currency}.\nPlease accept the plan on this page."
            files = (
                desk.file("ProductPhoto", f"{case.case_id}a.jpg"),
                desk.file("LabelPhoto", f"{case.case_id}b.png", format_="PNG", size=(700, 800)),
            )
            return {"type": "return_and_refund", "return_address": ADDRESS, "amount": amount, "text": text}, files
        case "apply_withdrawal":
            said = max(n for n, message in enumerate(case.messages, start=1) if message.from_ == "buyer")
            text = f"{about}thank you for telling us that it arrived. Please confirm on this page."
            return {"buyer_confirmation": str(said), "message": text}, ()
        case "escalate":
            return {"explanation": "物流显示退货包裹未送达仓库。"}, (desk.file("WarehouseRecord", "warehouse.jpg"),)
        case "cancel_escalation":
            return {"cancel_reason": "退货已收到。"}, ()
        case "provide_tracking":
            return {"carrier": "poste", "number": "RR123456785IT"}, ()
        case "appeal":
            statement = "附上新的妥投证明，请复核责任判定。"
            return {"appeal_type": "new_evidence", "statement": statement}, (desk.file("DeliveryProof", "appeal.jpg"),)
    raise LookupError(f"there is no answer for {action}")
