"""Over loopback sockets: UDP and TCP, peers that do not read, the bound of connections, strangers; and the clock."""

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory, DatagramProtocol, Protocol
from twisted.internet.task import Clock

from tectonics.links.sip.datagrams import DATAGRAM_OCTETS_MAX, Datagrams
from tectonics.links.sip.exchange import Exchange
from tectonics.links.sip.lines import IDLE_S, Line, Lines
from tectonics.wire.sip.answers import answer
from tests.channels.peers import HalfTransport
from tests.engine.world import Counted
from tests.links.smpp.loopback import until
from tests.wire.sip.making import request


class Answering:
    """A user who knows the loopback addresses, and answers OPTIONS by 200, others by 486."""

    def __init__(self, known=("127.0.0.1",)):
        self.known, self.exchange, self.asks, self.full = known, None, [], False

    def peer(self, host):
        return "t1" if host in self.known else ""

    def turned_away(self, request, peer):
        return answer(request, 503, "x") if self.full else None

    def asked(self, serving):
        self.asks.append(serving)
        self.exchange.respond(serving, answer(serving.request, 200 if serving.request.method == "OPTIONS" else 486, "t"))

    def cancelled(self, serving):
        raise AssertionError("everything is answered at once")


class Port:
    """Our side on both transports."""

    def __init__(self, clock=reactor, known=("127.0.0.1",), **options):
        self.user, self.counted = Answering(known), Counted()
        self.exchange = self.user.exchange = Exchange(self.user, clock, self.counted, self.counted)
        self.lines = Lines(self.exchange, self.user, clock, **options)

    def listen(self):
        self.udp = reactor.listenUDP(0, Datagrams(self.exchange), "127.0.0.1", DATAGRAM_OCTETS_MAX)
        self.tcp = reactor.listenTCP(0, self.lines, interface="127.0.0.1")
        return self

    async def close(self):
        self.exchange.stop()
        self.lines.close()
        await self.udp.stopListening()
        await self.tcp.stopListening()

    def dropped(self, why):
        return self.counted.counts.get(("tectonics_sip_dropped_total", (why,)), 0)


@pytest.fixture
def port():
    made = Port().listen()
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


class Heard:
    """Fires when so many octets of a kind are there."""

    received, waits = b"", ()

    def hears(self, data):
        self.received += data
        for wait in [one for one in self.waits if self.received.count(one[0]) >= one[1]]:
            self.waits = tuple(one for one in self.waits if one is not wait)
            wait[2].callback(self.received)

    def until(self, octets, count=1):
        done = Deferred()
        done.addTimeout(20, reactor)
        self.waits = (*self.waits, (octets, count, done))
        self.hears(b"")
        return done


class UdpPeer(Heard, DatagramProtocol):
    def datagramReceived(self, datagram, addr):
        self.hears(datagram)


class TcpPeer(Heard, Protocol):
    def connectionMade(self):
        self.lost = Deferred()
        self.factory.made.callback(self)

    def dataReceived(self, data):
        self.hears(data)

    def connectionLost(self, reason):
        self.lost.callback(None)


def connect(port):
    factory = ClientFactory()
    factory.protocol, factory.noisy, factory.made = TcpPeer, False, Deferred()
    reactor.connectTCP("127.0.0.1", port.tcp.getHost().port, factory)
    return factory.made


def numbered(n, method="OPTIONS", body=b""):
    return request(method, branch=f"z9hG4bK{n}", call_id=f"c{n}", more="X: y\r\n", body=body).encode().replace(b"127.0.0.1:5081", b"127.0.0.1;rport")


@pytest_twisted.ensureDeferred
async def test_by_udp(port):
    peer = UdpPeer()
    socket_ = reactor.listenUDP(0, peer, "127.0.0.1")
    to = "127.0.0.1", port.udp.getHost().port
    for n in range(50):
        peer.transport.write(numbered(n), to)
    await peer.until(b"SIP/2.0 200 OK", 50)
    peer.transport.write(numbered("long", body=b"x" * 30_000), to)
    await peer.until(b"Call-ID: clong")
    peer.transport.write(b"", to)
    peer.transport.write(b"\r\n\r\n", to)
    peer.transport.write(numbered("bad").replace(b"CSeq: 1", b"CSeq: x"), to)
    assert b"SIP/2.0 400 a CSeq is not well formed" in await peer.until(b"SIP/2.0 400")
    assert (port.dropped("blank"), port.dropped("unreadable"), len(port.user.asks)) == (2, 1, 51)
    await socket_.stopListening()


