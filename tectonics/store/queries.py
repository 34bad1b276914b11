"""Reads for people: on a connection and a queue of their own, so that a long list delays no subscriber.

Lists are pages with a limit.  The gauges of what is owed come from small partial indexes over what
is unfinished, never from the history, and are at most DEBT_CACHE_S old: the pages, the metrics and
SNMP may all ask as often as they like.
"""

import sqlite3
from functools import partial

from twisted.internet.defer import Deferred, succeed

from tectonics.database.batch import BatchQueue
from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance
from tectonics.domain.recharge import Recovery
from tectonics.domain.subscriber import Account
from tectonics.ports import LOOK_UP, Debt, Lent, OutboxRow
from tectonics.store import rows
from tectonics.store.accounts import load

DEBT_CACHE_S = 5.0
_ADVANCE = "SELECT msisdn, body FROM advance WHERE id = ? LIMIT 1"
_RECOVERIES = "SELECT body FROM recovery WHERE msisdn = ? ORDER BY created_at DESC, id DESC LIMIT ?"
_PAST_ADVANCES = """SELECT body FROM advance WHERE msisdn = ? AND generation = ? AND (requested_at, id) < (?, ?)
    ORDER BY requested_at DESC, id DESC LIMIT ?"""
_PAST_PAYMENTS = """SELECT body FROM recovery WHERE msisdn = ? AND generation = ? AND (created_at, id) < (?, ?)
    AND state = 'done' ORDER BY created_at DESC, id DESC LIMIT ?"""
_UNRESOLVED = f"""SELECT {rows.OUTBOX_COLUMNS} FROM outbox WHERE state = '{LOOK_UP}'
    ORDER BY created_at LIMIT ?"""
_CALLS = f"""SELECT {rows.OUTBOX_COLUMNS} FROM outbox WHERE kind IN ('ring', 'connect', 'talk')
    ORDER BY created_at LIMIT ?"""
_OWED = """SELECT state, count(*), sum(outstanding_minor) FROM advance WHERE unfinished = 1 GROUP BY state"""
_LENT = """SELECT service, sum(count), sum(amount_minor) FROM service_usage
    WHERE service IN ('advance', 'written_off') AND day >= ? GROUP BY service"""
_OVERDUE = f"""SELECT coalesce(sum(outstanding_minor), 0) FROM advance
    WHERE unfinished = 1 AND state = '{adv.OVERDUE}' AND due_at >= ?"""
_BARRED = "SELECT count(*) FROM account WHERE barred = 1"
_OUTBOX = "SELECT count(*) FROM outbox"


class SqlQueries:
    """Fills ports.Queries."""

    def __init__(self, reads: BatchQueue, clock):
        self._reads = reads
        self._clock = clock
        self._debt: Debt | None = None
        self._debt_until_s = 0.0

    def account(self, msisdn: str) -> Deferred[Account | None]:
        """See ports.Queries; with what is unfinished."""
        return self._reads.submit(lambda connection: load(connection, msisdn).account)

    def advances(self, msisdn: str = "", state: str = "", after: tuple[int, str] = (0, ""),
                 limit: int = 100) -> Deferred[list[tuple[str, Advance]]]:
        """See ports.Queries."""
        return self._reads.submit(partial(_advances, msisdn=msisdn, state=state, after=after, limit=limit))

    def advance(self, advance_id: str) -> Deferred[tuple[str, Advance] | None]:
        """See ports.Queries."""
        return self._reads.submit(partial(_advance, advance_id=advance_id))

    def recoveries(self, msisdn: str, limit: int = 100) -> Deferred[list[Recovery]]:
        """The newest first."""
        return self._reads.submit(partial(_recoveries, values=(int(msisdn), limit)))

    def past(self, msisdn: str, generation: int, before: tuple[int, str],
             limit: int) -> Deferred[tuple[list[Advance], list[Recovery]]]:
        """See ports.Queries."""
        return self._reads.submit(partial(_past, values=(int(msisdn), generation, *before, limit)))

    def unresolved(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        """See ports.Queries; the oldest first, of all origins."""
        return self._reads.submit(lambda connection: [
            rows.outbox_row(row) for row in connection.execute(_UNRESOLVED, (limit,))])

    def calls(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        """See ports.Queries."""
        return self._reads.submit(lambda connection: [
            rows.outbox_row(row) for row in connection.execute(_CALLS, (limit,))])

    def debt(self) -> Deferred[Debt]:
        """See ports.Queries; at most DEBT_CACHE_S old."""
        if self._debt is not None and self._clock.seconds() < self._debt_until_s:
            return succeed(self._debt)
        return self._reads.submit(_debt).addCallback(self._keep)

    def lent(self, day: int, since: int) -> Deferred[Lent]:
        """See ports.Queries."""
        return self._reads.submit(partial(_lent, day=day, since=since))

    def _keep(self, debt: Debt) -> Debt:
        self._debt, self._debt_until_s = debt, self._clock.seconds() + DEBT_CACHE_S
        return debt


def _advances(connection: sqlite3.Connection, msisdn: str, state: str, after: tuple[int, str],
              limit: int) -> list[tuple[str, Advance]]:
    """The conditions choose the index: the subscriber's rows, what is unfinished, or all by time."""
    conditions, values = ["(requested_at, id) > (?, ?)"], [*after]
    if msisdn:
        conditions.append("msisdn = ?")
        values.append(int(msisdn))
    if state:
        conditions.append("state = ?")
        values.append(state)
    if state in adv.UNFINISHED:
        conditions.append("unfinished = 1")
    found = connection.execute(f"SELECT msisdn, body FROM advance WHERE {' AND '.join(conditions)}"
                               " ORDER BY requested_at, id LIMIT ?", (*values, limit))
    return [(str(number), rows.decode_advance(body)) for number, body in found]


def _advance(connection: sqlite3.Connection, advance_id: str) -> tuple[str, Advance] | None:
    row = connection.execute(_ADVANCE, (advance_id,)).fetchone()
    return (str(row[0]), rows.decode_advance(row[1])) if row else None


def _recoveries(connection: sqlite3.Connection, values: tuple) -> list[Recovery]:
    return [rows.decode_recovery(body) for body, in connection.execute(_RECOVERIES, values)]


def _past(connection: sqlite3.Connection, values: tuple) -> tuple[list[Advance], list[Recovery]]:
    return ([rows.decode_advance(body) for body, in connection.execute(_PAST_ADVANCES, values)],
            [rows.decode_recovery(body) for body, in connection.execute(_PAST_PAYMENTS, values)])


def _debt(connection: sqlite3.Connection) -> Debt:
    owed = {state: (count, minor) for state, count, minor in connection.execute(_OWED)}
    return Debt(open_advances=sum(owed.get(state, (0, 0))[0] for state in adv.OUTSTANDING),
                outstanding_minor=sum(minor for _, minor in owed.values()),
                overdue=owed.get(adv.OVERDUE, (0, 0))[0],
                unknown=owed.get(adv.UNKNOWN, (0, 0))[0],
                barred=connection.execute(_BARRED).fetchone()[0],
                outbox=connection.execute(_OUTBOX).fetchone()[0])


def _lent(connection: sqlite3.Connection, day: int, since: int) -> Lent:
    of = {service: (int(count), int(minor)) for service, count, minor in connection.execute(_LENT, (day,))}
    overdue_minor, = connection.execute(_OVERDUE, (since,)).fetchone()
    return Lent(*of.get("advance", (0, 0)), int(overdue_minor), of.get("written_off", (0, 0))[1])
