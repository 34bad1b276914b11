"""The control socket: where the command line reaches the running daemon.

`control.sock` in the state directory, a UNIX stream socket that only its owner (and root) may open.
Whoever connects is known by the kernel (SO_PEERCRED, unix(7)); that name goes into the audit ticket of
what he changes.  A request ends in Administration.call; what that answers or refuses is the answer.

If the process dies, the socket's file stays.  Whether somebody still serves it is told by a lock on
`control.lock` that the kernel drops with its holder, so a stale socket is replaced and a live one never.
A request whose connection is lost is carried out all the same; asking again shows what became of it.

Bounds: CONNECTIONS_MAX (one more is told so and closed), IN_FLIGHT_MAX requests of one connection (then
nothing more is read from it until some are answered, or while it does not read its answers), IDLE_S without any request, and a line's length.
"""

import os
import pwd
import socket
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol as Interface

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure as Fault

from tectonics.domain.errors import TheirFault
from tectonics.ports import Administration
from tectonics.wire.control import (
    REQUEST_BYTES_MAX,
    TOO_LONG,
    Answer,
    Failure,
    Request,
    decode_request,
    encode_answer,
)
from tectonics.wire.lines import Lines

SOCKET_NAME, LOCK_NAME = "control.sock", "control.lock"
SOCKET_PATH_BYTES_MAX = 107  # sun_path of unix(7), less its final zero
CONNECTIONS_MAX = 32
IN_FLIGHT_MAX = 16
IDLE_S = 600


class Lock(Interface):
    """A lock that is held."""

    def release(self) -> None: ...


class ControlServer:
    """Serves `administration` on the control socket of one state directory."""

    log = Logger()

    def __init__(self, administration: Administration, state: Path, reactor, lock: Callable[[Path], Lock]) -> None:
        """`reactor`: IReactorUNIX and IReactorTime; `lock` raises OSError where another process has the file."""
        self._administration = administration
        self._state = state
        self._reactor = reactor
        self._take_lock = lock
        self._lock: Lock | None = None
        self._port = None

    @property
    def path(self) -> Path:
        """Where it listens."""
        return self._state / SOCKET_NAME

    def start(self) -> None:
        """Listens; TheirFault when another daemon serves this state directory."""
        if len(os.fsencode(self.path)) > SOCKET_PATH_BYTES_MAX:
            raise TheirFault(f"the path {self.path} is too long for a socket"
                             f" ({SOCKET_PATH_BYTES_MAX} bytes); choose a shorter state directory")
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock = self._take_lock(self._state / LOCK_NAME)
        except OSError as error:
            raise TheirFault(f"another daemon serves the state directory {self._state};"
                             " stop it or choose another one with --state") from error
        self.path.unlink(missing_ok=True)
        umask = os.umask(0o177)
        try:
            self._port = self._reactor.listenUNIX(
                str(self.path), ControlFactory(self._administration, self._reactor), mode=0o600)
        finally:
            os.umask(umask)

    def stop(self) -> Deferred[None]:
        """Listens no more and removes the socket; requests under way are still answered."""
        if self._port is None:
            return succeed(None)
        port, self._port = self._port, None
        return maybeDeferred(port.stopListening).addBoth(self._stopped)

    def _stopped(self, result):
        self.path.unlink(missing_ok=True)
        self._lock.release()
        return result


class ControlFactory(Factory):
    """Counts the connections."""

    noisy = False

    def __init__(self, administration: Administration, clock, connections_max: int = CONNECTIONS_MAX) -> None:
        self.administration = administration
        self.clock = clock
        self.connections_max = connections_max
        self.connections = 0

    def buildProtocol(self, addr) -> "ControlProtocol":
        return ControlProtocol(self)


class ControlProtocol(Protocol, TimeoutMixin):
    """One command line."""

    log = Logger()

    def __init__(self, factory: ControlFactory) -> None:
        self.factory = factory
        self._lines = Lines(REQUEST_BYTES_MAX)
        self._waiting = deque()
        self._in_flight = 0
        self._serving = self._choked = False
        self._who = "cli:unknown"

    def callLater(self, period, function):
        return self.factory.clock.callLater(period, function)

    def connectionMade(self) -> None:
        self.factory.connections += 1
        if self.factory.connections > self.factory.connections_max:
            self.transport.write(encode_answer(Failure(None, "too many command lines at once; try again later")))
            self.transport.loseConnection()
            return
        self._who = f"cli:{peer_name(self.transport.getHandle())}"
        self.transport.registerProducer(self, True)
        self.setTimeout(IDLE_S)

    def connectionLost(self, reason) -> None:
        self.factory.connections -= 1
        self._waiting.clear()
        self.setTimeout(None)

    def dataReceived(self, data: bytes) -> None:
        self.resetTimeout()
        self._waiting += (line for line in self._lines.feed(data) if line is None or line.strip())
        self._serve()

    def timeoutConnection(self) -> None:
        if not self._in_flight:
            self._close()
        else:
            self.setTimeout(IDLE_S)

    def pauseProducing(self) -> None:
        """The transport's: the peer does not read its answers fast enough."""
        self._choked = True

    def resumeProducing(self) -> None:
        """The transport's: there is room again."""
        self._choked = False
        self._serve()

    def stopProducing(self) -> None:
        """The transport's: the connection is lost."""

    def _serve(self) -> None:
        if self._serving:  # an answer that came at once; the loop below goes on
            return
        self._serving = True
        while self._waiting and self._in_flight < IN_FLIGHT_MAX and not self._choked:
            line = self._waiting.popleft()
            request = TOO_LONG if line is None else decode_request(line)
            if isinstance(request, Failure):
                self._answer(request)
            else:
                self._call(request)
        self._serving = False
        if self._waiting:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()

    def _call(self, request: Request) -> None:
        self._in_flight += 1
        result = maybeDeferred(self.factory.administration.call, request.method, request.params, self._who)
        result.addCallbacks(lambda value: Answer(request.id, value),
                            self._fault, errbackArgs=(request.id, request.method))
        result.addCallback(self._done)

    def _fault(self, fault: Fault, identity: int, method: str) -> Failure:
        if fault.check(TheirFault):
            return Failure(identity, str(fault.value))
        self.log.failure("Control request {method} of {who} failed.", fault, method=method, who=self._who)
        return Failure(identity, "internal error, see the log")

    def _done(self, answer: Answer | Failure) -> None:
        self._in_flight -= 1
        if self.connected:
            self._answer(answer)
            self._serve()

    def _answer(self, answer: Answer | Failure) -> None:
        try:
            line = encode_answer(answer)
        except (TypeError, ValueError):
            self.log.failure("The answer to a control request of {who} is not plain data.", who=self._who)
            line = encode_answer(Failure(answer.id, "internal error, see the log"))
        self.transport.write(line)

    def _close(self) -> None:
        self.transport.unregisterProducer()
        self.transport.loseConnection()


def peer_name(connection: socket.socket) -> str:
    """The UNIX user at the other end, as the kernel knows him; his number when he has no name."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
