"""What stands in a ticket file, and the file being written.

Tickets as they stand on the wire, one JSON object a line, then one trailer line:

    {"trailer":{"origin":"n1","file":"n1_20261122_08_000007.jsonl","first_seq":101,"last_seq":180,
                "count":80,"opened":"...Z","closed":"...Z","reason":2,"reason_text":"...","sha256":"..."}}

`sha256` is of all bytes before the trailer line.  An empty file has count 0 and last_seq =
first_seq - 1, so that `last_seq + 1` is always the next file's first_seq.  Reasons are the file
closure trigger reasons of 3GPP TS 32.297 (CDR file header).

A file is written under its name with `.part`; closing writes the trailer, syncs the file, renames
it and syncs the directory, in this order, so a name without `.part` is always a whole file.  A
process that dies before the rename leaves a `.part` that the next life overwrites from the database.
"""

import hashlib
import os
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path

import msgspec

from tectonics.database.disk import DISK, Disk
from tectonics.domain.errors import OurFault
from tectonics.domain.ticket import rfc3339

TRAILER_BYTES_MAX = 4096
CHUNK_BYTES = 1024 * 1024


class FileFault(OurFault):
    """A closed ticket file is not what it was when it was closed."""


class Closure(IntEnum):
    """Why a file was closed (3GPP TS 32.297, file closure trigger reason)."""

    NORMAL = 0
    SIZE_LIMIT = 1
    TIME_LIMIT = 2
    MAX_RECORDS = 3
    MANUAL = 4
    VERSION_CHANGE = 5
    ABNORMAL = 128
    FILE_SYSTEM_ERROR = 129
    STORAGE_EXHAUSTED = 130
    INTEGRITY_ERROR = 131


CLOSURE_TEXTS = {
    Closure.NORMAL: "normal closure",
    Closure.SIZE_LIMIT: "file size limit reached",
    Closure.TIME_LIMIT: "file open-time limit reached",
    Closure.MAX_RECORDS: "maximum number of records in file reached",
    Closure.MANUAL: "file closed by manual intervention",
    Closure.VERSION_CHANGE: "record release, version or encoding change",
    Closure.ABNORMAL: "abnormal file closure",
    Closure.FILE_SYSTEM_ERROR: "file system error",
    Closure.STORAGE_EXHAUSTED: "file system storage exhausted",
    Closure.INTEGRITY_ERROR: "file integrity error",
}


@dataclass(frozen=True, slots=True)
class Trailer:
    """The last line of a closed file."""

    origin: str
    file: str
    first_seq: int
    last_seq: int
    count: int
    opened: str
    closed: str
    reason: int
    reason_text: str
    sha256: str

    def encode(self) -> bytes:
        """Its line, with the newline."""
        return msgspec.json.encode({"trailer": asdict(self)}) + b"\n"


class _TrailerLine(msgspec.Struct, forbid_unknown_fields=True):
    trailer: Trailer


class PartFile:
    """The open file. Methods block on the disk and raise OSError; call them off the reactor."""

    def __init__(self, directory: Path, name: str, origin: str, first_seq: int, opened_at: int,
                 disk: Disk = DISK) -> None:
        self.name = name
        self.origin = origin
        self.first_seq = first_seq
        self.count = 0
        self.size_bytes = 0
        self._path = directory / name
        self._opened_at = opened_at
        self._hash = hashlib.sha256()
        self._disk = disk
        self._file = disk.create(self._part)

    @property
    def last_seq(self) -> int:
        """The newest number in it; `first_seq - 1` while it is empty."""
        return self.first_seq + self.count - 1

    @property
    def _part(self) -> Path:
        return self._path.with_name(self.name + ".part")

    def append(self, lines: list[bytes]) -> None:
        """Adds tickets, handed to the operating system on return (not synced: the database is)."""
        data = b"".join(line + b"\n" for line in lines)
        self._file.write(data)
        self._file.flush()
        self._hash.update(data)
        self.count += len(lines)
        self.size_bytes += len(data)

    def close(self, reason: Closure, closed_at: int) -> Trailer:
        """Seals the file under its final name."""
        trailer = Trailer(self.origin, self.name, self.first_seq, self.last_seq, self.count,
                          rfc3339(self._opened_at), rfc3339(closed_at), int(reason), CLOSURE_TEXTS[reason],
                          self._hash.hexdigest())
        self._file.write(trailer.encode())
        seal(self._disk, self._file, self._part, self._path)
        return trailer

    def abandon(self) -> None:
        """Lets go of the file and leaves the `.part` where it is."""
        try:
            self._file.close()
        except OSError:
            pass  # what could not be flushed is in the database


def seal(disk: Disk, file, part: Path, path: Path) -> None:
    """Syncs `file`, gives it its final name, and syncs that name. Never replaces a closed file."""
    disk.sync(file)
    file.close()
    if path.exists():
        raise FileFault(f"{path} exists already and is never written again")
    disk.rename(part, path)
    disk.sync_directory(path.parent)


def read_trailer(path: Path) -> Trailer:
    """The trailer of a closed file; FileFault when it has none."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TRAILER_BYTES_MAX))
        tail = file.read(TRAILER_BYTES_MAX)
    line = tail.removesuffix(b"\n").rpartition(b"\n")[2]
    try:
        return msgspec.json.decode(line, type=_TrailerLine).trailer
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FileFault(f"{path} does not end with a trailer") from None


def verify(path: Path) -> Trailer:
    """The trailer of a closed file whose bytes and count agree with it; FileFault when they do not."""
    trailer = read_trailer(path)
    rest = path.stat().st_size - len(trailer.encode())
    digest, count = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while rest > 0 and (chunk := file.read(min(rest, CHUNK_BYTES))):
            digest.update(chunk)
            count += chunk.count(b"\n")
            rest -= len(chunk)
    if digest.hexdigest() != trailer.sha256:
        raise FileFault(f"{path} was changed after it was closed: its SHA-256 is another")
    if count != trailer.count or trailer.last_seq - trailer.first_seq + 1 != count:
        raise FileFault(f"{path} holds {count} tickets, its trailer says {trailer.count}")
    return trailer
