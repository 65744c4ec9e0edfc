"""Shown amounts of money, read as exact numbers with their currency."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from agent.reading.grammar import grammar, tidy, wanted_languages
from agent.reading.unreadable import Unreadable
from agent.records import Money

_AMOUNT = re.compile(
    r"(?P<open>\()?"
    r"(?P<sign>[-+])? ?"
    r"(?P<before>[^0-9 ()+\-.,'’][^0-9()+\-,]{0,23}?)? ?"
    r"(?P<inner>[-+])? ?"
    r"(?P<number>[0-9](?:[0-9.,' ’]*[0-9])?)"
    r"(?: ?(?P<after>[^0-9 ()+\-.,'’][^0-9()+\-,]{0,23}?))?"
    r"(?P<close>\))?"
)
_POINT_LANGUAGES = frozenset({"en", "ko", "zh", "ja", "th", "ms"})
"""Languages that write a decimal point; asked only where a currency has three minor digits (1.234 KWD)."""


@functools.cache
def _minor_digits() -> dict[str, int]:
    minor = grammar()["money"]["minor"]
    return dict.fromkeys(minor["none"], 0) | dict.fromkeys(minor["three"], 3)


def minor_digits(currency: str) -> int:
    """How many digits an amount of `currency` may have after its decimal sign."""
    return _minor_digits().get(currency, 2)


@functools.cache
def _is_currency(code: str) -> bool:
    """Whether `code` is a currency known to CLDR; test codes and metals (X…) are not, but for the shared francs."""
    from babel.core import get_global

    return code in get_global("all_currencies") and (code[0] != "X" or code in ("XAF", "XOF", "XPF", "XCD"))


@functools.cache
def _currencies(token: str) -> tuple[frozenset[str], str | None]:
    """Which currencies a sign, word or code may stand for, and which one it is when nobody says."""
    signs = grammar()["money"]
    key = token.replace(" ", "").rstrip(".").lower()
    if key in signs["means"]:
        code = signs["means"][key]
        return frozenset({code}), code
    if key in signs["usually"]:
        return frozenset(signs["usually"][key]), signs["usually"][key][0]
    if key in signs["could_be"]:
        return frozenset(signs["could_be"][key]), None
    code = key.upper()
    if len(code) == 3 and code.isascii() and code.isalpha() and _is_currency(code):
        return frozenset({code}), code
    return frozenset(), None


def _split(number: str, minor: int, point: bool, indian: bool) -> tuple[str, str] | None:
    """Whole and fraction digits of a written number, or None where its separators contradict themselves.

    `point`: one full stop before three digits is a decimal point (only asked when `minor` is 3).
    `indian`: groups of two before the last three are allowed (1,23,456).
    """
    separators = [sign for sign in number if not sign.isdigit()]
    if not separators:
        return number, ""
    last, kinds = separators[-1], set(separators)
    whole, fraction, group = number, "", last
    if len(kinds) == 2:
        if last not in ".," or separators.count(last) > 1:
            return None
        whole, fraction = number.rsplit(last, 1)
        group = separators[0]
    elif len(kinds) > 2:
        return None
    elif last in ".," and len(separators) == 1:
        head, tail = number.split(last)
        grouping = len(tail) == 3 and len(head) <= 3 and head[0] != "0"
        if grouping and minor == 3:
            if not point:
                return None
            grouping = last == ","
        if not grouping:
            whole, fraction = head, tail
    parts = whole.split(group)
    if len(parts) > 1:
        middle = {len(part) for part in parts[1:-1]}
        if not 1 <= len(parts[0]) <= 3 or len(parts[-1]) != 3:
            return None
        if middle - {3} and not (indian and middle == {2} and len(parts[0]) <= 2):
            return None
    return "".join(parts), fraction


def read_money(text: str, *, currency: str | None = None, languages: tuple[str, ...] = ()) -> Money:
    """The one amount that `text` as a whole is: `37,900원`, `1 234,50 ₽`, `US $12.34`, `(€1.234,56)`.

    `currency` (ISO 4217) is what the page is known to reckon in: needed for a bare number and for signs that several
    currencies wear (`$`, `¥`); a shown currency must agree with it. One separator before exactly three digits groups
    thousands; fractions may not be finer than the currency's minor unit (`37,900.50원` is refused, `.00` is not).
    `languages` are the page's: they settle the decimal sign for currencies with three minor digits.

    Raises `Unreadable` for anything else, two amounts included. Source: the money forms in the portals' facts.
    """
    shown = tidy(text)
    match = _AMOUNT.fullmatch(shown)
    if match is None:
        raise Unreadable(text, "an amount of money")
    opened, sign, before, inner, number, after, closed = match.groups()
    if bool(opened) != bool(closed) or (opened and (sign or inner)) or (sign and inner):
        raise Unreadable(text, "an amount of money with one sign")

    code = currency
    tokens = [token for token in (before, after) if token]
    if tokens:
        may_be, code = _currencies(tokens[0])
        for token in tokens[1:]:
            others, settled = _currencies(token)
            may_be &= others
            code = code if code in may_be else settled
        if currency is not None:
            code = currency
        elif code is None and len(may_be) == 1:
            code = next(iter(may_be))
        if code not in may_be:
            raise Unreadable(text, f"an amount in {currency}" if currency else "an amount in one known currency")
    if code is None:
        raise Unreadable(text, "an amount with its currency")

    minor = _minor_digits().get(code, 2)
    point = minor == 3 and bool(languages) and wanted_languages(languages) <= _POINT_LANGUAGES
    digits = _split(number, minor, point, code == "INR")
    if digits is None:
        raise Unreadable(text, "an amount with consistent separators")
    whole, fraction = digits
    if len(fraction) > minor and (len(fraction) > 2 or fraction.strip("0")):
        raise Unreadable(text, f"an amount in {code}, which has {minor} minor digits")
    if len(whole) > 1 and whole[0] == "0":
        raise Unreadable(text, "an amount without leading zeros")
    value = Decimal(f"{whole}.{fraction}" if fraction and minor else whole)
    negative = opened or sign == "-" or inner == "-"
    return Money(value=value.copy_negate() if negative and value else value, currency=code)
