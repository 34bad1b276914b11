"""Messages out of a stream: whole and octet by octet the same, and where it ends."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.wire.sip.message import Request, Response, Unreadable
from tectonics.wire.sip.stream import BODY_OCTETS_MAX, HEAD_OCTETS_MAX, Stream
from tests.wire.sip.making import request

FIRST, SECOND = request(call_id="c1", body=b"v=0\r\n\r\nx").encode(), request("OPTIONS", call_id="c2").encode()
BAD = request(call_id="c3", body=b"xyz").encode().replace(b"CSeq: 1", b"CSeq: x")


def told(messages):
    return [(one.status, one.request.call_id) if isinstance(one, Unreadable) else (one.method, one.call_id, one.body)
            for one in messages]


WHOLE = [("INVITE", "c1", b"v=0\r\n\r\nx"), ("OPTIONS", "c2", b""), (400, "c3"), ("OPTIONS", "c2", b"")]
OCTETS = b"\r\n\r\n" + FIRST + b"\r\n\r\n" + SECOND + BAD + b"\r\n" + SECOND


def test_whole():
    assert told(Stream().feed(OCTETS)) == WHOLE


@given(st.lists(st.integers(1, len(OCTETS) - 1), max_size=20))
def test_in_any_pieces(cuts):
    stream, found, places = Stream(), [], [0, *sorted(set(cuts)), len(OCTETS)]
    for begin, end in itertools.pairwise(places):
        found += stream.feed(OCTETS[begin:end])
    assert told(found) == WHOLE


def test_octet_by_octet():
    stream = Stream()
    assert told([one for octet in OCTETS for one in stream.feed(bytes([octet]))]) == WHOLE


@pytest.mark.parametrize("octets, status", [
    (FIRST.replace(b"Content-Length: 8\r\n", b""), 400), (FIRST.replace(b"Length: 8", b"Length: -8"), 400),
    (FIRST.replace(b"Length: 8", b"Length: %d" % (BODY_OCTETS_MAX + 1)), 0), (b"GET / HTTP/1.1\r\n\r\n", 0),
    (b"x" * (HEAD_OCTETS_MAX + 1), 0), (b"\x16\x03\x01\r\n\r\n", 0),
    (BAD.replace(b"Content-Length: 3\r\n", b""), 400),
])
def test_where_nothing_more_can_be_read(octets, status):
    with pytest.raises(Unreadable) as found:
        Stream().feed(octets)
    assert found.value.status == status


@given(st.binary(max_size=600))
def test_any_octets(octets):
    try:
        found = Stream().feed(octets)
    except Unreadable:
        return
    assert all(isinstance(one, Request | Response | Unreadable) for one in found)
