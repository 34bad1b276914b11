"""Accounts and units: the Store port over a queue of writes and a queue of reads.

A read that begins after a commit was answered sees it.  A read that began before may not, and need
not: the compare-and-set of the unit that follows finds out.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.domain.advance import OPEN
from tectonics.domain.events import Trigger
from tectonics.ports import Committed, Conflict, Duplicate, Loaded, Unit
from tectonics.store import rows

_ACCOUNT = "SELECT generation, version, profile, standing FROM account WHERE msisdn = ?"
_ANSWER = "SELECT answer FROM trigger_seen WHERE msisdn = ? AND channel = ? AND id = ?"
_ADVANCES = "SELECT body FROM advance WHERE msisdn = ? AND unfinished = 1 ORDER BY requested_at, id"
_ADVANCE = "SELECT body FROM advance WHERE msisdn = ? AND id = ?"
_RECOVERIES = "SELECT body FROM recovery WHERE msisdn = ? AND unfinished = 1 ORDER BY created_at, id"
_OF_RECHARGE = "SELECT body FROM recovery WHERE msisdn = ? AND feed = ? AND recharge = ?"
_DUE = f"""SELECT msisdn, id FROM advance WHERE unfinished = 1 AND state = '{OPEN}' AND due_at <= ?
    ORDER BY due_at LIMIT ?"""
_USAGE = """SELECT coalesce(sum(count), 0), coalesce(sum(amount_minor), 0) FROM service_usage
    WHERE service = ? AND day = ?"""


@dataclass(frozen=True, slots=True)
class Load:
    """A question of Store.load; an engine may put many of them into one statement."""

    msisdn: str
    triggers: tuple[Trigger, ...]
    recharge: tuple[str, str] | None
    advance: str

    def __call__(self, connection: sqlite3.Connection) -> Loaded:
        return load(connection, self.msisdn, self.triggers, self.recharge, self.advance)


class SqlStore:
    """Fills ports.Store."""

    def __init__(self, writes: BatchQueue, reads: BatchQueue):
        self._writes = writes
        self._reads = reads

    def load(self, msisdn: str, triggers: Sequence[Trigger] = (), recharge: tuple[str, str] | None = None,
             advance: str = "") -> Deferred[Loaded]:
        """See ports.Store."""
        return self._reads.submit(Load(msisdn, tuple(triggers), recharge, advance))

    def commit(self, unit: Unit) -> Deferred[Committed | Conflict | Duplicate]:
        """See ports.Store; answered when the unit is on the disk."""
        return self._writes.submit(unit)

    def due_advances(self, now: int, limit: int) -> Deferred[list[tuple[str, str]]]:
        """See ports.Store; the longest due first."""
        return self._reads.submit(partial(_due_advances, now=now, limit=limit))

    def usage(self, service: str, day: int) -> Deferred[tuple[int, int]]:
        """See ports.Store."""
        return self._reads.submit(lambda connection: connection.execute(_USAGE, (service, day)).fetchone())


def load(connection: sqlite3.Connection, msisdn: str, triggers: Sequence[Trigger] = (),
         recharge: tuple[str, str] | None = None, advance: str = "") -> Loaded:
    """What Store.load answers."""
    number = int(msisdn)
    answers = _answers(connection, number, triggers)
    row = connection.execute(_ACCOUNT, (number,)).fetchone()
    if row is None:
        return Loaded(None, answers)
    advances = [rows.decode_advance(body) for body, in connection.execute(_ADVANCES, (number,))]
    recoveries = [rows.decode_recovery(body) for body, in connection.execute(_RECOVERIES, (number,))]
    if recharge is not None:
        recoveries = _with_recharge(connection, number, recoveries, recharge)
    wanted = [share.advance for recovery in recoveries for share in recovery.shares]
    wanted += [advance] if advance else []
    if wanted:
        advances = _with_advances(connection, number, advances, wanted)
    return Loaded(rows.account_of(number, row, advances, recoveries), answers)


def _answers(connection, number, triggers) -> dict[Trigger, bytes | None]:
    found = {}
    for trigger in triggers:
        row = connection.execute(_ANSWER, (number, trigger.channel, trigger.id)).fetchone()
        if row is not None:
            found[trigger] = row[0]
    return found


def _with_recharge(connection, number, recoveries, recharge):
    """The recoveries with those of the recharge."""
    of_recharge = [rows.decode_recovery(body)
                   for body, in connection.execute(_OF_RECHARGE, (number, *recharge))]
    known = {recovery.id: recovery for recovery in recoveries + of_recharge}
    return sorted(known.values(), key=lambda r: (r.created_at, r.id))


def _with_advances(connection, number, advances, ids):
    known = {advance.id: advance for advance in advances}
    for advance_id in ids:
        if advance_id not in known:
            row = connection.execute(_ADVANCE, (number, advance_id)).fetchone()
            if row is not None:
                known[advance_id] = rows.decode_advance(row[0])
    return sorted(known.values(), key=lambda a: (a.requested_at, a.id))


def _due_advances(connection, now, limit):
    return [(str(msisdn), advance) for msisdn, advance in connection.execute(_DUE, (now, limit))]
