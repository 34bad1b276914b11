"""What a subscriber typed as the dialogue reads it, and a screen as the network carries it."""

from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.ussd_gsup.talk import _CONTROL, INPUTS_MAX, Talk, text_of, words_of
from tectonics.domain.screens import Style
from tectonics.domain.text import cut
from tectonics.wire.gsup.events import Key
from tectonics.wire.map.ussd import BINARY, GSM7, UCS2, Words, decode, encode

KEY = Key("001010000000001", 7, 1)
STYLE = Style("ussd_gsup", septets_max=128, ucs2_max=56)


def test_inputs_are_joined_so_that_each_step_has_a_text_of_its_own():
    talk, texts = Talk(KEY, 1000, "33600000001", "*133#"), []
    for typed in ("", "2", "", "1", "*"):
        talk.typed(typed)
        texts.append(talk.dialled(2000).text)
    assert texts == ["", "2", "2", "2*1", "2*1**"]
    assert talk.dialled(2000).at == 2000 and talk.dialled(2000).code == "*133#"


def test_an_identity_does_not_return():
    same_number = {Talk(Key("001010000000001", 7, serial), at).session for serial in range(1, 4) for at in (1, 2)}
    others = {Talk(Key("001010000000002", 7, 1), 1).session, Talk(Key("001010000000001", 8, 1), 1).session}
    assert len(same_number | others) == 8
    assert all(len(name) < 60 and "|" not in name for name in same_number)


def test_inputs_have_a_bound():
    talk = Talk(KEY, 0)
    for _ in range(1000):
        talk.typed("1")
    assert talk.dialled(0).text.count("1") == INPUTS_MAX


def test_what_is_typed_has_no_control_characters():
    assert text_of(Words(GSM7, b" 2\r\n")) == "2"
    assert text_of(Words(UCS2, "\0 2\x85 é".encode("utf-16-be"))) == "2 é"
    assert text_of(Words(BINARY, b"\1\2")) == "0102"


@given(st.text(max_size=300))
def test_a_screen_that_the_style_lets_pass_fits_and_reads_as_it_was(text):
    text = cut(text, STYLE)
    words = words_of(text)
    assert 0 < len(words.packed) <= 112
    assert text_of(decode(encode(words))) == text_of(words)
    if text.strip() and not any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        assert text_of(words) == _CONTROL.sub("", text).strip()
