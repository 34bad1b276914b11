"""What the message centre is given: alphabet, parts and their joints, and never a torn character."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.sms_smpp.wording import Wording
from tectonics.config.smpp import SmsSmpp
from tectonics.domain.alphabet import ASCII, EXTENSION, GSM7, LATIN1, UCS2, decode
from tectonics.domain.text import sms_parts, transliterate
from tectonics.wire.smpp.pdus import SubmitSm, message_octets
from tectonics.wire.smpp.reassembly import Reassembly, Whole

REFERENCE = 0x1234


def written(text, reference=REFERENCE, **settings):
    return Wording(SmsSmpp(**settings)).write(text, reference)


def read(parts, alphabet):
    """The text that a handset shows."""
    reassembly, shown = Reassembly(), []
    for part in parts:
        pdu = SubmitSm(source_addr="133", destination_addr="33600000001", esm_class=part.esm_class,
                       short_message=part.short_message, tlvs=part.tlvs)
        shown += [decode(found.octets, alphabet) for found in reassembly.add(pdu, 0.0) if isinstance(found, Whole)]
    text, = shown
    return text


@pytest.mark.parametrize(("text", "settings", "data_coding", "octets"), [
    ("Prêt", {}, 8, "00500072 00ea0074"),  # ê is not of GSM 7-bit
    ("Prêt", {"coding": "gsm"}, 0, "50726574"),
    ("{é}", {}, 0, "1b28051b29"),
    ("{é}", {"gsm_packing": "latin1"}, 0, "7be97d"),
    ("{é}", {"gsm_packing": "ascii"}, 8, "007b00e9007d"),
    ("{é}", {"gsm_packing": "ascii", "coding": "gsm"}, 0, "7b657d"),
    ("Δ", {"gsm_packing": "latin1"}, 8, "0394"),
    ("Δ", {"gsm_packing": "latin1", "coding": "gsm"}, 8, "0394"),
    ("SOS", {"coding": "ucs2"}, 8, "0053004f0053"),
    ("سلفة", {"coding": "gsm"}, 8, "0633064406410629"),
    ("a\ud800", {}, 8, "0061003f")])
def test_the_alphabet_is_chosen_as_configured(text, settings, data_coding, octets):
    found, parts = written(text, **settings)
    assert (found, [part.short_message.hex() for part in parts]) == (data_coding, [octets.replace(" ", "")])


def test_parts_are_joined_as_configured():
    text = "x" * 161
    _, (first, second) = written(text)
    assert first.short_message[:6].hex() == "050003340201" and second.short_message[:6].hex() == "050003340202"
    assert (len(first.short_message), first.esm_class) == (159, 0x40)
    _, parts = written(text, long_messages="sar")
    assert [[tlv.value for tlv in part.tlvs] for part in parts] == [[REFERENCE, 2, 1], [REFERENCE, 2, 2]]
    _, (payload,) = written(text, long_messages="payload")
    assert message_octets(SubmitSm(tlvs=payload.tlvs)) == text.encode() and payload.short_message == b""


@pytest.mark.parametrize(("text", "parts_max", "kept"), [
    ("x" * 200, 1, "x" * 160), ("x" * 1000, 6, "x" * 918), ("x" * 459, 3, "x" * 459),
    ("é€" * 200, 2, "é€" * 102), ("ж" * 100, 1, "ж" * 70), ("ж" * 500, 2, "ж" * 134)])
@pytest.mark.parametrize("way", ["udh", "sar", "payload"])
def test_what_does_not_fit_is_cut_off(text, parts_max, kept, way):
    data_coding, parts = written(text, parts_max=parts_max, long_messages=way)
    assert read(parts, UCS2 if data_coding else GSM7) == kept
    assert len(parts) == (1 if way == "payload" else sms_parts(kept))


LETTERS = st.sampled_from(sorted({*"abc xyzéà@£_\n", *EXTENSION.values()}))


@given(st.text(LETTERS, min_size=1, max_size=900), st.sampled_from(["udh", "sar", "payload"]))
def test_what_is_read_is_what_was_written(text, way):
    data_coding, parts = written(text, parts_max=20, long_messages=way)
    assert data_coding == 0 and read(parts, GSM7) == text
    assert len(parts) <= sms_parts(text) and all(len(part.short_message) <= 160 for part in parts)


@given(st.text(max_size=600), st.sampled_from(["udh", "sar", "payload"]), st.integers(0, 0xFFFF))
def test_any_text_is_read_as_it_was_written(text, way, reference):
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    data_coding, parts = written(text, reference, parts_max=20, long_messages=way)
    assert read(parts, UCS2 if data_coding else GSM7) == text


@given(st.text(st.sampled_from("abé{€ç[]ñ"), min_size=1, max_size=500),
       st.sampled_from([("ascii", ASCII), ("latin1", LATIN1)]), st.sampled_from(["udh", "sar", "payload"]))
def test_a_centre_of_another_alphabet_reads_the_same(text, packing, way):
    name, alphabet = packing
    write = partial(written, parts_max=20, gsm_packing=name, long_messages=way)
    data_coding, parts = write(text)
    assert read(parts, UCS2 if data_coding else alphabet) == text
    data_coding, parts = write(text, coding="gsm")
    assert read(parts, UCS2 if data_coding else alphabet) in (text, transliterate(text)) or name == "ascii"
    assert data_coding == 0 or "€" in text
