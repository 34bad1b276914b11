"""One connection of the acknowledged ticket stream.

    waiting for HELLO --> opening (cursor read and registered) --> delivering --> closed

Delivering is a pull: while the socket takes more and fewer than `window` tickets are
unacknowledged, read the next page from the log and send it.  A commit, an ACK and a socket that
has room again each only ask the pull to look again; so a slow consumer costs at most one window in
the socket's buffer and the commit never waits.  Any line from the consumer proves that it is
alive.  If the process dies here the consumer reconnects and gets everything after its cursor,
flagged as a possible repetition.
"""

import typing
from dataclasses import dataclass

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol
from twisted.logger import Logger
from zope.interface import implementer

from tectonics.domain.errors import BadMessage, OurFault, TheirFault
from tectonics.ports import Clock, TicketLine, TicketLog
from tectonics.tickets.consumers import Beginning, Consumer, Consumers
from tectonics.wire.ticket_stream import (
    Ack,
    Err,
    Gap,
    Hello,
    Ok,
    Ping,
    Pong,
    Record,
    ServerSide,
    encode,
    flag_repetition,
)

PAGE = 500  # tickets read at once
POLL_S = 5.0  # how often an origin that another process numbers is looked at
CLOSE_S = 10.0  # how long a peer may take to read the last line


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """The bounds of the acknowledged stream."""

    window: int = 1000  # tickets sent and not acknowledged
    ping_s: float = 30.0  # silence before a PING, and the wait for its answer
    hello_s: float = 10.0  # from connect to HELLO
    connections_max: int = 128
    consumers_max: int = 64
    lag_alarm: int = 100_000  # tickets behind; cleared at half of it


DEFAULT_LIMITS = StreamLimits()


class Listener(typing.Protocol):
    """What a connection needs of its listener (acknowledged.py)."""

    tickets: TicketLog
    clock: Clock
    limits: StreamLimits
    known: Consumers
    connections: "dict[Delivery, None]"

    def save_cursor(self, consumer: Consumer) -> Deferred[None]: ...

    def dropped(self) -> None: ...


