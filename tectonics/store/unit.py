"""One unit inside a transaction that is already open: what it writes, in which order, and why.

The trigger goes first: where it exists the unit is a Duplicate and has written nothing.  The
account's compare-and-set decides next: where it loses, the unit is a Conflict and takes its trigger
back.  Only then follows the rest, which cannot lose against anybody.  Units of one batch see each
other, so the second unit of one subscriber wins only if it expected what the first one wrote.

If the process dies here nothing of the transaction exists.  If a statement fails, the caller rolls
back; a unit alone is never left half written.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.ports import LOOK_UP, SEND, Committed, Conflict, Duplicate, TicketLine, Unit, Usage
from tectonics.store import rows

_TRIGGER = """INSERT INTO trigger_seen (msisdn, channel, id, seen_at, answer) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING"""
_TRIGGER_BACK = "DELETE FROM trigger_seen WHERE msisdn = ? AND channel = ? AND id = ?"
_ANSWER_OF = "SELECT answer FROM trigger_seen WHERE msisdn = ? AND channel = ? AND id = ?"
_ANSWER = """UPDATE trigger_seen SET answer = ?
    WHERE msisdn = ? AND channel = ? AND id = ? AND answer IS NULL"""
_ACCOUNT_NEW = """INSERT INTO account (generation, barred, profile, standing, version, unit, msisdn)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_ACCOUNT = """UPDATE account SET generation = ?, barred = ?, profile = ?, standing = ?, version = ?, unit = ?
    WHERE msisdn = ? AND version = ?"""
_ADVANCE = """INSERT INTO advance (msisdn, id, generation, state, unfinished, channel, trigger_id, requested_at,
        due_at, closed_at, amount_minor, fee_minor, outstanding_minor, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (msisdn, id) DO UPDATE SET generation = excluded.generation, state = excluded.state,
        unfinished = excluded.unfinished, due_at = excluded.due_at, closed_at = excluded.closed_at,
        outstanding_minor = excluded.outstanding_minor, body = excluded.body"""
_RECOVERY = """INSERT INTO recovery (msisdn, id, generation, state, unfinished, feed, recharge, created_at,
        amount_minor, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (msisdn, id) DO UPDATE SET generation = excluded.generation, state = excluded.state,
        unfinished = excluded.unfinished, amount_minor = excluded.amount_minor, body = excluded.body"""
_COMMAND = f"""INSERT INTO outbox (msisdn, op, kind, body, state, owner, epoch, lease_until, created_at, due_at,
        attempts)
    VALUES (?, ?, ?, ?, '{SEND}', ?, ?, ?, ?, ?, 0)"""
FINISH = "DELETE FROM outbox WHERE msisdn = ? AND op = ?"
_UNRESOLVED = f"UPDATE outbox SET state = '{LOOK_UP}' WHERE msisdn = ? AND op = ?"
_TICKET = "INSERT INTO ticket (msisdn, origin, seq, at, type, body) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Ledger:
    """What the units of one transaction share: who writes, the next number, what they add up to."""

    origin: str
    epoch: int
    lease_ms: int
    next: int  # the number that the next ticket gets
    changes: int = 0  # the connection's count of changed rows before the transaction
    lines: list[TicketLine] = field(default_factory=list)
    usage: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audited:
    """A write of something other than an account, and the tickets that go with it if it happens.

    `job` answers None when it did not happen.
    """

    job: Callable[[sqlite3.Connection], object]
    tickets: tuple[Ticket, ...]


def apply_audited(connection: sqlite3.Connection, ledger: Ledger, write: Audited) -> object:
    """Does the write and numbers its tickets; what the job answered."""
    answer = write.job(connection)
    if answer is not None:
        _write_tickets(connection.execute, write.tickets, ledger)
    return answer


def apply_unit(connection: sqlite3.Connection, ledger: Ledger, unit: Unit) -> Committed | Conflict | Duplicate:
    """Writes the unit, or nothing of it; Committed holds once the caller's COMMIT has succeeded."""
    execute = connection.execute
    msisdn = int(unit.account.msisdn)
    trigger = unit.trigger
    if trigger is not None:
        key = (msisdn, trigger.channel, trigger.id)
        if not execute(_TRIGGER, (*key, unit.at, unit.trigger_answer)).rowcount:
            return Duplicate(execute(_ANSWER_OF, key).fetchone()[0])
    if not _write_account(execute, msisdn, unit):
        if trigger is not None:
            execute(_TRIGGER_BACK, key)
        return Conflict()
    _write_loans(execute, msisdn, unit)
    _write_outbox(execute, msisdn, unit, ledger)
    committed = _write_tickets(execute, unit.tickets, ledger)
    if unit.usage is not None:
        add_usage(ledger, unit.usage)
    return committed


def _write_account(execute, msisdn: int, unit: Unit) -> bool:
    account: Account = unit.account
    values = (*rows.account_columns(account), unit.expected + 1, unit.id, msisdn)
    if unit.expected == 0:
        return execute(_ACCOUNT_NEW, values).rowcount == 1
    return execute(_ACCOUNT, (*values, unit.expected)).rowcount == 1


def _write_loans(execute, msisdn: int, unit: Unit) -> None:
    for mark in unit.marks:
        execute(_TRIGGER, (msisdn, mark.channel, mark.id, unit.at, None))
    if unit.answer is not None:
        trigger, answer = unit.answer
        execute(_ANSWER, (answer, msisdn, trigger.channel, trigger.id))
    for advance in unit.advances:
        execute(_ADVANCE, rows.advance_row(msisdn, advance))
    for recovery in unit.recoveries:
        execute(_RECOVERY, rows.recovery_row(msisdn, recovery))


def _write_outbox(execute, msisdn: int, unit: Unit, ledger: Ledger) -> None:
    for command in unit.commands:
        execute(_COMMAND, (msisdn, *rows.command_columns(command), ledger.origin, ledger.epoch,
                           unit.at + ledger.lease_ms, unit.at, unit.at))
    for op in unit.finished:
        execute(FINISH, (msisdn, op))
    for op in unit.unresolved:
        execute(_UNRESOLVED, (msisdn, op))


def add_usage(ledger: Ledger, usage: Usage) -> None:
    """Sums what the transaction adds to a service's day."""
    key = (usage.service, usage.day)
    count, amount_minor = ledger.usage.get(key, (0, 0))
    ledger.usage[key] = (count + usage.count, amount_minor + usage.amount_minor)


def _write_tickets(execute, tickets: tuple[Ticket, ...], ledger: Ledger) -> Committed:
    """The last statements of a write: `ledger` changes only when all have succeeded."""
    if not tickets:
        return Committed()
    lines = []
    for seq, ticket in enumerate(tickets, ledger.next):
        line = rows.ticket_line(ledger.origin, seq, ticket)
        execute(_TICKET, (int(ticket.msisdn or 0), ledger.origin, seq, ticket.at, ticket.type, line))
        lines.append(TicketLine(ledger.origin, seq, ticket.at, line.encode()))
    committed = Committed(ledger.next, len(lines))
    ledger.lines += lines
    ledger.next += len(lines)
    return committed
