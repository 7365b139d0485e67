"""Prices: what people write is read exactly or refused, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing.prices import (
    MAX_AMOUNT,
    PriceError,
    decimals,
    minor_units,
    money,
)
from protocol.errors import Refused

CURRENCIES = ["EUR", "JPY", "KWD", "CLF", "CREDIT"]


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("9.99", "EUR", 999),
        ("500", "EUR", 50_000),
        ("0.5", "EUR", 50),
        ("0", "EUR", 0),
        (" 3.50 ", "EUR", 350),
        ("1,234.50", "EUR", 123_450),
        ("1.234,50", "EUR", 123_450),
        ("1.234,5", "EUR", 123_450),
        ("1,234,567", "EUR", 123_456_700),
        ("1.234.567", "EUR", 123_456_700),
        ("12,345,678.90", "EUR", 1_234_567_890),
        ("12.345.678,90", "EUR", 1_234_567_890),
        ("1200", "JPY", 1200),
        ("1,234,567", "JPY", 1_234_567),
        ("1.234", "KWD", 1234),
        ("12.5", "KWD", 12_500),
        ("1.234,567", "KWD", 1_234_567),
        ("0.29", "EUR", 29),  # 28 in binary fractions
        ("90071992547409.91", "EUR", MAX_AMOUNT),
        ("2.50", "CREDIT", 250),
    ],
)
def test_a_clear_price_is_read_to_the_last_unit(text, currency, amount):
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.234", "EUR"),
        ("1,234", "EUR"),
        ("50,00", "EUR"),
        ("1.234", "JPY"),
        ("1,234", "JPY"),
        ("1.234", "CLF"),
        ("1,234", "KWD"),
        ("€ 50,00", "EUR"),
        ("EUR 50,00", "EUR"),
        ("50 €", "EUR"),
        ("$9.99", "USD"),
        ("9.99 kr", "SEK"),
    ],
)
def test_a_price_with_two_readings_is_refused_with_advice(text, currency):
    with pytest.raises(PriceError) as caught:
        minor_units(text, currency)

    assert caught.value.reason == "ambiguous-price"
    assert "write the price as" in str(caught.value)
    assert isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("", "EUR", "no price"),
        ("   ", "EUR", "no price"),
        ("-3", "EUR", "negative"),
        ("\N{MINUS SIGN}3", "EUR", "negative"),
        ("(3.00)", "EUR", "negative"),
        ("+3", "EUR", "signs"),
        ("1e3", "EUR", "exponent"),
        ("1.5E-2", "EUR", "exponent"),
        ("9.9999", "EUR", "decimals"),
        ("0.123", "EUR", "decimals"),
        ("1234.567", "EUR", "decimals"),
        ("12.3456", "KWD", "decimals"),
        ("12.5", "JPY", "decimals"),
        ("1,234.50", "JPY", "decimals"),
        ("1,234.567", "EUR", "decimals"),
        ("\u0663\u066b\u0665", "EUR", "0 to 9"),  # Arabic-Indic
        ("\uff11\uff12", "EUR", "0 to 9"),  # full width
        ("5.", "EUR", "in full"),
        (".5", "EUR", "in full"),
        (".", "EUR", "in full"),
        ("007", "EUR", "in full"),
        ("1,23,456", "EUR", "groups of three"),
        ("1,234.567.890", "EUR", "mixes"),
        ("1.2,3.4", "EUR", "mixes"),
        ("12,34.50", "EUR", "mixes"),
        ("1 234.50", "EUR", "signs"),
        ("1'234.50", "CHF", "signs"),
        ("9" * 20, "EUR", "too large"),
        ("90071992547409.92", "EUR", "too large"),
        ("9" * 10_000, "EUR", "too large"),
    ],
)
def test_what_is_no_price_is_refused_with_advice(text, currency, why):
    with pytest.raises(PriceError, match=why) as caught:
        minor_units(text, currency)

    assert caught.value.reason == "bad-price"
    assert "write" in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "€", "ZZZ", "credit"])
def test_an_unknown_currency_is_refused(currency):
    with pytest.raises(PriceError) as caught:
        minor_units("1", currency)

    assert caught.value.reason == "bad-currency"


def test_money_is_written_with_every_decimal():
    assert money(350, "EUR") == "3.50"
    assert money(5, "EUR") == "0.05"
    assert money(350, "JPY") == "350"
    assert money(5, "KWD") == "0.005"
    assert money(-350, "EUR") == "-3.50"


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("12,50", ",", 1250),
        ("1.234", ",", 123_400),
        ("1.234,5", ",", 123_450),
        ("1,234", ".", 123_400),
        ("12.50", ".", 1250),
        ("EUR 50,00", ",", 5000),
        ("50.00 EUR", ".", 5000),
        ("7", ",", 700),
    ],
)
def test_with_a_known_decimal_sign_nothing_is_open(text, decimal, amount):
    assert minor_units(text, "EUR", decimal) == amount


@pytest.mark.parametrize(
    ("text", "decimal"),
    [("12.50", ","), ("1,5", "."), ("1,2,3", ","), ("12,", ","), ("1.23,4", ","), ("1,234", ","),
     ("EUR", "."), ("EUR -5", "."), ("USD 5", "."), ("5 €", ",")],
)  # fmt: skip
def test_what_does_not_fit_the_known_sign_is_refused(text, decimal):
    with pytest.raises(PriceError):
        minor_units(text, "EUR", decimal)


def test_the_currency_s_own_code_may_stand_beside_a_clear_number():
    assert minor_units("EUR 9.90", "EUR") == minor_units("9.90 EUR", "EUR") == 990


@given(st.integers(0, MAX_AMOUNT), st.sampled_from(CURRENCIES))
def test_what_money_writes_is_read_back(amount, currency):
    assert minor_units(money(amount, currency), currency) == amount


@given(st.integers(0, MAX_AMOUNT), st.sampled_from(CURRENCIES), st.sampled_from([",.", ".,"]))
def test_grouped_amounts_with_both_signs_are_read_back(amount, currency, signs):
    places = decimals(currency)
    whole, fraction = divmod(amount, 10**places)
    if whole < 1000 or not places:
        return
    text = f"{whole:,}".replace(",", signs[0]) + signs[1] + str(fraction).rjust(places, "0")

    assert minor_units(text, currency) == amount


@given(st.text(alphabet="0123456789.,-+eE €$\u0663", max_size=15) | st.text(max_size=20))
def test_any_text_is_an_exact_amount_or_a_refusal(text):
    try:
        amount = minor_units(text, "EUR")
    except PriceError as error:
        assert error.reason in ("ambiguous-price", "bad-price")
        assert str(error).endswith(".")
    else:
        digits = text.strip().replace(",", "").replace(".", "")
        assert str(amount) in {digits.lstrip("0") + zeros or "0" for zeros in ("", "0", "00")}
