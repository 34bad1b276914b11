"""A stream of PDUs: whole, byte by byte and in any pieces; what it survives and what ends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.pdus import DeliverSm, EnquireLink, SubmitSm
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.stream import PDU_OCTETS_MAX, Fault, Stream
from tectonics.wire.smpp.tlvs import Tag, Tlv
from tests.wire.smpp.making import pdus, pieces

LINK = EnquireLink(sequence=9)
UNKNOWN = bytes.fromhex("00000014 00001234 00000000 00000005 61626364")
OVERRUN = bytes.fromhex("00000015 00000015 00000000 00000006 0501000201")
LIES = [bytes.fromhex(text) for text in (
    "0000000f 00000015 00000000 00000001", "00000000 00000000 00000000 00000000", "ffffffff 00000004 00000000 00000001",
    "00011171 00000004 00000000 00000001")] + [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]


def heard(data: list[bytes], **bounds) -> list:
    stream = Stream(**bounds)
    return [found for piece in data for found in stream.feed(piece)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 100_000])
def test_a_bad_pdu_does_not_hurt_its_neighbours(size):
    data = encode(LINK) + UNKNOWN + encode(LINK) + OVERRUN + encode(LINK)
    assert heard(pieces(data, size)) == [
        LINK, Fault(0x1234, 5, Status.RINVCMDID, "command 0x00001234 is not known", False),
        LINK, Fault(0x15, 6, Status.RINVOPTPARSTREAM, "ussd_service_op is longer than its PDU", False), LINK]


@pytest.mark.parametrize("size", [1, 5, 100_000])
@pytest.mark.parametrize("lie", LIES)
def test_a_length_that_lies_ends_the_stream_after_what_stood_before(lie, size):
    first, fault = heard(pieces(encode(LINK) + lie + encode(LINK) * 3, size))
    assert first == LINK
    assert fault.fatal and fault.status == Status.RINVCMDLEN and not fault.is_answer


def test_the_bound_is_exact():
    longest = SubmitSm(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, bytes(65535)),))
    length = len(encode(longest))
    assert length < PDU_OCTETS_MAX
    assert heard(pieces(encode(longest), 1000), pdu_octets_max=length) == [longest]
    assert heard([encode(longest)], pdu_octets_max=length - 1)[0].fatal


def test_an_unfinished_pdu_is_told():
    stream = Stream()
    assert (stream.feed(encode(LINK)[:9]), stream.unfinished) == ([], True)
    assert (stream.feed(encode(LINK)[9:]), stream.unfinished) == ([LINK], False)


def test_a_fault_of_an_answer_gets_none():
    assert heard([bytes.fromhex("00000011 80000099 00000000 00000001 00")])[0].is_answer


@given(st.lists(pdus, max_size=5), st.integers(1, 60))
def test_any_pdus_in_any_pieces(sent, size):
    assert heard(pieces(b"".join(map(encode, sent)), size)) == sent


@given(st.binary(max_size=200) | st.lists(st.binary(max_size=40), max_size=8).map(
    lambda bodies: b"".join((len(body) + 16).to_bytes(4) + b"\0\0\0\x05" + bytes(8) + body for body in bodies)),
    st.integers(1, 50))
def test_any_octets_are_heard_alike_and_never_held_beyond_the_bound(data, size):
    stream, found = Stream(pdu_octets_max=64), []
    for piece in pieces(data, size):
        found += stream.feed(piece)
        assert len(stream._begun) <= 64
    assert found == heard([data], pdu_octets_max=64)


@given(pdus, st.integers(0, 3000), st.integers(0, 255))
def test_one_octet_changed_gives_a_pdu_or_a_fault(pdu, where, octet):
    data = bytearray(encode(pdu))
    data[4 + where % (len(data) - 4)] = octet
    for found in heard([bytes(data)]):
        assert not isinstance(found, Fault) or (found.text.isprintable() and not found.fatal)


def test_messages_that_come_together_are_all_heard():
    sent = [DeliverSm(sequence=number, short_message=b"x" * 100) for number in range(300)]
    assert heard([b"".join(map(encode, sent))]) == sent
