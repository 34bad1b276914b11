"""SIP over TCP: a connection of a peer brings requests and takes their answers (RFC 3261, section 18).

We open none: an answer whose connection is gone is lost, and the peer gives up by its own timers.  A peer that does
not read is not read either, so what waits for it stays within Twisted's buffer and what that bound lets through.
Bounds: CONNECTIONS_MAX, a further one is closed; IDLE_S of silence; strangers are closed at once.
"""

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.policies import TimeoutMixin
from zope.interface import implementer

from tectonics.links.sip.exchange import Exchange, User
from tectonics.ports import Clock
from tectonics.wire.sip.message import Unreadable
from tectonics.wire.sip.stream import Stream

CONNECTIONS_MAX = 1000
IDLE_S = 600.0


@implementer(IPushProducer)
class Line(TimeoutMixin, Protocol):
    """One connection."""

    def __init__(self, lines: "Lines") -> None:
        self._lines, self._stream, self._peer = lines, Stream(), ""

    def connectionMade(self) -> None:
        """Known and within the bound, or closed."""
        self._peer = self._lines.joined(self, self._host())
        if not self._peer:
            self.transport.abortConnection()
            return
        self.callLater = self._lines.clock.callLater
        self.setTimeout(IDLE_S)
        self.transport.registerProducer(self, True)

    def _host(self) -> str:
        return getattr(self.transport.getPeer(), "host", "")

    def dataReceived(self, data: bytes) -> None:
        """Some octets."""
        if not self._peer:
            return
        self.resetTimeout()
        address, exchange = self.transport.getPeer(), self._lines.exchange
        try:
            for message in self._stream.feed(data):
                if isinstance(message, Unreadable):
                    exchange.unreadable(message, self._peer, address.host, address.port, self)
                else:
                    exchange.message(message, self._peer, address.host, address.port, self)
        except Unreadable as error:
            exchange.unreadable(error, self._peer, address.host, address.port, self)
            self.transport.loseConnection()

    def send(self, octets: bytes) -> None:
        """To the peer, if it is still there."""
        if self._peer:
            self.transport.write(octets)
        else:
            self._lines.exchange.drop("unsent")

    def connectionLost(self, reason=connectionDone) -> None:
        """It is gone."""
        self.setTimeout(None)
        self._peer = ""
        self._lines.left(self)

    # --- IPushProducer: what waits to be written says when it is too much

    def pauseProducing(self) -> None:
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self.transport.resumeProducing()

    def stopProducing(self) -> None:
        self.transport.loseConnection()


class Lines(Factory):
    """The connections of one port."""

    noisy = False

    def __init__(self, exchange: Exchange, user: User, clock: Clock, connections_max: int = CONNECTIONS_MAX) -> None:
        self.exchange, self.clock = exchange, clock
        self._user, self._most = user, connections_max
        self._open: set[Line] = set()

    def buildProtocol(self, addr) -> Line:
        """One connection."""
        return Line(self)

    def joined(self, line: Line, host: str) -> str:
        """The name of who is there; empty: he has to leave."""
        peer = self._user.peer(host)
        if not peer or len(self._open) >= self._most:
            self.exchange.drop("connection" if peer else "stranger")
            return ""
        self._open.add(line)
        return peer

    def left(self, line: Line) -> None:
        """One is gone."""
        self._open.discard(line)

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("SIP connections", len(self._open), self._most)]

    def close(self) -> None:
        """Closes all."""
        for line in tuple(self._open):
            line.transport.loseConnection()
