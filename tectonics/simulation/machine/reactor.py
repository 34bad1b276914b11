"""The reactor of one process: Twisted's interfaces over the timeline and the network in memory."""

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTCP, IReactorTime, IReactorUDP, IReactorUNIX
from zope.interface import implementer


@implementer(IReactorTime, IReactorTCP, IReactorUDP, IReactorUNIX)
class VirtualReactor:
    """What a process gets for Twisted's reactor."""

    def __init__(self, process) -> None:
        self._process = process
        self._timeline = process.machine.timeline
        self._network = process.machine.network

    def seconds(self) -> float:
        """The monotonic clock."""
        return self._process.machine.monotonic()

    def callLater(self, delay: float, callable: Callable, *arguments, **keywords):
        """Once, `delay` seconds from now."""
        return self._timeline.call(delay, self._process, callable, *arguments, **keywords)

    def getDelayedCalls(self) -> list:
        """Nobody needs to know."""
        return []

    def callFromThread(self, callable: Callable, *arguments, **keywords) -> None:
        """In a step of its own."""
        self._timeline.call(0, self._process, callable, *arguments, **keywords)

    def listenTCP(self, port: int, factory, backlog: int = 50, interface: str = ""):
        """Serves a port of this machine; on every interface, there is only one."""
        return self._network.listen(self._process, (self._process.name, port), factory)

    def connectTCP(self, host: str, port: int, factory, timeout: float = 30, bindAddress=None):
        """Connects to a port of the machine that is called `host`."""
        return self._network.connect(self._process, (host, port), factory, timeout)

    def listenUDP(self, port: int, protocol, interface: str = "", maxPacketSize: int = 8192):
        """Opens a socket of this machine; on every interface, there is only one."""
        return self._network.datagrams.open(self._process, port, protocol)

    def listenUNIX(self, address: str, factory, backlog: int = 50, mode: int = 0o666, wantPID: bool = False):
        """Serves a path of this machine."""
        return self._network.listen(self._process, (self._process.name, address), factory)

    def connectUNIX(self, address: str, factory, timeout: float = 30, checkPID: bool = False):
        """Connects to a path of this machine."""
        return self._network.connect(self._process, (self._process.name, address), factory, timeout)
