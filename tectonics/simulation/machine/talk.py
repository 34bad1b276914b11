"""Peers that speak in lines: the prepaid feed's (answers in order) and the operator's (answers by number).

Each keeps one connection, opens it when there is something to say, and fails what has no answer when it is
lost: to say it again is for whoever asked.
"""

from collections import deque

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure as Fault

from tectonics.domain.errors import TheirFault
from tectonics.wire.control import ANSWER_BYTES_MAX, Failure, Request, decode_answer, encode_request
from tectonics.wire.feed import LINE_BYTES_MAX
from tectonics.wire.lines import Lines

CONNECT_S = 5.0


class LinePeer:
    """One connection to `address`, of lines."""

    def __init__(self, process, address, line_bytes_max: int) -> None:
        self._process, self._address, self._line_bytes_max = process, address, line_bytes_max
        self._line: _Line | None = None
        self._connecting = False
        self._unsent: list[bytes] = []

    def drop(self) -> None:
        """Loses the connection."""
        if self._line is not None:
            self._line.transport.abortConnection()

    def say(self, line: bytes) -> None:
        """Sends a line, over a new connection where there is none."""
        if self._line is not None:
            self._line.transport.write(line)
            return
        self._unsent.append(line)
        if not self._connecting:
            self._connecting = True
            network = self._process.machine.network
            network.connect(self._process, self._address, _Once(self), CONNECT_S)

    def opened(self, line: "_Line") -> None:
        """There is a connection."""
        self._line, self._connecting = line, False
        unsent, self._unsent = self._unsent, []
        line.transport.write(b"".join(unsent))

    def ended(self) -> None:
        """There is none, any more or at all."""
        self._line, self._connecting = None, False
        self._unsent.clear()
        self.lost()

    def heard(self, line: bytes | None) -> None:
        """An answer."""

    def lost(self) -> None:
        """No answer comes to whatever was said."""

    def lines(self) -> Lines:
        """How answers are read."""
        return Lines(self._line_bytes_max)


class FeedPeer(LinePeer):
    """Tells records on the prepaid feed."""

    def __init__(self, process, address) -> None:
        super().__init__(process, address, LINE_BYTES_MAX)
        self._waiting: deque[Deferred] = deque()

    def send(self, line: bytes) -> Deferred[bytes]:
        """The answer to a record (a line without its end); fails with ConnectionLost."""
        answer: Deferred[bytes] = Deferred()
        self._waiting.append(answer)
        self.say(line + b"\n")
        return answer

    def heard(self, line: bytes | None) -> None:
        """The answer to the oldest."""
        if self._waiting:
            self._waiting.popleft().callback(line or b"")

    def lost(self) -> None:
        """Nobody is answered any more."""
        waiting, self._waiting = self._waiting, deque()
        for answer in waiting:
            answer.errback(ConnectionLost())


class OperatorPeer(LinePeer):
    """Calls methods of the administration on the control socket."""

    def __init__(self, process, address) -> None:
        super().__init__(process, address, ANSWER_BYTES_MAX)
        self._waiting: dict[int, Deferred] = {}
        self._last = 0

    def call(self, method: str, params: dict | None = None) -> Deferred:
        """What it answers; fails with a TheirFault that has its sentence, or with ConnectionLost."""
        self._last += 1
        answer = self._waiting[self._last] = Deferred()
        self.say(encode_request(Request(self._last, method, params or {})))
        return answer

    def heard(self, line: bytes | None) -> None:
        """The answer to one of them."""
        told = decode_answer(line)
        answer = self._waiting.pop(told.id, None)
        if answer is None:
            return
        if isinstance(told, Failure):
            answer.errback(TheirFault(told.text))
        else:
            answer.callback(told.result)

    def lost(self) -> None:
        """Nobody is answered any more."""
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.errback(ConnectionLost())


class _Line(Protocol):
    """One connection."""

    def __init__(self, peer: LinePeer) -> None:
        self._peer = peer
        self._lines = peer.lines()

    def connectionMade(self) -> None:
        self._peer.opened(self)

    def dataReceived(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            self._peer.heard(line)

    def connectionLost(self, reason: Fault) -> None:
        self._peer.ended()


class _Once(ClientFactory):
    """Connects once."""

    noisy = False

    def __init__(self, peer: LinePeer) -> None:
        self._peer = peer

    def buildProtocol(self, addr) -> _Line:
        return _Line(self._peer)

    def clientConnectionFailed(self, connector, reason: Fault) -> None:
        self._peer.ended()
