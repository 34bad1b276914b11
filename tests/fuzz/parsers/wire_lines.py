"""Lines out of a stream: as somebody would cut them by hand, and never more than a bound's worth held."""

from tectonics.wire.lines import Lines
from tests.fuzz.contract import alike

BOUNDS = (1, 7, 64)
TOKENS = (b"\n", b"\r\n", b"\r", b"1234567\n", b"12345678")


def check(data: bytes) -> None:
    for bound in BOUNDS:
        heard = alike(lambda pieces, bound=bound: _heard(pieces, bound), data)
        assert heard == _by_hand(data, bound)


def _heard(pieces: list[bytes], bound: int) -> list[bytes | None]:
    lines, found = Lines(bound), []
    for piece in pieces:
        found += lines.feed(piece)
        assert len(lines._begun) <= bound
    return found


def _by_hand(data: bytes, bound: int) -> list[bytes | None]:
    *ended, rest = data.split(b"\n")
    found = [None if len(line) > bound else line.removesuffix(b"\r") for line in ended]
    return found + ([None] if len(rest) > bound else [])
