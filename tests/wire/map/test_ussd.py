"""What unstructured requests say: captured bytes, coding schemes, the room of a screen, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain import alphabet
from tectonics.domain.errors import BadMessage
from tectonics.wire.map import ber, component, ussd
from tectonics.wire.map.ussd import BINARY, GSM7, UCS2, Words, decode, encode


def argument(scheme: int, octets: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, ber.encode(ber.OCTET_STRING, bytes([scheme])), ber.encode(ber.OCTET_STRING, octets))


@pytest.mark.parametrize("octets, words", [
    ("300a04010f0405aad86c3602", Words(GSM7, b"*133#")),
    ("300604010f040132", Words(GSM7, b"2")),
    ("300904010f040431d98c06", Words(GSM7, b"1234")),
    ("3009040148 040420ac0041", Words(UCS2, "€A".encode("utf-16-be"))),
    ("300504010f0400", Words(GSM7, b"")),
])
def test_golden(octets, words):
    assert decode(bytes.fromhex(octets)) == words
    assert encode(words) == bytes.fromhex(octets)


def test_the_alphabets_have_the_names_of_the_domain():
    assert (GSM7, UCS2, BINARY) == (alphabet.GSM7, alphabet.UCS2, alphabet.BINARY)


@pytest.mark.parametrize("text", ["[é] 12 €", "لديك رصيد", "1234567", "12345678"])
def test_texts_come_back(text):
    words = decode(encode(Words(*alphabet.choose(text))))
    assert alphabet.decode(words.octets, words.alphabet) == text


# 3GPP TS 23.038 section 5.
@pytest.mark.parametrize("scheme, expected", [
    *((scheme, GSM7) for scheme in (0x00, 0x0F, 0x12, 0x20, 0x24, 0x3F, 0x40, 0x4C, 0x5F, 0x80, 0xA0, 0xE0, 0xF0, 0xFB)),
    *((scheme, BINARY) for scheme in (0x44, 0x57, 0xF4, 0xFF)),
    *((scheme, UCS2) for scheme in (0x48, 0x59)),
])
def test_coding_schemes(scheme, expected):
    words = decode(argument(scheme, b"\0A\0B"))
    assert words == Words(expected, b"\x00\x02\x01\x10" if expected == GSM7 else b"\0A\0B")


def test_a_language_before_the_words_is_left_out():
    assert decode(argument(0x10, Words(GSM7, b"fr\r1").packed)) == Words(GSM7, b"1")
    assert decode(argument(0x11, b"\x66\x79" + "1".encode("utf-16-be"))) == Words(UCS2, b"\x001")


@given(st.lists(st.integers(0, 127), max_size=182).map(bytes))
def test_septets_come_back(septets):
    words = Words(GSM7, septets)
    if len(words.packed) <= ussd.STRING_OCTETS_MAX:
        read = decode(encode(words))
        assert read.octets.rstrip(b"\r") == septets.rstrip(b"\r")


@pytest.mark.parametrize("kind, count", [("result", 128), ("invoke", 130)])
def test_how_much_fits_where_only_short_lengths_are_read(kind, count):
    def size(characters):
        said = encode(Words(GSM7, b"x" * characters))
        made = (component.ReturnResult(1, component.PROCESS_USS_REQUEST, said) if kind == "result"
                else component.Invoke(1, component.USS_REQUEST, said))
        return len(component.encode(made))

    assert size(count) == component.SHORT_BYTES_MAX
    assert size(count + 1) > component.SHORT_BYTES_MAX


@pytest.mark.parametrize("octets, why", [
    ("", "not an argument"),
    ("0400", "not an argument"),
    ("3000", "lacks"),
    ("300304010f", "lacks"),
    ("300604020f0f0400", "lacks"),
    ("30060201050401aa", "lacks"),
    ("30050401600400", "compressed"),
    ("30050401950400", "compressed or has a header"),
    (argument(0x0F, bytes(161)).hex(), "too long"),
])
def test_refused(octets, why):
    with pytest.raises(BadMessage, match=why):
        decode(bytes.fromhex(octets))


@given(st.integers(0, 255), st.binary(max_size=170))
def test_any_string_is_words_or_refused(scheme, octets):
    try:
        words = decode(argument(scheme, octets))
    except BadMessage as error:
        assert str(error).isprintable()
    else:
        assert isinstance(alphabet.decode(words.octets, words.alphabet), str)
