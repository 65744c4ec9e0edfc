"""The words of the records in the person's language; what a portal showed stays as it was shown (XX5).

A key that is not among these words is a portal's own, and its package says it (`portals/<name>/terms.toml`); a key that
nobody has a word for is shown as it stands, readable.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from babel import Locale

from agent.words import Words, joined, say, spoken
from flows import portal_terms


def status(key: str) -> Words:
    """A case's status."""
    return {
        "action_needed": say("action needed"),
        "waiting": say("waiting"),
        "in_review": say("in review"),
        "won": say("won"),
        "partly_won": say("partly won"),
        "lost": say("lost"),
        "expired": say("expired"),
        "withdrawn": say("withdrawn"),
        "closed": say("closed"),
        "unknown": say("unknown"),
    }.get(key) or _as_it_is(key)


def reason(key: str) -> Words:
    """Why the buyer complained."""
    return {
        "not_received": say("not received"),
        "not_as_described": say("not as described"),
        "wrong_item": say("wrong item"),
        "damaged": say("damaged"),
        "missing_parts": say("missing parts"),
        "duplicate_refund": say("refunded twice"),
        "late": say("late"),
        "no_tracking": say("no tracking"),
        "return_missing": say("return not arrived"),
        "return_abuse": say("return abused"),
        "misunderstanding": say("misunderstanding"),
        "platform_fault": say("fault of the platform"),
        "changed_mind": say("changed mind"),
        "counterfeit": say("counterfeit claimed"),
        "cancellation": say("order cancelled"),
        "return_dispute": say("return disputed"),
        "policy": say("policy alert"),
        "stock": say("stock warning"),
        "question": say("question"),
        "other": say("other"),
    }.get(key) or _as_it_is(key)


def party(key: str) -> Words:
    """Whom the platform holds responsible."""
    return {
        "seller": say("seller"),
        "buyer": say("buyer"),
        "platform": say("platform"),
        "carrier": say("carrier"),
        "unknown": say("unknown"),
    }.get(key) or _as_it_is(key)


def deadline(key: str) -> Words:
    """What a deadline is for."""
    return {
        "appeal": say("appeal"),
        "reply": say("reply"),
        "negotiate": say("negotiate"),
        "confirm_return": say("confirm the return"),
        "evidence": say("hand in evidence"),
        "withdraw": say("withdrawal"),
        "house": say("house rule"),
    }.get(key) or _as_it_is(key)


def action(key: str) -> Words:
    """What a seller may do."""
    return {
        "appeal": say("appeal"),
        "reply": say("reply"),
        "propose_solution": say("propose a solution"),
        "accept": say("accept"),
        "escalate": say("escalate"),
        "cancel_escalation": say("cancel the escalation"),
        "request_close": say("ask to close"),
        "apply_withdrawal": say("apply for withdrawal"),
        "provide_tracking": say("give the tracking number"),
        "open_ticket": say("open a ticket"),
    }.get(key) or _as_it_is(key)


def sending(key: str) -> Words:
    """Where the answer stands."""
    return {
        "drafted": say("drafted"),
        "ready": say("ready"),
        "approved": say("approved"),
        "armed": say("armed"),
        "confirmed": say("confirmed"),
        "refused": say("refused"),
        "unknown": say("outcome unknown"),
        "cleared": say("not sent"),
        "not_sent": say("not sent"),
        "rehearsed": say("rehearsed"),
    }.get(key) or _as_it_is(key)


def session(key: str) -> Words:
    """The state of a kept session."""
    return {
        "kept": say("session kept"),
        "ended": say("session ended"),
        "none": say("not signed in"),
        "unreadable": say("session unreadable"),
        "browser": say("kept by the browser"),
    }.get(key) or _as_it_is(key)


def channel(key: str) -> Words:
    """A queue of a portal."""
    return {
        "refund_disputes": say("refund disputes"),
        "messages": say("messages"),
        "tickets": say("tickets"),
        "returns": say("returns"),
        "confirmation_requests": say("confirmation requests"),
        "inquiries": say("inquiries"),
        "disputes": say("disputes"),
        "claims": say("claims"),
        "chargebacks": say("chargebacks"),
        "support_tickets": say("support tickets"),
        "cases": say("cases"),
        "requests": say("requests"),
    }.get(key) or _portals("channel", key)


