"""Long messages in parts and whole again: golden bounds, nothing split that belongs together, every order."""

import pytest
import smpplib.gsm
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.alphabet import GSM7, LATIN1, UCS2, choose, decode
from tectonics.domain.errors import BadMessage
from tectonics.domain.text import sms_parts
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.parts import PAYLOAD, SAR, UDH8, UDH16, UDHI, WAYS, Part, cut, split
from tectonics.wire.smpp.pdus import DataSm, DeliverSm
from tectonics.wire.smpp.reassembly import Incomplete, Reassembly, Whole, place_of
from tectonics.wire.smpp.tlvs import Tag, Tlv
from tectonics.wire.udh import Place

LONG = st.text(st.sampled_from("ab€[é"), min_size=161, max_size=900) | st.text(
    st.sampled_from("ab😀ا"), min_size=71, max_size=500)


def delivered(part: Part, source: str = "33600000001", **fields) -> DeliverSm:
    return DeliverSm(source_addr=source, destination_addr="133", short_message=part.short_message,
                     esm_class=part.esm_class, tlvs=part.tlvs, **fields)


def sent(letter: bytes = b"x", reference: int = 7, length: int = 400, **fields) -> list[DeliverSm]:
    return [delivered(part, **fields) for part in split(letter * length, GSM7, UDH8, reference)]


@pytest.mark.parametrize(("octets", "alphabet", "way", "lengths"), [
    (b"x" * 160, GSM7, UDH8, [160]), (b"x" * 161, GSM7, UDH8, [153, 8]), (b"x" * 161, GSM7, UDH16, [152, 9]),
    (b"x" * 161, GSM7, SAR, [153, 8]), (b"xx" * 70, UCS2, UDH8, [140]), (b"\0x" * 71, UCS2, UDH8, [134, 8]),
    (b"\0x" * 71, UCS2, UDH16, [132, 10]), (b"x" * 141, LATIN1, UDH8, [134, 7]), (b"x" * 141, LATIN1, UDH16, [133, 8]),
    (b"x" * 152 + b"\x1b\x65" * 10, GSM7, UDH8, [152, 20]), (b"\x1b\x65" * 81, GSM7, UDH8, [152, 10]),
    (b"\0x" * 66 + b"\xd8\x3d\xde\0" * 5, UCS2, UDH8, [132, 20]),
    (b"\0x" * 66 + b"\xdb\xff\xdf\xff" * 5, UCS2, UDH8, [132, 20])])
def test_golden_lengths(octets, alphabet, way, lengths):
    parts = split(octets, alphabet, way, 1)
    header = {UDH8: 6, UDH16: 7, SAR: 0}[way] if len(parts) > 1 else 0
    assert [len(part.short_message) - header for part in parts] == lengths
    assert {part.esm_class for part in parts} == {UDHI if header else 0}


def test_golden_headers():
    assert [part.short_message[:6].hex() for part in split(b"x" * 161, GSM7, UDH8, 0x12AB)] == [
        "050003ab0201", "050003ab0202"]
    assert [part.short_message[:7].hex() for part in split(b"x" * 161, GSM7, UDH16, 0x12AB)] == [
        "06080412ab0201", "06080412ab0202"]
    assert split(b"x" * 161, GSM7, SAR, 0x12AB)[1] == Part(b"x" * 8, 0, (
        Tlv(Tag.SAR_MSG_REF_NUM, 0x12AB), Tlv(Tag.SAR_TOTAL_SEGMENTS, 2), Tlv(Tag.SAR_SEGMENT_SEQNUM, 2)))
    assert split(b"x" * 161, GSM7, PAYLOAD, 1) == [Part(b"", 0, (Tlv(Tag.MESSAGE_PAYLOAD, b"x" * 161),))]


@pytest.mark.parametrize(("octets", "way", "why"), [
    (b"x" * (153 * 255 + 1), UDH8, "at most 255 parts, this one 256"), (b"x" * 65536, PAYLOAD, "at most 65535 octets")])
def test_too_long(octets, way, why):
    with pytest.raises(Unsendable, match=why):
        split(octets, GSM7, way, 1)


@pytest.mark.parametrize("text", ["x" * 161, "€" * 100, "a[" * 300, "x" * 153 + "€" * 30])
def test_another_implementation_cuts_as_often(text):
    theirs, _, _ = smpplib.gsm.make_parts(text)
    assert len(theirs) == len(split(choose(text)[1], GSM7, UDH8, 1)) == sms_parts(text)


@given(LONG, st.sampled_from(WAYS), st.integers(0, 65535))
def test_each_part_can_be_read_alone_and_all_together_are_the_text(text, way, reference):
    alphabet, octets = choose(text)
    parts = split(octets, alphabet, way, reference)
    words = [place_of(delivered(part))[1] for part in parts]
    assert "".join(decode(word, alphabet) for word in words) == text
    assert len(parts) == 1 or all(len(part.short_message) <= 160 for part in parts)
    if way in (UDH8, SAR):
        assert len(parts) == sms_parts(text)


