"""IPA frames and control messages: as somebody would cut them by hand, never more held than one frame; what is
read of a control message is written as it was read."""

from tectonics.domain.errors import BadMessage
from tectonics.wire.ipa import Frame, Frames, decode_ccm, encode_ccm
from tests.fuzz.contract import alike, sentence

BOUNDS = (1, 16, 300)
TOKENS = (b"\x00\x01\xfe\x00", b"\x00\x11\xfe\x04\x01\x08\x01\x07\x01\x02\x01\x03\x01\x04\x01\x05\x01\x01\x01\x00", b"\x00\x00\xee",
          b"\x00\x12\xfe\x05\x00\x07\x08", b"0/0/0\0", b"\xff\xff\xee", b"\x00\x05\xee\x05\x20")


def check(data: bytes) -> None:
    for bound in BOUNDS:
        assert alike(lambda pieces, bound=bound: _heard(pieces, bound), data) == _by_hand(data, bound)
    try:
        message = decode_ccm(data)
    except BadMessage as error:
        sentence(error)
    else:
        assert decode_ccm(encode_ccm(message)) == message


def _heard(pieces: list[bytes], bound: int) -> list[Frame | None]:
    frames, found = Frames(bound), []
    for piece in pieces:
        found += frames.feed(piece)
        assert len(frames._begun) <= bound + 3
    return found


def _by_hand(data: bytes, bound: int) -> list[Frame | None]:
    found, at = [], 0
    while at + 3 <= len(data):
        size = data[at] << 8 | data[at + 1]
        start, at = at + 3, at + 3 + size
        if size > bound:
            found.append(None)
        elif at <= len(data):
            found.append(Frame(data[start - 1], data[start:at]))
    return found
