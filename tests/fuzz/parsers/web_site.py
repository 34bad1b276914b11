"""The web port: any bytes get answers, and none of them is about a fault of ours.

How a connection is cut into requests is Twisted's business; so what is asked here is asked whole and byte by byte.
"""

import re
from functools import cache

from twisted.web.server import Site

from tectonics.oam.web.handset import DemoLine, Handset
from tectonics.oam.web.site import make_site
from tectonics.oam.web.tokens import ROLES, Bearer, Tokens
from tests.channels.peers import HalfTransport
from tests.fuzz.contract import NoFaults, alike
from tests.oam.fakes import NUMBER, World

TOKEN = b"Authorization: Bearer admin-token-0123456789\r\n"
TOKENS = (TOKEN, b"GET /api/v1/", b"POST /api/v1/", b"PUT /api/v1/", b" HTTP/1.1\r\nHost: localhost\r\n", b"Content-Length: 2\r\n\r\n{}",
          b"\r\n\r\n", b"subscribers/33600000001/bar", b"tickets?after=1:%00:1", b"advances?limit=0", b"recharges", b"config", b"status",
          b"GET /handset/state?msisdn=33600000001", b"POST /handset/dial", b"X-Handset-Token: secret\r\n", b"X-Handset-Token: \xff\r\n",
          b"Authorization: Bearer \xff\r\n", b"Host: [::1\r\n", b"Transfer-Encoding: chunked\r\n", b"%ff", b"%2e%2e/", b"//", b"*", b"?a=1&a=2",
          b"HEAD /health/ready", b"GET /metrics", b"Content-Length: 9999999\r\n", b'{"msisdn":"33600000001","amount":"5.00"}')


def check(data: bytes) -> None:
    with NoFaults():
        alike(_answers, data)


def _answers(pieces: list[bytes]) -> list[bytes]:
    transport = HalfTransport()
    protocol = _site().buildProtocol(None)
    protocol.makeConnection(transport)
    for piece in pieces:
        if not transport.disconnecting:
            protocol.dataReceived(piece)
    protocol.connectionLost(None)
    statuses = re.findall(rb"^HTTP/1\.[01] (\d{3}) ", transport.value(), re.MULTILINE)
    assert b"500" not in statuses, transport.value()[-300:]
    return statuses


@cache
def _site() -> Site:
    world = World()
    page = Handset(world.administration, world.handset, [DemoLine(NUMBER, "may borrow")], world.correspondence,
                   lambda: 5, secret="secret")
    tokens = Tokens({f"{role}-token-0123456789": Bearer(role, role) for role in ROLES})
    return make_site(
        administration=world.administration, intake=world.intake, metrics=world.metrics, alarms=world.alarms,
        clock=world.clock, tokens=tokens, currency=lambda: "EUR", ready=lambda: "", version="0.1", handset=page)
