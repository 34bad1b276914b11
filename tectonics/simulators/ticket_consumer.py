"""A consumer of the acknowledged ticket stream (TCP 7071), as a mediation system would be.

It keeps its own cursor in memory, acknowledges every `ack_every` tickets (0: never) and whenever the bytes at
hand are worked off, connects again after a loss (Twisted's ClientService, with back-off), and
counts what a careful peer would notice: repetitions, unflagged repetitions, holes in the numbers,
announced gaps.  It can be slow (`delay_s` before each read) or deaf (reads and answers nothing).
With `resume` it names its own position when it connects again, else the server's cursor counts.
It remembers the newest KEPT_MAX tickets and every waiting `wait_for`.
"""

from collections import deque
from collections.abc import Callable
from random import random

import msgspec
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory, Protocol

from tectonics.domain.errors import BadMessage
from tectonics.ports import Clock
from tectonics.wire.ticket_stream import Ack, ClientSide, Err, Gap, Hello, Ok, Ping, Pong, Record, encode

KEPT_MAX = 100_000
RETRY_S = (0.05, 5.0)  # the first and the longest wait before it connects again


class _Ticket(msgspec.Struct):
    origin: str
    seq: int
    dup: bool = False


_DECODER = msgspec.json.Decoder(_Ticket)


class TicketConsumer:
    """One consumer; start() and stop() as often as wanted, the counts go on."""

    def __init__(self, endpoint, name: str, clock: Clock, origin: str = "", after: int | None = None,
                 ack_every: int = 100, delay_s: float = 0.0, deaf: bool = False, resume: bool = False,
                 on_ticket: Callable[[bytes], None] | None = None,
                 jitter: Callable[[], float] = random) -> None:
        self.name = name
        self.clock = clock
        self.origin = origin
        self.after = after
        self.ack_every = ack_every
        self.delay_s = delay_s
        self.deaf = deaf
        self.resume = resume
        self.on_ticket = on_ticket
        self.lines: deque[bytes] = deque(maxlen=KEPT_MAX)
        self.last_seq = 0  # the highest number received
        self.received = self.repeated = self.unflagged = self.holes = 0
        self.connections = self.pings = 0
        self.ungreeted = 0  # connections in a row that ended without OK or GAP
        self.gaps: list[int] = []  # `oldest` of each announced gap
        self.errors: list[str] = []
        self.greeting: Ok | Gap | None = None
        self.protocol: _Consuming | None = None
        self._endpoint, self._jitter = endpoint, jitter
        self._service: ClientService | None = None
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def start(self) -> None:
        """Connects, and again after each loss; who is not greeted waits longer each time."""
        pause_s = backoffPolicy(*RETRY_S, jitter=self._jitter)
        self._service = ClientService(self._endpoint, Factory.forProtocol(lambda: _Consuming(self)),
                                      retryPolicy=lambda failed: pause_s(max(failed, self.ungreeted)),
                                      clock=self.clock)
        self._service.startService()

    def stop(self) -> Deferred[None]:
        """Disconnects; fires when that is done."""
        service, self._service = self._service, None
        return service.stopService() if service is not None else succeed(None)

    def wait_for(self, met: Callable[[], bool]) -> Deferred[None]:
        """Fires as soon as `met()` holds; looked at after each event."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append((met, waiting))
        self.look()
        return waiting

    def hello(self) -> Hello:
        """How it introduces itself now."""
        if self.resume and self.last_seq:
            return Hello(self.name, self.greeting.origin, self.last_seq)
        return Hello(self.name, self.origin, self.after)

    def ticket(self, line: bytes) -> int:
        """Takes one ticket into the counts; its number."""
        ticket = _DECODER.decode(line)
        self.received += 1
        if ticket.seq <= self.last_seq:
            self.repeated += 1
            self.unflagged += not ticket.dup
        elif self.last_seq and ticket.seq != self.last_seq + 1:
            self.holes += 1
        self.last_seq = max(self.last_seq, ticket.seq)
        self.lines.append(line)
        if self.on_ticket is not None:
            self.on_ticket(line)
        return ticket.seq

    def look(self) -> None:
        """Fires those who wait for what is true now."""
        ready = [waiting for met, waiting in self._waiting if met()]
        self._waiting = [(met, waiting) for met, waiting in self._waiting if waiting not in ready]
        for waiting in ready:
            waiting.callback(None)


class _Consuming(Protocol):
    """One connection."""

    def __init__(self, consumer: TicketConsumer) -> None:
        self._consumer = consumer
        self._codec = ClientSide()
        self._seq = self._acknowledged = 0
        self._origin = ""
        self._greeted = False

    def connectionMade(self) -> None:
        self._consumer.connections += 1
        self._consumer.protocol = self
        self._send(self._consumer.hello())
        if self._consumer.deaf:
            self.transport.pauseProducing()

    def connectionLost(self, reason) -> None:
        self._consumer.protocol = None
        self._consumer.ungreeted = 0 if self._greeted else self._consumer.ungreeted + 1
        self._consumer.look()

    def dataReceived(self, data: bytes) -> None:
        consumer = self._consumer
        try:
            for event in self._codec.receive(data):
                self._take(event)
        except BadMessage as error:
            consumer.errors.append(str(error))
            self.transport.loseConnection()
            return
        self._acknowledge()
        if consumer.delay_s:
            self.transport.pauseProducing()
            consumer.clock.callLater(consumer.delay_s, self._read_on)
        consumer.look()

    def _take(self, event: Ok | Gap | Ping | Err | Record) -> None:
        match event:
            case Record(line):
                self._seq = self._consumer.ticket(line)
                if 0 < self._consumer.ack_every <= self._seq - self._acknowledged:
                    self._acknowledge()
            case Ok(origin, _, _):
                self._greet(origin, event)
            case Gap(origin, oldest):
                self._greet(origin, event)
                self._consumer.gaps.append(oldest)
            case Ping():
                self._consumer.pings += 1
                self._send(Pong())
            case Err(why):
                self._consumer.errors.append(why)

    def _greet(self, origin: str, greeting: Ok | Gap) -> None:
        self._greeted = True
        self._origin, self._consumer.greeting = origin, greeting

    def _acknowledge(self) -> None:
        if self._seq > self._acknowledged and self._consumer.ack_every:
            self._acknowledged = self._seq
            self._send(Ack(self._origin, self._seq))

    def _read_on(self) -> None:
        if self._consumer.protocol is self and not self._consumer.deaf:
            self.transport.resumeProducing()

    def _send(self, event: Hello | Ack | Pong) -> None:
        self.transport.write(encode(event))
