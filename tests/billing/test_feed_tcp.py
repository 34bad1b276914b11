"""The TCP feed: answers in order over real sockets, every bound, every kind of bad input."""

import json

import pytest
import pytest_twisted
from twisted.internet import defer, reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.billing.feed_tcp import FeedFactory, FeedLimits
from tectonics.domain.errors import Busy, OurFault, TheirFault
from tectonics.domain.events import Recharged

from .worlds import A, Counts, Ears

NOW = "2001-09-09T01:46:40Z"


def record(id, **more):
    fields = {"id": id, "type": "recharge", "msisdn": A, "amount": "5.00", "currency": "EUR", "time": NOW}
    return json.dumps(fields | more).encode() + b"\n"


class Transport(StringTransport):
    """A transport that knows whether it is read."""

    reading = True

    def pauseProducing(self):
        self.reading = False

    def resumeProducing(self):
        self.reading = True


def connected(ears, metrics=None, clock=None, **limits):
    if clock is None:
        clock = Clock()
        clock.advance(1_000_000_000)
    factory = FeedFactory(ears, "EUR", metrics or Counts(), clock, limits=FeedLimits(**limits))
    protocol, transport = factory.buildProtocol(None), Transport()
    protocol.makeConnection(transport)
    return protocol, transport


def test_answers():
    ears, metrics = Ears(), Counts()
    protocol, transport = connected(ears, metrics)
    protocol.dataReceived(record("r1") + record("r1") + record("r2", amount="-1") + b"{\n\r\n" + record("r3"))
    assert transport.value().decode().splitlines() == [
        "OK r1",
        "DUP r1",
        "ERR r2 amount must be more than zero",
        "ERR - the line is not JSON",
        "OK r3",
    ]
    assert ears.heard[0] == Recharged(A, "tcp", "r1", 10**12, 10**12, 500, "EUR")
    assert {key[2]: n for key, n in metrics.counted.items()} == {"ok": 2, "dup": 1, "err": 2}


def test_the_stream_byte_by_byte_gives_the_same():
    stream = record("r1") + b"\xff\n" + b"x" * 5000 + b"\n" + record("r2") + record("r1")
    whole, pieces = connected(Ears()), connected(Ears())
    whole[0].dataReceived(stream)
    for byte in stream:
        pieces[0].dataReceived(bytes([byte]))
    assert whole[1].value() == pieces[1].value()
    assert b"ERR - line too long\nOK r2\nDUP r1\n" in whole[1].value()


def test_a_slow_answer_holds_back_the_later_ones():
    slow = defer.Deferred()
    protocol, transport = connected(Ears(slow))
    protocol.dataReceived(record("r1") + record("r2") + b"bad\n")
    assert transport.value() == b""
    slow.callback("OK")
    assert transport.value() == b"OK r1\nOK r2\nERR - the line is not JSON\n"


@pytest.mark.parametrize(
    "error, told",
    [
        (Busy("the queue is full"), b"ERR r1 busy, send it again\n"),
        (TheirFault("unknown\nsubscriber"), b"ERR r1 unknown subscriber\n"),
        (OurFault("secret"), b"ERR r1 internal error, send it again\n"),
        (ZeroDivisionError("secret"), b"ERR r1 internal error, send it again\n"),
    ],
)
def test_what_the_intake_refuses(error, told):
    metrics = Counts()
    protocol, transport = connected(Ears(error), metrics)
    protocol.dataReceived(record("r1"))
    assert transport.value() == told
    assert metrics.counted == {("tectonics_feed_records_total", "tcp", "err"): 1}


def test_reading_stops_at_the_bound_and_goes_on_at_half():
    answers = [defer.Deferred() for _ in range(7)]
    ears = Ears(*answers)
    protocol, transport = connected(ears, pending_max=4)
    protocol.dataReceived(b"".join(record(f"r{n}") for n in range(7)))
    assert (len(ears.heard), transport.reading) == (4, False)
    answers[0].callback("OK")
    assert (len(ears.heard), transport.reading) == (5, False)
    for answer in answers[1:5]:
        answer.callback("OK")
    assert (len(ears.heard), transport.reading) == (7, True)


