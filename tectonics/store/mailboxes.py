"""The registered e-mail addresses. A row of an older generation of its number says nothing, and the next write of that
number or address clears it away, so nobody who gets a number also gets the mailboxes of who had it before.

A small global table, found by address; on a cluster it stays on the coordinator.  The generation is read before it
is written or believed: if the number changes hands in between, what was written is of the older one, and void.
"""

import sqlite3
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.domain.mailbox import Mailbox
from tectonics.domain.ticket import Ticket
from tectonics.store.unit import Audited

MAILBOXES_MAX = 8  # of one number
_COLUMNS = "address, msisdn, generation, pin, verified_at"
_FIND = f"SELECT {_COLUMNS} FROM mailbox WHERE address = ?"
_OF = f"SELECT {_COLUMNS} FROM mailbox WHERE msisdn = ? ORDER BY address"
_GENERATION = "SELECT generation FROM account WHERE msisdn = ?"
_PUT = f"""INSERT INTO mailbox ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (address) DO UPDATE SET msisdn = excluded.msisdn, generation = excluded.generation,
        pin = excluded.pin, verified_at = excluded.verified_at"""
_REMOVE = "DELETE FROM mailbox WHERE address = ? AND msisdn = ?"
_CLEAR = "DELETE FROM mailbox WHERE msisdn = ? AND generation <> ?"
NOBODY, TAKEN, TOO_MANY = "nobody", "taken", "too_many"


class SqlAddresses:
    """Fills ports.Addresses."""

    def __init__(self, writes: BatchQueue, reads: BatchQueue) -> None:
        self._writes, self._reads = writes, reads

    def find(self, address: str) -> Deferred[Mailbox | None]:
        """See ports.Addresses."""
        return self._reads.submit(partial(_find, address=address))

    def of(self, msisdn: str) -> Deferred[list[Mailbox]]:
        """See ports.Addresses."""
        return self._reads.submit(partial(_of, msisdn=int(msisdn)))

    def put(self, address: str, msisdn: str, pin: str, now: int, audit: Ticket) -> Deferred[str]:
        """See ports.Addresses."""
        refused: list[str] = []
        job = partial(_put, address=address, msisdn=int(msisdn), pin=pin, now=now, refused=refused)
        return self._writes.submit(Audited(job, (audit,))).addCallback(lambda done: "" if done else refused[-1])

    def remove(self, address: str, msisdn: str, audit: Ticket) -> Deferred[bool]:
        """See ports.Addresses."""
        job = partial(_remove, address=address, msisdn=int(msisdn))
        return self._writes.submit(Audited(job, (audit,))).addCallback(bool)


def _find(connection: sqlite3.Connection, address: str) -> Mailbox | None:
    return next(_valid(connection, connection.execute(_FIND, (address,)).fetchall()), None)


def _of(connection: sqlite3.Connection, msisdn: int) -> list[Mailbox]:
    return list(_valid(connection, connection.execute(_OF, (msisdn,)).fetchall()))


def _valid(connection: sqlite3.Connection, rows: list[tuple]):
    """Those whose number has not changed hands since."""
    for address, msisdn, generation, pin, verified_at in rows:
        if _generation(connection, msisdn) == generation:
            yield Mailbox(address, str(msisdn), generation, pin, verified_at)


def _generation(connection: sqlite3.Connection, msisdn: int) -> int | None:
    row = connection.execute(_GENERATION, (msisdn,)).fetchone()
    return row and row[0]


def _put(connection: sqlite3.Connection, address: str, msisdn: int, pin: str, now: int, refused: list[str]) -> bool | None:
    """True, or None with the reason in `refused`; may run twice, when its transaction is tried again."""
    generation = _generation(connection, msisdn)
    if generation is None:
        return _refuse(refused, NOBODY)
    holder = _find(connection, address)
    if holder is not None and holder.msisdn != str(msisdn):
        return _refuse(refused, TAKEN)
    if holder is None and len(_of(connection, msisdn)) >= MAILBOXES_MAX:
        return _refuse(refused, TOO_MANY)
    connection.execute(_CLEAR, (msisdn, generation))
    connection.execute(_PUT, (address, msisdn, generation, pin, now))
    return True


def _refuse(refused: list[str], why: str) -> None:
    refused.append(why)


def _remove(connection: sqlite3.Connection, address: str, msisdn: int) -> bool | None:
    return True if connection.execute(_REMOVE, (address, msisdn)).rowcount else None
