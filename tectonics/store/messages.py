"""The log of messages: which parts the message centre has, may have, and has not, through any crash.

`begin` is committed before the first octet leaves, and `note` after the centre has answered.  So a part that a
later life finds `sending` may be at the centre or not; one that it finds `sent` is there; one that has no row
was never sent.  Where the centre has all of them, the command leaves the outbox with the last answer, in
one transaction.

Receipts change only what is `sent`, so that the same receipt again changes nothing.
"""

import sqlite3
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.domain.delivery import DOUBTFUL, LOST, SENDING, SENT, WAITING, Begun, Part, Sent
from tectonics.store.origin import Life
from tectonics.store.retention import delete_messages
from tectonics.store.unit import FINISH

_NEW = f"""INSERT INTO message (msisdn, op, part, parts, reference, owner, state, account, id, attempts, repeated,
        created_at, at)
    VALUES (?, ?, ?, ?, ?, ?, '{SENDING}', '', '', 1, ?, ?, ?) ON CONFLICT DO NOTHING"""
_OF = """SELECT part, state, account, id, parts, reference, owner, at FROM message
    WHERE msisdn = ? AND op = ? ORDER BY part"""
_AGAIN = f"""UPDATE message SET owner = ?, at = ?, attempts = attempts + 1,
        repeated = CASE WHEN state = '{WAITING}' THEN repeated ELSE 1 END, state = '{SENDING}'
    WHERE msisdn = ? AND op = ? AND state IN ('{WAITING}', '{SENDING}', '{LOST}')"""
_ANEW = "DELETE FROM message WHERE msisdn = ? AND op = ?"
_NOTE = """UPDATE message SET state = ?, account = ?, id = ?, at = ?
    WHERE msisdn = ? AND op = ? AND part = ? AND id = ''"""
_SETTLE = f"UPDATE message SET state = ?, at = ? WHERE msisdn = ? AND op = ? AND part = ? AND state = '{SENT}'"
# `+ 0`: a planner that knows the table from before it grew shall not walk it by time
_FIND = """SELECT msisdn, op, part FROM message WHERE account = ? AND id = ? AND id <> ''
    ORDER BY created_at + 0 DESC LIMIT 2"""


@dataclass(frozen=True, slots=True)
class Begin:
    """The write of MessageLog.begin; an engine may put many of them into one statement."""

    msisdn: int
    op: str
    parts: int
    reference: int
    now: int
    quiet_ms: int
    owner: str

    def __call__(self, connection: sqlite3.Connection) -> Begun:
        new = self._insert(connection, repeated=0)
        return Begun(self.reference) if new == self.parts else self.again(connection)

    def again(self, connection: sqlite3.Connection) -> Begun:
        """Where some of its rows were there before."""
        found = connection.execute(_OF, (self.msisdn, self.op)).fetchall()
        other = [row for row in found if row[4] != self.parts]  # it was cut in another way then
        before = tuple(Part(*row[:4]) for row in other or found)
        if any(self._is_elsewhere(row) for row in other or found):
            return Begun(self.reference, before, elsewhere=True)
        if other:
            return self._anew(connection, before)
        connection.execute(_AGAIN, (self.owner, self.now, self.msisdn, self.op))
        return Begun(found[0][5], before, any(part.state in DOUBTFUL for part in before))

    def _anew(self, connection: sqlite3.Connection, before: tuple[Part, ...]) -> Begun:
        """Its parts do not join with those that were sent: all are sent, and what was there is forgotten."""
        repeated = any(part.state != WAITING for part in before)
        connection.execute(_ANEW, (self.msisdn, self.op))
        self._insert(connection, int(repeated))
        return Begun(self.reference, repeated=repeated)

    def _insert(self, connection: sqlite3.Connection, repeated: int) -> int:
        return sum(connection.execute(_NEW, (
            self.msisdn, self.op, number, self.parts, self.reference, self.owner, repeated, self.now, self.now,
        )).rowcount for number in range(1, self.parts + 1))

    def _is_elsewhere(self, row: tuple) -> bool:
        _, state, *_, owner, at = row
        return state == SENDING and owner != self.owner and at > self.now - self.quiet_ms


@dataclass(frozen=True, slots=True)
class Note:
    """The write of MessageLog.note."""

    msisdn: int
    op: str
    part: Part
    now: int
    finished: bool

    def __call__(self, connection: sqlite3.Connection) -> None:
        part = self.part
        connection.execute(_NOTE, (part.state, part.account, part.id, self.now, self.msisdn, self.op, part.number))
        if self.finished:
            connection.execute(FINISH, (self.msisdn, self.op))


@dataclass(frozen=True, slots=True)
class Settle:
    """The write of MessageLog.settle; whether the part was `sent`."""

    msisdn: int
    op: str
    number: int
    state: str
    now: int

    @property
    def key(self) -> tuple[int, str, int]:
        """Of the part's row."""
        return self.msisdn, self.op, self.number

    def __call__(self, connection: sqlite3.Connection) -> bool:
        return connection.execute(_SETTLE, (self.state, self.now, *self.key)).rowcount == 1


class SqlMessages:
    """Fills ports.MessageLog."""

    def __init__(self, writes: BatchQueue, reads: BatchQueue, life: Life):
        self._writes = writes
        self._reads = reads
        self._owner = life.name

    def begin(self, msisdn: str, op: str, parts: int, reference: int, now: int, quiet_ms: int) -> Deferred[Begun]:
        """See ports.MessageLog."""
        return self._writes.submit(Begin(int(msisdn), op, parts, reference, now, quiet_ms, self._owner))

    def note(self, msisdn: str, op: str, part: Part, now: int, finished: bool = False) -> Deferred[None]:
        """See ports.MessageLog."""
        return self._writes.submit(Note(int(msisdn), op, part, now, finished))

    def find(self, account: str, id: str) -> Deferred[list[Sent]]:
        """See ports.MessageLog."""
        return self._reads.submit(partial(_find, values=(account, id)))

    def settle(self, sent: Sent, state: str, now: int) -> Deferred[bool]:
        """See ports.MessageLog."""
        return self._writes.submit(Settle(int(sent.msisdn), sent.op, sent.number, state, now))

    def forget(self, before: int) -> Deferred[int]:
        """See ports.MessageLog."""
        return Deferred.fromCoroutine(delete_messages(self._writes, before))


def _find(connection: sqlite3.Connection, values: tuple) -> list[Sent]:
    return [Sent(str(msisdn), op, part) for msisdn, op, part in connection.execute(_FIND, values)]
