"""The numbered tickets and the cursors of those who consume them.

A ticket is numbered by the transaction that commits it (unit.py), so whoever reads the log in order
of (origin, seq) sees every ticket once and none that could still vanish.  Live followers subscribe:
they get each batch after its commit, in order, in the reactor's thread, and read from the log what
they missed before.  Cursors only move forward.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.database.batch import BatchQueue
from tectonics.ports import TicketLine

_READ = "SELECT origin, seq, at, body FROM ticket WHERE origin = ? AND seq > ? ORDER BY seq LIMIT ?"
_READ_TIME = """SELECT origin, seq, at, body FROM ticket
    WHERE at >= ? AND at < ? AND (at, origin, seq) > (?, ?, ?) ORDER BY at, origin, seq LIMIT ?"""
_OLDEST = "SELECT min(seq) FROM ticket WHERE origin = ?"
_NEXT = "SELECT next FROM origin WHERE name = ?"
_CURSOR = "SELECT seq FROM consumer_cursor WHERE consumer = ? AND origin = ?"
_ACKNOWLEDGE = """INSERT INTO consumer_cursor (consumer, origin, seq) VALUES (?, ?, ?)
    ON CONFLICT (consumer, origin) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > consumer_cursor.seq"""
_CURSORS = "SELECT consumer, origin, seq FROM consumer_cursor ORDER BY consumer, origin"


class SqlTicketLog:
    """Fills ports.TicketLog."""

    log = Logger()

    def __init__(self, origin: str, writes: BatchQueue, reads: BatchQueue):
        self.origin = origin
        self._writes = writes
        self._reads = reads
        self._subscribers: list[Callable[[Sequence[TicketLine]], None]] = []

    def subscribe(self, callback: Callable[[Sequence[TicketLine]], None]) -> None:
        """See ports.TicketLog."""
        self._subscribers.append(callback)

    def publish(self, lines: Sequence[TicketLine]) -> None:
        """Boundary: tells the subscribers; one that raises is logged and drops nobody else's tickets."""
        for subscriber in self._subscribers:
            try:
                subscriber(lines)
            except Exception:  # noqa: BLE001 named boundary
                self.log.failure("A follower of the tickets failed")

    def read(self, origin: str, after: int, limit: int) -> Deferred[list[TicketLine]]:
        """See ports.TicketLog."""
        return self._reads.submit(partial(_lines, statement=_READ, values=(origin, after, limit)))

    def read_time(self, since: int, until: int, after: tuple[int, str, int],
                  limit: int) -> Deferred[list[TicketLine]]:
        """See ports.TicketLog; a page costs the same however far on it is."""
        values = (max(since, after[0]), until, *after, limit)
        return self._reads.submit(partial(_lines, statement=_READ_TIME, values=values))

    def span(self, origin: str) -> Deferred[tuple[int, int]]:
        """See ports.TicketLog; when retention has deleted all, the oldest is the next to come."""
        return self._reads.submit(partial(_span, origin=origin))

    def cursor(self, consumer: str, origin: str) -> Deferred[int | None]:
        """See ports.TicketLog."""
        return self._reads.submit(partial(_cursor, values=(consumer, origin)))

    def acknowledge(self, consumer: str, origin: str, seq: int) -> Deferred[None]:
        """Moves the cursor forward; durable when it is answered."""
        return self._writes.submit(partial(_acknowledge, values=(consumer, origin, seq)))

    def cursors(self) -> Deferred[list[tuple[str, str, int]]]:
        """See ports.TicketLog."""
        return self._reads.submit(lambda connection: connection.execute(_CURSORS).fetchall())


def _lines(connection: sqlite3.Connection, statement: str, values: tuple) -> list[TicketLine]:
    return [TicketLine(origin, seq, at, body.encode())
            for origin, seq, at, body in connection.execute(statement, values)]


def _span(connection: sqlite3.Connection, origin: str) -> tuple[int, int]:
    row = connection.execute(_NEXT, (origin,)).fetchone()
    newest = row[0] - 1 if row else 0
    oldest = connection.execute(_OLDEST, (origin,)).fetchone()[0]
    return (newest + 1 if oldest is None else oldest), newest


def _cursor(connection: sqlite3.Connection, values: tuple) -> int | None:
    row = connection.execute(_CURSOR, values).fetchone()
    return row[0] if row else None


def _acknowledge(connection: sqlite3.Connection, values: tuple) -> None:
    connection.execute(_ACKNOWLEDGE, values)
