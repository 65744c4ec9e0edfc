"""The words of the records in the person's language; what a portal showed stays as it was shown (XX5)."""

from __future__ import annotations

from agent.words import Words, say


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


def _as_it_is(key: str) -> Words:
    return Words("{key}", {"key": key})
