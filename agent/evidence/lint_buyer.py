"""Looks over what a buyer will read or must have said: amounts, contact, pressure, confirmation (WD5, WD7, WD10)."""

from __future__ import annotations

import re
from decimal import Decimal

from agent.evidence.finding import Finding, finding
from agent.policy import ActionRule, FieldRule
from agent.reading.money import minor_digits
from agent.records import Case, Message
from agent.rules import contact_words, plain, rules, said
from agent.sending.packet import Draft
from agent.words import say

_MAIL = re.compile(r"[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+\s*(?:\.|\(dot\))\s*[a-z]{2,}")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s]+|(?<![\w@.])[a-z0-9-]+\.(?:com|net|org|ru|cn|me|shop|store|io)(?![\w])[^\s]*"
)
_PHONE = re.compile(r"(?<![\w])\+\s?\d[\d\s().-]{7,}\d")


def lint_amount(key: str, field: FieldRule, value: str, case: Case) -> list[Finding]:
    """An amount against the most that can be refunded, and against its currency's minor unit (AE2)."""
    if case.limit is None:
        return []
    found = []
    if Decimal(value) > case.limit.value:
        found.append(
            finding(
                field.rule,
                "over",
                "block",
                say(
                    "“{key}” is {value}, and at most {limit} can be refunded. Lower it.",
                    key=key,
                    value=value,
                    limit=case.limit,
                ),
                key,
            )
        )
    if len(value.partition(".")[2]) > minor_digits(case.limit.currency):
        found.append(
            finding(
                field.rule,
                "digits",
                "block",
                say(
                    "“{value}” in “{key}” is no amount of {currency}: too many digits after the point.",
                    value=value,
                    key=key,
                    currency=case.limit.currency,
                ),
                key,
            )
        )
    return found


def confirmation(value: str, case: Case) -> Message | None:
    """The buyer's message with that number in the case (from 1, in the order shown); None where there is none."""
    if not value.isdecimal() or not 1 <= int(value) <= len(case.messages):
        return None
    message = case.messages[int(value) - 1]
    return message if message.from_ == "buyer" else None


def lint_confirmation(key: str, field: FieldRule, value: str, case: Case) -> list[Finding]:
    """Nothing is asked to be closed before the buyer has said in writing that it is solved (WD7).

    A person names the message, for only a person can tell what it means; here it must be the buyer's own, written after
    the claim and after the seller's first answer.
    """
    buyers = [n for n, m in enumerate(case.messages, start=1) if m.from_ == "buyer"]
    if not value:
        return [
            finding(
                field.rule,
                "unconfirmed",
                "block",
                say(
                    "Asking to close before the buyer has confirmed in writing counts as ignoring the case. Name the buyer's"
                    " message that confirms it by its number in “{key}”; his messages are: {numbers}.",
                    key=key,
                    numbers=", ".join(map(str, buyers)) or "–",
                ),
                key,
            )
        ]
    message = confirmation(value, case)
    if message is None:
        return [
            finding(
                field.rule,
                "not_buyers",
                "block",
                say(
                    "“{value}” in “{key}” is no message of the buyer; his messages are: {numbers}. Wait for his word, or name"
                    " it.",
                    value=value,
                    key=key,
                    numbers=", ".join(map(str, buyers)) or "–",
                ),
                key,
            )
        ]
    answered = min((m.at for m in case.messages if m.from_ == "seller"), default=None)
    if answered is None or message.at <= answered or (case.opened_at and message.at <= case.opened_at):
        return [
            finding(
                field.rule,
                "too_early",
                "block",
                say(
                    "Message {value} was written before you answered: it is the claim, not its end. Wait for the buyer's"
                    " confirmation.",
                    value=value,
                ),
                key,
            )
        ]
    return []


def lint_to_buyer(key: str, field: FieldRule, text: str, draft: Draft, case: Case, rule: ActionRule) -> list[Finding]:
    """Findings about a text that the buyer reads; a person may let each stand with a reason."""
    found = []
    ways = contacts(text)
    if ways:
        found.append(
            finding(
                "WD10",
                "contact",
                "block",
                say(
                    "“{key}” leads the buyer off the platform: {ways}. Keep it on the platform's own messages.",
                    key=key,
                    ways=", ".join(ways),
                ),
                key,
                overridable=True,
            )
        )
    pushes = said(text, rules()["pressure"]["words"])
    if pushes:
        found.append(
            finding(
                "WD10",
                "pressure",
                "block",
                say(
                    "“{key}” presses the buyer: {phrases}. Say what you offer, and leave him free.",
                    key=key,
                    phrases=", ".join(f"“{one}”" for one in pushes),
                ),
                key,
                overridable=True,
            )
        )
    if case.order_id not in text and case.case_id not in text:
        found.append(
            finding(
                "WD10",
                "template",
                "block",
                say(
                    "“{key}” names no order: it reads like a mass message. Name {order_id} and what this buyer told you.",
                    key=key,
                    order_id=case.order_id,
                ),
                key,
                overridable=True,
            )
        )
    return found + _offer(key, text, draft, rule)


def contacts(text: str) -> list[str]:
    """Every way off the platform that `text` shows."""
    within = plain(text)
    data = rules()["contact"]
    links = [m.group() for m in _LINK.finditer(within) if not any(h in m.group() for h in data["allowed_hosts"])]
    mails = [m.group() for m in _MAIL.finditer(within)]
    phones = [m.group() for m in _PHONE.finditer(within)]
    links = [link for link in links if not any(link in mail for mail in mails)]
    return list(dict.fromkeys([*mails, *links, *phones, *said(text, contact_words())]))


def _offer(key: str, text: str, draft: Draft, rule: ActionRule) -> list[Finding]:
    """An offer names its amount and the buyer's next step (WD5)."""
    amounts = [draft.values.get(k, "").strip() for k, f in rule.fields.items() if f.kind == "amount"]
    if not any(amounts):
        return []
    found = []
    if not any(amount and amount in text.replace(",", "") for amount in amounts):
        found.append(
            finding(
                "WD5",
                "amount",
                "warn",
                say("“{key}” does not name the amount {amount} that you offer.", key=key, amount=", ".join(amounts)),
                key,
            )
        )
    if not said(text, rules()["offer"]["next_step"]):
        found.append(
            finding(
                "WD5",
                "next_step",
                "warn",
                say("“{key}” does not tell the buyer what to do next (accept the plan, by when).", key=key),
                key,
            )
        )
    return found
