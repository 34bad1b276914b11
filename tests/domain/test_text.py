"""GSM 7-bit against the tables of 3GPP TS 23.038, and what follows from it for screens and messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.alphabet import ALPHABET, EXTENSION
from tectonics.domain.screens import Style
from tectonics.domain.text import cut, fits, septets, shown, sms_parts, transliterate, ucs2_units

# Code -> code point, where it is not ASCII; written down from the specification's table, section 6.2.1.
DEFAULT_TABLE = {
    0x00: 0x40, 0x01: 0xA3, 0x02: 0x24, 0x03: 0xA5, 0x04: 0xE8, 0x05: 0xE9, 0x06: 0xF9, 0x07: 0xEC, 0x08: 0xF2,
    0x09: 0xC7, 0x0A: 0x0A, 0x0B: 0xD8, 0x0C: 0xF8, 0x0D: 0x0D, 0x0E: 0xC5, 0x0F: 0xE5, 0x10: 0x394, 0x11: 0x5F,
    0x12: 0x3A6, 0x13: 0x393, 0x14: 0x39B, 0x15: 0x3A9, 0x16: 0x3A0, 0x17: 0x3A8, 0x18: 0x3A3, 0x19: 0x398,
    0x1A: 0x39E, 0x1B: 0x1B, 0x1C: 0xC6, 0x1D: 0xE6, 0x1E: 0xDF, 0x1F: 0xC9, 0x24: 0xA4, 0x40: 0xA1, 0x5B: 0xC4,
    0x5C: 0xD6, 0x5D: 0xD1, 0x5E: 0xDC, 0x5F: 0xA7, 0x60: 0xBF, 0x7B: 0xE4, 0x7C: 0xF6, 0x7D: 0xF1, 0x7E: 0xFC,
    0x7F: 0xE0,
}
EXTENSION_TABLE = {0x0A: 0x0C, 0x14: 0x5E, 0x28: 0x7B, 0x29: 0x7D, 0x2F: 0x5C, 0x3C: 0x5B, 0x3D: 0x7E, 0x3E: 0x5D,
                   0x40: 0x7C, 0x65: 0x20AC}
SCREEN = Style()
STRICT = Style(transliterate=False)
ANY_TEXT = st.text(st.sampled_from("aé€ê[]~ç’ا😀\u0301\n") | st.characters(exclude_categories=("Cs",)), max_size=300)


def test_the_alphabet_is_the_specification_s():
    assert [ord(c) for c in ALPHABET] == [DEFAULT_TABLE.get(code, code) for code in range(128)]
    assert {code: ord(c) for code, c in EXTENSION.items()} == EXTENSION_TABLE


@pytest.mark.parametrize(("written", "length"), [
    ("", 0), ("abc", 3), ("@£$¥èéùìòÇ", 10), ("€", 2), ("[a]", 5), ("a\\b", 4), ("^{}~|", 10), ("à", 1), ("Àx", None),
    ("ê", None), ("ç", None), ("ا", None), ("\x1b", None), ("`", None)])
def test_septets(written, length):
    assert septets(written) == length


@pytest.mark.parametrize(("written", "plain"), [
    ("Prêt reçu", "Pret recu"), ("años más, aquí, ¿según?", "años mas, aqui, ¿segun?"), ("où à é è ù", "où à é è ù"),
    ("l’œuvre", "l'oeuvre"), ("«oui» – “non”…", '"oui" - "non"...'), ("10\u202f€", "10 €"), ("ÀÂÊÎÔ", "AAEIO"),
    ("e\u0301", "é"), ("e\u0302", "e"), ("رصيد", "رصيد"), ("آ", "آ"), ("é €", "é €")])
def test_transliterate(written, plain):
    assert transliterate(written) == plain


def test_arabic_is_shown_as_it_is_even_beside_accents():
    assert shown("سلفة ê", SCREEN) == "سلفة ê"


def test_without_transliteration_one_letter_makes_the_screen_ucs2():
    written = "ê" + "a" * 75
    assert fits(written, SCREEN)
    assert not fits(written, STRICT)
    assert shown(written, STRICT) == written


@pytest.mark.parametrize(("written", "whole"), [
    ("a" * 160, True), ("a" * 161, False), ("€" * 80, True), ("€" * 80 + "a", False),
    ("ا" * 70, True), ("ا" * 71, False), ("😀" * 35, True), ("😀" * 35 + "ا", False)])
def test_fits_to_the_last_septet(written, whole):
    assert fits(written, SCREEN) is whole


def test_cut_keeps_pairs_and_marks_together():
    assert cut("a" * 159 + "€", SCREEN) == "a" * 159
    assert cut("ا" * 69 + "😀", SCREEN) == "ا" * 69
    assert cut("ا" * 69 + "ب\u0651", SCREEN) == "ا" * 69


@given(ANY_TEXT)
def test_cut_fits_and_is_a_beginning_of_what_is_shown(written):
    for style in (SCREEN, STRICT):
        short = cut(written, style)
        assert fits(short, style)
        assert shown(written, style).startswith(short)
        assert short == shown(written, style) or not fits(written, style)


@given(ANY_TEXT)
def test_transliterating_twice_changes_nothing_and_never_leaves_gsm(written):
    plain = transliterate(written)
    assert transliterate(plain) == plain
    if septets(written) is not None:
        assert plain == written


@given(ANY_TEXT)
def test_ucs2_units_are_utf16(written):
    assert ucs2_units(written) == len(written.encode("utf-16-be")) // 2


@pytest.mark.parametrize(("written", "parts"), [
    ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
    ("€" * 152, 2), ("€" * 153, 3), ("ا" * 70, 1), ("ا" * 71, 2), ("ا" * 134, 2), ("ا" * 135, 3),
    ("😀" * 35, 1), ("😀" * 66, 2), ("😀" * 67, 3)])
def test_sms_parts(written, parts):
    """153 is odd: an escape never stands at the end of a part, so 76 signs of two septets fill it."""
    assert sms_parts(written) == parts