@pytest_twisted.ensureDeferred
async def test_by_tcp(port):
    peer = await connect(port)
    octets = b"\r\n\r\n" + b"".join(numbered(n) for n in range(20))
    for begin in range(0, len(octets), 700):
        peer.transport.write(octets[begin:begin + 700])
    await peer.until(b"SIP/2.0 200 OK", 20)
    peer.transport.write(numbered("call", "INVITE"))
    await peer.until(b"SIP/2.0 486")
    peer.transport.write(numbered("broken").replace(b"Content-Length: 0\r\n", b""))
    assert b"SIP/2.0 400 Content-Length is missing" in await peer.until(b"SIP/2.0 400")
    await peer.lost
    assert port.exchange.loads()[0][1] == 1  # the call, over a transport that repeats nothing, waits for its ACK


@pytest_twisted.ensureDeferred
async def test_a_further_connection_is_closed():
    port = Port(connections_max=1).listen()
    first, second = await connect(port), await connect(port)
    await second.lost
    first.transport.write(numbered(1))
    await first.until(b"SIP/2.0 200")
    assert port.dropped("connection") == 1 and port.lines.loads() == [("SIP connections", 1, 1)]
    await port.close()


@pytest_twisted.ensureDeferred
async def test_strangers():
    port = Port(known=()).listen()
    peer = await connect(port)
    await peer.lost
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(numbered(1), ("127.0.0.1", port.udp.getHost().port))
    await until(lambda: port.dropped("stranger") == 2)
    assert port.user.asks == []
    await port.close()


# --- without sockets

@pytest.fixture
def clock():
    return Clock()


def line(port, host="127.0.0.1"):
    made = Line(port.lines)
    transport = HalfTransport()
    transport.getPeer = lambda: type("Address", (), {"host": host, "port": 5060})()
    made.makeConnection(transport)
    return made, transport


def test_a_silent_connection_is_closed(clock):
    port = Port(clock)
    made, transport = line(port)
    clock.advance(IDLE_S - 1)
    made.dataReceived(b"\r\n\r\n")
    clock.advance(IDLE_S - 1)
    assert not transport.disconnecting
    clock.advance(2)
    assert transport.disconnecting


def test_who_does_not_read_is_not_read(clock):
    made, transport = line(Port(clock))
    transport.producer.pauseProducing()
    assert transport.producerState == "paused" and made._peer == "t1"
    transport.producer.resumeProducing()
    assert transport.producerState == "producing"


def test_an_answer_whose_connection_is_gone_is_lost(clock):
    port = Port(clock)
    made, _ = line(port)
    port.user.asked = port.user.asks.append
    made.dataReceived(numbered(1, "INVITE"))
    made.connectionLost()
    serving, = port.user.asks
    port.exchange.respond(serving, answer(serving.request, 486, "t"))
    assert port.dropped("unsent") == 1 and port.lines.loads()[0][1] == 0
    clock.pump([1] * 40)
    assert len(port.exchange) == 0 and clock.getDelayedCalls() == []


class Socket:
    """Keeps what is written; one that is broken raises."""

    def __init__(self, error=None):
        self.said, self.error = [], error

    def write(self, octets, address):
        if self.error:
            raise self.error
        self.said.append(octets[8:11])


def test_an_answer_that_cannot_be_sent_is_as_if_it_were_lost(clock):
    port = Port(clock)
    port.exchange.datagrams = Socket(OSError("no way"))
    port.exchange.datagram(numbered(1, "INVITE"), "127.0.0.1", 5060)
    port.exchange.datagrams = Socket()
    clock.pump([0.25] * 8)
    assert port.dropped("unsent") == 1 and port.exchange.datagrams.said == [b"486", b"486"]


def test_a_full_house_keeps_nothing_of_who_is_turned_away(clock):
    port = Port(clock)
    port.exchange.datagrams, port.user.full = Socket(), True
    for n in range(100):
        port.exchange.datagram(numbered(n, "INVITE"), "127.0.0.1", 5060)
        port.exchange.datagram(numbered(n, "ACK"), "127.0.0.1", 5060)
    assert port.exchange.datagrams.said == [b"503"] * 100 and len(port.exchange) == 0 and port.user.asks == []


class Stepping:
    """Its time steps, its calls do not."""

    def __init__(self):
        self.inner, self.step_s = Clock(), 1_000_000.0
        self.callLater = self.inner.callLater

    def seconds(self):
        return self.inner.seconds() + self.step_s


@pytest.mark.parametrize("step_s", [-86_400.0, 86_400.0])
def test_a_clock_that_steps_stops_no_repetition(step_s):
    clock = Stepping()
    port = Port(clock)
    port.exchange.datagrams = Socket()
    port.exchange.datagram(numbered(1, "INVITE"), "127.0.0.1", 5060)
    clock.inner.pump([0.25] * 3)
    clock.step_s += step_s
    clock.inner.pump([0.25] * 200)
    assert len(port.exchange) == 0 and clock.inner.getDelayedCalls() == []
    assert len(port.exchange.datagrams.said) >= (10 if step_s < 0 else 2)
