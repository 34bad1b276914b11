"""The listeners: endpoint strings of the configuration become ports, all of them or none.

A port that cannot be had is one sentence that names the key, the address and what to do.
"""

import re

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort

from tectonics.domain.errors import TheirFault
from tectonics.ports import Listener

DATAGRAM_OCTETS_MAX = 65_535
_UDP = re.compile(r"udp:(?:port=)?(?P<port>\d{1,5})(?::interface=(?P<interface>\S+))?", re.ASCII)


class Listeners:
    """The open ports, by name; `shown` is what status tells of them."""

    def __init__(self, reactor) -> None:
        self._reactor = reactor
        self._ports: dict[str, IListeningPort] = {}
        self.shown: list[Listener] = []

    async def open(self, name: str, endpoint: str, factory) -> None:
        """Opens one listener; an empty endpoint string is off."""
        if not endpoint:
            return
        try:
            port = await serverFromString(self._reactor, endpoint).listen(factory)
        except CannotListenError as error:
            raise TheirFault(f"{name}: cannot listen on {endpoint}: {error.socketError}; is something else "
                             "there? (--port-offset moves all ports)") from error
        except (ValueError, TypeError) as error:
            raise TheirFault(f"{name}: {endpoint!r} is not an endpoint: {error}") from error
        self._ports[name] = port
        self.shown.append(Listener(name, _address(port)))

    def datagrams(self, name: str, endpoint: str, protocol) -> IListeningPort | None:
        """Opens a UDP port, whose owner closes it behind his last answer; an empty endpoint is off."""
        if not endpoint:
            return None
        found = _UDP.fullmatch(endpoint)
        if found is None:
            raise TheirFault(f"{name}: {endpoint!r} is not an endpoint such as udp:5070:interface=127.0.0.1")
        interface = (found["interface"] or "").replace("\\:", ":")
        try:
            port = self._reactor.listenUDP(int(found["port"]), protocol, interface, DATAGRAM_OCTETS_MAX)
        except (CannotListenError, OSError) as error:
            raise TheirFault(f"{name}: cannot listen on {endpoint}: {getattr(error, 'socketError', error)}; is something "
                             "else there? (--port-offset moves all ports)") from error
        self.shown.append(Listener(name, _address(port)))
        return port

    def address(self, name: str) -> tuple[str, int] | None:
        """Host and port of a TCP listener, to connect to."""
        port = self._ports.get(name)
        host = getattr(port.getHost(), "host", None) if port is not None else None
        if host is None:
            return None
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port.getHost().port

    def others(self, *names: str) -> tuple[str, ...]:
        """The names of those that are open, but for these."""
        return tuple(name for name in self._ports if name not in names)

    def close(self, *names: str) -> Deferred:
        """Stops listening."""
        return Deferred.fromCoroutine(self._close(names))

    async def _close(self, names: tuple[str, ...]) -> None:
        for name in names:
            port = self._ports.pop(name, None)
            if port is not None:
                await maybeDeferred(port.stopListening)


def _address(port: IListeningPort) -> str:
    host = port.getHost()
    if hasattr(host, "port"):
        shown = f"[{host.host}]" if ":" in host.host else host.host
        return f"{shown}:{host.port}"
    return str(getattr(host, "name", host))
