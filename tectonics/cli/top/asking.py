"""Asking several daemons for samples at the same time, without a thread and without waiting for one that is silent.

Each daemon has one connection to its control socket and at most one question under way.  One that does not answer within PATIENCE_S is
hung up on and asked anew, as is one that went away: `top` sees it come back by itself.
"""

import os
import select
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tectonics.cli.top.watched import Watched
from tectonics.wire import sample
from tectonics.wire.control import (
    ANSWER_BYTES_MAX,
    BadMessage,
    Failure,
    Request,
    decode_answer,
    encode_request,
)
from tectonics.wire.lines import Lines

PATIENCE_S = 5.0
RECEIVED_BYTES_MAX = 1 << 16


class Line:
    """The connection to one daemon, which fills `watched`."""

    def __init__(self, state: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.watched = Watched(str(state))
        self._path, self._clock = state / "control.sock", clock
        self._socket: socket.socket | None = None
        self._lines = Lines(ANSWER_BYTES_MAX)
        self._asked_s: float | None = None
        self._id = 0

    @property
    def waits(self) -> bool:
        """Whether a question is under way."""
        return self._asked_s is not None

    @property
    def peer(self) -> socket.socket | None:
        """What becomes readable with the answer."""
        return self._socket

    def ask(self) -> None:
        """Asks for a sample, unless it is still waited for."""
        if self._asked_s is not None:
            if self._clock() - self._asked_s < PATIENCE_S:
                return
            self._lose(f"the daemon has not answered for {PATIENCE_S:g} s")
            return
        try:
            self._socket = self._socket or self._connected()
            self._id += 1
            self._socket.send(encode_request(Request(self._id, "sample", {})))
            self._asked_s = self._clock()
        except PermissionError:
            self._lose(f"you may not open {self._path}; it belongs to the user that the daemon runs as")
        except BlockingIOError:
            self._lose("the daemon has no time for another command line")
        except OSError:
            self._lose(f"no daemon is running on {self._path.parent}")

    def read(self) -> None:
        """Takes what has come."""
        try:
            data = self._socket.recv(RECEIVED_BYTES_MAX)
            if not data:
                self._lose("the daemon has gone away")
            for line in self._lines.feed(data):
                self._take(line)
        except BlockingIOError:
            return
        except OSError:
            self._lose("the daemon has gone away")

    def close(self) -> None:
        """Hangs up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._asked_s, self._lines = None, None, Lines(ANSWER_BYTES_MAX)

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        try:
            connection.connect(os.fspath(self._path))
        except OSError:
            connection.close()
            raise
        return connection

    def _take(self, line: bytes | None) -> None:
        try:
            answer = decode_answer(line or b"")
            if isinstance(answer, Failure):
                self._lose(answer.text)
            else:
                self.watched.took(sample.decode(answer.result), self._clock())
                self._asked_s = None
        except BadMessage as error:
            self._lose(f"the daemon is of another version: {error}")

    def _lose(self, why: str) -> None:
        self.close()
        self.watched.lost(why)


def wait(lines: Sequence[Line], until_s: float, others: Sequence[int] = (), clock: Callable[[], float] = time.monotonic) -> set[int]:
    """Until an answer has come, or one of the `others` can be read, or this moment; those others."""
    sockets = {one.peer.fileno(): one for one in lines if one.peer is not None}
    readable, _, _ = select.select([*sockets, *others], [], [], max(0.0, until_s - clock()))
    for descriptor in readable:
        if descriptor in sockets:
            sockets[descriptor].read()
    return set(readable) - set(sockets)
