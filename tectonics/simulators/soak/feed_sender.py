"""The recharge system at the other end of the prepaid feed: it sends each record until it is taken.

A record is settled by `OK` or `DUP`.  After a lost connection everything that was not answered is
sent again, in its order; `ERR ... send it again` is sent again after a pause; any other `ERR` is the
record's end.  Bound: whoever sends waits for the answer, so there are as many records as senders.
"""

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from tectonics.ports import Clock

RETRY_S = (0.05, 0.5)  # the first and the longest wait before it connects again
AGAIN_S = 0.1  # before a record that was refused for now is sent again
AGAIN = "send it again"


class FeedSender:
    """Sends records over `endpoint` (a Twisted client endpoint)."""

    def __init__(self, endpoint, clock: Clock) -> None:
        self.resent = 0
        self._clock = clock
        self._unanswered: dict[str, tuple[bytes, Deferred]] = {}
        self._line: _Line | None = None
        self._service = ClientService(endpoint, Factory.forProtocol(lambda: _Line(self)),
                                      backoffPolicy(*RETRY_S), clock)

    def start(self) -> None:
        """Connects, and again after each loss."""
        self._service.startService()

    def stop(self) -> Deferred:
        """Disconnects for good."""
        return self._service.stopService()

    def send(self, id: str, record: bytes) -> Deferred[str]:
        """`OK`, `DUP` or the final `ERR ...` to the record with this id."""
        settled: Deferred[str] = Deferred()
        self._unanswered[id] = record, settled
        if self._line is not None:
            self._line.sendLine(record)
        return settled

    def connected(self, line: "_Line") -> None:
        """For the connection: it stands."""
        self._line = line
        for record, _ in self._unanswered.values():
            self.resent += 1
            line.sendLine(record)

    def disconnected(self, line: "_Line") -> None:
        """For the connection: it is lost."""
        if self._line is line:
            self._line = None

    def answered(self, answer: str) -> None:
        """For the connection: one answer."""
        word, _, rest = answer.partition(" ")
        id, _, reason = rest.partition(" ")
        if id not in self._unanswered:
            return
        if word == "ERR" and reason.endswith(AGAIN):
            self._clock.callLater(AGAIN_S, self._again, id)
            return
        _, settled = self._unanswered.pop(id)
        settled.callback(f"ERR {reason}" if word == "ERR" else word)

    def _again(self, id: str) -> None:
        if self._line is not None and id in self._unanswered:
            self.resent += 1
            self._line.sendLine(self._unanswered[id][0])


class _Line(LineOnlyReceiver):
    delimiter = b"\n"

    def __init__(self, sender: FeedSender) -> None:
        self._sender = sender

    def connectionMade(self) -> None:
        self._sender.connected(self)

    def connectionLost(self, reason) -> None:
        self._sender.disconnected(self)

    def lineReceived(self, line: bytes) -> None:
        self._sender.answered(line.decode())
