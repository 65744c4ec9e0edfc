"""A fit answer for each action at Amazon: what lint takes and the mock accepts."""

from __future__ import annotations

from agent.records import Action, Case
from tests.portals.answering import Answer, Desk

TEXT = "We shipped this order on time. The carrier's page shows the delivery and the signature; it is attached & named."


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """Values and files for one action; a request to close rests on the buyer's last word."""
    match case.channel, action:
        case "claims", "reply":
            return {"comment": f"Order {case.order_id}: {TEXT}\nTracking number 1Z999AA10123456784."}, ()
        case "claims", "appeal":
            proof = desk.file("DeliveryProof", f"{case.order_id}a.jpg")
            return {"reason": "delivered", "information": TEXT}, (
                proof,
                desk.file("MessageLog", f"{case.order_id}b.jpg", size=(800, 1000)),
            )
        case "claims", "accept":
            return {"confirm": "yes"}, ()
        case "claims", "request_close":
            said = max(n for n, message in enumerate(case.messages, start=1) if message.from_ == "buyer")
            text = (
                f"Thank you for telling us about order {case.order_id}. Please confirm on this page that it is solved."
            )
            return {"buyer_confirmation": str(said), "message": text}, ()
        case "chargebacks", "appeal":
            return {"ship_date": "2026-03-05", "method": "ups", "speed": "two_day", "tracking": "1Z999AA10123456784",
                    "comments": TEXT}, ()  # fmt: skip
        case "chargebacks", "accept":
            return {"confirm": "yes"}, ()
        case "safe_t", "open_ticket":
            chosen = {f"include@{item.id}": "yes" for item in case.items[:1]}
            chosen |= {f"quantity@{item.id}": str(item.quantity) for item in case.items[:1]}
            text = f"Order {case.order_id}: {TEXT}\nThe returned item was opened and used."
            return {"text": text, "claim_reason": "damaged", "sub_reason": "used", "policy": "yes"} | chosen, (
                desk.file("ProductPhoto", f"{case.order_id}a.jpg"),
                desk.file("ReturnProof", f"{case.order_id}b.jpg", size=(800, 1000)),
            )
        case "safe_t", _:
            return {"text": f"{TEXT}\nThe returned item was opened and used."}, ()
        case "case_log", "reply":
            return {"message": TEXT}, (desk.file("Invoice", f"{case.case_id}.jpg"),)
        case "case_log", "open_ticket":
            return {"subject": "Refund reversal not received", "body": f"About case {case.case_id}: {TEXT}"}, ()
        case "case_log", "request_close":
            return {"resolved": "yes"}, ()
    raise LookupError(f"there is no answer for {case.channel}/{action}")
