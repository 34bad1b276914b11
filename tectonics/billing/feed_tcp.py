"""The prepaid ticket feed over TCP: one record a line, one answer a line, in the order of the records.

`OK <id>` is sent when the intake says that the event is durable, `DUP <id>` when it was seen before,
`ERR <id or -> <reason>` when it is not taken.  A sender that lost the connection sends again what
was not answered; nothing is done twice.  If the process dies here, no answer was lied about.

Bounds: a line of LINE_BYTES_MAX (a longer one is answered and read off), `pending_max` unanswered
records a connection, then its socket is not read until half of them are answered; nor is it while
the peer does not read its answers, nor while the intake is backlogged.  `connections_max`: one more
is told so and closed.  Half a line at the end of a connection is ignored and counted; a peer that has
only closed its sending side still gets the answers that are due.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from zope.interface import implementer

from tectonics.domain.errors import BadRecord, Busy, TheirFault
from tectonics.domain.feed import event_of
from tectonics.ports import Clock, Intake, Metrics
from tectonics.wire.feed import LINE_BYTES_MAX, read_fields
from tectonics.wire.lines import Lines

BACKLOG_POLL_S = 0.1
REASON_CHARS_MAX = 200
RECORDS = "tectonics_feed_records_total"


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """The bounds of the listener."""

    pending_max: int = 1000  # unanswered records of one connection
    connections_max: int = 64


@dataclass(slots=True)
class _Slot:
    """The place of one answer in the order of the records."""

    id: str
    answer: bytes | None = None


class FeedFactory(Factory):
    """Serves the feed `name` to whoever connects."""

    noisy = False
    log = Logger()

    def __init__(self, intake: Intake, currency: str, metrics: Metrics, clock: Clock, name: str = "tcp",
                 columns: Mapping[str, int] | None = None, country_code: str = "",
                 limits: FeedLimits = FeedLimits()):
        self.intake = intake
        self.metrics = metrics
        self.clock = clock
        self.name = name
        self.limits = limits
        self._currency = currency
        self._columns = columns
        self._country_code = country_code
        self.connections: dict[FeedProtocol, None] = {}  # in the order in which they came

    def buildProtocol(self, addr) -> "FeedProtocol":
        """A connection of the feed."""
        return FeedProtocol(self)

    def parse(self, line: bytes):
        """The event of a line, heard now."""
        return event_of(read_fields(line, self._columns), self._currency, self.name,
                        int(self.clock.seconds() * 1000), self._country_code)

    def disconnect(self) -> None:
        """Closes every connection, for a graceful stop; unanswered records will be sent again."""
        for connection in list(self.connections):
            connection.transport.loseConnection()


@implementer(IPushProducer, IHalfCloseableProtocol)
class FeedProtocol(Protocol):
    """One connection: reads records, answers each in its turn."""

    def __init__(self, factory: FeedFactory):
        self.factory = factory
        self._lines = Lines(LINE_BYTES_MAX)
        self._unread: deque[bytes | None] = deque()  # of one received chunk at most
        self._slots: deque[_Slot] = deque()  # at most pending_max
        self._peer_reads = True
        self._reading = True
        self._working = False
        self._ended = False  # the peer sends no more
        self._poll = None

    def connectionMade(self):
        """Takes its place, or is told that there is none."""
        if len(self.factory.connections) >= self.factory.limits.connections_max:
            self.transport.write(b"ERR - too many connections\n")
            self.transport.loseConnection()
            return
        self.factory.connections[self] = None
        self.transport.registerProducer(self, True)
        if hasattr(self.transport, "setTcpKeepAlive"):
            self.transport.setTcpKeepAlive(True)

    def dataReceived(self, data):
        """Takes the records that `data` completes."""
        if self in self.factory.connections:
            self._unread.extend(self._lines.feed(data))
            self._work()

    def connectionLost(self, reason=connectionDone):
        """Forgets what cannot be answered any more; what the intake has got it keeps."""
        self.factory.connections.pop(self, None)
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        dropped = len(self._unread) + self._lines.unfinished
        if dropped:
            self.factory.metrics.count(RECORDS, self.factory.name, "err", by=dropped)
        self._unread.clear()
        self._slots.clear()

    def readConnectionLost(self):
        """The peer sends no more; it still gets its answers."""
        self._ended = True
        self._work()

    def writeConnectionLost(self):
        """The peer takes no more answers: there is nobody to talk to."""
        self.transport.loseConnection()

    # --- IPushProducer: the transport says whether the peer reads its answers

    def pauseProducing(self):
        """The peer does not read: take no more records."""
        self._peer_reads = False
        self._work()

    def resumeProducing(self):
        """The peer reads again."""
        self._peer_reads = True
        self._work()

    def stopProducing(self):
        """The connection is over."""
        self._peer_reads = False

    def _work(self):
        if self._working or self not in self.factory.connections:
            return
        self._working = True
        while self._unread and self._ready():
            self._take(self._unread.popleft())
        self._working = False
        if not self._ended:
            self._read(not self._unread and self._ready())
        elif not self._unread and not self._slots:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def _ready(self) -> bool:
        if self.factory.intake.backlogged():
            if self._poll is None:
                self._poll = self.factory.clock.callLater(BACKLOG_POLL_S, self._polled)
            return False
        return self._peer_reads and len(self._slots) < self.factory.limits.pending_max

    def _polled(self):
        self._poll = None
        self._work()

    def _read(self, wanted: bool) -> None:
        if wanted and not self._reading and len(self._slots) > self.factory.limits.pending_max // 2:
            return
        if wanted != self._reading:
            self._reading = wanted
            (self.transport.resumeProducing if wanted else self.transport.pauseProducing)()

    def _take(self, line: bytes | None) -> None:
        if line is not None and not line.strip():
            return
        slot = _Slot("-")
        self._slots.append(slot)
        try:
            if line is None:
                raise BadRecord("line too long")
            event = self.factory.parse(line)
        except BadRecord as fault:
            slot.id = fault.id
            self._refuse(slot, str(fault))
            return
        slot.id = event.id
        self._ask(slot, self.factory.intake.feed(event))

    def _ask(self, slot: _Slot, answer: Deferred) -> None:
        answer.addCallbacks(lambda word: self._settle(slot, word.lower(), f"{word} {slot.id}\n"),
                            lambda failure: self._refuse(slot, self._reason(failure)))
        answer.addErrback(lambda failure: self.factory.log.failure("Answering the feed failed", failure))

    def _reason(self, failure) -> str:
        if failure.check(Busy):
            return "busy, send it again"
        if failure.check(TheirFault):
            return failure.getErrorMessage()
        self.factory.log.failure("A record of the feed {feed} failed", failure, feed=self.factory.name)
        return "internal error, send it again"

    def _refuse(self, slot: _Slot, reason: str) -> None:
        told = " ".join(reason.split())[:REASON_CHARS_MAX]
        self._settle(slot, "err", f"ERR {slot.id} {told}\n")

    def _settle(self, slot: _Slot, result: str, answer: str) -> None:
        """The answers at the head of the line go out as soon as they are there."""
        self.factory.metrics.count(RECORDS, self.factory.name, result)
        slot.answer = answer.encode()
        ready = []
        while self._slots and self._slots[0].answer is not None:
            ready.append(self._slots.popleft().answer)
        if ready:
            self.transport.write(b"".join(ready))
        if ready and (self._ended or not self._reading):
            self._work()
