"""The writer: one transaction for each batch of units, on the only connection that writes.

All items of a batch are applied one after the other inside one BEGIN IMMEDIATE.  When one of them
fails by its own fault (a constraint, a value that no column takes), the transaction is rolled back
and the batch is replayed with a savepoint around each item, so that only the guilty one fails.
Answers and tickets leave this file only after COMMIT has returned.

When the disk or the file fails, the batch is rolled back, all of it fails with DatabaseAway and the
connection is opened anew.  When it fails in COMMIT itself, the origin's row is asked what became of
the batch before anybody is answered (origin.py); if even that fails, the answer is DatabaseAway, which
promises nothing, and the question is settled before the next batch writes.
If the process dies here, the batch is in the database whole or not at all.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from twisted.logger import Logger

from tectonics.domain.errors import Busy, OurFault
from tectonics.ports import TicketLine, Unit
from tectonics.store import origin
from tectonics.store.origin import Fenced, Life
from tectonics.store.unit import Audited, Ledger, apply_audited, apply_unit

_USAGE = """INSERT INTO service_usage (service, day, origin, count, amount_minor) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (service, day, origin) DO UPDATE SET count = service_usage.count + excluded.count,
        amount_minor = service_usage.amount_minor + excluded.amount_minor"""
_OWN_FAULTS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError,
               TypeError, ValueError, LookupError, AttributeError, OverflowError, msgspec.MsgspecError)

Job = Callable[[sqlite3.Connection], object]  # any other write: one statement, or all of several


class DatabaseAway(Busy):
    """The database could not be read or written; whether it was is not promised, trying again may tell.

    Peers read the sentence, so where the database is and what is wrong with it stand in the log alone.
    """

    def __init__(self):
        super().__init__("the database is away, try again in a moment")


@dataclass(slots=True)
class Batch:
    """What one transaction did: an answer for each item, the tickets that it numbered, in order.

    `fault` says why the database could not be written, where it could not.
    """

    answers: list
    lines: list[TicketLine] = field(default_factory=list)
    fenced: bool = False
    fault: str = ""


class Writer:
    """Applies batches; called by one thread at a time. `connect` opens the connection that writes."""

    log = Logger()

    def __init__(self, connect: Callable[[], sqlite3.Connection], life: Life, lease_ms: int,
                 connection: sqlite3.Connection | None = None):
        self._connect = connect
        self._connection = connection
        self._life = life
        self._lease_ms = lease_ms
        self._doubt: Ledger | None = None  # of a batch whose COMMIT was interrupted

    def run(self, items: list[Unit | Audited | Job]) -> Batch:
        """One transaction. Answers: what apply_unit or the job returned, or OurFault."""
        lines, answers = [], None
        try:
            lines = self._settle() or []
            answers, ledger = self._write(items)
            self._commit(ledger)
            return Batch(answers, lines + ledger.lines)
        except Fenced as fault:
            self.close()
            return Batch([fault] * len(items), lines, fenced=True)
        except sqlite3.Error as error:
            return self._failed(items, answers, lines, error)

    def close(self) -> None:
        """Closes the connection; what was not committed is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _failed(self, items, answers, lines, error) -> Batch:
        interrupted = self._doubt is not None and answers is not None
        self.close()
        self.log.error("A batch of {count} failed: {error}", count=len(items), error=str(error))
        settled = None
        try:
            settled = self._settle()
        except Fenced as fault:
            return Batch([fault] * len(items), lines, fenced=True)
        except sqlite3.Error as again:
            self.log.error("The database cannot be used yet: {error}", error=str(again))
        lines = lines + (settled or [])
        if interrupted and settled is not None:
            return Batch(answers, lines)
        return Batch([DatabaseAway()] * len(items), lines, fault=str(error))

    def _settle(self) -> list[TicketLine] | None:
        """Opens the connection where there is none; the tickets of a doubtful batch, if it happened."""
        if self._connection is None:
            self._connection = self._connect()
        doubt = self._doubt
        if doubt is None:
            return None
        happened = origin.settle(self._connection, self._life)
        self._doubt = None
        return doubt.lines if happened else None

    def _write(self, items):
        try:
            return self._apply_all(items, self._apply)
        except _OWN_FAULTS:
            self._connection.execute("ROLLBACK")
            return self._apply_all(items, self._apply_alone)

    def _apply_all(self, items, apply):
        life = self._life
        ledger = Ledger(life.name, life.epoch, self._lease_ms, life.next)
        self._connection.execute("BEGIN IMMEDIATE")
        ledger.changes = self._connection.total_changes
        answers = [apply(ledger, item) for item in items]
        for (service, day), (count, amount_minor) in ledger.usage.items():
            self._connection.execute(_USAGE, (service, day, life.name, count, amount_minor))
        return answers, ledger

    def _apply(self, ledger, item):
        if isinstance(item, Unit):
            return apply_unit(self._connection, ledger, item)
        if isinstance(item, Audited):
            return apply_audited(self._connection, ledger, item)
        return item(self._connection)

    def _apply_alone(self, ledger, item):
        self._connection.execute("SAVEPOINT alone")
        try:
            answer = self._apply(ledger, item)
        except _OWN_FAULTS as error:
            self._connection.execute("ROLLBACK TO alone")
            about = f"unit {item.id}" if isinstance(item, Unit) else "a write"
            self.log.error("{about} cannot be stored: {error!r}", about=about, error=error)
            answer = OurFault(f"{about} cannot be stored: {error}")
        self._connection.execute("RELEASE alone")
        return answer

    def _commit(self, ledger):
        """A batch that wrote nothing needs no disk; the others end with the origin's compare-and-set."""
        if self._connection.total_changes == ledger.changes:
            self._connection.execute("ROLLBACK")
            return
        origin.advance(self._connection, self._life, ledger.next)
        self._doubt = ledger
        self._connection.execute("COMMIT")
        self._doubt = None
        self._life.next, self._life.batch = ledger.next, self._life.batch + origin.COMMITTED
