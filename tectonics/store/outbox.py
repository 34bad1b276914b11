"""The outbox: commands that outlive the process, each owned by one life of one origin until its lease ends.

Whoever wants to take a row over says so in one UPDATE that checks owner, epoch and lease in the
same statement; the write lock puts two takers in order, and the second finds the row taken.
A row keeps its state when it changes hands: what may have been sent stays so.

The lease covers the waiting too: a row that is put off is nobody else's until `lease_s` after it is
due.  A life never adopts what it owns itself, however late it is.
"""

import sqlite3
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.ports import OutboxRow
from tectonics.store import rows
from tectonics.store.origin import Life
from tectonics.store.unit import FINISH

_FREE = "((owner = :me AND epoch < :epoch) OR (owner <> :me AND lease_until < :now))"
_ADOPT = f"""UPDATE outbox SET owner = :me, epoch = :epoch, lease_until = :lease_until
    WHERE {_FREE} AND (msisdn, op) IN
        (SELECT msisdn, op FROM outbox WHERE {_FREE} ORDER BY due_at LIMIT :limit)
    RETURNING {rows.OUTBOX_COLUMNS}"""
_DUE = f"""SELECT {rows.OUTBOX_COLUMNS} FROM outbox WHERE owner = ? AND epoch = ? AND due_at <= ?
    ORDER BY due_at LIMIT ?"""
_RESCHEDULE = """UPDATE outbox SET due_at = ?, attempts = ?, lease_until = ?, created_at = coalesce(?, created_at)
    WHERE msisdn = ? AND op = ? AND owner = ? AND epoch = ?"""


@dataclass(frozen=True, slots=True)
class Finish:
    """The write of Outbox.finish; an engine may put many of them into one statement."""

    msisdn: int
    op: str

    def __call__(self, connection: sqlite3.Connection) -> None:
        connection.execute(FINISH, (self.msisdn, self.op))


@dataclass(frozen=True, slots=True)
class Reschedule:
    """The write of Outbox.reschedule and, with another `created_at`, of begin_anew; whether the row was ours."""

    msisdn: int
    op: str
    due_at: int
    attempts: int
    lease_until: int
    owner: str
    epoch: int
    created_at: int | None = None

    def __call__(self, connection: sqlite3.Connection) -> bool:
        values = (self.due_at, self.attempts, self.lease_until, self.created_at, self.msisdn, self.op, self.owner, self.epoch)
        return connection.execute(_RESCHEDULE, values).rowcount == 1


class SqlOutbox:
    """Fills ports.Outbox."""

    def __init__(self, writes: BatchQueue, reads: BatchQueue, life: Life, lease_ms: int):
        self._writes = writes
        self._reads = reads
        self._owner = life.name
        self._epoch = life.epoch
        self._lease_ms = lease_ms

    def adopt(self, now: int, limit: int) -> Deferred[list[OutboxRow]]:
        """See ports.Outbox; the longest due first."""
        return self._writes.submit(partial(_adopt, values={
            "me": self._owner, "epoch": self._epoch, "now": now,
            "lease_until": now + self._lease_ms, "limit": limit}))

    def due(self, now: int, limit: int) -> Deferred[list[OutboxRow]]:
        """See ports.Outbox; the longest due first, also those that are being sent at this moment."""
        return self._reads.submit(partial(_due, values=(self._owner, self._epoch, now, limit)))

    def reschedule(self, msisdn: str, op: str, due_at: int, attempts: int, now: int) -> Deferred[bool]:
        """See ports.Outbox; the lease then lasts until `lease_s` after `due_at`."""
        lease_until = max(now, due_at) + self._lease_ms
        return self._writes.submit(Reschedule(int(msisdn), op, due_at, attempts, lease_until,
                                              self._owner, self._epoch))

    def begin_anew(self, msisdn: str, op: str, now: int) -> Deferred[bool]:
        """See ports.Outbox."""
        return self._writes.submit(Reschedule(int(msisdn), op, now, 0, now + self._lease_ms,
                                              self._owner, self._epoch, created_at=now))

    def finish(self, msisdn: str, op: str) -> Deferred[None]:
        """See ports.Outbox; deleting what is gone already is fine."""
        return self._writes.submit(Finish(int(msisdn), op))


def _adopt(connection: sqlite3.Connection, values: dict) -> list[OutboxRow]:
    found = [rows.outbox_row(row) for row in connection.execute(_ADOPT, values)]
    return sorted(found, key=lambda row: (row.due_at, row.command.msisdn, row.command.op))


def _due(connection: sqlite3.Connection, values: tuple) -> list[OutboxRow]:
    return [rows.outbox_row(row) for row in connection.execute(_DUE, values)]
