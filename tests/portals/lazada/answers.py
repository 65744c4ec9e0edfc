"""Fit answers: for every action on Lazada what it takes."""

from __future__ import annotations

import itertools

from agent.records import Action, Case
from portals.lazada.read import ANSWERS
from tests.portals.answering import Answer, Desk

_NUMBERS = itertools.count()
"""Each file has a name of its own, and so a picture of its own."""


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """Values by field key and files by kind."""
    if action == "reply":
        said = f"About order {case.order_id}: we ask the courier today.\nPlease keep the parcel until we answer here."
        return {"text": said}, ()
    if action == "accept":
        return {"answer": next(one for one in ANSWERS if one in case.details), "confirm": "yes"}, ()
    if action == "escalate":
        return {"comment": "The courier's page shows the parcel as handed over at the guard house."}, (
            desk.file("ShippingProof", f"shipping{next(_NUMBERS)}.jpg"),
        )
    if action == "appeal":
        back = any(deadline.kind == "confirm_return" for deadline in case.deadlines)
        reason = {"counterfeit": "as_described", "wrong_item": "as_described", "missing_parts": "as_described"}.get(
            case.reason.is_ if case.reason else "", "insufficient"
        )
        files = [
            desk.file("PackingProof", f"packing{next(_NUMBERS)}.jpg"), desk.file("ProductPhoto", f"product{next(_NUMBERS)}.jpg"),
            desk.file("InspectionReport", f"report{next(_NUMBERS)}.jpg"),
        ]  # fmt: skip
        return {
            "reason": "return_wrong" if back else reason,
            "comment": "The packing pictures show the article as it is listed.\nIts number can be seen.",
        }, tuple(files)
    raise LookupError(action)
