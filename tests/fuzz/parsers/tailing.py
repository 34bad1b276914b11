"""A file that grows, and the bookmark in it: the lines somebody would cut by hand, whatever the bookmark says."""

from unittest.mock import patch

import msgspec

from tectonics.billing import tailing
from tectonics.billing.tailing import Place
from tests.fuzz.contract import folder

LINE_BYTES_MAX = 8
TOKENS = (b'{"device":1,"inode":2,"offset":3,"check":4}', b'"offset":-1', b'"check":0', b"9223372036854775808", b"\n", b"\r\n",
          b"12345678\n", b"123456789\n", b"x" * 40)


def check(data: bytes) -> None:
    name = str(folder("tailing") / "feed")
    with open(name, "wb") as file:
        file.write(data)
    with patch.object(tailing, "CHUNK_BYTES", 16):
        _reads_all(name, data)
    _bookmark(name, data.decode(errors="replace"))


def _reads_all(name: str, data: bytes) -> None:
    *ended, rest = data.split(b"\n")
    place, lines, ended_at = tailing.beginning(name), [], None
    while ended_at is None:
        assert tailing.find(name, place) == name and Place.decode(place.encode()) == place
        chunk = tailing.read(name, place, LINE_BYTES_MAX)
        assert chunk.ended or chunk.place.offset > place.offset
        lines += chunk.lines
        place, ended_at = chunk.place, chunk.place.offset if chunk.ended else None
    expected = [line.removesuffix(b"\r") if len(line) <= LINE_BYTES_MAX else None for line in ended]
    assert lines == expected and (ended_at, chunk.half_bytes) == (len(data) - len(rest), len(rest))


def _bookmark(name: str, text: str) -> None:
    try:
        place = Place.decode(text)
    except msgspec.MsgspecError:
        return
    assert Place.decode(place.encode()) == place
    assert tailing.find(name, place) == name
    here = Place(tailing.beginning(name).device, tailing.beginning(name).inode, place.offset, place.check)
    if tailing.is_rest_of(name, here):
        tailing.read(name, here, LINE_BYTES_MAX)
