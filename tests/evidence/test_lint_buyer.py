"""What a buyer reads must keep him on the platform and leave him free, and nothing is closed before he said so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.evidence import Finding
from agent.evidence.lint_buyer import contacts
from agent.evidence.lint_fields import lint_fields
from agent.evidence.tone import ToneList
from agent.policy import ActionRule, FieldRule, SendRule
from agent.records import Case, Message, Money
from agent.sending.packet import Draft
from tests.evidence.made import NOW, POLICY, a_case, by_code

SEND = SendRule(path="^/x$", source="test", grade="assumed")
WHENCE: dict[str, Any] = {"rule": "AE2", "source": "test", "grade": "assumed"}
TEXT = FieldRule(kind="text", label="x", to_buyer=True, **WHENCE)
OFFER = ActionRule(fields={"amount": FieldRule(kind="amount", label="x", **WHENCE), "text": TEXT}, send=SEND)
CLOSE = ActionRule(
    fields={"confirmed": FieldRule(kind="message", label="x", rule="WD7", source="test", grade="assumed")}, send=SEND
)
GOOD = "About COO123456789: we offer 10 BRL. Please accept the plan on this page."


def found(rule: ActionRule, case: Case, **values: str) -> dict[str, Finding]:
    draft = Draft(case=case.key, action="propose_solution", values=values, by="li", at=NOW, case_revision=case.revision)
    return by_code(lint_fields(draft, case, rule, tone=ToneList(), policy=POLICY))


def claim(**changes: Any) -> Case:
    return a_case(limit=Money(value=Decimal("100.50"), currency="BRL"), **changes)


def test_a_fit_offer_has_no_finding() -> None:
    assert found(OFFER, claim(), amount="10", text=GOOD) == {}


@pytest.mark.parametrize("text", [
    "Write to shop@mail.example.com", "shop (at) mail (dot) com", "see www.my-shop.com/x", "my-shop.shop has it",
    "call +86 138 0013 8000", "加我微信", "薇信 abc", "напишите в WhatsApp", "позвоните нам", "카톡 주세요",
])  # fmt: skip
def test_a_text_that_leads_off_the_platform_is_blocked(text: str) -> None:
    one = found(OFFER, claim(), amount="10", text=f"{GOOD} {text}")["WD10.contact"]
    assert (one.level, one.overridable) == ("block", True)


@pytest.mark.parametrize("text", [
    "Track it at https://www.17track.net/en?nums=1", "waybill LP00123456789012", "order 8198108899072249",
    "2.5 kg, 10.00",
])  # fmt: skip
def test_a_waybill_or_a_carriers_page_is_no_contact(text: str) -> None:
    assert contacts(text) == []


@pytest.mark.parametrize("text", ["or else we call the police", "否则后果自负", "удалите отзыв", "please give 5 stars"])
def test_pressure_is_blocked(text: str) -> None:
    assert found(OFFER, claim(), amount="10", text=f"{GOOD} {text}")["WD10.pressure"].level == "block"


def test_a_mass_text_without_the_order_is_blocked() -> None:
    text = "Dear friend, we offer 10 BRL, please accept the plan."
    assert found(OFFER, claim(), amount="10", text=text)["WD10.template"].level == "block"


def test_what_only_the_platform_reads_is_not_held_against_these_rules() -> None:
    private = ActionRule(fields={"text": TEXT.model_copy(update={"to_buyer": False})}, send=SEND)
    assert found(private, claim(), text="Our lawyer wrote to a@b.com.") == {}


def test_an_offer_names_its_amount_and_the_next_step() -> None:
    text = "About COO123456789: we are sorry."
    assert {code: one.level for code, one in found(OFFER, claim(), amount="10", text=text).items()} == {
        "WD5.amount": "warn",
        "WD5.next_step": "warn",
    }


@pytest.mark.parametrize(("amount", "code"), [
    ("100.51", "AE2.over"), ("100.50", None), ("1.001", "AE2.digits"), ("0", None), ("abc", "AE2.value"),
])  # fmt: skip
def test_no_offer_exceeds_what_can_be_refunded(amount: str, code: str | None) -> None:
    codes = {one for one in found(OFFER, claim(), amount=amount, text=GOOD) if one.startswith("AE2")}
    assert codes == ({code} if code else set())


def test_a_currency_without_cents_takes_none() -> None:
    won = a_case(limit=Money(value=Decimal(50000), currency="KRW"))
    assert "AE2.digits" in found(OFFER, won, amount="10.50", text=GOOD)


def talk(*who: str) -> tuple[Message, ...]:
    return tuple(
        Message(at=NOW + timedelta(hours=n), from_=one, text="I close it")  # type: ignore[arg-type]
        for n, one in enumerate(who)
    )


@pytest.mark.parametrize(("who", "named", "code"), [
    (("buyer", "seller", "buyer"), "3", None),
    (("buyer", "seller", "buyer"), "", "WD7.unconfirmed"),
    (("buyer", "seller", "buyer"), "2", "WD7.not_buyers"),
    (("buyer", "seller", "platform"), "3", "WD7.not_buyers"),
    (("buyer", "seller", "buyer"), "4", "WD7.not_buyers"),
    (("buyer", "seller", "buyer"), "0", "WD7.not_buyers"),
    (("buyer", "seller", "buyer"), "1", "WD7.too_early"),
    (("buyer", "buyer"), "2", "WD7.too_early"),
])  # fmt: skip
def test_nothing_is_closed_before_the_buyer_said_so_in_writing(
    who: tuple[str, ...], named: str, code: str | None
) -> None:
    findings = found(CLOSE, claim(messages=talk(*who), opened_at=NOW), confirmed=named)
    assert set(findings) == ({code} if code else set())
    assert all(one.level == "block" and not one.overridable for one in findings.values())
