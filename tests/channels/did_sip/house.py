"""A channel on a virtual clock with a socket that keeps what is written, and calls as trunks place them."""

from twisted.internet.task import Clock

from tectonics.channels.did_sip.channel import DidSip
from tectonics.config.sip import DidSip as Section
from tectonics.wire.sip.client import acknowledgement, cancellation
from tectonics.wire.sip.message import Request, parse
from tests.channels.correspondence import Correspondence
from tests.engine.world import Counted

TRUNK = {"name": "t1", "sources": ["192.0.2.0/28"]}
HOST, PORT = "192.0.2.1", 5060
ANN, DID = "33600000001", "33800133000"
PAI = f"P-Asserted-Identity: <sip:+{ANN}@carrier.example>\r\n"
STRANGER = "198.51.100.7"


def section(trunk=TRUNK, **changes):
    return Section(**{"trunks": [trunk], "dids": [{"number": DID}, {"number": "133"}], "ring_s": 8} | changes)


def invite(call_id="c1", branch="", more=PAI, to=f"+{DID}", number=1, sender="anonymous", tag="a", headers="", via=HOST,
           method="INVITE", to_tag=""):
    """A request as a trunk writes it."""
    return parse((
        f"{method} sip:{to}@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch={branch or 'z9hG4bK' + call_id}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{sender}@carrier.example>;tag={tag}\r\n"
        f"To: <sip:{to}@127.0.0.1>{';tag=' + to_tag if to_tag else ''}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n"
        f"Contact: <sip:c@{via}>\r\n{more}{headers}Content-Length: 0\r\n\r\n").encode())


class House:
    """The channel, `said` to whom, and what was told."""

    def __init__(self, made=None, passwords=None, **changes):
        self.clock, self.counted, self.engine, self.wire = Clock(), Counted(), Correspondence(), []
        self.clock.advance(1_700_000_000)
        self.channel = DidSip(made or section(**changes), self.engine, passwords=passwords or {},
                              key=b"k" * 32, clock=self.clock, metrics=self.counted, alarms=self.counted, country_code="33")
        self.channel.exchange.datagrams = self

    def write(self, octets, address):
        self.wire.append((octets, address))

    def hear_octets(self, octets, host=HOST, port=PORT):
        """A datagram comes; the octets that are said at once."""
        begun = len(self.wire)
        self.channel.datagrams.datagramReceived(octets, (host, port))
        return [said for said, _ in self.wire[begun:]]

    def hear(self, what, host=HOST, port=PORT):
        """Octets or a message come; the messages that are said at once."""
        return [parse(said) for said in self.hear_octets(what if isinstance(what, bytes) else what.encode(), host, port)]

    def statuses(self, what, host=HOST):
        """Only the statuses; the answer to what is malformed repeats its faults."""
        octets = what if isinstance(what, bytes) else what.encode()
        return [int(said[8:11]) for said in self.hear_octets(octets, host)]

    def pass_s(self, seconds):
        """What is said meanwhile."""
        begun = len(self.wire)
        for _ in range(round(seconds * 64)):
            self.clock.advance(1 / 64)  # a fraction that adds up
        return [parse(octets) for octets, _ in self.wire[begun:]]

    def ring(self, call=None):
        """A call that rings; its 180."""
        trying, ringing = self.hear(call or invite())
        assert (trying.status, ringing.status) == (100, 180)
        return ringing

    def last(self):
        """What was said last."""
        return parse(self.wire[-1][0])

    def acknowledge(self, call, response):
        assert isinstance(call, Request)
        assert self.hear(acknowledgement(call, response)) == []

    def hang_up(self, call):
        return [(one.status, one.cseq.method) for one in self.hear(cancellation(call))]

    def told(self):
        return [(one.channel, one.id, one.msisdn, one.to, one.asks) for one in self.engine.messages]

    def results(self, name="did_rings"):
        found = {}
        for (counter, labels), count in self.counted.counts.items():
            if counter == f"tectonics_{name}_total":
                found[labels[-1]] = found.get(labels[-1], 0) + count
        return found
