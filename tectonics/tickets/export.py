"""Tickets as JSONL, CSV or XLSX, from an iterator of their lines, in bounded memory.

CSV and XLSX have one column for each field of the contract, in its order.  A text that a
spreadsheet would run as a formula (it begins with = + - @, a tab or a carriage return, and is not a
number) gets an apostrophe in front in CSV; XLSX cells have a type, so there it stands as it is.
XLSX holds amounts as numbers with the currency's decimals, begins another sheet where one is full,
and is built on disk by a constant-memory writer (18,000 rows a second): inside a busy daemon run
this file as a program, `python -m tectonics.tickets.export xlsx FILE < lines`.

An export that dies half-way leaves a file without its end; it is made again from the database.
"""

import csv
import hashlib
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import msgspec
import xlsxwriter

from tectonics.database.disk import DISK, Disk
from tectonics.domain.errors import TheirFault
from tectonics.domain.money import decimals
from tectonics.domain.ticket import FIELDS
from tectonics.tickets.file_format import read_trailer, seal

FORMATS = ("csv", "jsonl", "xlsx")
COLUMNS = tuple(name for name in FIELDS if name != "dup")
MONEY = frozenset({"amount", "fee", "principal_paid", "fee_paid", "outstanding"})
SHEET_ROWS_MAX = 1_048_576  # Excel's own limit, the header included
CELL_CHARACTERS_MAX = 32_767  # likewise
NUMBER_MAX = 10**15  # likewise: of a larger one it keeps 15 digits, so it is written as text
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(lines: Iterable[bytes], form: str, target: Path | BinaryIO) -> int:
    """Writes tickets as `form` (csv, jsonl or xlsx) to a path or a binary stream; how many.

    TheirFault when the form is none of these or a line is not a ticket.
    """
    if form not in FORMATS:
        raise TheirFault(f"{form} is not one of {', '.join(FORMATS)}")
    write = {"csv": _write_csv, "jsonl": _write_jsonl, "xlsx": _write_xlsx}[form]
    if not isinstance(target, (str, os.PathLike)):
        return write(lines, target)
    with open(target, "wb") as stream:
        return write(lines, stream)


def csv_copy(path: Path, disk: Disk = DISK) -> None:
    """Makes the `.csv` of a closed `.jsonl` file, if there is none yet; raises OSError.

    Its last line is `#trailer ` and a trailer as in the `.jsonl`, with this file's name and SHA-256.
    """
    final = path.with_suffix(".csv")
    part = final.with_name(final.name + ".part")
    if final.exists():
        return
    trailer = read_trailer(path)
    with open(path, "rb") as source, disk.create(part) as stream:
        hashing = _Hashing(stream)
        _write_csv((line for _, line in zip(range(trailer.count), source)), hashing)
        mine = replace(trailer, file=final.name, sha256=hashing.digest.hexdigest())
        stream.write(b"#trailer " + mine.encode())
        seal(disk, stream, part, final)


def protect(value: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return "'" + value if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value


class _Hashing(io.RawIOBase):
    """Passes bytes on to a stream and hashes them."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data) -> int:
        """Hashes `data` and passes it on."""
        self.digest.update(data)
        return self._stream.write(data)


def _records(lines: Iterable[bytes]) -> Iterator[dict]:
    decode = msgspec.json.Decoder(dict).decode
    for line in lines:
        try:
            yield decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TheirFault(f"this line is not a ticket: {error}") from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _write_jsonl(lines: Iterable[bytes], stream: BinaryIO) -> int:
    count = 0
    for count, line in enumerate(lines, 1):
        stream.write(line.rstrip(b"\n") + b"\n")
    return count


def _write_csv(lines: Iterable[bytes], stream: BinaryIO) -> int:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for count, record in enumerate(_records(lines), 1):
        writer.writerow([protect(_text(record[name])) if name in record else "" for name in COLUMNS])
    text.flush()
    text.detach()
    return count


def _write_xlsx(lines: Iterable[bytes], stream: BinaryIO) -> int:
    book = xlsxwriter.Workbook(stream, {"constant_memory": True, "strings_to_formulas": False,
                                        "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    money = {places: book.add_format({"num_format": "0" + ("." + "0" * places if places else "")})
             for places in (0, 2, 3)}
    count, row, sheet = 0, SHEET_ROWS_MAX, None
    for count, record in enumerate(_records(lines), 1):
        if row >= SHEET_ROWS_MAX:
            sheet, row = _add_sheet(book, bold), 1
        _write_row(sheet, row, record, money)
        row += 1
    if sheet is None:
        _add_sheet(book, bold)
    book.close()
    return count


def _add_sheet(book: xlsxwriter.Workbook, bold):
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(COLUMNS) - 1, 16)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, name, bold)
    return sheet


def _write_row(sheet, row: int, record: dict, money: dict) -> None:
    currency = record.get("currency")
    places = decimals(currency) if isinstance(currency, str) else 2
    for column, name in enumerate(COLUMNS):
        value = record.get(name)
        if name in MONEY and isinstance(value, str) and _NUMBER.fullmatch(value):
            sheet.write_number(row, column, Decimal(value), money[places])
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < NUMBER_MAX:
            sheet.write_number(row, column, value)
        elif value is not None:
            sheet.write_string(row, column, _text(value)[:CELL_CHARACTERS_MAX])


def main(arguments: list[str]) -> int:
    """`python -m tectonics.tickets.export FORMAT FILE < lines`: 0 fine, 1 failed, 2 wrong usage."""
    if len(arguments) != 2 or arguments[0] not in FORMATS:
        sys.stderr.write(f"usage: python -m tectonics.tickets.export {'|'.join(FORMATS)} FILE < lines\n")
        return 2
    try:
        count = export(sys.stdin.buffer, arguments[0], Path(arguments[1]))
    except (TheirFault, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{count} tickets written to {arguments[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
