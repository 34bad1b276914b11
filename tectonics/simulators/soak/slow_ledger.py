"""Makes the ledger take its time, as real ones do: what is done and not yet answered is what kills find.

The delay is asked for anew each time the ledger has come back; it lies between the write and its
answer.
"""

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from tectonics.ports import Clock
from tectonics.wire.ledger import AskFaults, encode

RETRY_S = (0.02, 0.2)


class SlowLedger:
    """Asks the ledger at `endpoint` (a Twisted client endpoint) to answer `delay_s` late."""

    def __init__(self, endpoint, delay_s: float, clock: Clock) -> None:
        self._service = ClientService(endpoint, Factory.forProtocol(lambda: _Asking(delay_s)),
                                      backoffPolicy(*RETRY_S), clock)

    def start(self) -> None:
        """Connects, and again after each loss."""
        self._service.startService()

    def stop(self) -> Deferred:
        """Disconnects."""
        return self._service.stopService()


class _Asking(Protocol):
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def connectionMade(self) -> None:
        self.transport.write(encode(AskFaults(1, {"delay_s": self._delay_s})))
