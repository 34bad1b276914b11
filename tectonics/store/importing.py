"""The bulk import: rows of a file become accounts, in chunks, the one write that is not a unit.

    lines ──▶ Record or reason ──▶ read what is there ──▶ Change or nothing ──▶ ONE transaction a chunk
              (importing_columns)                         (importing_merge)

It runs beside working daemons: new accounts are inserted where there are none, others are written
where their version is the one that was read.  Who lost is read and decided again, TRIES_MAX times,
then rejected; the daemon loses in the same way and decides again on the imported account.

A chunk's last transaction writes the bookmark too: which line of which file it reached, what was
counted, how long the reject file was.  If the process dies here, the next start goes on behind the
last chunk; what the chunk under way had written already is found unchanged.

Bounds: a target's `chunk_rows` rows and their lines are in memory, whatever the file's length.  A
number that stands in one chunk twice is written in two transactions, in the file's order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Protocol

import msgspec

from tectonics.domain.subscriber import Account
from tectonics.store.importing_columns import Columns, Record, Terms
from tectonics.store.importing_lines import BadRow, cells_of
from tectonics.store.importing_merge import Change, change_of

TRIES_MAX = 5
LOST = "msisdn: the daemon kept changing the subscriber; import the row again"

Settle = Callable[[set[int]], str | None]


class Target(Protocol):
    """A database as the import needs it."""

    chunk_rows: int

    def read(self, msisdns: Sequence[int]) -> Mapping[int, Account]:
        """The accounts that exist, without advances and recoveries."""

    def advance_ids(self, msisdns: Sequence[int]) -> Mapping[int, set[str]]:
        """The ids of all advances, finished ones too, of those that have any."""

    def write(self, changes: Sequence[Change], settle: Settle, bookmark: str) -> None:
        """One transaction: the changes that win their compare-and-set, with their new advances.

        Before its end `settle` is told which numbers lost; what it answers, if anything, becomes
        the value of the bookmark.
        """

    def bookmark(self, name: str) -> str | None:
        """The bookmark's value."""

    def forget(self, name: str) -> None:
        """Deletes the bookmark."""


class RejectFile(Protocol):
    """Where bad rows go; see importing_files."""

    bytes_written: int

    def write(self, rows: Sequence[tuple[int, str, bytes]]) -> None:
        """Appends (line number, reason, line) and waits for the disk."""


@dataclass(slots=True)
class Position:
    """How far a file has been imported; what the bookmark holds."""

    file: str  # its identity, and of the options that change what its rows mean
    line: int = 0
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejects_bytes: int = 0


def position_of(value: str | None, file: str) -> Position:
    """The position in a bookmark, if it is one in this file; else its beginning."""
    if value is not None:
        try:
            position = msgspec.json.decode(value, type=Position)
        except msgspec.MsgspecError:
            return Position(file)
        if position.file == file:
            return position
    return Position(file)


@dataclass(frozen=True, slots=True)
class Row:
    """A row on its way: where it stood, as it stood there, what it says."""

    line: int
    raw: bytes
    record: Record


