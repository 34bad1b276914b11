"""Two machines with a process each, on one timeline."""

import random

from twisted.internet.protocol import ClientFactory, Factory, Protocol

from tectonics.simulation.machine.network import Network
from tectonics.simulation.machine.process import Machine, Process
from tectonics.simulation.machine.timeline import Timeline

PORT = 7000


class Talker(Protocol):
    """Remembers what it was told."""

    def __init__(self):
        self.heard, self.pieces, self.lost, self.paused = b"", [], None, 0

    def dataReceived(self, data):
        self.heard += data
        self.pieces.append(data)

    def connectionLost(self, reason):
        self.lost = reason.type.__name__

    def pauseProducing(self):
        self.paused += 1

    def resumeProducing(self):
        self.paused -= 1

    def stopProducing(self):
        self.paused = -100


class Client(ClientFactory):
    """Connects one Talker."""

    def __init__(self, talker):
        self.talker, self.failed = talker, None

    def buildProtocol(self, addr):
        return self.talker

    def clientConnectionFailed(self, connector, reason):
        self.failed = reason.type.__name__


class Pair:
    """A server on machine `b`, clients on `a`."""

    def __init__(self, seed=1, kind=Talker):
        self.timeline = Timeline()
        self.network = Network(self.timeline, random.Random(seed))
        self.machines = {name: Machine(name, self.timeline, self.network, random.Random(f"{seed}{name}"))
                         for name in "ab"}
        self.a, self.b = (Process(machine) for machine in self.machines.values())
        self.served = []
        factory = Factory()
        factory.buildProtocol = lambda addr: self.served.append(kind()) or self.served[-1]
        self.port = self.b.reactor.listenTCP(PORT, factory)

    def connect(self, timeout=30):
        client = Client(Talker())
        self.a.reactor.connectTCP("b", PORT, client, timeout)
        return client

    def connected(self):
        """(client, server) of a new connection."""
        client = self.connect()
        self.run(1)
        return client.talker, self.served[-1]

    def run(self, seconds):
        self.timeline.run_until(self.timeline.now_s + seconds)
