"""The acknowledged stream over real sockets and a virtual clock: cursors, repetitions, windows, faults."""

import json

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.task import Clock

from tectonics.domain.errors import BadMessage
from tectonics.simulators.ticket_consumer import TicketConsumer
from tectonics.tickets.acknowledged import WATCH_S, AcknowledgedTickets, StreamLimits
from tectonics.tickets.consumers import begin
from tectonics.tickets.delivery import CLOSE_S, POLL_S
from tectonics.tickets.recent import RecentTickets
from tectonics.wire.ticket_stream import Gap, Ok
from tests.tickets.fakes import MemoryTicketLog, Recorder
from tests.tickets.test_live import Reader, turn


class World:
    """A daemon's stream, restarted at will over the same log, with its consumers."""

    def __init__(self, **limits):
        self.log, self.recorder, self.clock = MemoryTicketLog(), Recorder(), Clock()
        self.limits = StreamLimits(**limits)
        self.peers = []

    async def start(self, port=0):
        self.stream = AcknowledgedTickets(RecentTickets(self.log, lines_max=64), self.clock, self.recorder,
                                          self.recorder, self.limits)
        await self.stream.start()
        self.port = await TCP4ServerEndpoint(reactor, port, interface="127.0.0.1").listen(self.stream)

    async def stop(self):
        await self.port.stopListening()
        await self.stream.stop()

    async def restart(self):
        """The process dies and comes back on the same port."""
        number = self.port.getHost().port
        await self.port.stopListening()
        for connection in list(self.stream.connections):
            connection.transport.abortConnection()
        self.stream._watch.stop()
        self.log._callbacks.clear()
        await self.start(number)

    async def close(self):
        for peer in self.peers:
            if isinstance(peer, TicketConsumer):
                await peer.stop()
            else:
                peer.transport.abortConnection()
        await self.stop()
        while self.stream.connections:
            await turn()
        assert not self.clock.getDelayedCalls()

    @property
    def endpoint(self):
        return TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)

    def consumer(self, name="mediation", **options):
        made = TicketConsumer(self.endpoint, name, reactor, **options)
        made.start()
        self.peers.append(made)
        return made

    async def raw(self, data=b"", deaf=False):
        reader = await connectProtocol(self.endpoint, Reader(deaf))
        self.peers.append(reader)
        reader.transport.write(data)
        return reader

    def commit(self, count, **fields):
        return self.log.commit(count, 1000, **fields)

    def pass_time(self, seconds):
        for _ in range(round(seconds / WATCH_S)):
            self.clock.advance(WATCH_S)


@pytest.fixture
def world(request):
    made = World(**getattr(request, "param", {}))
    pytest_twisted.blockon(Deferred.fromCoroutine(made.start()))
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


def seqs(consumer):
    return [json.loads(line)["seq"] for line in consumer.lines]


def dups(consumer):
    return [json.loads(line)["seq"] for line in consumer.lines if json.loads(line).get("dup")]


async def until(condition):
    """Rounds of the reactor until something on the other side of a socket has happened."""
    while not condition():
        await turn()


@pytest_twisted.ensureDeferred
async def test_golden_conversation(world):
    lines = world.commit(2)
    peer = await world.raw(b"HELLO 1 mediation\n")
    await peer.has(3)
    peer.transport.write(b"ACK n1:2\n")
    await until(lambda: world.log.saved.get(("mediation", "n1")) == 2)
    lines += world.commit(1)
    await peer.has(4)
    assert peer.data.splitlines() == [b"OK n1 oldest=1 newest=2", *(line.line for line in lines)]
    assert world.stream.consumers() == [("mediation", "n1", 2, 3, True)]


@pytest_twisted.ensureDeferred
async def test_everything_once_while_nothing_breaks(world):
    world.commit(300)
    consumer = world.consumer()
    for _ in range(20):
        world.commit(50)
        await consumer.wait_for(lambda: consumer.received >= 300)
    await consumer.wait_for(lambda: consumer.received >= 1300)
    assert seqs(consumer) == list(range(1, 1301)) and dups(consumer) == []
    await until(lambda: world.log.saved["mediation", "n1"] == 1300)


