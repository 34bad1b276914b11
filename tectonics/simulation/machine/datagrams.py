"""Datagrams between machines: as UDP is, each comes or does not, and nobody is told.

Who speaks UDP speaks of addresses, not names: each machine has one (`address_of`), made from its name.  A datagram takes as
long as anything else between the two machines; during a partition, and where nobody listens, it is lost.  More is made
to go wrong by the peers, who lose, double and delay what they are told and what they say.
"""

from zlib import crc32

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from zope.interface import implementer

Place = tuple[str, int]  # address, port number


def address_of(machine: str) -> str:
    """A machine's."""
    number = crc32(machine.encode())
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class Datagrams:
    """All sockets of a network."""

    def __init__(self, network) -> None:
        self.network = network
        self._sockets: dict[Place, Socket] = {}

    def open(self, process, number: int, protocol) -> "Socket":
        """A socket of that port number, with a DatagramProtocol behind it."""
        place = address_of(process.name), number
        if place in self._sockets:
            raise CannotListenError(*place, OSError(98, "Address already in use"))
        socket = self._sockets[place] = Socket(self, process, place, protocol)
        protocol.makeConnection(socket)
        return socket

    def close(self, socket: "Socket") -> None:
        """It hears nothing more."""
        if self._sockets.get(socket.place) is socket:
            del self._sockets[socket.place]

    def died(self, process) -> None:
        """Its sockets are gone."""
        for socket in [one for one in self._sockets.values() if one.process is process]:
            self.close(socket)

    def send(self, octets: bytes, sender: "Socket", to: Place) -> None:
        """On the way."""
        heard = self._sockets.get(to)
        if heard is None or not sender.process.alive:
            return
        link = self.network.link(sender.process.name, heard.process.name)
        if not link.parted:
            sent_at = heard.process.machine.monotonic()
            heard.process.call(self.network.latency(link), heard.hear, octets, sender.place, sent_at)


@implementer(IListeningPort)
class Socket:
    """One of a process; also the transport of its protocol."""

    def __init__(self, datagrams: Datagrams, process, place: Place, protocol) -> None:
        self.process, self.place, self.protocol = process, place, protocol
        self._datagrams = datagrams
        self._open = True
        self.socket = self  # whose options nobody needs
        self.sent_at = 0.0  # when the datagram at hand was sent, by the clock of this machine: a simulator may bear witness to that

    def setsockopt(self, *option) -> None:
        """There is no buffer."""

    def startListening(self) -> None:
        """It listens already."""

    def getHost(self) -> IPv4Address:
        """Where it listens."""
        return IPv4Address("UDP", *self.place)

    def write(self, octets: bytes, to: Place) -> None:
        """Sends one."""
        if self._open:
            self._datagrams.send(octets, self, to)

    def hear(self, octets: bytes, sender: Place, sent_at: float) -> None:
        """One has come."""
        if self._open:
            self.sent_at = sent_at
            self.protocol.datagramReceived(octets, sender)

    def stopListening(self) -> Deferred:
        """Fires when it is over."""
        stopped: Deferred = Deferred()
        if self._open:
            self._open = False
            self._datagrams.close(self)
            self.process.call(0, self._stopped, stopped)
        else:
            stopped.callback(None)
        return stopped

    def _stopped(self, stopped: Deferred) -> None:
        self.protocol.doStop()
        stopped.callback(None)
