"""Letters as octets: the specification's tables, another implementation of them, and what cannot be read."""

import pytest
from gsm0338 import Codec
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.alphabet import (
    ALPHABET,
    ASCII,
    BINARY,
    CYRILLIC,
    EXTENSION,
    GSM7,
    HEBREW,
    LATIN1,
    UCS2,
    choose,
    decode,
    encode,
)
from tectonics.domain.text import septets, ucs2_units

LETTERS = ALPHABET.replace("\x1b", "") + "".join(EXTENSION.values())
THEIRS = Codec()
any_text = st.text(st.sampled_from("aé€[]~ç’ا😀\n") | st.characters(exclude_categories=("Cs",)), max_size=200)


@pytest.mark.parametrize(("text", "octets"), [
    ("", ""), ("@", "00"), ("hello", "68656c6c6f"), ("€", "1b65"), ("[é]", "1b3c051b3e"), ("à", "7f"), ("\f", "1b0a"),
    ("*133#", "2a31333323")])
def test_golden_septets(text, octets):
    assert encode(text, GSM7).hex() == octets
    assert decode(bytes.fromhex(octets), GSM7) == text


@pytest.mark.parametrize("text", ["ç", "\x1b", "`", "ا", "\ufffd", "😀"])
def test_what_the_alphabet_lacks(text):
    assert encode(text, GSM7) is None
    assert choose(text)[0] == UCS2


@pytest.mark.parametrize(("octets", "text"), [
    ("1b", " "), ("411b", "A "), ("1b1b41", " A"), ("1b1b1b65", " €"), ("1b41", "A"), ("80ff41", "\ufffd\ufffdA"),
    ("1b80", "\ufffd")])
def test_septets_that_mean_nothing_are_read_as_well_as_they_can_be(octets, text):
    assert decode(bytes.fromhex(octets), GSM7) == text


@pytest.mark.parametrize(("alphabet", "octets", "text"), [
    (UCS2, "062706440020d83dde00", "ال 😀"), (UCS2, "004100", "A\ufffd"), (UCS2, "d83d0041", "\ufffdA"),
    (LATIN1, "e9e7", "éç"), (ASCII, "41e9", "A\ufffd"), (CYRILLIC, "bfe0d8d2d5e2", "Привет"), (HEBREW, "f9", "ש"),
    (BINARY, "00ff", "00ff")])
def test_the_other_alphabets(alphabet, octets, text):
    assert decode(bytes.fromhex(octets), alphabet) == text


def test_half_a_pair_is_no_character():
    assert choose("\ud83dا") == (UCS2, bytes.fromhex("003f0627"))
    assert encode("\ud83d", UCS2) is None


@given(st.text(st.sampled_from(LETTERS)))
def test_another_implementation_writes_the_same(text):
    assert encode(text, GSM7) == THEIRS.encode(text)[0]
    assert decode(encode(text, GSM7), GSM7) == text == THEIRS.decode(encode(text, GSM7))[0]


@given(any_text)
def test_what_is_written_is_read_and_counted_as_it_is(text):
    alphabet, octets = choose(text)
    assert decode(octets, alphabet) == text
    assert (alphabet == GSM7) == (septets(text) is not None)
    assert len(octets) == (septets(text) if alphabet == GSM7 else 2 * ucs2_units(text))


@given(st.binary(max_size=200))
def test_any_octets_are_read(octets):
    for alphabet in (GSM7, UCS2, ASCII, LATIN1, CYRILLIC, HEBREW, BINARY):
        decode(octets, alphabet).encode()