@pytest_twisted.ensureDeferred
async def test_a_reconnect_resends_what_was_not_acknowledged_flagged(world):
    world.commit(10)
    first = await world.raw(b"HELLO 1 mediation\n")
    await first.has(11)
    first.transport.write(b"ACK n1:4\n")
    await until(lambda: world.log.saved["mediation", "n1"] == 4)
    first.transport.abortConnection()
    await until(lambda: not world.stream.connections)
    world.commit(2)
    second = world.consumer()
    await second.wait_for(lambda: second.received == 8)
    assert seqs(second) == list(range(5, 13)) and dups(second) == list(range(5, 11))


@pytest_twisted.ensureDeferred
async def test_after_a_restart_all_up_to_the_newest_may_be_a_repetition(world):
    world.commit(10)
    consumer = world.consumer(ack_every=0)
    await consumer.wait_for(lambda: consumer.received == 10)
    world.commit(1)
    await consumer.wait_for(lambda: consumer.received == 11)
    await world.restart()
    await consumer.wait_for(lambda: consumer.received == 22)
    world.commit(1)
    await consumer.wait_for(lambda: consumer.received == 23)
    assert dups(consumer) == list(range(1, 12)) and seqs(consumer)[-1] == 12
    assert consumer.unflagged == 0 and consumer.repeated == 11


@pytest_twisted.ensureDeferred
async def test_tickets_of_an_earlier_life_may_be_acknowledged_before_they_come_again(world):
    world.commit(10)
    consumer = world.consumer(ack_every=0)
    await consumer.wait_for(lambda: consumer.received == 10)
    await consumer.stop()
    world.limits = StreamLimits(window=5)
    await world.restart()
    peer = await world.raw(b"HELLO 1 mediation\n")
    await peer.has(1)
    peer.transport.write(b"ACK n1:10\n")
    await until(lambda: world.log.saved["mediation", "n1"] == 10)
    world.commit(1)
    await until(lambda: b'"seq":11' in peer.data)
    assert b"ERR" not in peer.data and peer.data.splitlines()[-1] == world.log.lines["n1"][-1].line


