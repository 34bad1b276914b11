"""The two ends of a GSUP network on real sockets: a switch of octets made by hand, and our entity.

Both are driven by the test, one step after the other; every wait ends after WAIT_S.
"""

import socket
import time

from tectonics.domain import alphabet
from tectonics.wire.gsup.entity import Entity, Excuses, Limits
from tectonics.wire.gsup.events import Event, Key
from tectonics.wire.map.ussd import Words
from tests.interop.osmo_hlr import GSUP_PORT, WAIT_S
from tests.wire.gsup.octets import (
    CONTINUE,
    END,
    IDENTITY_REQUEST,
    PING,
    PONG,
    REQUEST,
    answered,
    identity,
    ss,
)


class Octets:
    """A connection from which whole frames are read."""

    def __init__(self, host: str) -> None:
        self._socket = socket.create_connection((host, GSUP_PORT), WAIT_S)

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def frame(self) -> bytes:
        """The next frame, header included."""
        header = self._read(3)
        return header + self._read(header[0] << 8 | header[1])

    def ping(self) -> bool:
        """Whether the peer, having served all that was sent here before, sends nothing but its pong."""
        self.send(PING)
        return self.frame() == PONG

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, "the peer has closed"
            data += more
        return data


class Switch(Octets):
    """A mobile switching centre with its handsets."""

    def __init__(self, host: str, name: str = "MSC-1") -> None:
        super().__init__(host)
        assert self.frame() == IDENTITY_REQUEST
        self.send(identity(name))
        assert self.ping()

    def begin(self, component: str, session: int) -> None:
        self.send(ss(REQUEST, 1, component, session))

    def answer(self, digit: str, session: int, invoke: int) -> None:
        self.send(ss(REQUEST, CONTINUE, answered(digit, invoke), session))

    def hang_up(self, session: int) -> None:
        """The peer knows when this returns."""
        self.send(ss(REQUEST, END, "", session))
        assert self.ping()


class EntityOnSocket:
    """Our entity with the loop that a daemon would put around it."""

    def __init__(self, host: str, limits: Limits, name: str = "EUSE-tectonics") -> None:
        self._host = host
        self.entity = Entity(name, Excuses(words("Dial again"), words("Try later")), limits)
        self._events: list[Event] = []
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Connects; the first event will be Up."""
        self._socket = socket.create_connection((self._host, GSUP_PORT), WAIT_S)
        self.entity.connected(time.monotonic())

    def close(self) -> None:
        """Drops the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self.entity.disconnected()

    def next(self) -> Event:
        """The next event."""
        while not self._events:
            self.hear()
        return self._events.pop(0)

    def hear(self) -> None:
        """Takes in what arrives next."""
        self._events += self.entity.receive(self._received(), time.monotonic())
        self._socket.sendall(self.entity.take())

    def tick(self, now: float) -> list[Event]:
        """What happens by the passing of time."""
        events = self.entity.due(now)
        self._socket.sendall(self.entity.take())
        return events

    def ask(self, key: Key, text: str) -> None:
        assert self.entity.ask(key, words(text), time.monotonic())
        self._socket.sendall(self.entity.take())

    def end(self, key: Key, text: str) -> None:
        assert self.entity.end(key, words(text))
        self._socket.sendall(self.entity.take())

    def settle(self) -> list[Event]:
        """What has happened once the peer has served all that was said before: a ping of ours is answered."""
        self._socket.sendall(PING)
        data = b""
        while not data.endswith(PONG):
            data += self._received()
        self._events += self.entity.receive(data, time.monotonic())
        happened, self._events = self._events, []
        return happened

    def _received(self) -> bytes:
        data = self._socket.recv(4096)
        assert data, "the peer has closed"
        return data


def words(text: str) -> Words:
    """The words of a text, in the alphabet that it needs."""
    return Words(*alphabet.choose(text))


def text(said: Words) -> str:
    """The text of words."""
    return alphabet.decode(said.octets, said.alphabet)
