"""Sends one mail over a connection of its own, slowly or in part where that is ordered."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol

from tectonics.ports import Clock
from tectonics.simulators.mailbox.faults import DRIP, LEAVE, PART, Faults
from tectonics.wire.smtp.client import Client, Envelope, Over, Secure
from tectonics.wire.smtp.syntax import Reply

LOST = Reply(421, "the connection was lost")


def send(endpoint: IStreamClientEndpoint, envelope: Envelope, clock: Clock, faults: Faults | None = None,
         name: str = "mailbox.example", encryption: Callable[[], object] | None = None) -> Deferred[Reply]:
    """What the peer says of it in the end; LOST where it says nothing. Fails where there is no peer; cancelled it hangs up."""
    sending = Sending(Client(name, envelope, must_encrypt=encryption is not None), clock, faults or Faults(), encryption)
    return endpoint.connect(Factory.forProtocol(lambda: sending)).addCallback(lambda _: sending.over)


class Sending(Protocol):
    """One mail on its way."""

    def __init__(self, client: Client, clock: Clock, faults: Faults, encryption: Callable[[], object] | None) -> None:
        self._client, self._clock, self._faults, self._encryption = client, clock, faults, encryption
        self._drips, self._breaks, self._leaves = faults.strikes(DRIP), faults.strikes(PART), faults.strikes(LEAVE)
        self._waiting, self._closes = bytearray(), False
        self.over: Deferred[Reply] = Deferred(lambda _: self.transport.abortConnection())

    def dataReceived(self, data: bytes) -> None:
        """What the peer says."""
        events, in_mail = self._client.receive(data), data.startswith(b"354")
        if in_mail and self._breaks:
            self.transport.write(bytes(self._client.out[:len(self._client.out) // 2]))
            self.transport.loseConnection()
            return
        for event in events:
            if isinstance(event, Secure):
                self.transport.startTLS(self._encryption())
                self._client.secured()
            elif isinstance(event, Over):
                self._closes = True
                self._tell(event.reply)
        self._closes |= in_mail and self._leaves
        self._flush()

    def connectionLost(self, reason) -> None:
        """Before it was over, perhaps."""
        self._waiting.clear()
        self._tell(LOST)

    def _flush(self) -> None:
        idle = not self._waiting
        self._waiting += self._client.out
        self._client.out.clear()
        if not self._drips:
            self.transport.write(bytes(self._waiting))
            self._waiting.clear()
        elif idle and self._waiting:
            self._drip()
        if self._closes and not self._waiting:
            self.transport.loseConnection()

    def _drip(self) -> None:
        if self._waiting:
            self.transport.write(bytes(self._waiting[:1]))
            del self._waiting[:1]
            self._clock.callLater(self._faults.slow_s, self._drip)
        elif self._closes:
            self.transport.loseConnection()

    def _tell(self, reply: Reply) -> None:
        if not self.over.called:
            self.over.callback(reply)