@pytest.mark.parametrize("world", [{"window": 100_000}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_who_reads_on_after_a_pause_gets_all(world):
    world.commit(3000, text="x" * 5000)
    peer = await world.raw(b"HELLO 1 pausing\n", deaf=True)
    await until(lambda: any(connection._paused for connection in world.stream.connections))
    peer.transport.resumeProducing()
    await peer.has(3001)
    assert peer.data.splitlines()[1:] == [line.line for line in world.log.lines["n1"]]


@pytest_twisted.ensureDeferred
async def test_after_overrides_the_cursor(world):
    world.commit(10)
    first = world.consumer()
    await first.wait_for(lambda: first.received == 10)
    await until(lambda: world.log.saved["mediation", "n1"] == 10)
    await first.stop()
    again = world.consumer(origin="n1", after=3)
    await again.wait_for(lambda: again.received == 7)
    assert seqs(again) == dups(again) == list(range(4, 11))


@pytest.mark.parametrize("world", [{"window": 5}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_the_window_holds_until_an_ack(world):
    world.commit(20)
    peer = await world.raw(b"HELLO 1 slow\n")
    await peer.has(6)
    peer.transport.write(b"PONG\n" * 50)
    for _ in range(20):
        await turn()
    assert peer.data.count(b"\n") == 6
    peer.transport.write(b"ACK n1:3\n")
    await peer.has(9)
    peer.transport.write(b"ACK n1:2\nACK n1:8\n")
    await peer.has(14)


@pytest_twisted.ensureDeferred
async def test_a_gap_is_announced_until_it_was_heard(world):
    world.commit(5)
    first = world.consumer()
    await first.wait_for(lambda: first.received == 5)
    await until(lambda: world.log.saved["mediation", "n1"] == 5)
    await first.stop()
    world.commit(10)
    world.log.forget(9)
    deaf = await world.raw(b"HELLO 1 mediation\n", deaf=True)
    await until(lambda: world.stream.consumers()[0].connected)
    deaf.transport.abortConnection()
    await deaf.lost
    second = world.consumer()
    await second.wait_for(lambda: second.received >= 7)
    assert second.gaps == [9] and second.greeting == Gap("n1", 9) and seqs(second)[0] == 9


@pytest_twisted.ensureDeferred
async def test_a_gap_that_opens_on_the_way_is_announced(world):
    world.stream.tickets._lines = type(world.stream.tickets._lines)(maxlen=1)
    peer = await world.raw(b"HELLO 1 slow\n")
    await peer.has(1)
    lines = world.log.lines.setdefault("n1", [])
    world.log.newest["n1"] = 6
    lines.clear()
    new = world.commit(2)
    await peer.has(4)
    assert peer.data.splitlines()[1:] == [b"GAP n1 oldest=7", *(line.line for line in new)]


@pytest_twisted.ensureDeferred
async def test_a_newer_connection_replaces_the_older(world):
    old = await world.raw(b"HELLO 1 mediation\n")
    await old.has(1)
    new = await world.raw(b"HELLO 1 mediation\n")
    await old.lost
    assert old.data.splitlines()[-1] == b"ERR replaced by a newer connection of mediation"
    world.commit(1)
    await new.has(2)
    assert world.stream.consumers() == [("mediation", "n1", 0, 1, True)]


@pytest_twisted.ensureDeferred
async def test_a_log_that_tells_what_was_sent_already_is_not_asked_for_ever(world):
    lines, asked = world.commit(1), []

    def read(origin, after, limit):
        asked.append(after)
        return succeed(lines)

    world.stream.tickets.read = read
    peer = await world.raw(b"HELLO 1 mediation\n")
    await peer.has(2)
    await turn()
    assert asked == [0, 1] and peer.data.splitlines()[1:] == [lines[0].line]


@pytest_twisted.ensureDeferred
async def test_another_origin_is_read_beside_ones_own(world):
    world.log.commit(3, 1000, origin="n2")
    world.commit(1)
    own, other = world.consumer(), world.consumer(origin="n2")
    await own.wait_for(lambda: own.received == 1)
    await other.wait_for(lambda: other.received == 3)
    assert other.greeting == Ok("n2", 1, 3)
    world.log.commit(2, 1000, origin="n2")
    world.pass_time(POLL_S + WATCH_S)
    await other.wait_for(lambda: other.received == 5)
    assert [(c.origin, c.connected) for c in world.stream.consumers()] == [("n1", True), ("n2", True)]


@pytest.mark.parametrize("world", [{"ping_s": 30}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_the_idle_get_a_ping_and_the_deaf_are_dropped(world):
    alive = world.consumer("alive")
    await alive.wait_for(lambda: alive.greeting is not None)
    deaf = await world.raw(b"HELLO 1 deaf\n")
    await deaf.has(1)
    world.pass_time(30)
    await alive.wait_for(lambda: alive.pings == 1)
    await deaf.has(2)
    assert deaf.data.splitlines()[-1] == b"PING"
    await until(lambda: any(c._pinged_s is None for c in world.stream.connections))
    world.pass_time(30)
    await deaf.lost
    assert world.recorder.counted["tectonics_ticket_consumers_dropped_total", "acknowledged"] == 1
    assert {c.name: c.connected for c in world.stream.consumers()} == {"alive": True, "deaf": False}


@pytest.mark.parametrize("data, why", [
    (b"hello\n", b"expected HELLO"),
    (b"ACK n1:1\n", b"say HELLO first"),
    (b"HELLO 1 x after=n1:99\n", b"beyond the newest ticket, 3"),
    (b"HELLO 1 x after=elsewhere:1\n", b"no tickets of origin elsewhere are kept here"),
    (b"HELLO 1 x\nACK n1:4\n", b"beyond what was sent"),
    (b"HELLO 1 x\nACK n2:1\n", b"carries origin n1"),
    (b"HELLO 1 x\nHELLO 1 x\n", b"HELLO was said already"),
    (b"\xff" * 5000, b"longer than 256 bytes"),
    (b"x" * 200_000 + b"\n", b"longer than 256 bytes"),
])
@pytest_twisted.ensureDeferred
async def test_bad_input_gets_one_line_and_the_next_connection_works(world, data, why):
    world.commit(3)
    peer = await world.raw(data)
    await peer.lost
    last = peer.data.splitlines()[-1]
    assert last.startswith(b"ERR ") and why in last and b"Traceback" not in peer.data
    consumer = world.consumer()
    await consumer.wait_for(lambda: consumer.received == 3)


@pytest_twisted.ensureDeferred
async def test_a_silent_connection_is_closed(world):
    peer = await world.raw()
    await until(lambda: world.stream.connections)
    world.pass_time(11)
    await peer.lost
    assert peer.data == b"ERR no HELLO within 10 s\n"


@pytest.mark.parametrize("world", [{"connections_max": 1, "consumers_max": 1}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_bounds_are_told(world):
    one = await world.raw(b"HELLO 1 one\n")
    await one.has(1)
    two = await world.raw(b"HELLO 1 two\n")
    await two.lost
    assert two.data == b"ERR 1 connections are open already\n"
    one.transport.abortConnection()
    await one.lost
    await until(lambda: not world.stream.connections)
    three = await world.raw(b"HELLO 1 three\n")
    await three.lost
    assert three.data == b"ERR 1 consumers are known already, no new name is taken\n"


@pytest_twisted.ensureDeferred
async def test_a_refused_first_hello_takes_no_room(world):
    peer = await world.raw(b"HELLO 1 x after=elsewhere:1\n")
    await peer.lost
    assert world.stream.consumers() == [] and world.log.saved == {}


@pytest.mark.parametrize("world", [{"window": 100_000}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_a_peer_that_does_not_read_costs_one_window_at_most_and_is_aborted(world):
    world.commit(5000, text="x" * 5000)
    deaf = await world.raw(b"HELLO 1 deaf\n", deaf=True)
    await until(lambda: any(connection._paused for connection in world.stream.connections))
    [connection] = world.stream.connections
    sent = connection._sent
    world.commit(100)
    assert connection._sent == sent < 5000
    deaf.transport.write(b"nonsense\n")
    await until(lambda: not connection._open)
    world.clock.advance(CLOSE_S)
    await until(lambda: not world.stream.connections)


@pytest_twisted.ensureDeferred
async def test_a_database_that_is_away_closes_with_a_reason_and_the_cursor_is_written_later(world):
    world.commit(3)
    peer = await world.raw(b"HELLO 1 mediation\n")
    await peer.has(4)
    world.log.broken = True
    peer.transport.write(b"ACK n1:3\n")
    await until(lambda: world.stream.consumers()[0].acknowledged == 3)
    other = await world.raw(b"HELLO 1 other\n")
    await other.lost
    assert other.data == b"ERR tickets cannot be read at the moment, connect again later\n"
    world.log.broken = False
    assert world.log.saved["mediation", "n1"] == 0
    world.pass_time(1)
    assert world.log.saved["mediation", "n1"] == 3


@pytest.mark.parametrize("world", [{"lag_alarm": 10}], indirect=True)
@pytest_twisted.ensureDeferred
async def test_lag_is_shown_and_alarms(world):
    peer = await world.raw(b"HELLO 1 mediation\n")
    await peer.has(1)
    world.commit(11)
    world.pass_time(1)
    assert world.recorder.gauges["tectonics_ticket_consumer_lag", "mediation"] == 11
    assert ("ticket_consumer_lag", "mediation") in world.recorder.raised
    await peer.has(12)
    peer.transport.write(b"ACK n1:11\n")
    await until(lambda: world.stream.consumers()[0].acknowledged == 11)
    world.pass_time(1)
    assert world.recorder.raised == {}


@pytest_twisted.ensureDeferred
async def test_consumers_are_known_after_a_restart_before_they_connect(world):
    world.commit(3)
    consumer = world.consumer()
    await until(lambda: world.log.saved.get(("mediation", "n1")) == 3)
    await consumer.stop()
    world.log.saved["(files)", "n1"] = 0
    await world.restart()
    assert world.stream.consumers() == [("mediation", "n1", 3, 3, False)]


numbers = st.integers(0, 50)


@given(st.none() | numbers, st.none() | numbers, st.none() | numbers, st.integers(1, 50), numbers)
def test_the_beginning_never_skips_a_kept_ticket_nor_hides_a_lost_one(asked, cursor, sent, oldest, kept):
    newest = oldest - 1 + kept
    try:
        beginning = begin(asked, cursor, sent, oldest, newest)
    except BadMessage:
        assert asked > newest
        return
    has = asked if asked is not None else cursor if cursor is not None else oldest - 1
    assert beginning.after == max(has, oldest - 1) and beginning.gap == (has + 1 < oldest)
    if cursor is not None:
        assert beginning.repeated_until >= min(newest, sent if sent is not None else newest)
    else:
        assert beginning.repeated_until == 0
