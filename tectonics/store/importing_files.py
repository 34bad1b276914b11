"""The files of an import: the one that is read, and the one that takes what cannot be imported.

A reject file begins with the header of the import file behind the columns `line` and `reason`, and
each bad row stands in it as it stood there; so it can be corrected and imported itself.  Rows are
on the disk before the bookmark that counts them is.  After a crash what stands behind the
bookmark's length is cut off and written again.

Bounds: a reason and a line, LINE_BYTES_MAX at most, are all that is kept of a bad row.
"""

import codecs
import gzip
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tectonics.store.importing_lines import BadFile

HEAD_BYTES = 65_536  # of the file, that its identity is made of


class Source:
    """The import file, unpacked where its name ends in .gz; `-` is standard input."""

    def __init__(self, name: str):
        self._file: BinaryIO
        if name == "-":
            self.stream = self._file = sys.stdin.buffer
            self.size_bytes, self.modified_at, self.identity = 0, None, ""
            return
        try:
            self._file = open(name, "rb")  # noqa: SIM115 see close
            about, head = os.fstat(self._file.fileno()), self._file.read(HEAD_BYTES)
            self._file.seek(0)
        except OSError as error:
            raise BadFile(f"{name} cannot be read: {error.strerror}") from error
        self.stream = gzip.GzipFile(fileobj=self._file) if name.endswith(".gz") else self._file
        self.size_bytes, self.modified_at = about.st_size, about.st_mtime_ns // 1_000_000
        self.identity = f"{about.st_size} {about.st_mtime_ns} {hashlib.sha256(head).hexdigest()}"

    @property
    def bytes_read(self) -> int:
        """How much of `size_bytes` has been read; 0 of standard input."""
        return self._file.tell() if self.size_bytes else 0

    def close(self) -> None:
        """Closes the file."""
        if self.identity:
            self._file.close()


class Rejects:
    """The reject file, made when the first row is rejected; readable by its owner only.

    An older reject file of that name is replaced, any other file is left alone (BadFile).
    """

    def __init__(self, path: Path, header: bytes, delimiter: str, bytes_written: int = 0):
        self.bytes_written = bytes_written
        self._path = path
        self._delimiter = delimiter
        self._header = header.removeprefix(codecs.BOM_UTF8)
        self._file: BinaryIO | None = None
        if bytes_written:
            self._open()
        elif path.exists():
            _remove_older(path)

    def write(self, rows: Sequence[tuple[int, str, bytes]]) -> None:
        """See importing.RejectFile."""
        if not rows:
            return
        file = self._file or self._open()
        for line, reason, raw in rows:
            quoted = '"' + reason.replace('"', '""') + '"'
            file.write(f"{line}{self._delimiter}{quoted}{self._delimiter}".encode() + raw + b"\n")
        file.flush()
        os.fsync(file.fileno())
        self.bytes_written = file.tell()

    def close(self) -> None:
        """Closes the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> BinaryIO:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = file = os.fdopen(descriptor, "r+b")
        file.truncate(self.bytes_written)
        file.seek(self.bytes_written)
        if not self.bytes_written:
            file.write(f"line{self._delimiter}reason{self._delimiter}".encode() + self._header + b"\n")
        return file


def _remove_older(path: Path) -> None:
    with open(path, "rb") as file:
        if not file.read(5).startswith(b"line"):
            raise BadFile(f"{path} exists and is no reject file; name another one with --rejects")
    path.unlink()
