"""Packing of septets against 3GPP TS 23.038 section 6.1.2 and captured strings, and what USSD's padding does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.wire.gsm0338 import pack, pack_ussd, unpack, unpack_ussd

GOLDEN = [(b"", ""), (b"1", "31"), (b"hello", "e8329bfd06"), (b"hellohello", "e8329bfd4697d9ec37"),
          (b"*133#", "aad86c3602"), (b"*144#", "aa188d3602"),
          (b"*858*0123456*999#", "2a5c0da782c564335acda6cae57223"), (b"\x7f" * 8, "ff" * 7)]
septets = st.binary(max_size=200).map(lambda octets: bytes(octet & 0x7F for octet in octets))


def by_hand(written: bytes, fill_bits: int = 0) -> bytes:
    """The same as one long number."""
    number = sum(septet << (fill_bits + 7 * place) for place, septet in enumerate(written))
    return number.to_bytes((fill_bits + 7 * len(written) + 7) // 8 if written else 0, "little")


@pytest.mark.parametrize(("written", "packed"), GOLDEN)
def test_golden_strings(written, packed):
    assert pack(written).hex() == packed
    assert unpack(bytes.fromhex(packed), len(written)) == written
    assert pack_ussd(written).hex() == packed
    assert unpack_ussd(bytes.fromhex(packed)) == written


def test_seven_spare_bits_hold_a_carriage_return():
    assert pack_ussd(b"1234567").hex() == "31d98c56b3dd1a"
    assert unpack_ussd(bytes.fromhex("31d98c56b3dd1a")) == b"1234567"
    assert unpack_ussd(bytes.fromhex("aa9acda6a28d00")) == b"*566*4#\x00"  # as some SIM cards send it


def test_a_carriage_return_that_ends_on_an_octet_goes_twice():
    assert len(pack_ussd(b"1234567\r")) == 8
    assert unpack_ussd(pack_ussd(b"1234567\r")) == b"1234567\r\r"
    assert unpack_ussd(pack_ussd(b"12345678")) == b"12345678"


def test_the_longest_ussd_string():
    assert len(pack_ussd(b"x" * 182)) == 160
    assert unpack_ussd(pack_ussd(b"x" * 182)) == b"x" * 182


@given(septets, st.integers(0, 6))
def test_packing_is_one_long_number_and_is_undone(written, fill_bits):
    assert pack(written, fill_bits) == by_hand(written, fill_bits)
    assert unpack(pack(written, fill_bits), len(written), fill_bits) == written


@given(septets)
def test_ussd_loses_nothing_and_adds_at_most_a_carriage_return(written):
    assert unpack_ussd(pack_ussd(written)) in (written, written + b"\r")


@given(st.binary(max_size=200))
def test_any_octets_are_septets(octets):
    assert max(unpack_ussd(octets), default=0) < 128