def test_thousands_of_bad_lines_in_one_piece():
    protocol, transport = connected(Ears(), pending_max=4)
    protocol.dataReceived(b"x\n" * 30_000)
    assert transport.value().count(b"\n") == 30_000


def test_a_peer_that_does_not_read_its_answers_is_not_read():
    ears = Ears()
    protocol, transport = connected(ears)
    protocol.pauseProducing()
    assert not transport.reading
    protocol.dataReceived(record("r1"))
    assert ears.heard == []
    protocol.resumeProducing()
    assert transport.reading and len(ears.heard) == 1


def test_nothing_is_read_while_the_intake_is_backlogged():
    ears, clock = Ears(), Clock()
    clock.advance(1_000_000_000)
    protocol, transport = connected(ears, clock=clock)
    ears.full = True
    protocol.dataReceived(record("r1"))
    assert (ears.heard, transport.reading) == ([], False)
    clock.advance(5)
    ears.full = False
    clock.advance(0.1)
    assert (len(ears.heard), transport.reading) == (1, True)
    ears.full = True
    protocol.dataReceived(record("r2"))
    protocol.connectionLost()
    assert not clock.getDelayedCalls()


def test_half_a_line_at_the_end_is_ignored_and_counted():
    ears, metrics = Ears(), Counts()
    protocol, _ = connected(ears, metrics)
    protocol.dataReceived(record("r1") + record("r2")[:-1])
    protocol.connectionLost()
    assert [event.id for event in ears.heard] == ["r1"]
    assert metrics.counted["tectonics_feed_records_total", "tcp", "err"] == 1


def test_an_answer_after_the_end_goes_nowhere():
    slow = defer.Deferred()
    protocol, transport = connected(Ears(slow))
    protocol.dataReceived(record("r1"))
    protocol.connectionLost()
    slow.callback("OK")
    assert transport.value() == b""


class Peer(Protocol):
    def __init__(self):
        self.received = b""
        self.over = defer.Deferred()
        self.waiting = None

    def dataReceived(self, data):
        self.received += data
        if self.waiting and self.received.count(b"\n") >= self.waiting[0]:
            self.waiting[1].callback(None)
            self.waiting = None

    def lines(self, count):
        if self.received.count(b"\n") >= count:
            return defer.succeed(None)
        self.waiting = (count, defer.Deferred())
        return self.waiting[1]

    def connectionLost(self, reason):
        self.over.callback(self.received)


async def served(ears, count=1, **limits):
    factory = FeedFactory(ears, "EUR", Counts(), reactor, limits=FeedLimits(**limits))
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    peers = []
    for _ in range(count):
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        peers.append(await connectProtocol(endpoint, Peer()))
    return factory, port, peers


@pytest_twisted.ensureDeferred
async def test_a_thousand_pipelined_records_over_a_socket():
    ears = Ears()
    factory, port, [peer] = await served(ears, pending_max=10)
    peer.transport.write(
        b"".join(record(f"r{n}") for n in range(1000)) + b"z" * 100_000 + b"\n" + record("last")
    )
    await peer.lines(1002)
    assert peer.received.decode().split() == [
        *(word for n in range(1000) for word in ("OK", f"r{n}")),
        "ERR",
        "-",
        "line",
        "too",
        "long",
        "OK",
        "last",
    ]
    factory.disconnect()
    await peer.over
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_one_connection_too_many_is_told_so_and_the_others_go_on():
    ears = Ears()
    factory, port, peers = await served(ears, count=3, connections_max=2)
    assert await peers[2].over == b"ERR - too many connections\n"
    peers[0].transport.write(record("r1"))
    await peers[0].lines(1)
    assert peers[0].received == b"OK r1\n"
    factory.disconnect()
    await defer.gatherResults([peers[0].over, peers[1].over])
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_peer_that_closes_its_sending_side_gets_its_answers():
    slow = defer.Deferred()
    _, port, [peer] = await served(Ears(slow))
    peer.transport.write(record("r1") + record("r2"))
    peer.transport.loseWriteConnection()
    reactor.callLater(0.01, slow.callback, "OK")
    assert await peer.over == b"OK r1\nOK r2\n"
    await port.stopListening()
