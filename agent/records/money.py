"""Money: an exact amount and its currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer

from agent.records.base import Record


def plain(value: Decimal) -> str:
    """The number as people write it to each other: no exponent, no trailing zeros behind the point's need."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Amount = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]


class Money(Record):
    """`value` in units of `currency` (ISO 4217), exact."""

    value: Amount
    currency: str

    def __str__(self) -> str:
        return f"{self.value:,f} {self.currency}"
