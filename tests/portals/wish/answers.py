"""Fit answers for Wish: what lint takes and the mock accepts, for every action of every channel."""

from __future__ import annotations

from agent.records import Action, Case
from tests.portals.answering import Answer, Desk

DELIVERY = ("not_received", "late", "no_tracking")


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """A fit answer to `case` by `action`."""
    if case.channel == "refund_disputes":
        notes = {"notes": f"Order {case.order_id} was delivered.\nThe attached page of the carrier shows the delivery."}
        files = (
            desk.file("TrackingProof", "tracking.jpg"),
            desk.file("PackingPhoto", "packing.jpg", size=(1000, 1100)),
        )
        if action == "reply":
            return notes, files[:1]
        if case.reason is None or case.reason.is_ not in DELIVERY:
            return notes, files
        return notes | {
            "carrier_link": "https://carrier.example/track?id=LX1234", "fulfilled_on": "2026-08-20",
            "delivered_on": "2026-09-04", "destination": "United States, Ohio",
        }, files  # fmt: skip
    if action == "reply":
        return {
            "message": f"Hello, about order {case.order_id}:\nthe carrier looks for it, we write again on Friday."
        }, ()
    if action == "escalate":
        return {"explanation": "The customer asks for more than was paid. The conversation shows both offers."}, ()
    said = max((n for n, one in enumerate(case.messages, start=1) if one.from_ == "buyer"), default=1)
    return {"buyer_confirmation": str(said), "solved": "yes"}, ()