def role(key: str) -> Words:
    """What a person may do at the desk."""
    return {"look": say("look"), "draft": say("look and draft"), "approve": say("draft, approve and send")}.get(
        key
    ) or _as_it_is(key)


def alarm(key: str) -> Words:
    """What kind of thing a person should know."""
    return {
        "drift": say("page changed"),
        "needs_person": say("a person is needed"),
        "unavailable": say("portal not reached"),
        "incomplete": say("list incomplete"),
        "report": say("report differs"),
        "unpaid": say("won, not paid"),
        "missed": say("missed"),
        "health": say("account figure"),
        "unknown": say("outcome unknown"),
        "paused": say("paused"),
        "session": say("signed out"),
    }.get(key) or _plain(key)


def flag(key: str) -> Words:
    """A mark on a case."""
    name, _, rest = key.partition(":")
    if name == "withdrawable":
        answer, _, why = rest.partition(":")
        because: Words | str = _withdraw_why(why)
        return (
            say("buyer can withdraw")
            if answer == "yes"
            else say("buyer can't withdraw ({why})", why=because)
            if answer == "no"
            else say("unsure whether the buyer can withdraw")
        )
    return {
        "senior_review": say("senior review"),
        "legal_hold": say("legal hold"),
        "not_eligible": say("not eligible"),
        "poor_odds": say("poor odds"),
        "appeals_limited": say("appeals limited"),
        "strict_review": say("strict review"),
        "video_needed": say("video needed"),
        "quick_refund": say("quick refund"),
        "late_complaint": say("late complaint"),
        "locked": say("locked"),
        "high_priority": say("high priority"),
        "time_sensitive": say("time sensitive"),
        "unread": say("not read since"),
        "house_overdue": say("overdue by the house rule"),
    }.get(name) or _portals("flag", key)


def _withdraw_why(key: str) -> Words:
    return say("it ended") if key == "ended" else flag(key) if key in ("legal_hold",) else reason(key)


def field(key: str) -> Words:
    """A field of a portal's form; the portal's own label stands beside it."""
    name, _, item = key.partition("@")
    found = {
        "appeal_type": say("Type of appeal"),
        "note": say("Note"),
        "category": say("Category"),
        "content": say("Content"),
        "answer": say("Answer"),
        "reason": say("Reason"),
        "shipping_fee": say("Shipping fee"),
        "amount": say("Amount"),
        "item_condition": say("Condition of the goods"),
        "problem": say("Problem"),
        "quantity": say("Quantity"),
        "detail": say("Detailed reason"),
        "explanation": say("Explanation"),
        "confirm": say("Confirmation"),
        "comment": say("Comment"),
        "cancel_reason": say("Reason for cancelling"),
        "carrier": say("Carrier"),
        "text": say("Text"),
        "number": say("Tracking number"),
        "topic": say("Topic"),
        "subtopic": say("Subtopic"),
        "statement": say("Statement"),
        "solution": say("Solution"),
        "declaration": say("Declaration"),
        "type": say("Type"),
        "buyer_confirmation": say("The buyer's confirmation"),
        "message": say("Message"),
    }.get(name) or _portals("field", name)
    return say("{field} · {item}", field=found, item=item) if item else found


def option(key: str) -> Words:
    """An option of a choice; the portal's own text stands beside it."""
    return {
        "delivery_proof": say("proof of delivery"),
        "product_accuracy": say("goods as described"),
        "return_not_received": say("return never arrived"),
        "duplicate_refund": say("refunded twice"),
        "tracking_provided": say("tracking was provided"),
        "return_abuse": say("return abused"),
        "misunderstanding": say("misunderstanding"),
        "platform_error": say("fault of the platform"),
        "dispute_follow_up": say("follow-up of a dispute"),
        "settlement": say("settlement"),
        "message_late": say("late message"),
        "quantity": say("wrong quantity"),
        "damage": say("damaged"),
        "component": say("parts missing"),
        "other_seller_goods": say("goods of another seller"),
        "not_received": say("not received"),
        "wrong_item": say("wrong item"),
        "damaged": say("damaged"),
        "incomplete": say("incomplete"),
        "no_defect": say("no defect"),
        "non_returnable": say("not returnable"),
        "not_ours": say("not our goods"),
        "used": say("used"),
        "refund": say("refund"),
        "return_and_refund": say("return and refund"),
        "coupon": say("coupon"),
        "reship": say("ship again"),
        "finance": say("finance"),
        "quality": say("quality"),
        "returns": say("returns"),
        "other": say("other"),
    }.get(key) or _portals("option", key)


