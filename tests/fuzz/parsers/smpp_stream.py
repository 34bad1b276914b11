"""PDUs out of a stream: the same in any pieces, within the bound, and what is read means the same written again."""

from tectonics.wire.smpp.codec import decode, encode
from tectonics.wire.smpp.fields import Malformed
from tectonics.wire.smpp.pdus import PDUS
from tectonics.wire.smpp.stream import Fault, Stream
from tests.fuzz.contract import alike, sentence

BOUND = 300
HEADERS = tuple(command.to_bytes(4) + bytes(7) + b"\x01" for command in PDUS)
TOKENS = (*HEADERS, b"\0\0\0\x10", b"\0\0\0\x11", b"\0\0\0\x1c", b"\0\0\0\x30", b"\0\0\0\x0f", b"\0\0\x01\x2d", b"\xff" * 4,
          b"\x05\x01\0\x01\x02", b"\x13\x83\0\x02\x05\x03", b"\x04\x24\0\x03SOS", b"\0\x1e\0\x0212", b"\x04\x23\0\x03\x03\0\x1b",
          b"\x14\0\0\0", b"\x04\x24\xff\xff", b"33600000001\0", b"USSD\0", b"\0" * 9, b"\x05*133#")


def check(data: bytes) -> None:
    for found in alike(_heard, data):
        if isinstance(found, Fault):
            assert len(sentence(found.text)) < 100 and 0 < found.status < 0x107
        else:
            assert Stream().feed(encode(found)) == [found]
    try:
        assert decode(encode(decode(data))) == decode(data)
    except Malformed as error:
        sentence(error)


def _heard(pieces: list[bytes]) -> list:
    stream, found = Stream(BOUND), []
    for piece in pieces:
        found += stream.feed(piece)
        assert len(stream._begun) <= BOUND
    fatal = [place for place, one in enumerate(found) if isinstance(one, Fault) and one.fatal]
    assert fatal in ([], [len(found) - 1])
    return found
