"""One of an account's sessions, kept up: connects, and again after each loss, waiting longer each time.

The pause doubles with each attempt that did not lead to a session of STEADY_S, up to PAUSE_S_MAX; chance takes up to
half of it away, so that not all come back at once after a fault of many.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from tectonics.links.smpp.line import Line
from tectonics.links.smpp.peer import Peer
from tectonics.ports import Clock

STEADY_S = 10.0
PAUSE_S_MAX = 60.0
IDLE, CONNECTING, WAITING = "idle", "connecting", "waiting"

_log = Logger()


class Seat:
    """Who sits here changes with each connection: `line`, and `peer` while it is bound."""

    def __init__(self, name: str, endpoint: IStreamClientEndpoint, make: Callable[["Seat"], Line], clock: Clock,
                 reconnect_s: float, jitter: Callable[[], float]) -> None:
        self.name = name  # "smsc1/2"
        self.line: Line | None = None  # of this attempt, connected or not
        self.peer: Peer | None = None
        self.why = ""  # the last session or attempt ended
        self.since_s = clock.seconds()
        self._endpoint, self._make, self._clock = endpoint, make, clock
        self._reconnect_s, self._jitter = reconnect_s, jitter
        self._failures = 0
        self._phase = IDLE
        self._attempt: Deferred | None = None
        self._retry = None
        self._stopped: Deferred[None] | None = None

    @property
    def state(self) -> str:
        """For people: one of the above, or the session's."""
        return self._phase if self.line is None or self._phase == CONNECTING else self.line.state

    def start(self) -> None:
        """Connects, until `stop`."""
        if self._phase == IDLE:
            self._connect()

    def stop(self) -> Deferred[None]:
        """Leaves in good order; fires when nothing is connected any more."""
        if self._stopped is not None:
            return self._stopped
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self.line is None:
            self._move(IDLE)
            return succeed(None)
        self._stopped = stopped = Deferred()
        if self._phase == CONNECTING:
            self._attempt.cancel()
        else:
            self.line.leave()
        return stopped  # it may have fired already

    def bound(self, peer: Peer) -> None:
        """The session is up."""
        self.peer = peer
        self.since_s = self._clock.seconds()
        self.why = ""

    def ended(self, why: str) -> None:
        """The session is over, its connection not yet; the first reason counts."""
        if self.peer is not None and self._clock.seconds() - self.since_s >= STEADY_S:
            self._failures = 0
        self.peer = None
        self.why = self.why or why
        self.since_s = self._clock.seconds()

    def lost(self) -> None:
        """The connection is gone."""
        self.line = None
        self._again()

    def _connect(self) -> None:
        self._retry = None
        self.why = ""
        self._move(CONNECTING)
        self.line = self._make(self)
        self._attempt = self._endpoint.connect(Factory.forProtocol(lambda: self.line))
        self._attempt.addCallbacks(self._connected, self._failed)

    def _connected(self, _) -> None:
        if self._phase == CONNECTING and self.line is not None:
            self._move("")
            if self._stopped is not None:
                self.line.leave()

    def _failed(self, failure) -> None:
        self.line = None
        self.why = failure.getErrorMessage()
        self._again()

    def _again(self) -> None:
        if self._stopped is not None:
            self._move(IDLE)
            stopped, self._stopped = self._stopped, None
            stopped.callback(None)
            return
        pause_s = min(self._reconnect_s * 2 ** min(self._failures, 16), PAUSE_S_MAX) * (1 - self._jitter() / 2)
        self._failures += 1
        self._move(WAITING)
        _log.warn("{name} is not bound: {why}; tried again in {pause_s:.1f} s",
                  name=self.name, why=self.why or "closed", pause_s=pause_s)
        self._retry = self._clock.callLater(pause_s, self._connect)

    def _move(self, phase: str) -> None:
        self._phase = phase
        self.since_s = self._clock.seconds()
