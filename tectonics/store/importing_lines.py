"""The lines of an import file: bytes in, numbered lines out, each line judged by itself.

A field of ours never holds a line break, so a line is a row and nothing that stands in one line can
swallow the next: an unclosed quote, a wrong encoding or a missing comma costs one row.  Most lines
have no quote and are simply split; the others go through the csv module (RFC 4180).

Bounds: blocks of BLOCK_BYTES are read; of a line longer than LINE_BYTES_MAX the rest is thrown away
and the row is rejected, so a file without line breaks needs no more memory than any other.
"""

import codecs
import csv
from collections.abc import Iterator
from typing import BinaryIO

from tectonics.domain.errors import TheirFault

BLOCK_BYTES = 1 << 20
LINE_BYTES_MAX = 16_384
DELIMITERS = ",;\t|"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class BadFile(TheirFault):
    """A file that cannot be imported at all, or an option that does not fit it."""


class BadRow(TheirFault):
    """A row that cannot be imported; `str(error)` is the reason in the reject file."""


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line without its end) of every line that is not empty.

    A line that is too long is cut to LINE_BYTES_MAX + 1 bytes, so that `cells_of` refuses it.
    """
    number, rest = 0, b""
    while block := stream.read(BLOCK_BYTES):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()[:LINE_BYTES_MAX + 2]  # without a carriage return it is still too long
        for line in lines:
            number += 1
            if line := line.removesuffix(b"\r"):
                yield number, line[:LINE_BYTES_MAX + 1]
    if rest := rest.removesuffix(b"\r"):
        yield number + 1, rest[:LINE_BYTES_MAX + 1]


def header_of(line: bytes) -> tuple[list[str], str]:
    """(column names, delimiter) of the first line; BadFile when it can't be a header."""
    if line.startswith(_UTF16_MARKS) or b"\0" in line:
        raise BadFile("the file is not UTF-8 but looks like UTF-16; save it as UTF-8")
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise BadFile("the header line is not UTF-8") from None
    delimiter = next((character for character in DELIMITERS if character in text), ",")
    try:
        return [name.strip() for name in cells_of(text.encode(), delimiter)], delimiter
    except BadRow as fault:
        raise BadFile(f"the header line cannot be read: {fault}") from fault


def cells_of(line: bytes, delimiter: str) -> list[str]:
    """The cells of one line; BadRow when there is no telling."""
    if len(line) > LINE_BYTES_MAX:
        raise BadRow(f"the line is longer than {LINE_BYTES_MAX} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise BadRow(f"byte {error.start + 1} of the line is not UTF-8") from None
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        raise BadRow("the quotes are not right: one is not closed, or not before the end of its cell") from None
