"""The HTTP of the gateway port in memory: any bytes, cut in any way."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.channels.gateway_http import Limits
from tests.channels.peers import FORM, Failures, HalfTransport, House, parse, post

STATUSES = {200, 400, 404, 405, 408, 413, 431, 503, 505}
PIECES = st.sampled_from([
    post(FORM), post(FORM + b"1*1"), post(b"sessionId=1&phoneNumber=33600000001", b"/ussd/end"), post(b"x"),
    b"GET /ussd HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.0\r\n\r\n", post(FORM, b"/ussd", b"Expect: 100-continue"),
    post(FORM, b"/ussd", b"Connection: close"), post(FORM, b"/ussd", b"Connection: upgrade", b"Upgrade: h2c"),
    b"POST /ussd HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
    b"POST http://g/ussd?x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"POST /ussd HTTP/1.1\r\n", b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n\r\n", b"CONNECT g:1 HTTP/1.1\r\n\r\n", post(b"y" * 900), b"Z" * 700,
])
STREAMS = st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=8).map(b"".join)
SMALL = Limits(head_bytes_max=500, body_bytes_max=800, exchanges_max=3)


def answers_to(stream, cuts=()):
    """What the port writes when the stream arrives in these pieces."""
    house = House(Clock(), limits=SMALL)
    connection = house.factory.buildProtocol(None)
    transport = HalfTransport()
    connection.makeConnection(transport)
    start = 0
    for end in [*sorted(cuts), len(stream)]:
        connection.dataReceived(stream[start:end])
        start = end
    connection.connectionLost(None)
    assert house.factory.connections == 0
    return transport


@settings(max_examples=300, deadline=None)
@given(stream=STREAMS, data=st.data())
def test_any_bytes_get_well_formed_answers_however_they_are_cut(stream, data):
    with Failures() as failures:
        whole = answers_to(stream)
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
        assert answers_to(stream, cuts).value() == whole.value()
        assert answers_to(stream, range(len(stream))).value() == whole.value()
    assert failures == []
    heads = stream.count(b"HEAD ")
    if not heads:
        assert {status for status, _ in parse(whole.value())} <= STATUSES


def test_a_chunk_without_end_in_its_head_is_bounded():
    transport = answers_to(b"POST /ussd HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 100_000,
                           range(0, 100_000, 1000))
    assert parse(transport.value())[0][0] == 413
    assert transport.half_closed


def test_what_is_read_off_is_bounded():
    house = House(Clock(), limits=Limits(read_off_bytes_max=1000))
    connection = house.factory.buildProtocol(None)
    transport = HalfTransport()
    connection.makeConnection(transport)
    connection.dataReceived(b"\x00")
    connection.dataReceived(b"x" * 1000)
    assert not transport.disconnecting
    connection.dataReceived(b"x")
    assert transport.disconnecting


def test_a_peer_that_does_not_leave_is_aborted():
    clock = Clock()
    house = House(clock, limits=Limits(read_off_s=30))
    connection = house.factory.buildProtocol(None)
    transport = HalfTransport()
    connection.makeConnection(transport)
    connection.dataReceived(b"\x00")
    clock.advance(30)
    connection.sweep(clock.seconds())
    assert not transport.disconnecting
    clock.advance(1)
    connection.sweep(clock.seconds())
    assert transport.disconnecting


def test_a_length_with_more_zeros_than_python_reads():
    with Failures() as failures:
        house = House(Clock(), limits=Limits())
        connection = house.factory.buildProtocol(None)
        transport = HalfTransport()
        connection.makeConnection(transport)
        connection.dataReceived(post(FORM).replace(b"Length: ", b"Length: " + b"0" * 5000))
    assert failures == []
    assert parse(transport.value())[0][0] == 200
