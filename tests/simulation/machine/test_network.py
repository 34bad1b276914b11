"""Streams in memory: what TCP promises is kept, whatever else happens."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IHalfCloseableProtocol
from zope.interface import implementer

from tectonics.simulation.machine.process import Process
from tectonics.simulation.machine.stream import HIGH_BYTES, WINDOW_BYTES
from tests.simulation.machine.machines import PORT, Client, Pair, Talker


@implementer(IHalfCloseableProtocol)
class Patient(Talker):
    """Answers after the peer has said everything."""

    def readConnectionLost(self):
        self.transport.write(b"heard " + self.heard)
        self.transport.loseConnection()

    def writeConnectionLost(self):
        pass


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), data=st.lists(st.binary(max_size=3000), max_size=12),
       torn=st.sampled_from([0.0, 0.5, 1.0]), pauses=st.lists(st.booleans(), max_size=12))
def test_bytes_arrive_once_and_in_order(seed, data, torn, pauses):
    pair = Pair(seed)
    client, server = pair.connected()
    pair.network.shred("a", "b", torn)
    for number, piece in enumerate(data):
        client.transport.write(piece)
        if number < len(pauses):
            (server.transport.pauseProducing if pauses[number] else server.transport.resumeProducing)()
        pair.run(0.0004)
    server.transport.resumeProducing()
    client.transport.loseConnection()
    pair.run(10)
    assert server.heard == b"".join(data)
    assert (client.lost, server.lost) == ("ConnectionDone", "ConnectionDone")


def test_writes_arrive_in_pieces_when_the_seed_wants():
    pair = Pair()
    client, server = pair.connected()
    pair.network.shred("a", "b", 1.0)
    client.transport.write(b"x" * 100)
    pair.run(1)
    assert server.heard == b"x" * 100 and len(server.pieces) > 1


def test_everything_takes_its_time():
    pair = Pair()
    client, server = pair.connected()
    pair.network.slow("a", "b", 5.0)
    client.transport.write(b"x")
    pair.run(4.9)
    assert server.heard == b""
    pair.run(6)
    assert server.heard == b"x"


def test_a_reader_who_pauses_stops_the_writer():
    pair = Pair()
    client, server = pair.connected()
    client.transport.registerProducer(client, True)
    server.transport.pauseProducing()
    for _ in range(40):
        client.transport.write(b"x" * 8192)
    pair.run(5)
    assert client.paused == 1 and server.heard == b""
    server.transport.resumeProducing()
    pair.run(5)
    assert client.paused == 0 and len(server.heard) == 40 * 8192
    assert 40 * 8192 > HIGH_BYTES + WINDOW_BYTES


def test_nobody_listens():
    pair = Pair()
    pair.port.stopListening()
    client = pair.connect()
    pair.run(1)
    assert client.failed == "ConnectionRefusedError"


def test_a_port_is_served_once():
    pair = Pair()
    with pytest.raises(CannotListenError):
        pair.b.reactor.listenTCP(PORT, None)


def test_a_connection_that_cannot_be_made_in_time():
    pair = Pair()
    pair.network.partition("a", "b")
    client = pair.connect(timeout=7)
    pair.run(6.9)
    assert client.failed is None
    pair.run(1)
    assert client.failed == "TimeoutError"
    pair.network.heal("a", "b")
    pair.run(10)
    assert client.talker.transport is None


def test_a_partition_makes_bytes_late():
    pair = Pair()
    client, server = pair.connected()
    pair.network.partition("a", "b")
    client.transport.write(b"one ")
    server.transport.write(b"answer")
    pair.run(60)
    client.transport.write(b"two ")
    assert server.heard == client.heard == b""
    pair.network.heal("a", "b", dead=0)
    client.transport.write(b"three")
    pair.run(10)
    assert (server.heard, client.heard) == (b"one two three", b"answer")


def test_a_partition_may_kill_what_was_under_way():
    pair = Pair()
    client, server = pair.connected()
    pair.network.partition("a", "b")
    client.transport.write(b"one")
    pair.run(60)
    pair.network.heal("a", "b", dead=1)
    pair.run(10)
    assert (client.lost, server.lost, server.heard) == ("ConnectionLost", "ConnectionLost", b"")


def test_a_cut_resets_both_ends():
    pair = Pair()
    client, server = pair.connected()
    pair.network.cut("a", "b")
    pair.run(1)
    assert client.lost == server.lost == "ConnectionLost"


def test_peers_of_a_dead_process_hear_of_it():
    pair = Pair()
    client, server = pair.connected()
    pair.b.kill(power=False)
    client.transport.write(b"into the void")
    pair.run(1)
    assert client.lost == "ConnectionLost" and server.lost is None
    assert pair.connect().failed is None
    late = pair.connect()
    pair.run(1)
    assert late.failed == "ConnectionRefusedError"


def test_what_was_said_before_closing_is_heard():
    pair = Pair()
    client, server = pair.connected()
    client.transport.write(b"x" * 300_000)
    client.transport.loseConnection()
    assert client.lost is None
    pair.run(5)
    assert len(server.heard) == 300_000 and client.lost == server.lost == "ConnectionDone"


def test_half_of_a_connection_is_closed():
    pair = Pair(kind=Patient)
    client, server = pair.connected()
    client.transport.write(b"this")
    client.transport.loseWriteConnection()
    client.transport.write(b" and nothing more")
    pair.run(5)
    assert server.heard == b"this" and client.lost == "ConnectionDone"  # a client who cannot be half-closed


def test_a_patient_client_hears_the_answer_after_closing_its_half():
    pair = Pair(kind=Patient)
    client, server = Patient(), None
    pair.a.reactor.connectTCP("b", PORT, Client(client), 5)
    pair.run(1)
    server = pair.served[-1]
    client.transport.write(b"this")
    client.transport.loseWriteConnection()
    pair.run(5)
    assert server.heard == b"this" and client.heard == b"heard this"
    assert server.lost == "ConnectionDone" and client.lost is not None


def test_aborting_drops_what_waits():
    pair = Pair()
    client, server = pair.connected()
    server.transport.pauseProducing()
    client.transport.write(b"x" * 300_000)
    client.transport.abortConnection()
    pair.run(1)
    assert client.lost == "ConnectionAborted" and server.lost == "ConnectionLost" and server.heard == b""


def test_closing_with_unread_bytes_resets():
    pair = Pair()
    client, server = pair.connected()
    server.transport.pauseProducing()
    client.transport.write(b"unread")
    pair.run(1)
    server.transport.loseConnection()
    pair.run(1)
    assert server.lost == "ConnectionDone" and client.lost == "ConnectionLost"


def test_a_path_of_a_machine_can_be_served():
    pair = Pair()
    pair.b.reactor.listenUNIX("/run/x.sock", pair.port.factory)
    client = Client(Talker())
    pair.b.reactor.connectUNIX("/run/x.sock", client)
    pair.run(1)
    assert client.talker.transport.getPeer().name == b"/run/x.sock"


@given(st.integers(0, 10**6))
def test_the_same_seed_gives_the_same_pieces_at_the_same_time(seed):
    def story():
        pair = Pair(seed)
        client, server = pair.connected()
        pair.network.shred("a", "b", 0.5)
        for number in range(5):
            client.transport.write(bytes([number]) * 50)
            pair.run(0.0003)
        return server.pieces, pair.timeline.steps
    assert story() == story()


def test_a_machine_without_power_answers_nobody():
    pair = Pair()
    pair.b.kill(power=True)
    client = pair.connect(timeout=5)
    pair.run(4.9)
    assert client.failed is None
    pair.run(1)
    assert client.failed == "TimeoutError"
    Process(pair.machines["b"], 2)
    client = pair.connect(timeout=5)
    pair.run(1)
    assert client.failed == "ConnectionRefusedError"


def test_what_is_left_of_a_dead_process_draws_nothing():
    pair = Pair()
    _, server = pair.connected()
    host, transport, reactor = pair.b.host(None), server.transport, pair.b.reactor
    pair.b.kill()
    states = [chance.getstate() for chance in (pair.network.chance, pair.machines["b"].chance)]
    transport.write(b"ghost")
    transport.abortConnection()
    reactor.connectTCP("a", PORT, Client(Talker()))
    host.executor().run(divmod, 1, None)
    host.in_thread(divmod, 1, 2)
    host.jitter()
    assert states == [chance.getstate() for chance in (pair.network.chance, pair.machines["b"].chance)]
