"""Datagrams come or do not: as late as the link, never through a partition, to nobody who is dead."""

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol

from tectonics.simulation.machine.datagrams import address_of
from tectonics.simulation.machine.process import Process
from tests.simulation.machine.machines import Pair

PORT = 5060


class Hearing(DatagramProtocol):
    """Remembers what it was told."""

    def __init__(self):
        self.heard, self.stopped = [], False

    def datagramReceived(self, datagram, addr):
        self.heard.append((datagram, addr))

    def stopProtocol(self):
        self.stopped = True


class Sockets(Pair):
    """One of each process."""

    def __init__(self):
        super().__init__()
        self.mine, self.yours = Hearing(), Hearing()
        self.here, self.there = (process.reactor.listenUDP(PORT, protocol)
                                 for process, protocol in ((self.a, self.mine), (self.b, self.yours)))

    def say(self, octets=b"hello"):
        self.mine.transport.write(octets, (address_of("b"), PORT))


def test_it_comes_from_where_it_was_sent():
    pair = Sockets()
    pair.say()
    assert pair.yours.heard == []
    pair.run(0.01)
    assert pair.yours.heard == [(b"hello", (address_of("a"), PORT))]
    assert (pair.here.getHost().type, pair.here.getHost().host) == ("UDP", address_of("a"))


def test_every_machine_has_an_address_of_its_own():
    assert len({address_of(name) for name in ("people", "ledger", "n1", "n2", "n1-twin", "n2-twin")}) == 6
    with pytest.raises(CannotListenError):
        pair = Sockets()
        pair.a.reactor.listenUDP(PORT, Hearing())


def test_a_slow_link_is_slow_and_a_partition_loses_it():
    pair = Sockets()
    pair.network.slow("a", "b", 2.0)
    pair.say()
    pair.run(1.9)
    assert pair.yours.heard == []
    pair.run(2.2)
    assert len(pair.yours.heard) == 1
    assert pair.b.machine.monotonic() - pair.there.sent_at > 2.0  # when it was sent, not when it came
    pair.network.partition("a", "b")
    pair.say()
    pair.network.heal("a", "b")
    pair.run(10)
    assert len(pair.yours.heard) == 1


def test_the_dead_hear_and_say_nothing_and_the_next_life_has_the_port():
    pair = Sockets()
    pair.say()
    pair.b.kill()
    pair.run(1)
    pair.say()
    pair.run(1)
    assert pair.yours.heard == []
    later, next_one = Process(pair.machines["b"], 2), Hearing()
    later.reactor.listenUDP(PORT, next_one)
    pair.say(b"again")
    pair.run(1)
    assert [octets for octets, _ in next_one.heard] == [b"again"]
    pair.there.write(b"from the dead", (address_of("a"), PORT))
    pair.run(1)
    assert pair.mine.heard == []


def test_a_socket_that_is_closed_is_silent():
    pair, closed = Sockets(), []
    pair.here.stopListening().addCallback(closed.append)
    pair.say()
    pair.run(1)
    assert closed == [None] and pair.mine.stopped and pair.yours.heard == []
    pair.here.stopListening().addCallback(closed.append)
    assert len(closed) == 2
    pair.a.reactor.listenUDP(PORT, Hearing())
