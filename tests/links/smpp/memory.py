"""Binds on a virtual clock with peers in memory: each test moves the time and says how the peer answers."""

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tectonics.config.smpp import SmppAccount
from tectonics.links.smpp.binds import Binds
from tectonics.oam.alarms import AlarmTable
from tectonics.oam.flapping import Damping
from tectonics.oam.metrics import MetricsRegistry
from tectonics.wire.smpp.events import Asked, BindAsked
from tectonics.wire.smpp.pdus import Request, SubmitSm, SubmitSmResp, answer_to
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.smsc import Smsc


class Connection:
    """The peer's end of one connection, which never enquires by itself."""

    def __init__(self, memory: "Memory", address: str, protocol) -> None:
        self.memory, self.address, self.protocol = memory, address, protocol
        self.session = Smsc(memory.clock.seconds(), Limits(window=10, asked_max=100_000, enquire_s=1e9, bind_s=1e9))
        self.transport = StringTransport()
        self.asked: list[Request] = []  # not answered yet
        self.submitted: list[bytes] = []  # all there ever were
        self.events: list = []
        self.open = True
        protocol.makeConnection(self.transport)

    def answer(self, status: int = 0) -> None:
        """Answers the oldest request; the id is its text."""
        request = self.asked.pop(0)
        if status:
            self.session.answer(request, answer_to(request.command, 0, status))
        else:
            self.session.answer(request, SubmitSmResp(message_id=request.short_message.decode()))
        self.memory.exchange()

    def say(self, octets: bytes) -> None:
        self.protocol.dataReceived(octets)
        self.memory.exchange()

    def lose(self) -> None:
        self.open = False
        self.memory.connections.remove(self)
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.memory.exchange()

    def exchange(self) -> bool:
        """Passes on what either has said; whether there was anything."""
        said = self.transport.value()
        self.transport.clear()
        for event in self.session.receive(said, self.memory.clock.seconds()):
            match event:
                case BindAsked(bind) if self.memory.lets_in:
                    self.session.accept(bind, "peer")
                case Asked(SubmitSm() as request):
                    self.asked.append(request)
                    self.submitted.append(request.short_message)
                case _:
                    self.events.append(event)
        back = self.session.take()
        if back:
            self.protocol.dataReceived(back)
        if self.open and self.transport.disconnecting and not self.transport.value():
            self.lose()
        return bool(said or back)


class Memory:
    """Binds to peers that are all here."""

    def __init__(self, *accounts: dict, queue_max: int = 100, jitter: float = 0.0) -> None:
        self.clock = Clock()
        self.metrics = MetricsRegistry()
        self.alarms = AlarmTable(self.clock, self.metrics, Damping(hold_s=0.0))
        self.connections: list[Connection] = []
        self.lets_in = self.listens = True
        self.attempts: list[float] = []
        self.hanging: Deferred | None = None  # set: connections are neither made nor refused
        self.accounts = [SmppAccount(**({"name": "a", "address": f"tcp:{one.get('name', 'a')}:1", "window": 2,
                                        "per_second": 100_000} | one))
                         for one in accounts or ({},)]
        self.binds = Binds(self.accounts, lambda address: Endpoint(self, address), self.clock, self.metrics,
                           self.alarms, passwords={}, channel="x", jitter=lambda: jitter, queue_max=queue_max)
        self.heard: list[tuple] = []
        self.binds.heard = lambda peer, request: self.heard.append((peer, request))

    def start(self) -> "Memory":
        self.binds.start()
        self.exchange()
        return self

    def send(self, text: str, priority: int = 0, wait_s: float = 60.0, **how) -> list:
        """Its outcome will be in the list."""
        outcomes: list = []
        request = SubmitSm(short_message=text.encode())
        self.binds.submit(request, priority, self.clock.seconds() + wait_s, **how).addCallback(outcomes.append)
        self.exchange()
        return outcomes

    def exchange(self) -> None:
        while sum(connection.exchange() for connection in list(self.connections)):
            pass

    def pass_time(self, seconds: float) -> None:
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            self.clock.advance(min(0.05, end - self.clock.seconds()))
            self.exchange()

    def of(self, name: str) -> list[Connection]:
        return [one for one in self.connections if one.address == f"tcp:{name}:1"]

    @property
    def only(self) -> Connection:
        [connection] = self.connections
        return connection

    def alarmed(self) -> list[str]:
        self.clock.advance(0)
        return [alarm.id for alarm in self.alarms.active()]

    def counted(self, name: str) -> dict:
        return self.metrics.snapshot().get(f"tectonics_smpp_{name}", {})


class Endpoint:
    """Where the peers of one address are."""

    def __init__(self, memory: Memory, address: str) -> None:
        self._memory, self._address = memory, address

    def connect(self, factory) -> Deferred:
        memory = self._memory
        memory.attempts.append(memory.clock.seconds())
        if memory.hanging is not None:
            return memory.hanging
        if not memory.listens:
            return fail(ConnectionRefusedError("nobody there"))
        protocol = factory.buildProtocol(None)
        memory.connections.append(Connection(memory, self._address, protocol))
        return succeed(protocol)