@given(st.binary(max_size=300), st.sampled_from([GSM7, UCS2, LATIN1]), st.integers(4, 20))
def test_any_octets_are_cut_without_loss(octets, alphabet, room):
    pieces = list(cut(octets, alphabet, room))
    assert b"".join(pieces) == octets
    assert all(1 <= len(piece) <= room for piece in pieces)


# --- and back -----------------------------------------------------------------------------------------

@given(LONG, st.sampled_from([UDH8, UDH16, SAR]), st.integers(0, 65535), st.data())
def test_parts_come_together_in_any_order_even_twice(text, way, reference, data):
    alphabet, octets = choose(text)
    pdus = [delivered(part) for part in split(octets, alphabet, way, reference)]
    order = data.draw(st.permutations(pdus))
    found, reassembly = [], Reassembly()
    for pdu in order[:-1]:
        found += [*reassembly.add(pdu, 0.0), *reassembly.add(pdu, 0.0)]
    assert found == ([] if len(pdus) > 1 else found)
    whole, = reassembly.add(order[-1], 0.0)
    assert (whole.pdu, decode(whole.octets, alphabet)) == (pdus[0], text)
    assert (len(reassembly), reassembly.due_at) == (0, None)


def test_what_is_whole_passes():
    for pdu in (DeliverSm(short_message=b"SOS"), DataSm(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"SOS"),)),
                DeliverSm(short_message=b"\x06\x05\x04\x15\x81\0\0SOS", esm_class=UDHI),
                DeliverSm(short_message=b"\x05\0\x03\x01\x01\x01SOS", esm_class=UDHI),
                DeliverSm(short_message=b"SOS", tlvs=(Tlv(Tag.SAR_MSG_REF_NUM, 1), Tlv(Tag.SAR_TOTAL_SEGMENTS, 2))),
                DeliverSm(short_message=b"SOS", tlvs=(Tlv(Tag.SAR_MSG_REF_NUM, 1), Tlv(Tag.SAR_TOTAL_SEGMENTS, 2),
                                                      Tlv(Tag.SAR_SEGMENT_SEQNUM, 3)))):
        assert Reassembly().add(pdu, 0.0) == [Whole(pdu, b"SOS")]


def test_parts_of_different_people_and_messages_are_kept_apart():
    reassembly = Reassembly()
    for pdu in (sent()[0], sent(source="33600000002")[1], sent(reference=8)[2], sent(length=300)[1]):
        assert reassembly.add(pdu, 0.0) == []
    assert len(reassembly) == 4


def test_a_header_that_lies_is_refused():
    with pytest.raises(BadMessage):
        Reassembly().add(DeliverSm(short_message=b"\x09\0\x03\x01", esm_class=UDHI), 0.0)


def test_what_is_too_old_is_given_up_and_told():
    reassembly = Reassembly(age_s=600.0)
    first, second, third = sent()
    reassembly.add(second, 100.0)
    reassembly.add(third, 300.0)
    assert (reassembly.due_at, reassembly.due(699.9)) == (700.0, [])
    assert reassembly.due(700.0) == [Incomplete(second, 2, 3, "its other parts did not come in time")]
    assert reassembly.add(first, 701.0) == []
    assert place_of(first) == (Place(7, 3, 1), b"x" * 153)


def test_the_oldest_is_given_up_for_room():
    reassembly = Reassembly(messages_max=2)
    for reference in (1, 2):
        reassembly.add(sent(reference=reference)[0], 0.0)
    given_up, = reassembly.add(sent(reference=3)[0], 0.0)
    assert (given_up.pdu, given_up.parts, given_up.total) == (sent(reference=1)[0], 1, 3)
    reassembly = Reassembly(octets_max=300)
    reassembly.add(sent(reference=1)[0], 0.0)
    assert [type(found) for found in reassembly.add(sent(reference=2)[0], 0.0)] == [Incomplete]
    assert len(reassembly) == 1


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2), st.floats(0, 300)), max_size=60))
def test_the_bounds_hold_and_nothing_is_lost_in_silence(script):
    reassembly, now = Reassembly(messages_max=3, octets_max=900, age_s=600.0), 0.0
    for reference, number, wait in script:
        now += wait
        held = parts_held(reassembly)
        found = [*reassembly.due(now), *reassembly.add(sent(reference=reference)[number], now)]
        told = sum(one.parts if isinstance(one, Incomplete) else 3 for one in found)
        assert parts_held(reassembly) + told - held in (0, 1)  # the part was there, or it is one more
        assert len(reassembly) <= 3
        assert reassembly._octets == octets_held(reassembly) <= 900


def parts_held(reassembly: Reassembly) -> int:
    return sum(len(begun.parts) for begun in reassembly._begun.values())


def octets_held(reassembly: Reassembly) -> int:
    return sum(len(octets) for begun in reassembly._begun.values() for _, octets in begun.parts.values())
