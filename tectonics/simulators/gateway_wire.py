"""The wire of a simulated gateway: persistent HTTP/1.1 connections, as a pool.

It calls back instead of returning Deferreds, because it is also the engine of the load generator: a
request costs one formatted head, one parser run (llhttp, through httptools) and one call.  A result is
(status, body); status 0 means that there was no answer and the body says why.  One connection carries
one request at a time.  Nothing is ever sent again by itself: repeating is what tests do on purpose.

Bounds: connections as given; 100,000 requests that wait for a free one, further ones get status 0.
"""

from collections import deque
from collections.abc import Callable

import httptools
from twisted.internet.protocol import ClientFactory, Protocol

WAITING_MAX = 100_000
CONNECT_TIMEOUT_S = 10
Result = Callable[[int, bytes], None]


def request_bytes(host: bytes, path: bytes, body: bytes) -> bytes:
    """A POST of a form."""
    return (b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (path, host, len(body), body))


class Wire(Protocol):
    """One connection. `free` is called when it can take the next request, `gone` when it is lost."""

    def __init__(self, free: Callable[["Wire"], None], gone: Callable[["Wire"], None]):
        self._free = free
        self._gone = gone
        self._result: Result | None = None
        self._body: list[bytes] = []
        self._stays = True
        self._parser = httptools.HttpResponseParser(self)

    def ask(self, request: bytes, result: Result) -> None:
        """Sends the request; `result` gets its answer."""
        self._result = result
        self._body = []
        self.transport.write(request)

    def dataReceived(self, data):
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._finish(0, f"not an HTTP answer: {error}".encode())
            self.transport.abortConnection()

    def connectionMade(self):
        self._free(self)

    def connectionLost(self, reason):
        self._parser = None
        self._stays = False
        self._gone(self)
        self._finish(0, reason.getErrorMessage().encode())

    def on_headers_complete(self):
        self._stays = self._parser.should_keep_alive()

    def on_body(self, data):
        self._body.append(data)

    def on_message_complete(self):
        status = self._parser.get_status_code()
        if status == 100:
            return
        self._finish(status, b"".join(self._body))

    def _finish(self, status: int, body: bytes) -> None:
        result, self._result = self._result, None
        if result is None:
            return
        if self._stays:
            self._free(self)
        elif self.transport is not None:
            self.transport.loseConnection()
        result(status, body)


class Pool:
    """At most `connections` wires to one gateway port, opened when needed and kept."""

    def __init__(self, reactor, host: str, port: int, connections: int):
        self._reactor = reactor
        self._address = (host, port)
        self._connections_max = connections
        self._host = f"{host}:{port}".encode()
        self._idle: list[Wire] = []
        self._open = 0  # or being opened
        self._wires: set[Wire] = set()
        self._waiting: deque[tuple[bytes, Result]] = deque()

    def post(self, path: bytes, body: bytes, result: Result) -> None:
        """Sends a form over a free connection; `result(status, body)` is called once."""
        self.send(request_bytes(self._host, path, body), result)

    def send(self, request: bytes, result: Result) -> None:
        """Sends these bytes, whatever they are, as one request."""
        if self._idle:
            self._idle.pop().ask(request, result)
        elif len(self._waiting) >= WAITING_MAX:
            result(0, b"too many requests wait for a free connection")
        else:
            self._waiting.append((request, result))
            self._open_one()

    def host(self) -> bytes:
        """What stands in the Host header."""
        return self._host

    def connect_alone(self, protocol: Protocol, failed: Callable[[bytes], None]) -> None:
        """Connects a protocol of its own, beside the pool: for faults."""
        self._reactor.connectTCP(*self._address, _Once(protocol, failed), timeout=CONNECT_TIMEOUT_S)

    def close(self) -> None:
        """Drops the connections; requests under way get status 0."""
        for wire in tuple(self._wires):
            wire.transport.abortConnection()

    def _open_one(self) -> None:
        if self._open < self._connections_max:
            self._open += 1
            self.connect_alone(Wire(self._take, self._lost), self._not_connected)

    def _take(self, wire: Wire) -> None:
        self._wires.add(wire)
        if self._waiting:
            wire.ask(*self._waiting.popleft())
        else:
            self._idle.append(wire)

    def _lost(self, wire: Wire) -> None:
        self._open -= 1
        self._wires.discard(wire)
        if wire in self._idle:
            self._idle.remove(wire)
        if self._waiting:
            self._open_one()

    def _not_connected(self, why: bytes) -> None:
        self._open -= 1
        if self._open == 0:
            waiting, self._waiting = self._waiting, deque()
            for _, result in waiting:
                result(0, why)


class _Once(ClientFactory):
    """Connects one given protocol."""

    noisy = False

    def __init__(self, protocol: Protocol, failed: Callable[[bytes], None]):
        self._protocol = protocol
        self._failed = failed

    def buildProtocol(self, addr):
        return self._protocol

    def clientConnectionFailed(self, connector, reason):
        self._failed(reason.getErrorMessage().encode())
