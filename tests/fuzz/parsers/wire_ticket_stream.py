"""The acknowledged stream, both ends: the same events and the same end in any pieces, within a line's bound."""

from tectonics.domain.errors import BadMessage
from tectonics.wire.ticket_stream import (
    COMMAND_BYTES_MAX,
    SEQ_MAX,
    TICKET_BYTES_MAX,
    ClientSide,
    Err,
    Hello,
    Record,
    ServerSide,
    encode,
)
from tests.fuzz.contract import alike, sentence

TOKENS = (b"HELLO 1 x\n", b"HELLO 1 mediation after=n1:", b"ACK n1:", b"PONG\n", b"PING\r\n", b"OK n1 oldest=1 newest=9\n",
          b"GAP n1 oldest=", b"ERR ", b'{"seq":1}\n', b"9223372036854775807\n", b"9223372036854775808\n", b"007\n", b"\r\n")


def check(data: bytes) -> None:
    for side, bytes_max in ((ServerSide, COMMAND_BYTES_MAX), (ClientSide, TICKET_BYTES_MAX)):
        for event in alike(lambda pieces, side=side, held=bytes_max: _heard(side(), pieces, held), data):
            if not isinstance(event, str):
                _survives(side, event)


def _heard(side, pieces: list[bytes], bytes_max: int) -> list:
    heard: list = []
    for piece in pieces:
        try:
            for event in side.receive(piece):
                heard.append(event)
                assert max(getattr(event, name, 0) or 0 for name in ("seq", "after", "oldest", "newest")) <= SEQ_MAX
        except BadMessage as error:
            return [*heard, sentence(error)]
        assert len(side._lines._begun) <= bytes_max + 1
    return heard


def _survives(side, event) -> None:
    if isinstance(event, Err):
        event = Err(" ".join(event.why.split())[:COMMAND_BYTES_MAX].rstrip() or "-")
    if isinstance(event, Record):
        event = Record(event.line.rstrip(b"\r"))  # no JSON object ends with one
    greeting = b"" if isinstance(event, Hello) or side is ClientSide else b"HELLO 1 x\n"
    assert _heard(side(), [greeting + encode(event)], 10**6)[-1] == event
