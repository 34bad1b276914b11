"""A line to one peer: one connection after the other, under something that talks sans I/O.

    start ──▶ connecting ──▶ connected ──Up──▶ up
                  ▲  failed      │ lost, or the talk says Down
                  └── a pause ◀──┘

The talk (wire/gsup: Entity or Ctrl) says when the peer may be trusted (Up) and when it is dead (Down); the line
tells both to its owner with everything else that the talk heard, and Down also when the connection is lost.
The pause doubles with each attempt that did not come up, FIRST_S to LONGEST_S, and is made shorter by chance
so that many nodes do not knock at once.

While the socket is full the line does not read, so that a peer which does not listen is not served either: what
waits to be written is bounded by what the owner has under way, and the talk's ping finds such a peer dead.
A line that has not been up for ALARM_S raises `gsup_down`.

Talks want a time that only rises, and the time of day may be set back: what passed since `now` was last asked is
lost then, and a deadline comes that much later.
When the process dies here the peer sees its connection lost; what was under way is the owner's business.
"""

from collections.abc import Callable
from typing import Protocol as Interface

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from zope.interface import implementer

from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.gsup.events import Down, Up

FIRST_S, LONGEST_S = 0.5, 15.0
ALARM_S = 5.0
CLOSE_S = 2.0  # for what is still to be written when the line is stopped

log = Logger()


class Talk(Interface):
    """What speaks on the line; times are seconds."""

    next_at: float

    def connected(self, now: float) -> None: ...

    def disconnected(self) -> None: ...

    def receive(self, data: bytes, now: float) -> list: ...

    def due(self, now: float) -> list: ...

    def take(self) -> bytes: ...


