"""User data headers: golden ones of 3GPP TS 23.040, and those that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.udh import Place, header, read


@pytest.mark.parametrize(("octets", "place", "rest"), [
    ("0500032a0301", Place(0x2A, 3, 1), ""), ("0500032a030341", Place(0x2A, 3, 3), "41"),
    ("0608041234020141", Place(0x1234, 2, 1), "41"), ("0041", None, "41"),
    ("06050415810000ff", None, "ff"),  # ports
    ("0b0504158100000003010201ff", Place(1, 2, 1), "ff"),
    ("0500032a0304", None, ""), ("0500032a0300", None, ""), ("0500032a0000", None, ""), ("0400022a03", None, "")])
def test_golden_headers(octets, place, rest):
    assert read(bytes.fromhex(octets)) == (place, bytes.fromhex(rest))


@pytest.mark.parametrize(("octets", "why"), [
    ("", "longer than its message"), ("05", "longer than its message"), ("0500032a03", "longer than its message"),
    ("0500042a0301", "longer than its user data header"), ("0100", "longer than its user data header"),
    ("060003010201ff00", "longer than its user data header")])
def test_headers_that_lie(octets, why):
    with pytest.raises(BadMessage, match=why):
        read(bytes.fromhex(octets))


@given(st.data(), st.booleans(), st.binary(max_size=20))
def test_what_is_written_is_read(data, wide, words):
    total = data.draw(st.integers(1, 255))
    place = Place(data.draw(st.integers(0, 65535 if wide else 255)), total, data.draw(st.integers(1, total)))
    assert read(header(place, wide) + words) == (place, words)


@given(st.binary(max_size=40))
def test_any_octets_are_read_or_refused(octets):
    try:
        place, rest = read(octets)
    except BadMessage:
        return
    assert octets.endswith(rest) and (place is None or 1 <= place.number <= place.total <= 255)
