"""One record of the prepaid feed on the wire: a line of JSON or CSV becomes plain text fields.

A JSON number keeps the digits it was written with, so that an amount never passes through a float.
What the fields mean is told by domain/feed.py.
"""

import csv
from collections.abc import Mapping

import msgspec

from tectonics.domain.errors import BadRecord

LINE_BYTES_MAX = 4096
FIELDS = ("id", "type", "msisdn", "amount", "currency", "time", "class", "balance", "node", "ref",
          "change", "value")

_JSON = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_NEITHER = "\0"  # stands for an object, a list or a truth value


def read_fields(line: bytes, columns: Mapping[str, int] | None = None) -> dict[str, str]:
    """The fields of a line that are known; BadRecord when it has no readable form.

    With `columns` (name of a field -> its column, counted from 1) a line that does not begin with `{`
    is CSV (RFC 4180).
    """
    fields = _fields(line, columns)
    wrong = next((name for name, value in fields.items() if value == _NEITHER), None)
    if wrong == "id":
        raise BadRecord("id must be text or a number")
    if wrong:
        raise BadRecord(f"{wrong} must be text or a number", _named(fields.get("id", "")))
    return fields


def _named(id: str) -> str:
    """The id as an answer may repeat it; `-` for one that would not stand in one word of one line."""
    return id if 0 < len(id) <= 128 and id.isprintable() and " " not in id else "-"


def _fields(line: bytes, columns: Mapping[str, int] | None) -> dict[str, str]:
    if len(line) > LINE_BYTES_MAX:
        raise BadRecord("line too long")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise BadRecord("the line is not UTF-8") from None
    if columns and not text.lstrip().startswith("{"):
        return _csv_fields(text, columns)
    return _json_fields(line)


def _csv_fields(text: str, columns: Mapping[str, int]) -> dict[str, str]:
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise BadRecord(f"the line is not CSV: {error}") from None
    cells = rows[0] if rows else []
    if len(cells) < max(columns.values()):
        raise BadRecord(f"the line has {len(cells)} columns, {max(columns.values())} are needed")
    return {name: cells[column - 1].strip() for name, column in columns.items()}


def _json_fields(line: bytes) -> dict[str, str]:
    try:
        raw = _JSON.decode(line)
        return {name: _text(bytes(raw[name])) for name in FIELDS if name in raw}
    except msgspec.ValidationError:
        raise BadRecord("the line is not a JSON object") from None
    except (msgspec.DecodeError, RecursionError):
        raise BadRecord("the line is not JSON") from None


def _text(value: bytes) -> str:
    """The text of a string, the digits of a number as they were written, nothing for null."""
    value = value.strip()
    if value.startswith(b'"'):
        return _TEXT.decode(value).strip()
    if value == b"null":
        return ""
    if value[:1] in b"-0123456789":
        return value.decode()
    return _NEITHER
