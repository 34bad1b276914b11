"""Which of several daemons is asked: as gateways and recharge systems with a list of addresses do it.

A session stays with the daemon that serves it.  When that one gives no answer, or says 503, the same
POST goes to the next: it must get the bytes that were committed, or be asked again what it agrees to.
"""

import random
from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tectonics.simulators.ussd_gateway import Gateway, GatewayFault, Handset, Steps

CODE = "*133#"


class Routes:
    """Ports of several daemons, for many sessions; `seed` gives their ids and where each begins."""

    def __init__(self, gateways: Sequence[Gateway], seed: int) -> None:
        self.gateways = gateways
        self._random = random.Random(seed)

    def dial(self, msisdn: str, at: int | None = None) -> Handset:
        """Begins a session, with the daemon number `at` or with any."""
        begin = self._random.randrange(len(self.gateways)) if at is None else at
        session = f"S{self._random.getrandbits(96):024x}"
        return Handset(Route(self.gateways, begin), Steps(msisdn, CODE, session))


class Route:
    """The way of one session; what a Handset needs of a Gateway."""

    def __init__(self, gateways: Sequence[Gateway], begin: int) -> None:
        self._gateways, self._at = gateways, begin

    def raw(self, body: bytes) -> Deferred[tuple[int, bytes]]:
        """POSTs a step where the session is; after a fault the session is elsewhere."""
        at = self._at
        return self._gateways[at % len(self._gateways)].raw(body).addCallbacks(
            self._answered, self._failed, callbackArgs=(at,), errbackArgs=(at,))

    def _answered(self, answer: tuple[int, bytes], at: int) -> tuple[int, bytes]:
        if answer[0] == 503:
            self._leave(at)
        return answer

    def _failed(self, failure: Failure, at: int) -> Failure:
        if failure.check(GatewayFault):
            self._leave(at)
        return failure

    def _leave(self, at: int) -> None:
        if self._at == at:  # of several requests at once, the first that fails
            self._at = at + 1


class InTurn:
    """A client endpoint that is another of `endpoints` each time it connects."""

    def __init__(self, endpoints: Sequence) -> None:
        self._endpoints, self._connections = endpoints, 0

    def connect(self, factory) -> Deferred:
        """Connects to the next."""
        endpoint = self._endpoints[self._connections % len(self._endpoints)]
        self._connections += 1
        return endpoint.connect(factory)
