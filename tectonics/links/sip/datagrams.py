"""SIP over UDP: one socket for all peers.

Twisted reads at most 256 KiB of datagrams in a row before others have their turn; what comes faster than we read waits
in the socket's buffer and is lost there when that is full.  UDP promises no more, and callers repeat what they say.
"""

import socket

from twisted.internet.protocol import DatagramProtocol

from tectonics.links.sip.exchange import Exchange

DATAGRAM_OCTETS_MAX = 65_535
BUFFER_OCTETS = 4 << 20  # wished for; Linux gives at most net.core.rmem_max


class Datagrams(DatagramProtocol):
    """Gives each datagram to the exchange, and writes its answers."""

    noisy = False

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def startProtocol(self) -> None:
        """The socket is open."""
        self._exchange.datagrams = self.transport
        self.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)

    def stopProtocol(self) -> None:
        """It is closed."""
        self._exchange.datagrams = None

    def datagramReceived(self, datagram: bytes, addr: tuple) -> None:
        """From (host, port, ...)."""
        self._exchange.datagram(datagram, addr[0], addr[1])
