"""The network in memory: byte streams between machines, as late, torn and broken as the seed wants.

Streams keep their promise, as TCP does: bytes arrive in order and once, or the connection is lost.  What
varies is when they come, in which pieces, and whether they come at all: each pair of machines is a `Link`
with its delay, its share of torn writes, and a partition during which nothing arrives.  After a partition
what was on its way comes late, or the connection turns out to be dead.  Datagrams (datagrams.py) go over the same links.

Everything that arrives is a step of the process that it arrives at.  Messages that are lost, doubled or
reordered are made where there are messages: by the peers, who repeat and drop requests.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, ConnectionRefusedError, TimeoutError, UserError
from twisted.internet.interfaces import IConnector, IListeningPort
from twisted.python.failure import Failure
from zope.interface import implementer

from tectonics.simulation.machine.datagrams import Datagrams
from tectonics.simulation.machine.stream import LOST, End, join

Address = tuple[str, object]  # machine, and port number or path
LATENCY_S = 0.0005
RETRANSMIT_S_MAX = 3.0  # how late what was on its way comes after a partition
KEEPALIVE_S_MAX = 30.0  # within which a peer whose machine lost power is given up


@dataclass(slots=True)
class Link:
    """What lies between two machines (or between the processes of one)."""

    latency_s: float = LATENCY_S
    torn: float = 0.0  # share of deliveries that arrive in pieces
    parted: bool = False
    blocked: list[End] = field(default_factory=list)  # ends for which something waits, once for each


class Network:
    """All links, ports and connections."""

    def __init__(self, timeline, chance: random.Random) -> None:
        self.timeline, self.chance = timeline, chance
        self._links: dict[tuple[str, str], Link] = {}
        self._ports: dict[Address, Port] = {}
        self._ends: dict[End, None] = {}
        self._number = 40_000
        self._off: dict[str, None] = {}  # machines without power
        self.datagrams = Datagrams(self)

    def link(self, a: str, b: str) -> Link:
        """What lies between them, whichever is named first."""
        key = (a, b) if a < b else (b, a)
        found = self._links.get(key)
        if found is None:
            found = self._links[key] = Link()
        return found

    # --- faults

    def partition(self, a: str, b: str) -> None:
        """Nothing arrives between them until `heal`."""
        self.link(a, b).parted = True

    def heal(self, a: str, b: str, dead: float = 0.3) -> None:
        """What was on its way arrives late; a share of the connections turns out to be dead."""
        link = self.link(a, b)
        link.parted = False
        blocked, link.blocked = link.blocked, []
        for end in dict.fromkeys(blocked):
            if self.chance.random() < dead:
                end.lose(LOST)
                end.other.lose(LOST)
        for end in blocked:
            end.expect(self.chance.random() * RETRANSMIT_S_MAX)

    def cut(self, a: str, b: str) -> None:
        """Resets every connection between them."""
        for end in [end for end in self._ends if {end.process.name, end.other.process.name} == {a, b}]:
            end.reset(self.latency(end.link))

    def strand(self, a: str, b: str, latency_s: float, after_s: float) -> None:
        """What `a` says to `b` over the connections that there are takes so long; `a` gives them up `after_s` from now.

        So it arrives when `a` has a new connection already (at most twice `latency_s` after it was said).
        """
        for end in [end for end in self._ends if (end.other.process.name, end.process.name) == (a, b)]:
            end.link = Link(latency_s)
            self.timeline.call(after_s, end.other.process, end.other.desert)

    def slow(self, a: str, b: str, latency_s: float = LATENCY_S) -> None:
        """From now on everything takes so long (and up to twice that)."""
        self.link(a, b).latency_s = latency_s

    def shred(self, a: str, b: str, share: float) -> None:
        """From now on so many deliveries arrive in pieces."""
        self.link(a, b).torn = share

    def calm(self) -> None:
        """No fault any more."""
        for (a, b), link in self._links.items():
            link.latency_s, link.torn = LATENCY_S, 0.0
            if link.parted:
                self.heal(a, b)

    def latency(self, link: Link) -> float:
        """Of the next thing that goes over a link."""
        return link.latency_s * (1 + self.chance.random())

    # --- what reactors ask for

    def listen(self, process, address: Address, factory) -> "Port":
        """Serves an address."""
        if address in self._ports:
            raise CannotListenError(*address, OSError(98, "Address already in use"))
        port = self._ports[address] = Port(self, process, address, factory)
        factory.doStart()
        return port

    def unlisten(self, port: "Port") -> None:
        """Serves it no more."""
        if self._ports.get(port.address) is port:
            del self._ports[port.address]

    def connect(self, process, address: Address, factory, timeout_s: float) -> "Connector":
        """Connects from a process to an address."""
        connector = Connector(self, process, address, factory, timeout_s)
        if process.alive:
            connector.connect()
        return connector

    def knock(self, connector: "Connector", answer: Callable[[Failure | End], None]) -> None:
        """A connection is wanted, and the request for it has arrived: `answer` is told on the way back."""
        link = self.link(connector.process.name, connector.address[0])
        if link.parted or connector.address[0] in self._off or not connector.process.alive:
            return  # until the connector has waited long enough
        port = self._ports.get(connector.address)
        if port is None:
            self.timeline.call(self.latency(link), connector.process, answer, Failure(ConnectionRefusedError()))
            return
        self._number = 40_000 + (self._number + 1) % 20_000
        client = End(self, link, connector.process, place(connector.process.name, self._number), connector)
        server = End(self, link, port.process, place(*port.address))
        join(client, server)
        self._ends[client] = self._ends[server] = None
        client.on_arrival(lambda: answer(client))
        server.on_arrival(lambda: port.accept(server))

    def died(self, process) -> None:
        """A process is dead: its ports are gone, and its peers hear of it sooner or later."""
        if process.power:
            self._off[process.name] = None
        for port in [port for port in self._ports.values() if port.process is process]:
            self.unlisten(port)
        self.datagrams.died(process)
        for end in [end for end in self._ends if end.process is process]:
            end.die()
            late_s = self.chance.choice((0.0, KEEPALIVE_S_MAX)) * self.chance.random() if process.power else 0.0
            end.other.reset(self.latency(end.link) + late_s)

    def switched_on(self, machine: str) -> None:
        """It has power again: who knocks is answered."""
        self._off.pop(machine, None)

    def forget(self, end: End) -> None:
        """A connection has ended here."""
        self._ends.pop(end, None)


def place(machine: str, where) -> IPv4Address | UNIXAddress:
    """An address as Twisted shows it."""
    return IPv4Address("TCP", machine, where) if isinstance(where, int) else UNIXAddress(str(where))


@implementer(IListeningPort)
class Port:
    """An address that is served."""

    def __init__(self, network: Network, process, address: Address, factory) -> None:
        self.process, self.address, self.factory = process, address, factory
        self._network = network

    def startListening(self) -> None:
        """It listens already."""

    def stopListening(self) -> Deferred:
        """Fires when it is over."""
        self._network.unlisten(self)
        stopped = Deferred()
        self.process.call(0, self._stopped, stopped)
        return stopped

    def _stopped(self, stopped: Deferred) -> None:
        self.factory.doStop()
        stopped.callback(None)

    def getHost(self) -> IPv4Address | UNIXAddress:
        """Where it listens."""
        return place(*self.address)

    def accept(self, end: End) -> None:
        """A connection has come."""
        if end.disconnected:
            return
        protocol = self.factory.buildProtocol(end.other.address)
        if protocol is None:
            end.abortConnection()
        else:
            end.begin(protocol)


@implementer(IConnector)
class Connector:
    """A connection that is wanted."""

    def __init__(self, network: Network, process, address: Address, factory, timeout_s: float) -> None:
        self.process, self.address, self.factory = process, address, factory
        self._network, self._timeout_s = network, timeout_s
        self._end: End | None = None
        self._timer = None
        self._waiting = False

    def connect(self) -> None:
        """Tries, once."""
        self.factory.doStart()
        self.factory.startedConnecting(self)
        self._waiting = True
        self._timer = self.process.call(self._timeout_s, self._answered, Failure(TimeoutError()))
        link = self._network.link(self.process.name, self.address[0])
        self.process.call(self._network.latency(link), self._network.knock, self, self._answered)

    def stopConnecting(self) -> None:
        """Gives up."""
        self._answered(Failure(UserError()))

    def disconnect(self) -> None:
        """Ends what there is."""
        if self._end is not None:
            self._end.loseConnection()
        else:
            self.stopConnecting()

    def getDestination(self) -> IPv4Address | UNIXAddress:
        """Where it goes."""
        return place(*self.address)

    def _answered(self, answer: Failure | End) -> None:
        if not self._waiting:
            if isinstance(answer, End):
                answer.abortConnection()
            return
        self._waiting = False
        if self._timer.active():
            self._timer.cancel()
        if isinstance(answer, End) and answer.disconnected:
            answer = Failure(ConnectionRefusedError())
        if isinstance(answer, Failure):
            self.factory.clientConnectionFailed(self, answer)
            self.factory.doStop()
        else:
            self._begin(answer)

    def _begin(self, end: End) -> None:
        protocol = self.factory.buildProtocol(end.other.address)
        if protocol is None:
            end.abortConnection()
        else:
            self._end = end
            end.begin(protocol)

    def lost(self, reason: Failure) -> None:
        """The connection has ended."""
        self._end = None
        self.factory.clientConnectionLost(self, reason)
        if self._end is None:
            self.factory.doStop()
