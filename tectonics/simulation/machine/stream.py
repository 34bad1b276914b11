"""One connection: two ends, and between them what has been written and has not arrived.

An end behaves as Twisted's TCP connection: writing never blocks, a producer is paused while more than
HIGH_BYTES wait, `loseConnection` sends what waits first, half-closing is for those who know it.  At most
WINDOW_BYTES are on their way or unread, so a reader who pauses stops the writer.

Closing while bytes are unread, or being written to after closing, resets the connection: the peer may
lose what it had not read yet (RFC 9293 section 3.6.1).
"""

import struct
from collections import deque
from collections.abc import Callable
from itertools import pairwise

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, ITCPTransport
from twisted.python.failure import Failure
from zope.interface import implementer

HIGH_BYTES = 64 * 1024
WINDOW_BYTES = 64 * 1024
PIECES_MAX = 4
OVERTAKING = 0.5  # share of resets that come before what was sent earlier
DONE, LOST = Failure(ConnectionDone()), Failure(ConnectionLost())
FINISH, RESET = object(), object()  # what can arrive besides bytes


def join(one: "End", other: "End") -> None:
    """Makes a connection of two ends."""
    one.other, other.other = other, one


@implementer(ITCPTransport)
class End:
    """The transport of one side."""

    def __init__(self, network, link, process, address, connector=None) -> None:
        self.network, self.link, self.process, self.address = network, link, process, address
        self.other: End
        self.protocol = None
        self.connected = self.disconnecting = self.disconnected = False
        self._connector = connector
        self._waiting = bytearray()  # written and not sent
        self._outstanding = 0  # bytes sent that the other side has not read
        self._coming: deque = deque()  # what is on its way here, in order
        self._due_s = 0.0  # when the last of it is due
        self._unread: deque = deque()  # what has arrived while nobody reads
        self._reading = True
        self._write_closed = self._finishing = self._peer_finished = False
        self._producer, self._streaming, self._paused = None, False, False

    # --- what arrives

    def on_arrival(self, first: Callable[[], None]) -> None:
        """What happens when the other side's first word arrives here: it is connected."""
        self._arrives(first)

    def begin(self, protocol) -> None:
        """Somebody is there."""
        self.protocol, self.connected = protocol, True
        protocol.makeConnection(self)

    def _arrives(self, item) -> None:
        """Puts something on its way here, behind what is already."""
        self._coming.append(item)
        timeline = self.network.timeline
        self._due_s = max(self._due_s, timeline.now_s + self.network.latency(self.link))
        timeline.call(self._due_s - timeline.now_s, self.process, self._arrived)

    def expect(self, late_s: float) -> None:
        """Looks again so much later for what has been held up."""
        timeline = self.network.timeline
        self._due_s = max(self._due_s, timeline.now_s + late_s)
        timeline.call(self._due_s - timeline.now_s, self.process, self._arrived)

    def reset(self, late_s: float) -> None:
        """The connection is lost, which shows so much later; what is on its way may be lost with it."""
        if self.network.chance.random() < OVERTAKING:
            self._coming.appendleft(RESET)
        else:
            self._coming.append(RESET)
        self.network.timeline.call(late_s, self.process, self._arrived)

    def _arrived(self) -> None:
        if self.link.parted:
            self.link.blocked.append(self)
            return
        if not self._coming:
            return
        item = self._coming.popleft()
        if item is RESET:
            self.lose(LOST)
        elif callable(item):
            item()
        elif self.disconnected or self.protocol is None:
            if item is not FINISH:
                self._refuse()
        elif self._unread or not self._reading:
            self._unread.append(item)
        else:
            self._take(item)

    def _take(self, item) -> None:
        if item is FINISH:
            self._finished()
            return
        other = self.other
        other._outstanding -= len(item)
        if other._waiting:
            other.process.call(0, other._send)
        self.protocol.dataReceived(item)

    def _read(self) -> None:
        if self._unread and self._reading and self.connected:
            item = self._unread.popleft()
            if self._unread:
                self.process.call(0, self._read)
            self._take(item)

    def _finished(self) -> None:
        """The other side says no more."""
        self._peer_finished = True
        if IHalfCloseableProtocol.providedBy(self.protocol):
            self.protocol.readConnectionLost()
        else:
            self.lose(DONE)

    def _refuse(self) -> None:
        """Bytes for a connection that is over here."""
        self.other.reset(self.network.latency(self.link))

    def desert(self) -> None:
        """Gives the connection up as lost; what has been sent still arrives, and then that it is over."""
        if not self.disconnected:
            self.other._arrives(FINISH)
            self.lose(LOST)

    def die(self) -> None:
        """Its process is dead: nobody is told, and nothing more is sent."""
        self.connected, self.disconnected = False, True
        self.network.forget(self)

    def lose(self, reason: Failure) -> None:
        """It is over here; once."""
        if self.disconnected:
            return
        self.connected, self.disconnected = False, True
        self.network.forget(self)
        if self._unread and self.process.alive:
            self._refuse()
        self._waiting.clear()
        self._unread.clear()
        producer, self._producer = self._producer, None
        if not self.process.alive or self.protocol is None:
            return
        if producer is not None:
            producer.stopProducing()
        protocol, self.protocol = self.protocol, None
        protocol.connectionLost(reason)
        if self._connector is not None:
            self._connector.lost(reason)

    # --- writing

    def write(self, data: bytes) -> None:
        """Sends, now or later."""
        if not self.connected or self._write_closed or not data:
            return
        if not self._waiting and len(data) <= WINDOW_BYTES - self._outstanding and not self.link.torn:
            self._outstanding += len(data)
            self.other._arrives(data)
            return
        self._waiting += data
        self._send()
        if len(self._waiting) > HIGH_BYTES and self._producer is not None and not self._paused:
            self._paused = True
            self._producer.pauseProducing()

    def writeSequence(self, pieces) -> None:
        """Sends them all."""
        self.write(b"".join(pieces))

    def _send(self) -> None:
        room = WINDOW_BYTES - self._outstanding
        if self._waiting and room > 0 and self.connected:
            data = bytes(self._waiting[:room])
            del self._waiting[:room]
            self._outstanding += len(data)
            for piece in self._pieces(data):
                self.other._arrives(piece)
        if not self._waiting:
            self._emptied()

    def _pieces(self, data: bytes) -> list[bytes]:
        chance = self.network.chance
        if not self.link.torn or chance.random() >= self.link.torn or len(data) < 2:
            return [data]
        cuts = sorted({0, len(data), *(chance.randrange(1, len(data)) for _ in range(PIECES_MAX - 1))})
        return [data[start:end] for start, end in pairwise(cuts)]

    def _emptied(self) -> None:
        if self._producer is not None and self._paused:
            self._paused = False
            self.process.call(0, self._resume, self._producer)
        elif self.disconnecting:
            self.process.call(0, self._close)
        elif self._write_closed and not self._finishing:
            self.process.call(0, self._half_close)

    def _resume(self, producer) -> None:
        if self._producer is producer and not self._paused:
            producer.resumeProducing()

    # --- closing

    def loseConnection(self) -> None:
        """Closes once everything is sent; nothing more is read."""
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._reading = False
            if not self._waiting:
                self.process.call(0, self._close)

    def _close(self) -> None:
        if self.connected and not self._waiting:
            if not self._unread and not self._finishing:
                self.other._arrives(FINISH)
            self.lose(DONE)

    def loseWriteConnection(self) -> None:
        """Says no more once everything is sent, and goes on reading."""
        if self.connected and not self._write_closed:
            self._write_closed = True
            if not self._waiting:
                self.process.call(0, self._half_close)

    def _half_close(self) -> None:
        if self.connected and not self._finishing:
            self._finishing = True
            self.other._arrives(FINISH)
            if IHalfCloseableProtocol.providedBy(self.protocol):
                self.protocol.writeConnectionLost()

    def abortConnection(self) -> None:
        """Resets it."""
        if not self.disconnected:
            self.disconnecting = True
            self._reading = False
            self._waiting.clear()
            self._unread.clear()
            self._refuse()
            self.process.call(0, self.lose, Failure(ConnectionAborted()))

    # --- producers: the protocol's own, and we as one

    def registerProducer(self, producer, streaming: bool) -> None:
        """`producer` is paused while too much waits."""
        if self._producer is not None:
            raise RuntimeError("there is a producer already")
        if self.disconnected:
            producer.stopProducing()
            return
        self._producer, self._streaming, self._paused = producer, streaming, not streaming
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Nobody is told any more."""
        self._producer = None
        if self.disconnecting and not self._waiting:
            self.process.call(0, self._close)

    def pauseProducing(self) -> None:
        """Reads no more."""
        self._reading = False

    def resumeProducing(self) -> None:
        """Reads again."""
        if self.connected and not self.disconnecting and not self._reading:
            self._reading = True
            if self._unread:
                self.process.call(0, self._read)

    def stopProducing(self) -> None:
        """As a producer for somebody else."""
        self.loseConnection()

    # --- what it is

    def getPeer(self):
        """The other side's address."""
        return self.other.address

    def getHost(self):
        """This side's address."""
        return self.address

    def getHandle(self) -> "Credentials":
        """What the kernel knows of the other side of a UNIX socket."""
        return Credentials()

    def getTcpNoDelay(self) -> bool:
        """Nothing is held back here."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Nothing is held back here."""

    def getTcpKeepAlive(self) -> bool:
        """The network tells of dead peers."""
        return True

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """The network tells of dead peers."""


class Credentials:
    """A socket that answers SO_PEERCRED (unix(7)): whoever connects in the world is root."""

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Process, user, group."""
        return struct.pack("3i", 1, 0, 0)[:size]
