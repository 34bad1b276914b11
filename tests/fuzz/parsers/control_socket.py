"""The control socket's connection: each line one answer, the same in any pieces, never a fault of ours."""

import socket

from twisted.internet.defer import fail, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.domain.errors import TheirFault
from tectonics.oam.control import ControlFactory
from tectonics.wire.control import decode_answer
from tests.fuzz.contract import NoFaults, alike

PEER, _OTHER_END = socket.socketpair()
TOKENS = (b'{"id":1,"method":"echo","params":{"a":1}}\n', b'{"id":2,"method":"refuse"}\n', b"\n", b"\r\n", b"[]\n", b"1e999",
          b'"\\ud800"', b'"params":{"a":', b"[[[[")


class Echo:
    """An Administration that answers what it was asked."""

    def call(self, method: str, params: dict, who: str):
        """The parameters, or a refusal."""
        return fail(TheirFault("refused")) if method == "refuse" else succeed(params)


class Transport(StringTransport):
    """One with a peer that the kernel knows."""

    def getHandle(self) -> socket.socket:
        """A connected socket."""
        return PEER

    def pauseProducing(self) -> None:
        """It may be asked at any time."""

    def resumeProducing(self) -> None:
        """Likewise."""


def check(data: bytes) -> None:
    with NoFaults():
        answers = alike(_answers, data)
    asked = [line for line in data.split(b"\n")[:-1] if line.removesuffix(b"\r").strip()]
    assert len(answers) == len(asked)
    for line in answers:
        decode_answer(line)


def _answers(pieces: list[bytes]) -> list[bytes]:
    protocol, transport = ControlFactory(Echo(), Clock()).buildProtocol(None), Transport()
    protocol.makeConnection(transport)
    for piece in pieces:
        protocol.dataReceived(piece)
    protocol.connectionLost(None)
    return transport.value().split(b"\n")[:-1]
