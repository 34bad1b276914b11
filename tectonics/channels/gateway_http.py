"""One connection of a gateway: HTTP/1.1 (RFC 9112) in, answers out in the order of the requests.

`gateway_requests` finds the requests; this file keeps order and bounds.  Each complete request becomes an
`Exchange`, which is given to the service and answered once, at any later time.  Pipelined requests
are served concurrently; an answer waits until those before it have been written, and is written at
once when nothing is buffered, instead of in the next turn of the reactor.

A request that ends the conversation (not HTTP, too large, too slow, or `Connection: close`) is the
last that is looked at.  After its answer our half of the connection is closed and what still arrives
is read off, because closing a socket with unread bytes resets it and would take the answer along
(RFC 9112 section 9.6).  A peer that closes its half after asking still gets its answers.

Bounds, all in `Limits`: the head and the body of a request (gateway_requests), the time for one request however slowly it trickles (408), idle time
between requests (closed), requests served at once (further ones wait, and reading pauses: at most one
read's worth), unread answers (reading pauses, then idle time), what is read off and for how long
(then the connection is aborted).  When the process dies here, the peer sees its connection lost and
asks again; what it gets then is the business of the dialogue.
"""

from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol as Interface

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from tectonics.channels.gateway_requests import RequestReader

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINES = {
    400: "not an HTTP/1.1 request",
    405: "only POST is served here",
    408: "the request took too long to arrive",
    413: "the body is too large",
    431: "the head of the request is too large",
    500: "a fault of ours; it has been logged",
    503: "too many connections; try again later",
    505: "only HTTP/1.1 and HTTP/1.0 are spoken here",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway may take from us; the text above says what happens at each bound."""

    connections_max: int = 1000
    head_bytes_max: int = 8192
    body_bytes_max: int = 16_384
    exchanges_max: int = 64  # served at the same time on one connection
    request_s: float = 10.0
    idle_s: float = 120.0
    read_off_bytes_max: int = 64 * 1024 * 1024
    read_off_s: float = 30.0


class Exchange:
    """One request, and its place in the order of answers."""

    __slots__ = ("answer", "body", "closes", "connection", "method", "old", "path")

    def __init__(self, connection: "GatewayConnection", method: bytes, path: bytes, body: bytes = b"",
                 closes: bool = False, old: bool = False):
        self.connection = connection
        self.method = method
        self.path = path
        self.body = body
        self.closes = closes  # the last one of its connection
        self.old = old  # HTTP/1.0, which must be told that the connection stays
        self.answer: bytes | None = None

    def reply(self, status: int, text: str, *headers: bytes) -> None:
        """Answers with plain text; to be called exactly once."""
        body = text.encode()
        kept = b"Connection: close\r\n" if self.closes else b"Connection: keep-alive\r\n" if self.old else b""
        head = b"%sContent-Length: %d\r\n%s%s\r\n" % (
            self.connection.service.start(status), len(body), kept, b"".join(headers))
        self.answer = head if self.method == b"HEAD" else head + body
        self.connection.answered()


class Service(Interface):
    """What stands behind the connections of one listener."""

    def serve(self, exchange: Exchange) -> None:
        """Takes a complete request; `exchange.reply` is called once, now or later."""

    def refused(self, status: int) -> None:
        """Hears of a request that was answered here, because it was none or broke a bound."""

    def start(self, status: int) -> bytes:
        """The status line, and headers that all answers share."""

    def now(self) -> float:
        """The time in seconds."""

    def opened(self, connection: "GatewayConnection") -> None: ...

    def closed(self, connection: "GatewayConnection") -> None: ...


@implementer(IHalfCloseableProtocol, IPushProducer)
class GatewayConnection(Protocol):
    """The server's side of one connection."""

    def __init__(self, service: Service, limits: Limits):
        self.service = service
        self._limits = limits
        self._now = service.now
        self._requests = RequestReader(self, limits.head_bytes_max, limits.body_bytes_max, self._now)
        self._exchanges: deque[Exchange] = deque()  # in order, not yet written
        self._waiting: deque[Exchange] = deque()  # those of them that are not yet served
        self._served = 0
        self._admitting = False
        self._owes_continue = False
        self._ending = False  # our half is closed
        self._peer_done = False  # the peer's half is closed
        self._held = False  # we do not read
        self._write_blocked = False  # the peer does not read
        self._since = self._now()  # when this connection last became idle, or began to end
        self._read_off_bytes = 0

    # --- what the transport tells -----------------------------------------------------------------

    def connectionMade(self):
        self._send = getattr(self.transport, "writeSomeData", None)  # a plain socket's; TLS has none
        self.transport.registerProducer(self, True)
        self.service.opened(self)

    def dataReceived(self, data):
        if self._requests.finished:
            self._read_off(len(data))
        else:
            self._requests.feed(data)

    def readConnectionLost(self):
        self._peer_done = True
        if not self._exchanges:
            self._close()

    def writeConnectionLost(self):
        """Our own half-close; nothing follows from it."""

    def connectionLost(self, reason):
        self._ending = True
        self._held = False
        self._requests.close()
        self._exchanges.clear()
        self._waiting.clear()
        self.service.closed(self)

    def pauseProducing(self):
        self._write_blocked = True
        self._hold()

    def resumeProducing(self):
        self._write_blocked = False
        self._since = self._now()
        self._read_on()

    def stopProducing(self):
        """The transport is gone; `connectionLost` follows."""

    # --- what the requests are (RequestReader) ----------------------------------------------------

    def requested(self, method: bytes, path: bytes, body: bytes, closes: bool, old: bool) -> None:
        """A request is complete."""
        self._owes_continue = False
        exchange = Exchange(self, method, path, body, closes, old)
        self._exchanges.append(exchange)
        self._admit(exchange)

    def refuse(self, status: int) -> None:
        """Answers `status` as the last thing that is said on this connection."""
        self._requests.finish()
        self._owes_continue = False
        exchange = Exchange(self, b"", b"", closes=True)
        self._exchanges.append(exchange)
        self._served += 1
        self.service.refused(status)
        exchange.reply(status, _LINES[status] + "\n")

    def expected(self) -> None:
        """The peer waits for 100 before it sends the body."""
        self._owes_continue = True
        if not self._exchanges:
            self._settled()

    # --- order and bounds -------------------------------------------------------------------------

    def answered(self) -> None:
        """An exchange has got its answer: writes what is now in order, and admits those that wait."""
        self._served -= 1
        if self._exchanges and self._exchanges[0].answer is not None:
            self._write_in_order()
        if not self._admitting:  # else the loop below is at work, further up
            self._admit_waiting()
            self._read_on()

    def sweep(self, now: float) -> None:
        """Ends what has taken too long; the factory calls this every few seconds."""
        limits = self._limits
        if self._ending:
            if now - self._since > limits.read_off_s:
                self.transport.abortConnection()
        elif self._requests.began is not None:
            if now - self._requests.began > limits.request_s and not self._waiting:
                self.refuse(408)
        elif not self._exchanges and now - self._since > limits.idle_s:
            self._close()

    def _admit(self, exchange: Exchange) -> None:
        if self._served >= self._limits.exchanges_max:
            self._waiting.append(exchange)
            self._hold()
            return
        self._served += 1
        self.service.serve(exchange)

    def _admit_waiting(self) -> None:
        self._admitting = True
        try:
            while self._waiting and self._served < self._limits.exchanges_max:
                self._admit(self._waiting.popleft())
        finally:
            self._admitting = False

    def _hold(self) -> None:
        if not self._held:
            self._held = True
            self.transport.pauseProducing()

    def _read_on(self) -> None:
        if not self._held or self._waiting or self._write_blocked or self._peer_done:
            return
        self._held = False
        self._requests.paused()
        self.transport.resumeProducing()

    def _write_in_order(self) -> None:
        ready = []
        while self._exchanges and self._exchanges[0].answer is not None:
            exchange = self._exchanges.popleft()
            ready.append(exchange.answer)
        self._write(b"".join(ready))
        if exchange.closes:
            self._end()
        elif not self._exchanges:
            self._settled()

    def _settled(self) -> None:
        """Everything asked so far is answered."""
        self._since = self._now()
        if self._peer_done:
            self._close()
        elif self._owes_continue:
            self._owes_continue = False
            self._write(CONTINUE)

    def _write(self, data: bytes) -> None:
        """Straight into the socket when nothing waits before it: nearly always, and half the work."""
        if self._send is not None and not (self.transport.dataBuffer or self.transport._tempDataBuffer):
            sent = self._send(data)
            if isinstance(sent, int):  # else the connection is lost, and the transport finds out itself
                data = data[sent:]
        if data:
            self.transport.write(data)

    def _end(self) -> None:
        """Closes our half, and reads off what still comes; `sweep` bounds the wait."""
        if self._peer_done:
            self._close()
            return
        self._ending = True
        self._since = self._now()
        self.transport.unregisterProducer()
        self.transport.loseWriteConnection()
        self.transport.resumeProducing()

    def _close(self) -> None:
        """Closes both halves once everything is written; `sweep` bounds the wait."""
        self._requests.finish()
        self._ending = True
        self._since = self._now()
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _read_off(self, size: int) -> None:
        self._read_off_bytes += size
        if self._read_off_bytes > self._limits.read_off_bytes_max:
            self.transport.abortConnection()


def status_line(status: int) -> bytes:
    """`HTTP/1.1 200 OK` with its line end."""
    return b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
