"""The way back: what is noted in a Via, and where an answer goes (RFC 3261, section 18.2; RFC 3581)."""

import pytest

from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.message import parse
from tectonics.wire.sip.way import arrived, back
from tests.wire.sip.making import request

FROM = "192.0.2.9", 40_000


def came(via, host=FROM[0], port=FROM[1]):
    message = parse(request().encode().replace(b"SIP/2.0/UDP 127.0.0.1:5081;branch=z9hG4bK1", via.encode()))
    return arrived(message, host, port)


@pytest.mark.parametrize("via, noted, port", [
    ("SIP/2.0/UDP 192.0.2.9:5081;branch=z9hG4bK1", "SIP/2.0/UDP 192.0.2.9:5081;branch=z9hG4bK1", 5081),
    ("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", 5060),
    ("SIP/2.0/UDP pbx.example:5081;branch=z9hG4bK1", "SIP/2.0/UDP pbx.example:5081;branch=z9hG4bK1;received=192.0.2.9", 5081),
    ("SIP/2.0/UDP 10.0.0.1:5081;rport;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.1:5081;rport=40000;branch=z9hG4bK1;received=192.0.2.9",
     40_000),
    ("SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bK1", "SIP/2.0/UDP 192.0.2.9;rport=40000;branch=z9hG4bK1;received=192.0.2.9", 40_000),
    ("SIP/2.0/UDP 10.0.0.1;received=203.0.113.7;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.9", 5060),
    ("SIP/2.0/UDP 10.0.0.1:5081;maddr=203.0.113.7;branch=z9hG4bK1",
     "SIP/2.0/UDP 10.0.0.1:5081;maddr=203.0.113.7;branch=z9hG4bK1;received=192.0.2.9", 5081),
])
def test_what_is_noted_and_where_the_answer_goes(via, noted, port):
    message = came(via)
    assert answer(message, 180, "t").all("Via") == [noted]
    assert back(message.vias[0], *FROM) == (FROM[0], port)


def test_vias_below_the_first_stay_as_they_are():
    message = came('SIP/2.0/UDP a;branch=z9hG4bK1;x="a;,b", SIP/2.0/UDP b;rport;branch=z9hG4bK2')
    assert message.all("Via") == ['SIP/2.0/UDP a;branch=z9hG4bK1;x="a;,b";received=192.0.2.9', "SIP/2.0/UDP b;rport;branch=z9hG4bK2"]


def test_an_address_of_version_6():
    message = came("SIP/2.0/UDP [2001:db8::1]:5081;branch=z9hG4bK1", "2001:db8::1")
    assert message.all("Via") == ["SIP/2.0/UDP [2001:db8::1]:5081;branch=z9hG4bK1"]
