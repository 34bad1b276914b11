"""Every bind to the peers of one channel: one way out, one way in."""

import random
from collections.abc import Callable, Mapping, Sequence

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IStreamClientEndpoint

from tectonics.config.smpp import SmppAccount
from tectonics.links.smpp.outcome import Submission, Unsent
from tectonics.links.smpp.peer import Peer
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.smpp.pdus import Request

QUEUE_MAX = 20_000


class Binds:
    """The sessions of one channel with all its peers."""

    def __init__(self, accounts: Sequence[SmppAccount], endpoints: Callable[[str], IStreamClientEndpoint],
                 clock: Clock, metrics: Metrics, alarms: Alarms, *, passwords: Mapping[str, str], channel: str,
                 jitter: Callable[[], float] = random.random, queue_max: int = QUEUE_MAX) -> None:
        self.heard: Callable[[Peer, Request], None] | None = None
        self.late: Callable[[Request, str, str], None] | None = None

    def start(self) -> None:
        """Connects, and again after each loss, until stop()."""

    def stop(self) -> Deferred[None]:
        """What is queued is Unsent, what is on its way gets a moment, then unbind; fires when all is closed."""
        return succeed(None)

    def submit(self, request: Request, priority: int, until_s: float, account: str = "",
               session: Peer | None = None) -> Deferred[Submission]:
        """Sends a SubmitSm or DataSm; what became of it. It never fails."""
        return succeed(Unsent("nobody is bound"))

    @property
    def bound(self) -> int:
        """How many sessions are bound now."""
        return 0

    def loads(self) -> list[tuple[str, int, int]]:
        """(name, depth, bound) of the queue."""
        return []

    def shown(self) -> list[dict]:
        """The sessions, for people."""
        return []
