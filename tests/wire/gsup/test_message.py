"""GSUP messages: bytes captured at OsmoHLR 1.5, round trips, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire.gsup.message import (
    CLASS_USSD,
    MESSAGE_BYTES_MAX,
    PROC_SS_ERROR,
    PROC_SS_REQUEST,
    ROUTING_ERROR,
    Message,
    State,
    decode,
    encode,
)

IMSI = "001010000000001"
DIALLED = bytes.fromhex("a11202010102013b300a04010f0405aad86c3602")
# As they left OsmoHLR 1.5.0 towards an entity or a switch.
GOLDEN = [
    ("20 010800010100000000f1 300420000003 310101 3514" + DIALLED.hex(),
     Message(PROC_SS_REQUEST, IMSI, 0x20000003, State.BEGIN, DIALLED)),
    ("21 010800010100000000f1 020160 300420000003 310103",
     Message(PROC_SS_ERROR, IMSI, 0x20000003, State.END, cause=0x60)),
]
# And with elements in another order than ours.
READ_ONLY = [
    ("20 010800010100000000f1 300420009999 310101 3502a100 0a0103 60064d53432d3900",
     Message(PROC_SS_REQUEST, IMSI, 0x20009999, State.BEGIN, b"\xa1\0", message_class=CLASS_USSD, source=b"MSC-9\0")),
    ("4e 010800010100000000f1 300420009999 310103 0a0103 60064d53432d3900",
     Message(ROUTING_ERROR, IMSI, 0x20009999, State.END, message_class=CLASS_USSD, source=b"MSC-9\0")),
    ("04 010800010100000000f1 280102", Message(0x04, IMSI, others=((0x28, b"\x02"),))),
]


@pytest.mark.parametrize("octets, message", GOLDEN)
def test_golden(octets, message):
    assert decode(bytes.fromhex(octets)) == message
    assert encode(message) == bytes.fromhex(octets)


@pytest.mark.parametrize("octets, message", READ_ONLY)
def test_golden_in_another_order(octets, message):
    assert decode(bytes.fromhex(octets)) == message
    assert decode(encode(message)) == message


@pytest.mark.parametrize("imsi, octets", [
    ("001010000000001", "0108 00010100000000f1"),
    ("26242123456789", "0107 62421232547698"),
    ("123456", "0103 214365"),
])
def test_golden_imsi(imsi, octets):
    assert encode(Message(0x20, imsi)) == bytes.fromhex("20" + octets)
    assert decode(bytes.fromhex("20" + octets)).imsi == imsi


values = st.binary(min_size=1, max_size=255)
messages = st.builds(
    Message, st.integers(0, 255), st.from_regex("[0-9]{6,15}", fullmatch=True), st.none() | st.integers(0, 2**32 - 1),
    st.none() | st.sampled_from(State), st.just(b"") | values, st.none() | st.integers(0, 255),
    st.none() | st.integers(0, 255), st.just(b"") | values, st.just(b"") | values,
    st.lists(st.tuples(st.sampled_from([0x03, 0x08, 0x28, 0x62, 0xFF]), st.binary(max_size=255)), max_size=3).map(tuple))


@given(messages)
def test_messages_come_back(message):
    assert decode(encode(message)) == message


@pytest.mark.parametrize("octets, why", [
    ("", "empty"),
    ("20", "without IMSI"),
    ("2001", "longer than the message"),
    ("200109 00010100000000f1", "longer than the message"),
    ("20 0103214365 0103214365", "twice"),
    ("20 0100", "not an IMSI"),
    ("20 01022143", "not an IMSI"),
    ("20 010321436a", "not an IMSI"),
    ("20 0103214365 300120", "has 1 octets, not 4"),
    ("20 0103214365 310104", "state 4"),
    ("20 0103214365 31020001", "has 2 octets, not 1"),
    ("20 0103214365 0200", "has 0 octets"),
    ("20" + "28ff" + "00" * 255 + "28", "longer than the message"),
    ("20" + "2800" * MESSAGE_BYTES_MAX, "too long"),
])
def test_refused(octets, why):
    with pytest.raises(BadMessage, match=why):
        decode(bytes.fromhex(octets))


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda rest: bytes.fromhex(GOLDEN[0][0])[:20] + rest))
def test_any_octets_are_a_message_or_refused(data):
    try:
        message = decode(data)
    except BadMessage as error:
        assert str(error).isprintable()
    else:
        assert decode(encode(message)) == message
