"""SIP out of a stream: the same in any pieces, within its bounds, and no further than where it breaks."""

from tectonics.wire.sip.message import Unreadable
from tectonics.wire.sip.stream import BODY_OCTETS_MAX, HEAD_OCTETS_MAX, Stream
from tests.fuzz.contract import alike, sentence
from tests.fuzz.parsers import sip_message

WHOLE = (b"OPTIONS sip:133@h SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bK1\r\nf: <sip:a@h>;tag=1\r\nt: <sip:133@h>\r\ni: c1\r\n"
         b"CSeq: 1 OPTIONS\r\nl: 2\r\n\r\nab")
TOKENS = (*sip_message.TOKENS, WHOLE, WHOLE[:60], b"l: 0\r\n\r\n", b"l: 9999999\r\n\r\n", b"\r\n\r\n\r\n\r\n")


def check(data: bytes) -> None:
    alike(_heard, data)


def _heard(pieces: list[bytes]) -> list:
    stream, found = Stream(), []
    for piece in pieces:
        try:
            found += map(_told, stream.feed(piece))
        except Unreadable as error:
            return ["broken", sentence(error), error.status]
        assert len(stream._buffer) <= HEAD_OCTETS_MAX + BODY_OCTETS_MAX + len(piece)
    return found


def _told(one: object) -> object:
    return (sentence(one), one.status) if isinstance(one, Unreadable) else one.encode()
