"""Connections that are reset behind their last words, over real sockets: who reads hears both, on any loop that the daemon may run on."""

import asyncio
import socket
from threading import Thread

import pytest

from tectonics.daemon.run import new_loop

GIVEN_UP_S = 5.0
SAID = b"last words"


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        return ours, server.accept()[0]


PAIRS = {"tcp": tcp_pair, "unix": socket.socketpair}


class Reader:
    """Reads a few octets at a time until it hears of an end; `rests_at` octets it leaves, and comes again a little later."""

    def __init__(self, loop, ours, rests_at=None):
        self._loop, self._ours, self._rests_at = loop, ours, rests_at
        self.heard, self.end = b"", None
        ours.setblocking(False)

    def begin(self):
        self._loop.add_reader(self._ours.fileno(), self._read, 4)

    def _read(self, octets):
        try:
            read = self._ours.recv(octets)
        except OSError as error:
            self.end = error
        else:
            self.heard += read
            self.end = self.end if read else "end"
        if self.end or len(self.heard) == self._rests_at:
            self._loop.remove_reader(self._ours.fileno())
            self._loop.call_soon(self._loop.stop if self.end else self.begin)


@pytest.fixture(params=[new_loop, asyncio.new_event_loop], ids=["the daemon's", "asyncio's"])
def loop(request):
    loop = request.param()
    yield loop
    loop.close()


def hear(loop, reader):
    """What it hears. In a thread: this one has a loop already."""
    reader.begin()
    loop.call_later(GIVEN_UP_S, loop.stop)
    runs = Thread(target=loop.run_forever)
    runs.start()
    runs.join()
    return reader.heard


@pytest.mark.parametrize("rests_at", [None, 4])
@pytest.mark.parametrize("kind", PAIRS)
def test_who_dies_with_words_unread_is_heard_to_the_end(loop, kind, rests_at):
    ours, theirs = PAIRS[kind]()
    ours.send(b"never read")
    theirs.send(SAID)
    theirs.close()
    with ours:
        reader = Reader(loop, ours, rests_at)
        assert hear(loop, reader) == SAID
    assert isinstance(reader.end, ConnectionResetError)


@pytest.mark.parametrize("kind", PAIRS)
def test_who_has_read_everything_ends_in_peace(loop, kind):
    ours, theirs = PAIRS[kind]()
    theirs.send(SAID)
    theirs.close()
    with ours:
        reader = Reader(loop, ours)
        assert hear(loop, reader) == SAID
    assert reader.end == "end"