@implementer(IPushProducer)
class Delivery(Protocol):
    """Tickets of one origin to one consumer."""

    log = Logger()

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._codec = ServerSide()
        self._consumer: Consumer | None = None  # set once delivering
        self._open = True
        self._paused = False
        self._pulling = False
        self._again = False
        self._sent = self._acknowledged = self._repeated_until = 0
        self._heard_s = self._connected_s = self._polled_s = listener.clock.seconds()
        self._pinged_s: float | None = None
        self._abort = None

    # --- the transport ----------------------------------------------------------------------------

    def connectionMade(self) -> None:
        """A new connection, if there is room."""
        self.transport.setTcpKeepAlive(True)
        self._listener.connections[self] = None
        if len(self._listener.connections) > self._listener.limits.connections_max:
            self.refuse(f"{self._listener.limits.connections_max} connections are open already")
            return
        self.transport.registerProducer(self, True)

    def connectionLost(self, reason) -> None:
        """Gone; the cursor stays."""
        self._open = False
        self._listener.connections.pop(self, None)
        if self._consumer is not None and self._consumer.connection is self:
            self._consumer.connection = None
        if self._abort is not None and self._abort.active():
            self._abort.cancel()

    def dataReceived(self, data: bytes) -> None:
        """Lines of the consumer; the first wrong one ends the connection with one sentence."""
        if not self._open:
            return
        try:
            for event in self._codec.receive(data):
                self._heard(event)
        except BadMessage as error:
            self.refuse(str(error))

    def pauseProducing(self) -> None:
        """The socket is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The socket takes more."""
        self._paused = False
        self._pull()

    def stopProducing(self) -> None:
        """The connection is over; connectionLost follows."""

    # --- for the listener -------------------------------------------------------------------------

    def wake(self, origin: str) -> None:
        """There are new tickets of `origin`."""
        if self._consumer is not None and self._consumer.origin == origin:
            self._pull()

    def check(self, now_s: float) -> None:
        """Says PING to who is idle, drops who is deaf, looks after origins of other processes."""
        limits = self._listener.limits
        if not self._open:
            return
        if self._consumer is None and now_s - self._connected_s >= limits.hello_s:
            self.refuse(f"no HELLO within {limits.hello_s:g} s")
        elif self._pinged_s is not None and now_s - self._pinged_s >= limits.ping_s:
            self._drop()
        elif self._pinged_s is None and now_s - self._heard_s >= limits.ping_s:
            self._pinged_s = now_s
            self._write(Ping())
        elif now_s - self._polled_s >= POLL_S:
            self._polled_s = now_s
            self._poll()

    def close(self) -> None:
        """Ends the connection without a word."""
        if self._open:
            self._open = False
            self._leave()

    def refuse(self, why: str) -> None:
        """Ends the connection with one line that says why."""
        if self._open:
            self._write(Err(why))
            self.log.info("Ticket stream to {peer} ({name}) closed: {why}.",
                          peer=self.transport.getPeer().host, name=self._name(), why=why)
            self.close()

    # --- what the consumer says -------------------------------------------------------------------

    def _heard(self, event: Hello | Ack | Pong) -> None:
        self._heard_s, self._pinged_s = self._listener.clock.seconds(), None
        match event:
            case Hello():
                self._guard(self._greet(event))
            case Ack(origin, seq):
                self._acknowledge(origin, seq)

    async def _greet(self, hello: Hello) -> None:
        known = self._listener.known
        consumer = known.find(hello.consumer, hello.origin or self._listener.tickets.origin)
        await consumer.turn.acquire()
        try:
            if consumer.saved is not None:
                await known.save(consumer)
            beginning = await known.locate(consumer, hello.after)
        finally:
            known.discard(consumer)
            consumer.turn.release()
        if self._open:
            self._begin(consumer, beginning)

    def _begin(self, consumer: Consumer, beginning: Beginning) -> None:
        if consumer.connection is not None:
            consumer.connection.refuse(f"replaced by a newer connection of {consumer.name}")
        consumer.connection, self._consumer = self, consumer
        self._sent = self._acknowledged = beginning.after
        self._repeated_until = beginning.repeated_until
        self._write(Gap(consumer.origin, beginning.oldest) if beginning.gap
                    else Ok(consumer.origin, beginning.oldest, beginning.newest))
        self._pull()

    def _acknowledge(self, origin: str, seq: int) -> None:
        consumer = self._consumer
        if consumer is None:
            raise BadMessage("wait for OK before the first ACK")
        if origin != consumer.origin:
            raise BadMessage(f"this connection carries origin {consumer.origin}")
        if seq > consumer.sent:
            raise BadMessage(f"ACK {origin}:{seq} is beyond what was sent, {consumer.sent}")
        if seq > self._acknowledged:
            self._acknowledged = seq
            consumer.acknowledged = max(consumer.acknowledged, seq)
            self._sent = max(self._sent, seq)
            if not consumer.turn.locked:
                self._listener.save_cursor(consumer)
            self._pull()

    # --- what it is sent --------------------------------------------------------------------------

    def _pull(self) -> None:
        self._again = True
        if not self._pulling and self._consumer is not None and self._open:
            self._pulling = True
            self._guard(self._deliver())

    async def _deliver(self) -> None:
        consumer = self._consumer
        try:
            while self._again:
                self._again = False
                while self._may_send():
                    room = self._acknowledged + self._listener.limits.window - self._sent
                    lines = await self._listener.tickets.read(consumer.origin, self._sent, min(room, PAGE))
                    if not lines or not self._open or lines[-1].seq <= self._sent:  # what brings nothing is not asked again
                        break
                    self._send(lines)
        finally:
            self._pulling = False

    def _may_send(self) -> bool:
        return (self._open and not self._paused
                and self._sent - self._acknowledged < self._listener.limits.window)

    def _send(self, lines: list[TicketLine]) -> None:
        data = []
        for line in lines:
            if line.seq > self._sent + 1:
                data.append(encode(Gap(line.origin, line.seq)))
                self._acknowledged = max(self._acknowledged, line.seq - 1)
            if line.seq > self._sent:
                repeated = line.seq <= self._repeated_until
                data.append(encode(Record(flag_repetition(line.line) if repeated else line.line)))
                self._sent = line.seq
        self._consumer.sent = max(self._consumer.sent, self._sent)
        self.transport.write(b"".join(data))

    def _poll(self) -> None:
        if self._consumer is not None and self._consumer.origin != self._listener.tickets.origin:
            self._guard(self._look_for_more(self._consumer.origin))

    async def _look_for_more(self, origin: str) -> None:
        await self._listener.known.span(origin)
        self._pull()

    # --- the end ----------------------------------------------------------------------------------

    def _write(self, event: Ok | Gap | Ping | Err) -> None:
        self.transport.write(encode(event))

    def _name(self) -> str:
        return self._consumer.name if self._consumer else "no HELLO yet"

    def _guard(self, work) -> None:
        ensureDeferred(work).addErrback(self._failed)

    def _failed(self, failure) -> None:
        if failure.check(TheirFault):
            self.refuse(failure.getErrorMessage())
            return
        if failure.check(OurFault):
            self.log.error("The ticket stream cannot read tickets: {error}", error=failure.getErrorMessage())
        else:
            self.log.failure("The ticket stream to {name} failed", failure, name=self._name())
        self.refuse("tickets cannot be read at the moment, connect again later")

    def _drop(self) -> None:
        self._listener.dropped()
        self.log.warn("Ticket consumer {name} did not answer PING and was dropped.",  # noqa: G010
                      name=self._name())
        self._open = False
        self._leave()
        self.transport.abortConnection()

    def _leave(self) -> None:
        if self._consumer is not None and self._consumer.connection is self:
            self._consumer.connection = None
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        self._abort = self._listener.clock.callLater(CLOSE_S, self.transport.abortConnection)
