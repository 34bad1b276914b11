"""The control socket with real clients on real sockets."""

import json
import os
import pwd
import socket
import stat
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from tectonics.database.disk import DISK
from tectonics.domain.errors import TheirFault
from tectonics.oam import control
from tectonics.oam.control import ControlFactory, ControlServer
from tectonics.wire.control import REQUEST_BYTES_MAX


class Desk:
    """An Administration that records who asked what, and answers by script."""

    def __init__(self):
        self.calls = []
        self.hanging = []

    def methods(self):
        return ("echo",)

    def call(self, method: str, params: dict, who: str) -> Deferred[object]:
        self.calls.append((method, params, who))
        if method == "echo":
            return succeed(params)
        if method == "refuse":
            return fail(TheirFault("not like this"))
        if method == "break":
            raise ZeroDivisionError("a secret detail")
        if method == "odd":
            return succeed({"set": {1}})
        self.hanging.append(Deferred())
        return self.hanging[-1]


class Client(Protocol):
    """Collects lines."""

    def __init__(self):
        self.lines, self._rest, self._waiting, self.closed = [], b"", [], Deferred()

    def dataReceived(self, data):
        *whole, self._rest = (self._rest + data).split(b"\n")
        self.lines += map(json.loads, whole)
        self._wake()

    def _wake(self):
        for count, waiting in self._waiting[:]:
            if len(self.lines) >= count:
                self._waiting.remove((count, waiting))
                waiting.callback(self.lines[:count])

    def read(self, count):
        waiting = Deferred()
        self._waiting.append((count, waiting))
        self._wake()
        return waiting

    def ask(self, *records):
        self.transport.write(b"".join(json.dumps(r).encode() + b"\n" for r in records))

    def connectionLost(self, reason):
        self.closed.callback(None)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def server(desk, tmp_path):
    server = ControlServer(desk, tmp_path / "state", reactor, DISK.lock)
    server.start()
    yield server
    pytest_twisted.blockon(server.stop())


@pytest.fixture
def logged():
    events = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)


def connect(server):
    return connectProtocol(UNIXClientEndpoint(reactor, str(server.path)), Client())


