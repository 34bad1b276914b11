"""The simulated consumer against the real stream: it reconnects, resumes, is slow or deaf, and counts honestly."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tectonics.simulators.ticket_consumer import TicketConsumer
from tests.tickets.fakes import ticket_line
from tests.tickets.test_acknowledged import World, seqs, until


@pytest.fixture
def world():
    made = World()
    pytest_twisted.blockon(Deferred.fromCoroutine(made.start()))
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


@pytest_twisted.ensureDeferred
async def test_resumes_from_its_own_position_after_a_restart(world):
    world.commit(10)
    consumer = world.consumer(resume=True, ack_every=0)
    await consumer.wait_for(lambda: consumer.received == 10)
    await world.restart()
    world.commit(5)
    await consumer.wait_for(lambda: consumer.received == 15)
    assert seqs(consumer) == list(range(1, 16)) and consumer.connections == 2
    assert (consumer.repeated, consumer.holes) == (0, 0)


@pytest_twisted.ensureDeferred
async def test_a_slow_one_gets_all_in_the_end(world):
    consumer = world.consumer(delay_s=0.001)
    for _ in range(5):
        world.commit(100)
    await consumer.wait_for(lambda: consumer.received == 500)
    assert seqs(consumer) == list(range(1, 501))


@pytest_twisted.ensureDeferred
async def test_a_deaf_one_is_dropped(world):
    consumer = world.consumer(deaf=True)
    await until(lambda: world.stream.consumers() and world.stream.consumers()[0].connected)
    connection = next(iter(world.stream.connections))
    world.pass_time(60)
    await until(lambda: connection not in world.stream.connections)
    assert consumer.received == 0
    assert world.recorder.counted["tectonics_ticket_consumers_dropped_total", "acknowledged"] == 1


@pytest_twisted.ensureDeferred
async def test_an_error_is_remembered(world):
    consumer = world.consumer(origin="elsewhere")
    await consumer.wait_for(lambda: consumer.errors)
    assert consumer.errors[0] == "no tickets of origin elsewhere are kept here"


class Refusing:
    """An endpoint behind which everybody is told ERR."""

    def __init__(self, clock):
        self.connected, self.clock = 0, clock

    def connect(self, factory):
        self.connected += 1
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(StringTransport())
        self.clock.callLater(0, protocol.dataReceived, b"ERR come again later\n")
        self.clock.callLater(0, protocol.connectionLost, Failure(ConnectionDone()))
        return succeed(protocol)


def test_who_is_not_greeted_waits_longer_each_time():
    clock = Clock()
    refusing = Refusing(clock)
    consumer = TicketConsumer(refusing, "x", clock, jitter=lambda: 1.0)
    consumer.start()
    clock.pump([0.1] * 600)
    assert 10 < refusing.connected < 30 and consumer.errors == ["come again later"] * refusing.connected
    consumer.stop()


def test_counts_repetitions_and_holes():
    consumer = TicketConsumer(None, "x", None)
    for seq, dup in [(1, False), (2, False), (2, True), (1, False), (5, False)]:
        consumer.ticket(ticket_line("n1", seq, 1000, **({"dup": True} if dup else {})).line)
    assert (consumer.received, consumer.repeated, consumer.unflagged, consumer.holes) == (5, 2, 1, 1)
    assert consumer.last_seq == 5
