"""What the import's tests are made of: a file's text, the terms, a target over a file of SQLite."""

import io
from datetime import UTC, datetime

from tectonics.store.importing import Import, position_of
from tectonics.store.importing_columns import Columns, Terms
from tectonics.store.importing_lines import header_of, numbered_lines
from tests.store.building import NOW

DAY = 86_400_000
TERMS = Terms(NOW, "EUR", frozenset({"standard", "gold"}), frozenset({"en", "fr"}))
MSISDN = "33700000001"
HISTORY = "msisdn,recharges_voucher_count,recharges_voucher_sum,recharges_voucher_last"
ADVANCE = "msisdn,advance_id,advance_amount,advance_fee,advance_outstanding,advance_granted,advance_due"


class Kept:
    """A reject file in memory."""

    def __init__(self):
        self.rows = []
        self.bytes_written = 0

    def write(self, rows):
        self.rows += rows

    @property
    def reasons(self):
        return {line: reason for line, reason, _ in self.rows}


def day(number):
    """The date so many days before the file's."""
    return datetime.fromtimestamp((NOW - number * DAY) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def record(header, row, terms=TERMS):
    """The record of one row."""
    return Columns(header.split(","), terms).record(row.split(","))


def run(target, text, terms=TERMS, delta=False, rejects=None, mapping=None):
    """Imports a text; (position, rejects)."""
    data = text.encode() if isinstance(text, str) else text
    rejects = rejects or Kept()
    lines = numbered_lines(io.BytesIO(data))
    names, delimiter = header_of(next(lines)[1])
    columns = Columns(names, terms, mapping or {})
    position = position_of(target.bookmark("import:f"), "f")
    work = Import(columns, delimiter, terms, delta, target, rejects, "import:f", position)
    return work.run(lines), rejects
