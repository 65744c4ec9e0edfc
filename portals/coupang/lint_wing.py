"""What a Coupang confirmation request asks for of several fields, items and files together (facts §4.5, §6)."""

from __future__ import annotations

from decimal import Decimal

from agent.evidence.files import FileFacts
from agent.evidence.finding import Finding, finding
from agent.policy import ActionRule
from agent.records import Case
from agent.sending.packet import Draft
from agent.words import say

FEE, AMOUNT, GOODS = "shipping_fee", "amount", "item_condition"


def lint_request(draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
    """Findings on the draft as a whole."""
    values = {key: value.strip() for key, value in draft.values.items()}
    code = rule.fields[FEE].rule if FEE in rule.fields else "CP6"
    fee, goods = values.get(FEE) == "yes", values.get(GOODS) == "yes"
    found: list[Finding] = []
    if not fee and not goods:
        found.append(
            finding(code, "kind", "block", say(
                "Neither the shipping fee nor the items' condition is ticked: the portal wants one of them."), FEE)
        )  # fmt: skip
    found += _fee(code, fee, values.get(AMOUNT, ""))
    found += _blocks(code, goods, values, case)
    if goods and "video_needed" in case.flags and not any(one.is_video for one in facts):
        found.append(
            finding("CP5", "video_needed", "block", say(
                "An item of this return is worth so much that the portal wants a video, from reading the waybill to the"
                " opened parcel. Attach it."))
        )  # fmt: skip
    return found


def _fee(code: str, fee: bool, amount: str) -> list[Finding]:
    if fee and (not amount.isascii() or not amount.isdigit() or Decimal(amount) < 1):
        return [finding(code, "fee", "block", say("The shipping fee is ticked, and no amount is given."), AMOUNT)]
    if amount and not fee:
        return [finding(code, "fee", "block", say("An amount is given, and the shipping fee is not ticked."), AMOUNT)]
    return []


def _blocks(code: str, goods: bool, values: dict[str, str], case: Case) -> list[Finding]:
    """Per item: problem and quantity both or neither, not more than came back."""
    found, any_block = [], False
    for item in case.items:
        problem, quantity = values.get(f"problem@{item.id}", ""), values.get(f"quantity@{item.id}", "")
        if not problem and not quantity:
            continue
        any_block = True
        if not problem:
            found.append(
                finding(code, "problem", "block", say(
                    "Item {item} has a quantity and no problem. Choose one.", item=item.id), f"problem@{item.id}")
            )  # fmt: skip
        if not quantity.isascii() or not quantity.isdigit() or not 1 <= int(quantity) <= item.quantity:
            found.append(
                finding(code, "quantity", "block", say(
                    "Item {item}: the quantity with the problem is a whole number from 1 to {most}.", item=item.id,
                    most=item.quantity), f"quantity@{item.id}")
            )  # fmt: skip
    if goods and not any_block:
        found.append(
            finding(code, "no_item", "block", say(
                "The items' condition is ticked, and no item is named. Give problem@ID and quantity@ID."), GOODS)
        )  # fmt: skip
    if any_block and not goods:
        found.append(
            finding(code, "no_item", "block", say(
                "An item is named, and the items' condition is not ticked."), GOODS)
        )  # fmt: skip
    return found
