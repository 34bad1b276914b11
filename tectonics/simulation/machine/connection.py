"""SQLite as a process on a simulated disk has it: real, but each statement may be its last.

A dead process's connections do nothing any more.  One that did not ask to wait for the disk at each COMMIT
(PRAGMA synchronous) forgets, when the power goes, what was committed since the last checkpoint.
"""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tectonics.simulation.machine.platter import Platter
from tectonics.simulation.machine.timeline import Killed

FULL_SYNCHRONOUS = 2  # PRAGMA synchronous: each COMMIT waits for the disk
WRITING = ("INSERT", "UPDATE", "DELETE")
really = sqlite3.Connection.execute  # past the disk


class DeadDisk:
    """Behind the connections of a dead process."""

    dead, last_statement = True, 0

    def statement(self, connection, sql: str, parameters) -> None:
        """Nothing is done any more."""
        raise Killed


class NoDisk:
    """Behind a connection that is being opened."""

    dead, last_statement = False, 0
    platter = Platter(random.Random(0))


DEAD, NONE_YET = DeadDisk(), NoDisk()


class Connection(sqlite3.Connection):
    """A connection whose statements pass the disk."""

    disk: object = NONE_YET
    writes = False
    changes_before = 0  # its count of changed rows when it last began a transaction

    def execute(self, sql: str, parameters=()) -> sqlite3.Cursor:
        """As sqlite3's."""
        disk = self.disk
        if not (disk.last_statement or disk.dead or disk.platter.faulty):
            return really(self, sql, parameters)
        if sql[:5] == "BEGIN":
            self.changes_before = self.total_changes
        return disk.statement(self, sql, parameters)

    def makes_durable(self, sql: str) -> bool:
        """Whether a statement asks the disk to keep something: the end of a transaction, or a write without one."""
        if sql == "COMMIT":
            return self.writes and self.total_changes > self.changes_before
        return not self.in_transaction and sql[:6] in WRITING

    def forgetful(self) -> Callable[[], None] | None:
        """How to forget what was committed without waiting for the disk; None where nothing was."""
        try:
            level = really(self, "PRAGMA synchronous").fetchone()[0]
        except sqlite3.ProgrammingError:
            return None  # it was closed before
        readonly = really(self, "PRAGMA query_only").fetchone()[0]
        if readonly or level >= FULL_SYNCHRONOUS:
            return None
        path = Path(next(row[2] for row in really(self, "PRAGMA database_list")))
        copy = path.with_name(f"{path.name}.durable")
        copy.write_bytes(path.read_bytes())  # without its WAL: what was checkpointed

        def restore() -> None:
            with closing(sqlite3.connect(copy)) as durable, closing(sqlite3.connect(path)) as forgotten:
                durable.backup(forgotten)
            copy.unlink()

        return restore
