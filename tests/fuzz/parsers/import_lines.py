"""The lines of an import file: numbered the same whatever the blocks, never longer than told, cells or a reason."""

import csv
import io
from unittest.mock import patch

from tectonics.store import importing_lines
from tectonics.store.importing_lines import BadFile, BadRow, cells_of, header_of, numbered_lines
from tests.fuzz.contract import alike, sentence

LINE_BYTES_MAX = 16
TOKENS = (b"msisdn,kind\n", b"33600000001;prepaid\r\n", b'"a ""b"""', b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\r", b"\n", b'"', b"|",
          b"1234567890123456\r\n", b"12345678901234567\n", b"1234567890123456\r7", b"\t", b",,")


class Blocks(io.RawIOBase):
    """A stream that gives its pieces one by one, however many bytes are asked for."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._pieces = [piece for piece in pieces if piece]

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        return self._pieces.pop(0) if self._pieces else b""


def check(data: bytes) -> None:
    with patch.object(importing_lines, "LINE_BYTES_MAX", LINE_BYTES_MAX):
        lines = alike(lambda pieces: list(numbered_lines(Blocks(pieces))), data)
        whole = data.split(b"\n")
        for number, line in lines:
            assert 0 < len(line) <= LINE_BYTES_MAX + 1
            long = len(whole[number - 1].removesuffix(b"\r")) > LINE_BYTES_MAX
            _cells(line, long)
        assert {number for number, _ in lines} == {n for n, line in enumerate(whole, 1) if line.removesuffix(b"\r")}
    _header(data.partition(b"\n")[0])


def _cells(line: bytes, long: bool) -> None:
    try:
        cells = cells_of(line, ";")
    except BadRow as error:
        sentence(error)
        return
    assert not long
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="").writerow(cells)
    if not {"\r", "\n"} & set(written.getvalue()):
        with patch.object(importing_lines, "LINE_BYTES_MAX", 10**6):
            assert cells_of(written.getvalue().encode(), ";") == cells


def _header(line: bytes) -> None:
    try:
        names, delimiter = header_of(line)
    except BadFile as error:
        sentence(error)
        return
    assert delimiter in importing_lines.DELIMITERS and all(name == name.strip() for name in names)
