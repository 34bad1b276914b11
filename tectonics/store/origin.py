"""The origin: the name under which one process numbers its tickets, and proof of its transactions.

Each start raises the origin's epoch.  Every transaction of a life ends with a compare-and-set on
(epoch, batch), so a process of an earlier life that wakes up writes nothing any more: it is fenced.
`batch` counts transactions, and so settles what became of one whose COMMIT was interrupted: a row
that still has the old count proves that it did not happen, and moving that count on by two makes
sure that it never will; a count one higher proves that it did.

If the process dies between two batches, the row holds the next number and nothing is lost.
"""

import sqlite3
from dataclasses import dataclass

from tectonics.domain.errors import OurFault

_NEW = "INSERT INTO origin (name, next, epoch, batch) VALUES (?, 1, 0, 0) ON CONFLICT DO NOTHING"
_CLAIM = "UPDATE origin SET epoch = epoch + 1 WHERE name = ? RETURNING epoch, next, batch"
_READ = "SELECT epoch, next, batch FROM origin WHERE name = ?"
_ADVANCE = "UPDATE origin SET next = ?, batch = ? WHERE name = ? AND epoch = ? AND batch = ?"
COMMITTED, KILLED = 1, 2  # by how much `batch` moves


class Fenced(OurFault):
    """A newer process has taken over this origin; this one must stop."""


@dataclass(slots=True)
class Life:
    """One life of an origin: what its row held after our last transaction."""

    name: str
    epoch: int
    next: int
    batch: int


def claim(connection: sqlite3.Connection, name: str) -> Life:
    """Begins a new life of the origin; whoever had it before is fenced."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_NEW, (name,))
    row = connection.execute(_CLAIM, (name,)).fetchone()
    connection.execute("COMMIT")
    return Life(name, *row)


def advance(connection: sqlite3.Connection, life: Life, next_seq: int) -> None:
    """The last statement of a transaction: takes the numbers that it used. Fenced when not ours."""
    if not _move(connection, life, next_seq, COMMITTED):
        raise Fenced(f"another process has taken over the origin {life.name}: this one writes nothing more")


def settle(connection: sqlite3.Connection, life: Life) -> bool:
    """Whether the transaction of `life` that was interrupted in COMMIT happened; if not, it never will.

    Afterwards `life` is what the row says. Fenced when the origin is not ours any more.
    """
    _move(connection, life, life.next, KILLED)
    epoch, next_seq, batch = connection.execute(_READ, (life.name,)).fetchone()
    if epoch != life.epoch:
        raise Fenced(f"another process has taken over the origin {life.name}: this one writes nothing more")
    happened = batch == life.batch + COMMITTED
    life.next, life.batch = next_seq, batch
    return happened


def _move(connection, life: Life, next_seq: int, step: int) -> bool:
    return connection.execute(_ADVANCE, (next_seq, life.batch + step, life.name, life.epoch,
                                         life.batch)).rowcount == 1