def evidence(key: str) -> Words:
    """A kind of evidence; the portal's own name of it stays in the file's name."""
    kind, _, item = key.partition("@")
    found = {
        "DeliveryProof": say("Proof of delivery"),
        "ShipmentPhoto": say("Photo before shipment"),
        "PackingPhoto": say("Photo of packing"),
        "ProductPhoto": say("Photo of the product"),
        "LabelPhoto": say("Photo of the label"),
        "OuterBoxPhoto": say("Photo of the outer box"),
        "MessageLog": say("Conversation"),
        "InspectionReport": say("Inspection report"),
        "ReturnTracking": say("Tracking of the return"),
        "WarehouseRecord": say("Warehouse record"),
        "Email": say("E-mail"),
        "TrackingProof": say("Proof of tracking"),
        "RefundRecord": say("Record of the refund"),
        "ReturnRecord": say("Record of the return"),
        "PlatformNotice": say("Notice of the platform"),
        "Certificate": say("Certificate"),
        "RestockPlan": say("Restocking plan"),
        "OpeningVideo": say("Film of the opening"),
        "DamagePhoto": say("Photo of the damage"),
        "ReturnLabel": say("Return label"),
        "ArrivalPhoto": say("Photo at arrival"),
        "ContactLog": say("Record of contact"),
        "CarrierLetter": say("Letter of the carrier"),
        "NotarisedPaper": say("Notarised paper"),
        "Translation": say("Translation"),
        "ExpertOpinion": say("Expert opinion"),
    }.get(kind) or _portals("evidence", kind)
    return say("{field} · {item}", field=found, item=item) if item else found


def outcome(key: str, portal: str) -> Words:
    """How a case ended, in what that portal means by it; the portal's own word stands in its status."""
    return portal_terms.of(portal).get(("outcome", key)) or {
        "approved": say("approved"),
        "denied": say("denied"),
        "partial": say("partly approved"),
        "compensated": say("compensated"),
        "refunded": say("refunded"),
        "withdrawn": say("withdrawn"),
        "won": say("won"),
        "lost": say("lost"),
    }.get(key, _plain(key))


def detail(key: str) -> Words:
    """The name of a detail that only this portal shows."""
    return _portals("detail", key)


def place(key: str) -> Words:
    """A place of a playbook's note that a person fills; its name in the template stands beside it."""
    return {
        "item": say("Item"),
        "waybill": say("Tracking number"),
        "carrier": say("Carrier"),
        "until": say("Until"),
        "offer": say("Offer"),
        "delivered_on": say("Delivered on"),
        "signer": say("Signed for by"),
        "checked_on": say("Checked on"),
        "spec": say("Specification"),
        "quantity": say("Quantity"),
        "amount": say("Amount"),
        "tracking_status": say("Status of the tracking"),
        "answer": say("Answer"),
        "sent_on": say("Sent on"),
        "tracking": say("Tracking number"),
        "shipped_on": say("Shipped on"),
        "return_waybill": say("Tracking number of the return"),
        "damage": say("Damage"),
        "returned_on": say("Returned on"),
        "received_on": say("Received on"),
        "packed_on": say("Packed on"),
        "message_on": say("Day of the message"),
        "happened_on": say("Day it happened"),
        "expected_on": say("Expected on"),
        "entered_on": say("Entered on"),
        "done_on": say("Done on"),
        "condition": say("Condition"),
        "carrier_status": say("Status at the carrier"),
        "cancelled_at": say("Cancelled at"),
        "restock_on": say("Restocked on"),
        "restock_quantity": say("Restocked quantity"),
        "first_refund_on": say("Day of the first refund"),
        "second_refund_on": say("Day of the second refund"),
        "first_amount": say("First amount"),
        "second_amount": say("Second amount"),
    }.get(key) or _portals("place", key)


def event(key: str) -> Words:
    """A step of a case's record."""
    return {
        "drafted": say("draft written"),
        "frozen": say("packet made"),
        "approved": say("approved"),
        "withdrawn": say("approval taken back"),
        "armed": say("about to be sent"),
        "read back": say("form read back"),
        "rehearsed": say("rehearsed"),
        "confirmed": say("confirmed by the portal"),
        "refused": say("refused by the portal"),
        "unknown": say("outcome unknown"),
        "cleared": say("proved not sent"),
        "not sent": say("not sent"),
        "not known": say("outcome unknown"),
        "answer seen": say("answer of the portal seen"),
        "archived": say("archived"),
        "interrupted": say("interrupted"),
    }.get(key) or _plain(key)


