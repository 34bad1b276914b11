"""The live stream over real sockets: order, a bound on clients, a slow client is dropped alone."""

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from tectonics.tickets.live import LiveTickets
from tests.tickets.fakes import MemoryTicketLog, Recorder


class Reader(Protocol):
    """Collects bytes; tells when a condition holds and when the connection is gone."""

    def __init__(self, deaf=False):
        self.data = b""
        self.deaf = deaf
        self.lost = Deferred()
        self._wanted = []

    def connectionMade(self):
        if self.deaf:
            self.transport.pauseProducing()

    def dataReceived(self, data):
        self.data += data
        self._look()

    def connectionLost(self, reason):
        self.lost.callback(None)

    def has(self, lines):
        wanted = Deferred()
        self._wanted.append((lines, wanted))
        self._look()
        return wanted

    def _look(self):
        for entry in [entry for entry in self._wanted if self.data.count(b"\n") >= entry[0]]:
            self._wanted.remove(entry)
            entry[1].callback(None)


class World:
    def __init__(self, **options):
        self.log, self.recorder = MemoryTicketLog(), Recorder()
        self.live = LiveTickets(self.log, self.recorder, **options)
        self.port = None
        self.clients = []

    async def listen(self):
        self.port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self.live)
        return self

    async def connect(self, deaf=False):
        seen = len(self.live.clients)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        client = await connectProtocol(endpoint, Reader(deaf))
        self.clients.append(client)
        while len(self.live.clients) == seen and seen < self.live.clients_max:
            await turn()
        return client

    async def close(self):
        for client in self.clients:
            client.transport.abortConnection()
        self.live.close()
        await self.port.stopListening()


def turn():
    """One round of the reactor."""
    passed = Deferred()
    reactor.callLater(0, passed.callback, None)
    return passed


@pytest.fixture
def world(request):
    made = World(**getattr(request, "param", {}))
    pytest_twisted.blockon(_run(made.listen()))
    yield made
    pytest_twisted.blockon(_run(made.close()))


def _run(coroutine):
    return Deferred.fromCoroutine(coroutine)


@pytest_twisted.ensureDeferred
async def test_each_ticket_is_a_line_from_now_on(world):
    world.log.commit(3, 1000)
    one = await world.connect()
    world.log.commit(2, 2000)
    two = await world.connect()
    world.log.commit(1, 3000)
    await one.has(3)
    await two.has(1)
    lines = [line.line for line in world.log.lines["n1"]]
    assert one.data.splitlines() == lines[3:] and two.data.splitlines() == lines[5:]


@pytest_twisted.ensureDeferred
async def test_what_a_client_sends_is_ignored(world):
    client = await world.connect()
    client.transport.write(b"\xff" * 100_000 + b"DROP TABLE\n")
    world.log.commit(1, 1000)
    await client.has(1)
    assert client.data.splitlines() == [world.log.lines["n1"][0].line]


@pytest.mark.parametrize("world", [{"clients_max": 2}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_one_client_too_many_is_told(world):
    await world.connect()
    second = await world.connect()
    third = await world.connect()
    await third.lost
    assert third.data == b"ERR 2 clients are connected already\n"
    world.log.commit(1, 1000)
    await second.has(1)


@pytest.mark.parametrize("world", [{"buffer_bytes_max": 100_000}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_a_slow_client_is_dropped_and_the_other_gets_all(world):
    deaf, quick = await world.connect(deaf=True), await world.connect()
    total = 0
    while len(world.live.clients) == 2:
        world.log.commit(200, 1000, text="x" * 1000)
        total += 200
        await quick.has(total)
        assert total < 200_000, "the slow client is never dropped"
    assert world.recorder.counted["tectonics_ticket_consumers_dropped_total", "live"] == 1
    world.log.commit(1, 1000)
    await quick.has(total + 1)
    assert quick.data.count(b"\n") == total + 1
    deaf.transport.resumeProducing()
    await deaf.lost


@pytest_twisted.ensureDeferred
async def test_a_client_that_pauses_and_goes_on_gets_all_in_order(world):
    client = await world.connect(deaf=True)
    world.log.commit(3000, 1000, text="x" * 1000)
    world.log.commit(500, 1000)
    client.transport.resumeProducing()
    await client.has(3500)
    assert client.data.splitlines() == [line.line for line in world.log.lines["n1"]]


@pytest.mark.parametrize("world", [{"buffer_bytes_max": 2_000_000}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_the_buffer_is_free_again_after_each_pause(world):
    client = await world.connect()
    total = 0
    for _ in range(4):
        [served] = world.live.clients
        client.transport.pauseProducing()
        while sum(map(len, served._waiting)) < 1_000_000:
            world.log.commit(100, 1000, text="x" * 1000)
            total += 100
            await turn()
        client.transport.resumeProducing()
        assert len(world.live.clients) == 1
        await client.has(total)
        while served._waiting:
            await turn()
    assert client.data.splitlines() == [line.line for line in world.log.lines["n1"]]
