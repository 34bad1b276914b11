"""An import file's rows: records that mean themselves, or one reason; the header is judged first.

The first line is the header, each other one a row.
"""

import re

from tectonics.domain.money import format_minor
from tectonics.domain.ticket import rfc3339
from tectonics.store.importing_columns import ADVANCES_MAX, COLUMNS, Columns, Record, Terms
from tectonics.store.importing_lines import BadFile, BadRow, cells_of, header_of
from tests.fuzz.contract import sentence

AS_OF = 1_795_000_000_000
TERMS = Terms(AS_OF, "EUR", frozenset({"standard", "gold"}), frozenset({"en", "fr"}), "33", 60)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d|.*([Zz]|[+-]\d\d(:?\d\d){0,2}([.]\d+)?)", re.ASCII)  # a date, or with its zone
TOKENS = (*(name.encode() + b"," for name in COLUMNS), b"\n", b",", b"33600000001,", b"prepaid,", b"2026-11-18,", b"5.00,",
          b"2026-11-18T10:00:00Z,", b"-,", b"gold,", b"2026W47T08,", b"2026-W47-2,", b"20261118T10Z,", b"10,", b"active,")


def check(data: bytes) -> None:
    head, *rows = data.split(b"\n")
    try:
        names, delimiter = header_of(head)
        columns = Columns(names, TERMS)
    except BadFile as error:
        sentence(error, 20_000)
        return
    for row in rows:
        try:
            cells = cells_of(row, delimiter)
            record = columns.record(cells)
        except BadRow as error:
            sentence(error)
            continue
        _strict(names, cells)
        _means_itself(record)


def _strict(names: list[str], cells: list[str]) -> None:
    for name, cell in zip(names, cells, strict=True):
        if cell.strip() and (name == "activated" or name.endswith(("_last", "_granted", "_due"))):
            assert MOMENT.fullmatch(cell.strip()), cell


def _means_itself(record: Record) -> None:
    assert len(record.advances) <= ADVANCES_MAX
    row = {"msisdn": record.msisdn} | {name: rfc3339(value) if name == "activated" else value
                                      for name, value in record.profile.items()}
    for history in record.history:
        prefix = f"recharges_{history.kind}_"
        row |= {prefix + "count": str(history.count), prefix + "sum": format_minor(history.sum_minor, "EUR"),
                prefix + "last": rfc3339(history.last_at)}
    for advance, prefix in zip(record.advances, ("advance_", "advance2_", "advance3_"), strict=False):
        row |= {prefix + "id": advance.id, prefix + "amount": format_minor(advance.amount_minor, "EUR"),
                prefix + "fee": format_minor(advance.fee_minor, "EUR"),
                prefix + "outstanding": format_minor(advance.outstanding_minor, "EUR"),
                prefix + "granted": rfc3339(advance.granted_at), prefix + "due": rfc3339(advance.due_at)}
    assert Columns(list(row), TERMS).record(list(row.values())) == record