class Line:
    """One line; `name` is how alarms, figures and logs call it, `heard` takes what the talk tells."""

    def __init__(self, name: str, endpoint, talk: Talk, heard: Callable[[object], None], *, clock: Clock,
                 metrics: Metrics, alarms: Alarms, jitter: Callable[[], float]) -> None:
        self._name, self._endpoint, self._talk, self._heard = name, endpoint, talk, heard
        self._clock, self._metrics, self._alarms, self._jitter = clock, metrics, alarms, jitter
        self._connections = Factory.forProtocol(lambda: _Connection(self))
        self._connections.noisy = False  # it would log each attempt
        self._running = False
        self._attempts = 0  # since it was up
        self._attempt: Deferred | None = None
        self._retry = None
        self._connection: _Connection | None = None
        self._closed: Deferred | None = None  # of stop
        self._up, self._since_s = False, clock.seconds()
        self._why = "not connected yet"
        self._dead = ""  # why the talk gave the connection up
        self._late_s, self._last_s = 0.0, 0.0
        self._alarm = None  # the call that is going to raise it
        self._timer, self._timer_at = None, 0.0

    # --- for the owner

    def start(self) -> None:
        """Connects, and again whenever the connection is lost."""
        self._running = True
        self._metrics.gauge("tectonics_gsup_up", 0, self._name)
        self._missed()
        self._connect()

    def stop(self) -> Deferred[None]:
        """Closes once everything is written, at the latest after CLOSE_S; nothing is told any more."""
        self._running = False
        self._retry, self._alarm, self._timer = map(_cancelled, (self._retry, self._alarm, self._timer))
        if self._attempt is not None:
            self._attempt.cancel()
        if self._connection is None:
            return succeed(None)
        self._closed = Deferred()
        abort = self._clock.callLater(CLOSE_S, self._connection.abort)
        self._closed.addCallback(lambda _: _cancelled(abort))
        self._connection.close()
        return self._closed

    def flush(self) -> None:
        """Writes what the talk has to say; to be called after each word that the owner gave it."""
        data = self._talk.take()
        if data and self._connection is not None:
            self._connection.transport.write(data)
        self._watch()

    def shown(self) -> dict:
        """How it stands, for people; `since` is in ms."""
        state, why = ("connected", "") if self._up else ("down", self._why)
        return {"name": f"HLR {self._name}", "state": state, "since": int(self._since_s * 1000), "why": why}

    def now(self) -> float:
        """The talk's time in seconds."""
        seconds = self._clock.seconds()
        self._late_s += max(0.0, self._last_s - seconds)
        self._last_s = seconds
        return seconds + self._late_s

    def hurry(self) -> None:
        """Tries now instead of after the pause: something else at the peer's has just come back."""
        if self._retry is not None:
            self._retry = _cancelled(self._retry)
            self._connect()

    # --- connecting

    def _connect(self) -> None:
        self._retry = None
        self._attempt = self._endpoint.connect(self._connections)
        self._attempt.addCallbacks(self._came, self._failed)

    def _came(self, connection: "_Connection") -> None:
        self._attempt = None

    def _failed(self, failure) -> None:
        self._attempt = None
        if not self._running or failure.check(CancelledError):
            return
        self._metrics.count("tectonics_gsup_links_total", self._name, "failed")
        self._pause(f"cannot connect: {failure.getErrorMessage()}")

    def _pause(self, why: str) -> None:
        """Tries again after a while."""
        self._why = why
        if self._alarm is None:  # it is raised; its text may be renewed
            self._raise()
        pause_s = min(FIRST_S * 2 ** min(self._attempts, 30), LONGEST_S) * (1 - self._jitter() / 2)
        self._attempts += 1
        self._retry = self._clock.callLater(pause_s, self._connect)

    # --- for the connection

    def made(self, connection: "_Connection") -> None:
        """A connection is there; nothing is known of the peer yet."""
        self._connection = connection
        self._talk.connected(self.now())
        self.flush()

    def received(self, data: bytes) -> None:
        """Octets have come."""
        if self._running:
            self._tell(self._talk.receive(data, self.now()))
            self.flush()

    def lost(self, why: str) -> None:
        """The connection is gone."""
        self._connection = None
        self._talk.disconnected()
        if self._closed is not None:
            self._closed.callback(None)
            return
        why, self._dead = self._dead or why, ""
        if self._up:
            self._fell(why)
        else:
            self._metrics.count("tectonics_gsup_links_total", self._name, "failed")
        self._pause(why)

    # --- what the talk tells

    def _tell(self, events: list) -> None:
        for event in events:
            if isinstance(event, Up):
                self._rose()
            if isinstance(event, Down):
                self._dead = event.why
                self._connection.abort()
            else:
                self._heard(event)

    def _rose(self) -> None:
        self._up, self._attempts, self._since_s = True, 0, self._clock.seconds()
        self._alarm = _cancelled(self._alarm)
        self._alarms.clear("gsup_down", self._name)
        self._metrics.gauge("tectonics_gsup_up", 1, self._name)
        self._metrics.count("tectonics_gsup_links_total", self._name, "up")
        log.info("The link {name} to the HLR is up", name=self._name)

    def _fell(self, why: str) -> None:
        self._up, self._why, self._since_s = False, why, self._clock.seconds()
        self._metrics.gauge("tectonics_gsup_up", 0, self._name)
        self._metrics.count("tectonics_gsup_links_total", self._name, "lost")
        log.warn("The link {name} to the HLR is down: {why}", name=self._name, why=why)  # noqa: G010
        self._missed()
        self._heard(Down(why))

    def _missed(self) -> None:
        self._alarm = self._clock.callLater(ALARM_S, self._raise_late)

    def _raise_late(self) -> None:
        self._alarm = None
        self._raise()

    def _raise(self) -> None:
        self._alarms.raise_alarm("gsup_down", f"The link {self._name} to the HLR is down: {self._why}", self._name)

    # --- time

    def _watch(self) -> None:
        """Sees to it that the talk is looked at in time; a timer that comes too early is left as it is."""
        at = self._talk.next_at
        if not self._running or at == float("inf") or self._timer is not None and self._timer_at <= at:
            return
        _cancelled(self._timer)
        self._timer_at = at
        self._timer = self._clock.callLater(max(0.0, at - self.now()), self._look)

    def _look(self) -> None:
        self._timer = None
        self._tell(self._talk.due(self.now()))
        self.flush()


@implementer(IPushProducer)
class _Connection(Protocol):
    """One connection of a line; as producer it is the socket's reading side."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def connectionMade(self):
        self.transport.registerProducer(self, True)
        self._line.made(self)

    def dataReceived(self, data):
        self._line.received(data)

    def connectionLost(self, reason=connectionDone):
        self._line.lost(reason.getErrorMessage())

    def close(self) -> None:
        """Ends it after what is still to be written."""
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def abort(self) -> None:
        """Ends it at once."""
        self.transport.abortConnection()

    def pauseProducing(self):
        self.transport.pauseProducing()

    def resumeProducing(self):
        self.transport.resumeProducing()

    def stopProducing(self):
        """The transport is gone; `connectionLost` follows."""


def _cancelled(call) -> None:
    """Cancels a delayed call, if there is one; what the caller keeps of it is None."""
    if call is not None and call.active():
        call.cancel()