@pytest_twisted.ensureDeferred
async def test_asks_and_is_answered_with_the_callers_name(server, desk):
    client = await connect(server)
    client.ask({"id": 1, "method": "echo", "params": {"a": [1, "é"]}})
    assert await client.read(1) == [{"id": 1, "result": {"a": [1, "é"]}}]
    assert desk.calls == [("echo", {"a": [1, "é"]}, f"cli:{pwd.getpwuid(os.getuid()).pw_name}")]
    client.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_byte_by_byte_and_pipelined(server):
    client = await connect(server)
    stream = b"".join(json.dumps({"id": n, "method": "echo"}).encode() + b"\r\n\n" for n in range(3))
    for position in range(len(stream)):
        client.transport.write(stream[position:position + 1])
    client.ask(*({"id": n, "method": "echo"} for n in range(3, 2000)))
    assert [a["id"] for a in await client.read(2000)] == list(range(2000))
    client.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_faults_are_one_sentence_and_the_connection_survives(server, logged):
    client = await connect(server)
    client.transport.write(b"nonsense\n\xff\n")
    client.ask({"id": 1, "method": "refuse"}, {"id": 2, "method": "break"}, {"id": 3, "method": "odd"})
    client.transport.write(b"x" * (REQUEST_BYTES_MAX + 1) + b"\n")
    client.ask({"id": 4, "method": "echo"})
    answers = {a["id"]: a for a in await client.read(7)}
    assert answers[1] == {"id": 1, "error": {"text": "not like this"}}
    assert answers[2] == {"id": 2, "error": {"text": "internal error, see the log"}}
    assert answers[3] == {"id": 3, "error": {"text": "internal error, see the log"}}
    assert "longer than" in answers[None]["error"]["text"]
    assert answers[4] == {"id": 4, "result": {}}
    failures = [e["log_failure"].type for e in logged if "log_failure" in e]
    assert failures == [ZeroDivisionError, TypeError]
    client.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_in_flight_is_bounded(server, desk):
    client = await connect(server)
    client.ask(*({"id": n, "method": "hang"} for n in range(control.IN_FLIGHT_MAX + 5)), {"id": 99, "method": "echo"})
    other = await connect(server)
    other.ask({"id": 1, "method": "echo"})
    await other.read(1)
    assert len(desk.hanging) == control.IN_FLIGHT_MAX
    for waiting in desk.hanging[:control.IN_FLIGHT_MAX]:
        waiting.callback("late")
    await client.read(control.IN_FLIGHT_MAX + 1)
    assert len(desk.hanging) == control.IN_FLIGHT_MAX + 5
    for waiting in desk.hanging[control.IN_FLIGHT_MAX:]:
        waiting.callback("late")
    assert len(await client.read(control.IN_FLIGHT_MAX + 6)) == control.IN_FLIGHT_MAX + 6
    client.transport.loseConnection()
    other.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_an_answer_for_one_who_left_is_dropped(server, desk, logged):
    client = await connect(server)
    client.ask({"id": 1, "method": "hang"}, {"id": 2, "method": "echo"})
    await client.read(1)
    client.transport.abortConnection()
    await client.closed
    other = await connect(server)
    desk.hanging[0].callback("nobody listens")
    other.ask({"id": 1, "method": "echo"})
    assert await other.read(1) == [{"id": 1, "result": {}}]
    assert [e for e in logged if "log_failure" in e] == []
    other.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_connections_are_bounded(desk, tmp_path):
    path = str(tmp_path / "s")
    factory = ControlFactory(desk, reactor, connections_max=1)
    port = reactor.listenUNIX(path, factory)
    first = await connectProtocol(UNIXClientEndpoint(reactor, path), Client())
    first.ask({"id": 1, "method": "echo"})
    await first.read(1)
    second = await connectProtocol(UNIXClientEndpoint(reactor, path), Client())
    assert "too many" in (await second.read(1))[0]["error"]["text"]
    await second.closed
    first.ask({"id": 2, "method": "echo"})
    assert (await first.read(2))[1] == {"id": 2, "result": {}}
    first.transport.loseConnection()
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_an_idle_command_line_is_disconnected(desk, tmp_path):
    clock, path = Clock(), str(tmp_path / "s")
    port = reactor.listenUNIX(path, ControlFactory(desk, clock))
    client = await connectProtocol(UNIXClientEndpoint(reactor, path), Client())
    client.ask({"id": 1, "method": "hang"}, {"id": 2, "method": "echo"})
    await client.read(1)
    clock.advance(control.IDLE_S + 1)
    desk.hanging[0].callback("in time")
    await client.read(2)
    clock.advance(control.IDLE_S + 1)
    await client.closed
    await port.stopListening()


def test_only_its_owner_may_open_it(server):
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.path.parent.stat().st_mode) == 0o700


@pytest_twisted.ensureDeferred
async def test_a_live_socket_is_never_replaced(server, desk, tmp_path):
    second = ControlServer(desk, server.path.parent, reactor, DISK.lock)
    with pytest.raises(TheirFault, match="another daemon"):
        second.start()
    await second.stop()
    client = await connect(server)
    client.ask({"id": 1, "method": "echo"})
    assert len(await client.read(1)) == 1
    client.transport.loseConnection()


@pytest_twisted.ensureDeferred
async def test_a_stale_socket_is_replaced_and_removed_at_the_end(desk, tmp_path):
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / control.SOCKET_NAME))
    stale.close()
    server = ControlServer(desk, tmp_path, reactor, DISK.lock)
    server.start()
    client = await connect(server)
    client.ask({"id": 1, "method": "echo"})
    assert len(await client.read(1)) == 1
    client.transport.loseConnection()
    await server.stop()
    assert not server.path.exists()


def test_a_path_too_long_for_a_socket(desk):
    with pytest.raises(TheirFault, match="shorter"):
        ControlServer(desk, Path("/tmp") / ("x" * 200), reactor, DISK.lock).start()


