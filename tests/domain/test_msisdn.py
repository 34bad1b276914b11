"""Numbers: E.164 digits whatever they are written like, and masked wherever they are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadNumber
from tectonics.domain.msisdn import in_ranges, mask, parse_msisdn


@pytest.mark.parametrize("text", ["33612345678", "+33612345678", "0033612345678", "tel:+33612345678",
                                  "+33 6 12 34 56 78", "+33 (6) 12-34.56/78", " 33612345678 "])
def test_the_ways_to_write_one(text):
    assert parse_msisdn(text) == "33612345678"


def test_a_national_number_needs_the_country():
    assert parse_msisdn("0612345678", "33") == "33612345678"
    with pytest.raises(BadNumber):
        parse_msisdn("0612345678")


@pytest.mark.parametrize("text", ["", "+", "12", "1" * 16, "abc", "+33x12345678", "٣٣٦١٢٣٤٥٦٧٨", "0000000000"])
def test_what_is_none(text):
    with pytest.raises(BadNumber):
        parse_msisdn(text)


@given(st.text(max_size=40), st.sampled_from(["", "33"]))
def test_any_text_is_a_number_or_refused(text, country):
    try:
        number = parse_msisdn(text, country)
    except BadNumber:
        return
    assert number.isascii() and number.isdigit() and 7 <= len(number) <= 15 and number[0] != "0"


@given(st.integers(10**6, 10**15 - 1).map(str))
def test_a_masked_number_keeps_its_length_and_hides_its_middle(number):
    assert len(mask(number)) == len(number)
    assert mask(number)[3:-2] == "*" * (len(number) - 5)


def test_ranges_are_of_equal_length():
    ranges = (("33600", "33699"), ("336000000", "336999999"))
    assert in_ranges("336500000", ranges)
    assert not in_ranges("3365000000", ranges)
    assert not in_ranges("33700", ranges)
