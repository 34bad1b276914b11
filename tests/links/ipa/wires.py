"""An endpoint whose connections are made, refused and cut by the test, and what stands around a line."""

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tectonics.oam.alarms import AlarmTable
from tectonics.oam.flapping import Damping
from tectonics.oam.metrics import MetricsRegistry


class Wire(StringTransport):
    """One connection; what was written since is `take()`n."""

    aborted = False

    def __init__(self, protocol):
        super().__init__()
        self.protocol, self.open = protocol, True

    def take(self) -> bytes:
        data = self.value()
        self.clear()
        return data

    def hear(self, data: bytes) -> None:
        assert self.open
        self.protocol.dataReceived(data)

    def abortConnection(self):
        self.aborted = True
        self.cut(ConnectionLost("aborted"))

    def loseConnection(self):
        super().loseConnection()
        self.cut(ConnectionDone())

    def cut(self, why=None):
        """The connection is lost."""
        if self.open:
            self.open = False
            self.protocol.connectionLost(Failure(why or ConnectionLost("cut")))


class SlowWire(Wire):
    """What is written to it never leaves, so it does not close by itself."""

    def loseConnection(self):
        StringTransport.loseConnection(self)


class Endpoint:
    """Holds attempts back until the test says what becomes of them."""

    wire = Wire

    def __init__(self):
        self.attempts = []
        self.cancelled = 0

    def connect(self, factory):
        made = Deferred(self._cancel)
        self.attempts.append((factory, made))
        return made

    def _cancel(self, made):
        self.cancelled += 1
        self.attempts = [one for one in self.attempts if one[1] is not made]

    def accept(self) -> Wire:
        """The attempt that is under way succeeds."""
        [(factory, made)] = self.attempts
        self.attempts = []
        protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 4222))
        wire = self.wire(protocol)
        protocol.makeConnection(wire)
        made.callback(protocol)
        return wire

    def refuse(self, why="refused") -> None:
        [(_, made)] = self.attempts
        self.attempts = []
        made.errback(Failure(OSError(why)))


class House:
    """A clock with what a line needs beside its endpoint."""

    def __init__(self, clock=None):
        self.clock = clock or Clock()
        self.clock.rightNow = self.clock.rightNow or 1_700_000_000.0
        self.metrics = MetricsRegistry()
        self.alarms = AlarmTable(self.clock, self.metrics, Damping(hold_s=0))

    def around(self) -> dict:
        """The arguments that every link takes."""
        return {"clock": self.clock, "metrics": self.metrics, "alarms": self.alarms, "jitter": lambda: 0.0}

    def raised(self) -> list[tuple[str, str]]:
        """(id, text) of what is raised."""
        return [(one.id, one.text) for one in self.alarms.active()]

    def figure(self, name: str, *labels: str) -> float:
        """What a counter or gauge stands at."""
        return self.metrics.snapshot().get(name, {}).get(",".join(labels), 0)

    def events(self, link: str) -> dict[str, float]:
        """How often a link came up, was lost, failed."""
        return {event: self.figure("tectonics_gsup_links_total", link, event) for event in ("up", "lost", "failed")}