@dataclass(slots=True)
class Import:
    """One import of one file; `run` it once."""

    columns: Columns
    delimiter: str
    terms: Terms
    delta: bool
    target: Target
    rejects: RejectFile
    bookmark: str  # its name
    position: Position
    progress: Callable[[Position], None] = lambda position: None
    _rejected: list[tuple[int, str, bytes]] = field(default_factory=list)  # of the chunk under way

    def run(self, lines: Iterable[tuple[int, bytes]]) -> Position:
        """Imports the rows behind the position (`lines` without the header); what came of it."""
        done = self.position.line
        remaining = iter(lines) if not done else (line for line in lines if line[0] > done)
        while chunk := list(islice(remaining, self.target.chunk_rows)):
            waves = list(_waves(self._parsed(chunk))) or [[]]
            for wave in waves[:-1]:
                self._write(wave, None)
            self._write(waves[-1], chunk[-1][0])
            self.progress(self.position)
        self.target.forget(self.bookmark)
        return self.position

    def _parsed(self, chunk: list[tuple[int, bytes]]) -> Iterator[Row]:
        delimiter, record = self.delimiter, self.columns.record
        self.position.read += len(chunk)
        for number, raw in chunk:
            try:
                yield Row(number, raw, record(cells_of(raw, delimiter)))
            except BadRow as fault:
                self._rejected.append((number, str(fault), raw))

    def _write(self, wave: list[Row], end_line: int | None) -> None:
        """Writes rows of different numbers; where `end_line` is given they end the chunk."""
        for left in range(TRIES_MAX - 1, -1, -1):
            changes = self._changes(wave)
            lost: set[int] = set()
            settle = partial(self._settle, wave, changes, end_line, left, lost)
            if changes or end_line is not None:
                self.target.write(changes, settle, self.bookmark)
            if not lost:
                return
            wave = [row for row in wave if int(row.record.msisdn) in lost]

    def _changes(self, wave: list[Row]) -> list[Change]:
        """What the rows change; counts and drops the others."""
        known = self.target.read([int(row.record.msisdn) for row in wave])
        owing = [int(row.record.msisdn) for row in wave if row.record.advances]
        ids = self.target.advance_ids([msisdn for msisdn in owing if msisdn in known])
        changes = []
        for row in wave:
            msisdn = int(row.record.msisdn)
            account = known.get(msisdn) or Account(row.record.msisdn)
            try:
                change = change_of(row.record, account, ids.get(msisdn, ()), self.terms, self.delta)
            except BadRow as fault:
                self._rejected.append((row.line, str(fault), row.raw))
                continue
            if change is None:
                self.position.unchanged += 1
            else:
                changes.append(change)
        return sorted(changes, key=_number)

    def _settle(self, wave: list[Row], changes: list[Change], end_line: int | None, tries_left: int,
                lost: set[int], losers: set[int]) -> str | None:
        """Within the transaction: counts who won; the bookmark's value when the chunk is over."""
        won = [change for change in changes if _number(change) not in losers]
        inserted = sum(change.expected == 0 for change in won)
        self.position.inserted += inserted
        self.position.updated += len(won) - inserted
        if losers and not tries_left:
            self._rejected += [(row.line, LOST, row.raw) for row in wave if int(row.record.msisdn) in losers]
        elif losers:
            lost |= losers
            return None
        return None if end_line is None else self._end_chunk(end_line)

    def _end_chunk(self, line: int) -> str:
        self._rejected.sort()
        self.rejects.write(self._rejected)
        self.position.rejected += len(self._rejected)
        self._rejected.clear()
        self.position.line, self.position.rejects_bytes = line, self.rejects.bytes_written
        return msgspec.json.encode(self.position).decode()


class DryRun:
    """A target that reads and writes nothing; `target` None: there is no database yet."""

    def __init__(self, target: Target | None):
        self._target = target
        self.chunk_rows = 5000 if target is None else target.chunk_rows

    def read(self, msisdns: Sequence[int]) -> Mapping[int, Account]:
        """See Target."""
        return {} if self._target is None else self._target.read(msisdns)

    def advance_ids(self, msisdns: Sequence[int]) -> Mapping[int, set[str]]:
        """See Target."""
        return {} if self._target is None else self._target.advance_ids(msisdns)

    def write(self, changes: Sequence[Change], settle: Settle, bookmark: str) -> None:
        """Everybody wins."""
        settle(set())

    def bookmark(self, name: str) -> str | None:
        """None: a dry run begins at the beginning."""
        return None

    def forget(self, name: str) -> None:
        """Nothing to forget."""


def _number(change: Change) -> int:
    return int(change.account.msisdn)


def _waves(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in order, in lists in which no number stands twice."""
    waiting = list(rows)
    while waiting:
        wave: dict[str, Row] = {}
        again = []
        for row in waiting:
            if wave.setdefault(row.record.msisdn, row) is not row:
                again.append(row)
        yield list(wave.values())
        waiting = again
