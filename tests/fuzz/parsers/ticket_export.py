"""Ticket lines to CSV, JSON lines and XLSX: one row a ticket that no spreadsheet runs, or TheirFault."""

import csv
import io

from tectonics.domain.errors import TheirFault
from tectonics.tickets.export import _FORMULA, _NUMBER, COLUMNS, FORMATS, export
from tests.fuzz.contract import sentence

TOKENS = (b'{"origin":"n1","seq":1,"type":"advance.granted","amount":"2.00","currency":"EUR"}\n', b'"text":"=1+1"', b'"text":"@x"',
          b'"currency":5', b'"amount":1e300', b'"seq":99999999999999999999', b'"msisdn":"+33"', b'"text":"\\n"', b'"\\u0000"', b"[]",
          b'"currency":"XTS"', b'"currency":"EURO"', b'"fee":"0.10"', b"null", b"true")


def check(data: bytes) -> None:
    lines = [line for line in data.split(b"\n") if line]
    for form in FORMATS:
        stream = io.BytesIO()
        try:
            count = export(lines, form, stream)
        except TheirFault as error:
            sentence(error)
            continue
        assert count == len(lines)
        if form == "csv":
            _safe(stream.getvalue().decode(), count)


def _safe(text: str, count: int) -> None:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == list(COLUMNS) and len(rows) == count + 1
    for row in rows[1:]:
        assert len(row) == len(COLUMNS)
        assert all(not cell.startswith(_FORMULA) or _NUMBER.fullmatch(cell) for cell in row)
