"""A growing file read line by line, over rotation and truncation: what and where, without any waiting.

A `Place` names how far a file was read: the file itself (device and inode, which a rename does not
change), the offset, and a checksum of the file's first bytes and of those before the offset, so that
a file that was cut and written anew, or an inode that was given to another file, is not mistaken for
the one that was read.

Rotation by rename: the file at the path is another one; the old one is read to its end first, then
its successors in the order of their last change, the one at the path last.  Where the file that was
read cannot be found any more, or was cut, reading begins again with the file at the path: records
may be told twice, which their ids catch.  So rotate by rename: what a copying rotation cuts away
before it was read is only in the copy.

Bounds: CHUNK_BYTES are read at a time; a line longer than `line_bytes_max` is told as None; siblings
of the path are looked for in its own directory, under names that begin with its name.
"""

import os
import zlib
from dataclasses import dataclass
from typing import Annotated

import msgspec

from tectonics.wire.lines import Lines

CHUNK_BYTES = 64 * 1024
CHECK_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file has been read: up to the end of a line."""

    device: int
    inode: int
    offset: Annotated[int, msgspec.Meta(ge=0)]
    check: int  # CRC-32 of up to CHECK_BYTES at the beginning, and as many before the offset

    def encode(self) -> str:
        """The form of a bookmark."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, text: str) -> "Place":
        """The place that `encode` wrote; msgspec.MsgspecError when the text is none."""
        return msgspec.json.decode(text, type=cls)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines that follow a place, and the place after them."""

    lines: tuple[bytes | None, ...]  # None: too long
    place: Place
    ended: bool  # nothing more is in the file now but perhaps half a line
    half_bytes: int = 0  # of that half line


def find(path: str, place: Place | None) -> str | None:
    """The name under which the file of `place` is now (the one at `path` where there is no place).

    None: there is no file at the path. A file whose bytes before the offset have changed is not found.
    """
    for name in [path, *_siblings(path)]:
        if place is None or _matches(name, place):
            return name if os.path.exists(name) else None
    return path if os.path.exists(path) else None


def beginning(name: str) -> Place:
    """The place before the first byte of a file."""
    found = os.stat(name)
    return Place(found.st_dev, found.st_ino, 0, 0)


def is_rest_of(name: str, place: Place) -> bool:
    """Whether the file is the one of the place, unchanged before the offset."""
    return _matches(name, place)


def successor(path: str, name: str) -> str | None:
    """The file to read after the rotated file `name`: the next changed after it, at last `path`."""
    rotated = os.stat(name)
    later = [other for other in _siblings(path)
             if os.stat(other).st_mtime_ns > rotated.st_mtime_ns]
    later.sort(key=lambda other: os.stat(other).st_mtime_ns)
    if later:
        return later[0]
    return path if os.path.exists(path) else None


def read(name: str, place: Place, line_bytes_max: int) -> Chunk:
    """The next whole lines of a file, at most CHUNK_BYTES of them."""
    with open(name, "rb") as file:
        file.seek(place.offset)
        data = file.read(CHUNK_BYTES)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == CHUNK_BYTES:
            return _skip(file, place)
        lines = tuple(Lines(line_bytes_max).feed(data[:end]))
        here = _place(file, place, place.offset + end)
    ended = len(data) < CHUNK_BYTES
    return Chunk(lines, here, ended, len(data) - end if ended else 0)


def _skip(file, place: Place) -> Chunk:
    """Over a line that is longer than a chunk; it is told when its end has been written."""
    offset = place.offset + CHUNK_BYTES
    while data := file.read(CHUNK_BYTES):
        end = data.find(b"\n") + 1
        if end:
            return Chunk((None,), _place(file, place, offset + end), False)
        offset += len(data)
    return Chunk((), place, True, offset - place.offset)


def _place(file, place: Place, offset: int) -> Place:
    return Place(place.device, place.inode, offset, _check(file, offset))


def _check(file, offset: int) -> int:
    length = min(offset, CHECK_BYTES)
    file.seek(0)
    head = file.read(length)
    file.seek(offset - length)
    return zlib.crc32(file.read(length), zlib.crc32(head))


def _matches(name: str, place: Place) -> bool:
    try:
        with open(name, "rb") as file:
            found = os.fstat(file.fileno())
            return ((found.st_dev, found.st_ino) == (place.device, place.inode)
                    and found.st_size >= place.offset and _check(file, place.offset) == place.check)
    except OSError:
        return False


def _siblings(path: str) -> list[str]:
    directory, base = os.path.split(os.path.abspath(path))
    return [entry.path for entry in os.scandir(directory)
            if entry.name.startswith(base) and entry.name != base and entry.is_file()
            and not entry.name.endswith((".rejected", ".gz", ".xz", ".bz2", ".zst"))]