def metric(key: str) -> Words:
    """A figure of an account."""
    return {
        "seller_score": say("Seller score"),
        "late_rate": say("Late deliveries"),
        "late_rate_two_weeks": say("Late deliveries, two weeks"),
        "communication_score": say("Communication score"),
        "response_rate": say("Response rate"),
        "response_minutes": say("Response time"),
        "account_health": say("Account health"),
        "refund_rate": say("Refund rate"),
        "dispute_rate": say("Dispute rate"),
        "arbitration_rate": say("Arbitration rate"),
        "fault_rate": say("Disputes lost by the seller's fault"),
        "on_time_rate": say("Shipped on time"),
        "on_time": say("Shipped on time"),
        "answer_rate_24h": say("Answered within 24 hours"),
        "messages_received": say("Messages received"),
        "messages_in_time": say("Messages answered in time"),
        "messages_late": say("Messages answered late"),
        "category_rate": say("Refund rate of the category"),
        "cancellation": say("Cancellations by the seller"),
        "shipment_delay": say("Late shipments"),
        "reaction_time": say("Response time"),
        "replied": say("Chats answered"),
        "review": say("Average review"),
        "penalty": say("Penalty points"),
    }.get(key) or (
        say("Messages: {reason}", reason=reason(key.removeprefix("messages_about_")))
        if key.startswith("messages_about_")
        else _portals("metric", key)
    )


def fact(name: str, value: Any) -> Words | None:
    """A fact of a case (its name in the record, its JSON) as a person is told of it; None where it says itself."""
    if not value:
        return None
    match name:
        case "status":
            return say("{ours} (“{shown}”)", ours=status(value["is"]), shown=value["shown"])
        case "reason":
            return say("{ours} (“{shown}”)", ours=reason(value["is"]), shown=value["shown"])
        case "actions":
            return joined(map(action, value))
        case "flags":
            return joined(map(flag, value))
        case "appeals":
            return say("{used} of {allowed} used", used=value["used"], allowed=value["allowed"])
        case "deadlines":
            return joined(map(_due, value))
    return None


def _due(value: Any) -> Words:
    """A deadline's kind, and its day where it is no countdown."""
    if isinstance(value, str):
        return deadline(value)
    at = datetime.fromisoformat(value[1]).astimezone(UTC)
    return say("{kind} {at} UTC", kind=deadline(value[0]), at=f"{at:%Y-%m-%d %H:%M}")


def missing(field: str, why: str) -> Words:
    """A field that a record does not have, and why."""
    name = {
        "decision": say("decision"),
        "decided_at": say("day of the decision"),
        "order_id": say("order"),
        "amount": say("amount"),
        "messages": say("conversation"),
    }.get(field) or _as_it_is(field)
    because = {
        "not decided yet": say("not decided yet"),
        "not ended yet": say("not ended yet"),
        "none is shown": say("none is shown"),
        "not shown": say("not shown"),
        "a request has none": say("a request has none"),
        "the message is about no order": say("the message is about no order"),
        "the page shows only its beginning": say("the page shows only its beginning"),
        "the page shows only a part of them": say("the page shows only a part of them"),
        "not opened: opening a message marks it read (options.open_messages)": say(
            "not opened: opening a message marks it read (options.open_messages)"
        ),
    }.get(why) or _portals("missing", why)
    return say("{field}: {why}", field=name, why=because)


def _portals(kind: str, key: str) -> Words:
    """A key of a portal's own: in the words of its package, else readable as it stands."""
    return portal_terms.word(kind, key) or portal_terms.word(kind, key.partition(":")[0]) or _plain(key)


def tongue(code: str) -> str:
    """A language by its code (`ko`), as the person's own language calls it."""
    known: str | None = Locale.parse(spoken(), sep="-").languages.get(code)
    return known or code


def _plain(key: str) -> Words:
    """A key without a word of its own: readable, if not translated."""
    return Words("{key}", {"key": key.replace("_", " ")})


def _as_it_is(key: str) -> Words:
    return Words("{key}", {"key": key})
