"""Signs of life of the daemons over one database: each counts in a row of its own, the others look whether it goes on.

Only the count is compared, never two machines' clocks.  A sign is a write like every other, so a process that was fenced
gives none any more, nor does one that cannot reach the database.
"""

import sqlite3
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.ports import NodeSign
from tectonics.store.origin import Life

NODES_MAX = 1000  # that are looked at
SERVING, STOPPED, GONE = "serving", "stopped", "gone"
_SIGN = """INSERT INTO node (name, epoch, beat, state, at) VALUES (?, ?, 1, ?, ?)
    ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, beat = node.beat + 1, state = excluded.state, at = excluded.at"""
_ALL = "SELECT name, epoch, beat, state, at FROM node ORDER BY name LIMIT ?"
_LEFT = "SELECT 1 FROM outbox WHERE owner = ? LIMIT 1"
_GONE = f"UPDATE node SET state = '{GONE}' WHERE name = ? AND beat = ? AND state = '{SERVING}'"


class SqlNodes:
    """Fills ports.Nodes."""

    def __init__(self, writes: BatchQueue, people: BatchQueue, life: Life) -> None:
        self._writes, self._people, self._life = writes, people, life

    def sign(self, state: str, now: int) -> Deferred[None]:
        """See ports.Nodes."""
        return self._writes.submit(partial(_execute, statement=_SIGN, values=(self._life.name, self._life.epoch, state, now)))

    def all(self) -> Deferred[list[NodeSign]]:
        """See ports.Nodes; at most NODES_MAX."""
        return self._people.submit(lambda connection: [NodeSign(*row) for row in connection.execute(_ALL, (NODES_MAX,))])

    def has_work(self, name: str) -> Deferred[bool]:
        """See ports.Nodes."""
        return self._people.submit(lambda connection: connection.execute(_LEFT, (name,)).fetchone() is not None)

    def gone(self, name: str, beat: int) -> Deferred[None]:
        """See ports.Nodes."""
        return self._writes.submit(partial(_execute, statement=_GONE, values=(name, beat)))


def _execute(connection: sqlite3.Connection, statement: str, values: tuple) -> None:
    connection.execute(statement, values)
