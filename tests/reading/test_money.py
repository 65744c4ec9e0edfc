"""What a seller would lose if an amount were misread by a factor, a sign or a currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.core import get_global
from babel.numbers import format_currency
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.reading.grammar import grammar
from agent.reading.money import read_money
from agent.reading.unreadable import Unreadable

SHOWN = [
    ("37,900원", None, "37900", "KRW"),
    ("37,900 원", None, "37900", "KRW"),
    ("₩37,900", None, "37900", "KRW"),
    ("￦３７，９００", None, "37900", "KRW"),
    ("37,900.00원", None, "37900", "KRW"),
    ("-37,900원", None, "-37900", "KRW"),
    ("−37,900원", None, "-37900", "KRW"),
    ("37\u00a0900\u00a0₽", None, "37900", "RUB"),
    ("1\u202f234,50\u00a0₽", None, "1234.50", "RUB"),
    ("8,568.15 ₽", None, "8568.15", "RUB"),
    ("1 234,50 руб.", None, "1234.50", "RUB"),
    ("1 234,50 руб.", "BYN", "1234.50", "BYN"),
    ("12,50 бел. руб.", None, "12.50", "BYN"),
    ("1 500 ₸", None, "1500", "KZT"),
    ("US $12.34", None, "12.34", "USD"),
    ("US$ 1,234.50", None, "1234.50", "USD"),
    ("$1,234.50", "USD", "1234.50", "USD"),
    ("$1,234", "USD", "1234", "USD"),
    ("$5", "MXN", "5", "MXN"),
    ("$12.50 CAD", None, "12.50", "CAD"),
    ("-$12.00", "USD", "-12", "USD"),
    ("$-12.00", "USD", "-12", "USD"),
    ("(12.00)", "USD", "-12", "USD"),
    ("($1,234.00)", "USD", "-1234", "USD"),
    ("+37,900원", None, "37900", "KRW"),
    ("C $45.00", None, "45", "CAD"),
    ("AU $45.00", None, "45", "AUD"),
    ("GBP 12.00", None, "12", "GBP"),
    ("£12.00", None, "12", "GBP"),
    ("€1.234,56", None, "1234.56", "EUR"),
    ("1.234,56 €", None, "1234.56", "EUR"),
    ("119,00 €", None, "119", "EUR"),
    ("49,90 EUR", None, "49.90", "EUR"),
    ("1.234", "EUR", "1234", "EUR"),
    ("CHF 1’234.50", None, "1234.50", "CHF"),
    ("¥1,200", "JPY", "1200", "JPY"),
    ("￥1,200.50", "CNY", "1200.50", "CNY"),
    ("JP¥1,200", None, "1200", "JPY"),
    ("CN¥12.50", None, "12.50", "CNY"),
    ("12.50元", None, "12.50", "CNY"),
    ("CNY 12.50", None, "12.50", "CNY"),
    ("R$ 1.234,56", None, "1234.56", "BRL"),
    ("R$32,99", None, "32.99", "BRL"),
    ("BRL 407.47", None, "407.47", "BRL"),
    ("Rp1.234.567", None, "1234567", "IDR"),
    ("₫8.820", None, "8820", "VND"),
    ("1.234.567đ", None, "1234567", "VND"),
    ("฿1,234.00", None, "1234", "THB"),
    ("RM12.30", None, "12.30", "MYR"),
    ("S$12.30", None, "12.30", "SGD"),
    ("NT$1,230", None, "1230", "TWD"),
    ("₱1,143.00", None, "1143", "PHP"),
    ("₹1,23,456.00", None, "123456", "INR"),
    ("KWD 1.234", None, None, None),
    ("37900", "KRW", "37900", "KRW"),
    ("0", "KRW", "0", "KRW"),
    ("-0", "USD", "0", "USD"),
]


@pytest.mark.parametrize(("text", "currency", "value", "code"), SHOWN)
def test_amounts_as_portals_show_them(text: str, currency: str | None, value: str | None, code: str | None) -> None:
    if value is None:
        with pytest.raises(Unreadable):
            read_money(text, currency=currency)
        return
    money = read_money(text, currency=currency)
    assert (money.value, money.currency) == (Decimal(value), code)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("$12.34", None),  # whose dollar?
        ("¥1,200", None),  # yen or yuan?
        ("1,200", None),  # of what?
        ("$12.34", "EUR"),  # the page contradicts what it is said to reckon in
        ("37,900원", "USD"),
        ("$12.34 EUR", None),
        ("37,900.50원", None),  # half a won
        ("¥1,200.5", "JPY"),
        ("₫1.23", None),
        ("1,23,4", "USD"),
        ("1.234.56", "USD"),
        ("1,234.567", "USD"),
        ("12,34,567", "USD"),  # Indian groups, not an Indian amount
        ("1.234,567.8", "USD"),
        ("1 23", "USD"),
        ("12.345.6789", "EUR"),
        ("0,123", "USD"),
        ("007", "USD"),
        ("1.2345", "USD"),
        ("BRL 407.47（USD 66.65）", None),
        ("12.00 - 13.00", "USD"),
        ("$12.00 $13.00", "USD"),
        ("--12.00", "USD"),
        ("(-12.00)", "USD"),
        ("(12.00", "USD"),
        ("12.00)", "USD"),
        ("Total $12.00", "USD"),
        ("12.00 USD approx", None),
        ("1e3", "USD"),
        ("12²", "USD"),
        ("½", "USD"),
        ("XXX 12", None),
        ("", "USD"),
        ("-", "USD"),
        ("원", None),
        (".", "USD"),
        ("12.", "USD"),
        (",50", "USD"),
    ],
)
def test_what_is_not_one_clear_amount_is_refused(text: str, currency: str | None) -> None:
    with pytest.raises(Unreadable):
        read_money(text, currency=currency)


def test_three_minor_digits_need_the_language_to_tell_a_decimal_point() -> None:
    assert read_money("1.234 KWD", languages=("en",)).value == Decimal("1.234")
    assert read_money("1,234 KWD", languages=("en-AE",)).value == Decimal(1234)
    with pytest.raises(Unreadable):
        read_money("1.234 KWD", languages=("en", "de"))


LOCALES = {
    "ko_KR": "KRW",
    "ru_RU": "RUB",
    "zh_CN": "CNY",
    "en_US": "USD",
    "en_GB": "GBP",
    "de_DE": "EUR",
    "fr_FR": "EUR",
    "it_IT": "EUR",
    "es_ES": "EUR",
    "pt_BR": "BRL",
    "vi_VN": "VND",
    "id_ID": "IDR",
    "th_TH": "THB",
    "ms_MY": "MYR",
    "en_SG": "SGD",
    "zh_TW": "TWD",
    "es_MX": "MXN",
    "en_IN": "INR",
    "ru_KZ": "KZT",
    "ru_BY": "BYN",
    "ja_JP": "JPY",
    "en_CA": "CAD",
    "en_AU": "AUD",
    "fil_PH": "PHP",
    "pl_PL": "PLN",
}


@settings(deadline=None)
@given(st.sampled_from(sorted(LOCALES)), st.integers(-(10**11), 10**11))
def test_every_amount_a_portal_can_write_comes_back_exactly(locale: str, cents: int) -> None:
    currency = LOCALES[locale]
    value = Decimal(cents) if currency in grammar()["money"]["minor"]["none"] else Decimal(cents) / 100
    text = format_currency(value, currency, locale=locale)
    assert read_money(text, currency=currency) == read_money(f"{value:f}", currency=currency)
    assert read_money(text, currency=currency).value == value


@settings(deadline=None)
@given(st.text(max_size=20))
def test_junk_is_never_money(text: str) -> None:
    """Whatever is read has exactly the digits that were shown, and a currency that stood there."""
    try:
        money = read_money(text)
    except Unreadable:
        return
    assert any(not sign.isdigit() and not sign.isspace() and sign not in ".,'’+-()" for sign in text)
    assert f"{abs(money.value):f}".replace(".", "").strip("0") in "".join(filter(str.isalnum, text))


@settings(deadline=None)
@given(
    st.sampled_from([shown for shown in SHOWN if shown[2]]),
    st.text("abcxyzабв가나漢!?#%*:;/0123456789", min_size=1, max_size=4),
)
def test_an_amount_with_something_else_beside_it_is_not_that_amount(
    shown: tuple[str, str | None, str, str], junk: str
) -> None:
    text, currency, value, _ = shown
    try:
        money = read_money(f"{text} {junk}", currency=currency)
    except Unreadable:
        return
    assert money.value != Decimal(value) or not junk.strip("0123456789")


def test_minor_units_are_those_of_cldr() -> None:
    minor = grammar()["money"]["minor"]
    fractions = get_global("currency_fractions")
    # Iceland's and Iraq's are as in ISO 4217 and CLDR alike; what CLDR lists beyond ours no longer circulates.
    assert all(fractions[code][0] == 0 for code in minor["none"])
    assert all(fractions[code][0] == 3 for code in minor["three"])


def test_every_currency_named_exists() -> None:
    money = grammar()["money"]
    named = {*money["means"].values()}.union(*money["usually"].values(), *money["could_be"].values())
    assert named <= set(get_global("all_currencies"))
