"""The live ticket stream (TCP 7070): connect and read, one ticket a line, from now on.

Nothing is remembered for a client: who must not miss a ticket uses the acknowledged stream.  A
client that reads too slowly gets its tickets into a buffer of its own; when that is full it is
dropped and counted, so the daemon never waits for anybody.  What a client sends is thrown away.
Bounds: `clients_max` connections (one more is told so and closed), `buffer_bytes_max` each.  When
the process dies here the clients see the connection close, and lose what was committed meanwhile.
"""

from collections.abc import Sequence

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import Logger
from zope.interface import implementer

from tectonics.ports import Metrics, TicketLine, TicketLog

CLIENTS_MAX = 32
BUFFER_BYTES_MAX = 4 * 1024 * 1024


class LiveTickets(ServerFactory):
    """The listener: give it to an endpoint."""

    noisy = False
    log = Logger()

    def __init__(self, tickets: TicketLog, metrics: Metrics, clients_max: int = CLIENTS_MAX,
                 buffer_bytes_max: int = BUFFER_BYTES_MAX) -> None:
        self.clients: dict[_LiveClient, None] = {}  # in the order in which they came
        self.metrics = metrics
        self.clients_max = clients_max
        self.buffer_bytes_max = buffer_bytes_max
        tickets.subscribe(self._committed)

    def buildProtocol(self, addr) -> "_LiveClient":
        """A client has connected."""
        return _LiveClient(self)

    def close(self) -> None:
        """Ends every connection, after what is in their buffers."""
        for client in list(self.clients):
            client.transport.unregisterProducer()
            client.transport.loseConnection()

    def _committed(self, lines: Sequence[TicketLine]) -> None:
        if self.clients and lines:
            data = b"".join(line.line + b"\n" for line in lines)
            for client in list(self.clients):
                client.send(data)


@implementer(IPushProducer)
class _LiveClient(Protocol):
    """One connection; the producer interface tells it when the socket is full."""

    def __init__(self, listener: LiveTickets) -> None:
        self._listener = listener
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._paused = False

    def connectionMade(self) -> None:
        """Takes part from now on, if there is room."""
        listener = self._listener
        if len(listener.clients) >= listener.clients_max:
            self.transport.write(b"ERR %d clients are connected already\n" % listener.clients_max)
            self.transport.loseConnection()
            return
        listener.clients[self] = None
        self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(self, True)

    def connectionLost(self, reason) -> None:
        """Gone, with its buffer."""
        self._listener.clients.pop(self, None)
        self._waiting.clear()

    def send(self, data: bytes) -> None:
        """Passes `data` on, or keeps it; drops the client whose buffer would be too large."""
        if not self._paused:
            self.transport.write(data)
        elif self._waiting_bytes + len(data) <= self._listener.buffer_bytes_max:
            self._waiting.append(data)
            self._waiting_bytes += len(data)
        else:
            self._drop()

    def pauseProducing(self) -> None:
        """The socket is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The socket takes more."""
        self._paused = False
        data, self._waiting, self._waiting_bytes = b"".join(self._waiting), [], 0
        if data:
            self.transport.write(data)

    def stopProducing(self) -> None:
        """The connection is over; connectionLost follows."""

    def _drop(self) -> None:
        listener = self._listener
        listener.clients.pop(self, None)
        listener.metrics.count("tectonics_ticket_consumers_dropped_total", "live")
        listener.log.warn("A client of the live ticket stream at {peer} read too slowly, "  # noqa: G010
                          "it was dropped.", peer=self.transport.getPeer().host)
        self.transport.unregisterProducer()
        self.transport.abortConnection()
