"""Money: exact both ways, and nothing that is not money passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMoney
from tectonics.domain.money import AMOUNT_MINOR_MAX, decimals, format_minor, parse_minor, percent_of


@pytest.mark.parametrize("text, currency, minor", [
    ("2", "EUR", 200), ("2.5", "EUR", 250), ("2.50", "EUR", 250), ("0.01", "EUR", 1), (" 7.00 ", "EUR", 700),
    ("-3.10", "EUR", -310), ("1500", "JPY", 1500), ("1.234", "TND", 1234), ("5", "XOF", 5), ("2.500", "EUR", 250),
])
def test_amounts(text, currency, minor):
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["", "x", "1,5", "1.", ".5", "1e3", "+1", "1.005", "--1", "1 0", "٣", "9" * 16,
                                  "1.0000", "NaN", "inf", "0x10"])
def test_what_is_no_amount(text):
    with pytest.raises(BadMoney):
        parse_minor(text, "EUR")


@pytest.mark.parametrize("code", ["eur", "EU", "EURO", "E1R", "", "€€€"])
def test_what_is_no_currency(code):
    with pytest.raises(BadMoney, match="ISO 4217"):
        decimals(code)


@given(st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_there_and_back(minor, currency):
    if abs(minor) // 10**decimals(currency) < 10**15:
        assert parse_minor(format_minor(minor, currency), currency) == minor


def test_a_share_is_rounded_half_up():
    assert [percent_of(amount, 1000) for amount in (100, 104, 105, 1)] == [10, 10, 11, 0]
    assert percent_of(10**15, 10_000) == 10**15


@pytest.mark.parametrize("text", [" 5.001\n", "\t99999999999999\r\n"])
def test_a_refusal_is_one_line(text):
    with pytest.raises(BadMoney) as caught:
        parse_minor(text, "EUR")
    assert str(caught.value).isprintable()
