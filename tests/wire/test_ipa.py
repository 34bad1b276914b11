"""IPA frames and CCM: bytes captured from OsmoHLR 1.5, any cut, and what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire import ipa
from tectonics.wire.ipa import (
    CCM,
    EXTENDED,
    Frame,
    Frames,
    IdentityAck,
    IdentityRequest,
    IdentityResponse,
    Ping,
    Pong,
    decode_ccm,
    encode_ccm,
    encode_frame,
)

# OsmoHLR 1.5.0 asks with these octets as soon as it has accepted a connection.
ASKED = bytes.fromhex("0011fe0401080107010201030104010501010100")
GOLDEN = [
    ("00", Ping()),
    ("01", Pong()),
    ("06", IdentityAck()),
    ("0401080107010201030104010501010100", IdentityRequest((8, 7, 2, 3, 4, 5, 1, 0))),
    ("05 000708302f302f3000 0005076c616200 0003015800", IdentityResponse({8: "0/0/0", 7: "lab", 1: "X"})),
]


def cut(data, places):
    places = [0, *sorted(places), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


@pytest.mark.parametrize("octets, message", GOLDEN)
def test_golden_control_messages(octets, message):
    assert decode_ccm(bytes.fromhex(octets)) == message
    assert encode_ccm(message) == bytes.fromhex(octets)


def test_golden_frame():
    assert Frames().feed(ASKED) == [Frame(CCM, ASKED[3:])]
    assert encode_frame(CCM, ASKED[3:]) == ASKED
    assert encode_frame(EXTENDED, b"") == b"\x00\x00\xee"


@given(st.dictionaries(st.integers(0, 255), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)),
       st.lists(st.integers(0, 255)))
def test_control_messages_come_back(values, tags):
    for message in (IdentityResponse(values), IdentityRequest(tuple(tags))):
        assert decode_ccm(encode_ccm(message)) == message


@pytest.mark.parametrize("octets, why", [
    ("", "empty"), ("07", "type 7"), ("0402", "does not fit"), ("0400", "does not fit"), ("050003", "does not fit"),
    ("050000", "does not fit"), ("05000201ff", "not UTF-8"), ("05000201", "does not fit"),
])
def test_refused_control_messages(octets, why):
    with pytest.raises(BadMessage, match=why):
        decode_ccm(bytes.fromhex(octets))


def test_an_identity_without_its_end_is_read():
    assert decode_ccm(bytes.fromhex("0500020058")) == IdentityResponse({0: "X"})


@given(st.binary(max_size=40))
def test_any_octets_are_a_control_message_or_refused(data):
    try:
        decode_ccm(data)
    except BadMessage as error:
        assert str(error).isprintable()


frames = st.builds(Frame, st.integers(0, 255), st.binary(max_size=12))


@given(st.lists(frames, max_size=6), st.lists(st.integers(0, 90)))
def test_frames_come_out_the_same_in_any_pieces(sent, places):
    data = b"".join(encode_frame(frame.protocol, frame.payload) for frame in sent)
    expected = [None if len(frame.payload) > 8 else frame for frame in sent]
    pieces, bytewise = Frames(8), Frames(8)
    assert [frame for piece in cut(data, places) for frame in pieces.feed(piece)] == expected
    assert [frame for byte in data for frame in bytewise.feed(bytes([byte]))] == expected


def test_a_frame_at_the_bound_is_whole_and_above_it_is_told_before_it_has_come():
    at, above = (encode_frame(CCM, bytes(size)) for size in (ipa.PAYLOAD_BYTES_MAX, ipa.PAYLOAD_BYTES_MAX + 1))
    reading = Frames()
    assert reading.feed(at) == [Frame(CCM, at[3:])]
    assert reading.feed(above[:3]) == [None]
    assert reading.feed(above[3:] + ASKED) == [Frame(CCM, ASKED[3:])]


def test_nothing_of_a_frame_that_is_too_long_is_kept():
    reading = Frames()
    reading.feed(b"\xff\xff\xee")
    for _ in range(60):
        assert reading.feed(bytes(1000)) == []
        assert len(reading._begun) == 0
