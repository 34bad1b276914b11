"""Alphabets by data_coding: SMPP's own values, those of cell broadcast and of GSM, and the names of the domain."""

import pytest

from tectonics.domain import alphabet
from tectonics.wire import data_coding
from tectonics.wire.data_coding import ASCII, BINARY, CYRILLIC, GSM7, HEBREW, LATIN1, UCS2, code, read


@pytest.mark.parametrize(("value", "expected"), [
    (0x00, GSM7), (0x01, ASCII), (0x02, BINARY), (0x03, LATIN1), (0x04, BINARY), (0x05, BINARY), (0x06, CYRILLIC),
    (0x07, HEBREW), (0x08, UCS2), (0x0D, BINARY), (0x0F, GSM7), (0x40, GSM7), (0x44, BINARY), (0x48, UCS2), (0x4C, GSM7),
    (0x58, UCS2), (0x68, BINARY), (0x92, BINARY), (0xC8, GSM7), (0xD8, GSM7), (0xE8, UCS2), (0xF0, GSM7), (0xF4, BINARY),
    (0xF5, BINARY), (0x2A, GSM7)])
def test_alphabets(value, expected):
    assert read(b"xyz", value) == (expected, b"xyz")


def test_the_default_is_the_peer_s():
    assert read(b"x", 0, LATIN1) == (LATIN1, b"x")
    assert read(b"x", 0x0F, LATIN1) == (GSM7, b"x")


def test_a_language_before_the_words_is_not_read():
    assert read(b"en\rhello", 0x10) == (GSM7, b"hello")
    assert read(b"\x65\x37\x00A", 0x11) == (UCS2, b"\x00A")


def test_every_alphabet_has_its_code_and_the_domain_s_name():
    names = [name for name in ("ASCII", "BINARY", "CYRILLIC", "GSM7", "HEBREW", "LATIN1", "UCS2")]
    for name in names:
        value = getattr(data_coding, name)
        assert value == getattr(alphabet, name)
        assert read(b"", code(value)) == (value, b"")


def test_all_values_are_known():
    assert {read(b"", value)[0] for value in range(256)} <= {ASCII, BINARY, CYRILLIC, GSM7, HEBREW, LATIN1, UCS2}
