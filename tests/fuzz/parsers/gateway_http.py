"""HTTP of a gateway: well-formed answers in any pieces, nothing left open, and never a fault of ours.

Numbers of more than 640 digits are too long for Python meanwhile (else those of more than 4300), so that the
small files kept here can hold one.
"""

import sys

from twisted.internet.task import Clock

from tectonics.channels.gateway_http import Limits
from tests.channels.peers import FORM, HalfTransport, House, parse, post
from tests.fuzz.contract import NoFaults, alike

LIMITS = Limits(head_bytes_max=2000, body_bytes_max=800, exchanges_max=3)
STATUSES = {200, 400, 404, 405, 408, 413, 431, 503, 505}
TOKENS = (post(FORM), post(FORM + b"1*1"), post(FORM, b"/ussd/end"), b"POST /ussd HTTP/1.1\r\n", b"\r\n\r\n",
          b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"Expect: 100-continue\r\n",
          b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"HTTP/1.0", b"HTTP/2.0", b"GET ", b"HEAD ",
          b"CONNECT g:1", b"OPTIONS * ", b"http://g/ussd?x", b"0" * 700, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


def check(data: bytes) -> None:
    digits_max = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        with NoFaults():
            answers = alike(_answers, data)
    finally:
        sys.set_int_max_str_digits(digits_max)
    if b"HEAD" not in data:
        assert {status for status, _ in parse(answers)} <= STATUSES


def _answers(pieces: list[bytes]) -> bytes:
    house = House(Clock(), limits=LIMITS)
    connection = house.factory.buildProtocol(None)
    transport = HalfTransport()
    connection.makeConnection(transport)
    for piece in pieces:
        connection.dataReceived(piece)
        assert connection._requests._body_bytes <= LIMITS.body_bytes_max + len(piece)
        assert len(connection._waiting) + len(connection._exchanges) <= len(piece)
    connection.connectionLost(None)
    assert house.factory.connections == 0
    return transport.value()
