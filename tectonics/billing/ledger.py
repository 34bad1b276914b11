"""The prepaid ledger's writes: pure functions over one SQLite connection, a batch at a time.

One batch is one transaction (group commit).  Each entry checks everything first and writes after
that, so in the ordinary run it is all or nothing without a savepoint; where the database itself
objects, the batch is rolled back and each of its items is done again in a transaction of its own,
so that one cannot take its neighbours down.  The balance row, the movement and the remembered
answer of an operation are written together: the sum of the movements is the balance, always.

If the process dies here, the batch is there or it is not; who was not answered asks `LookUp`.
If COMMIT itself fails nobody can say which: all of the batch fail with OurFault, which the billing
answers as Unknown, and nothing is tried again.

Bounds: a balance stays within AMOUNT_MINOR_MAX either way; a bonus that has expired is booked away
by the next entry that touches it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from sqlite3 import Connection

from tectonics.billing.entries import (
    CREDIT,
    DEBIT,
    EXPIRY,
    FORGETTING,
    LEDGER,
    LENDING,
    MAIN,
    OPENING,
    RECHARGE,
    REVERSAL,
    SPEND,
    Blocking,
    Entry,
    LookUp,
    Opening,
)
from tectonics.domain.errors import OurFault
from tectonics.domain.money import AMOUNT_MINOR_MAX
from tectonics.domain.outcome import Done, NotFound, Refused
from tectonics.domain.policy import BALANCE_TYPES

OPENINGS_PER_TRANSACTION = 10_000

# what the database or a value that does not fit it may raise before COMMIT
IMPOSSIBLE = (sqlite3.Error, OverflowError, ValueError)

Item = Entry | Opening | LookUp | Blocking


def apply(connection: Connection, items: Sequence[Item]) -> list:
    """Does the items in order in one transaction; one answer for each.

    Entry: Done or Refused. Opening and Blocking: whether anything changed. LookUp: Done, Refused or
    NotFound.  An OurFault in the place of an answer is one that the database made impossible.
    """
    try:
        return _transact(connection, items)
    except IMPOSSIBLE:
        return [_alone(connection, item) for item in items]


def open_accounts(connection: Connection, openings: Iterable[Opening]) -> int:
    """Opens many accounts, a bounded transaction at a time; how many were new."""
    remaining = iter(openings)
    opened = 0
    while chunk := list(islice(remaining, OPENINGS_PER_TRANSACTION)):
        opened += sum(_transact(connection, chunk))
    return opened


def reference(position: int) -> str:
    """The ledger's own reference of a movement."""
    return f"L{position}"


def _transact(connection: Connection, items: Sequence[Item]) -> list:
    _command(connection, "BEGIN IMMEDIATE")
    try:
        answers = [_DO[type(item)](connection, item) for item in items]
        _command(connection, "COMMIT")
        return answers
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _command(connection: Connection, text: str) -> None:
    try:
        connection.execute(text)
    except sqlite3.Error as error:
        raise OurFault(f"{text} failed in the ledger: {error}") from error


def _alone(connection: Connection, item: Item):
    try:
        return _transact(connection, [item])[0]
    except IMPOSSIBLE as error:
        return OurFault(f"the ledger could not do it: {error}")
    except OurFault as fault:
        return fault


def _post(connection: Connection, entry: Entry) -> Done | Refused:
    if entry.op and entry.known_since_at != FORGETTING:
        known = _answered(connection, entry.msisdn, entry.op, entry.known_since_at)
        if known is not None:
            return known
    answer, position = _settle(connection, entry)
    if entry.op and (position is not None or entry.source == LENDING):
        _remember(connection, entry, answer, position)
    return answer


def _settle(connection: Connection, entry: Entry) -> tuple[Done | Refused, int | None]:
    """The answer to an entry that is done now, and the position of its movement if it has one."""
    refusal = _refusal(connection, entry)
    if refusal is not None:
        return refusal, None
    amount_minor, balance_type = entry.amount_minor, entry.balance_type
    if entry.kind == REVERSAL:
        recharge = _reversible(connection, entry)
        if isinstance(recharge, Refused):
            return recharge, None
        amount_minor, balance_type = recharge
    if amount_minor <= 0:
        return Refused("rejected", "the amount must be more than zero"), None
    before_minor, expires_at = _available(connection, entry, balance_type)
    change_minor = amount_minor if entry.kind in (CREDIT, RECHARGE) else -amount_minor
    after_minor = before_minor + change_minor
    if entry.kind in (DEBIT, SPEND) and after_minor < 0:
        return Refused("insufficient", "the balance is too low"), None
    if abs(after_minor) > AMOUNT_MINOR_MAX:
        return Refused("rejected", "the balance would be beyond any account"), None
    if balance_type != MAIN:
        expires_at = max(expires_at, entry.expires_at)
    position = _move(connection, entry, entry.kind, change_minor, balance_type, after_minor, expires_at)
    return Done(reference(position), after_minor if balance_type == MAIN else None), position


def _refusal(connection: Connection, entry: Entry) -> Refused | None:
    row = connection.execute("SELECT currency, blocked FROM account WHERE msisdn = ?",
                             (int(entry.msisdn),)).fetchone()
    if row is None:
        return Refused("unknown_subscriber", "the ledger has no such account")
    currency, blocked = row
    if blocked and entry.kind != REVERSAL:
        return Refused("blocked", "the account is blocked")
    if entry.currency and entry.currency != currency:
        return Refused("rejected", f"the account is in {currency}")
    if entry.balance_type not in BALANCE_TYPES:
        return Refused("rejected", "the account has no such balance")
    if entry.balance_type != MAIN and entry.kind != CREDIT:
        return Refused("rejected", "only the main balance moves that way")
    return None


def _reversible(connection: Connection, entry: Entry) -> tuple[int, str] | Refused:
    """Amount and balance type of the recharge that the reversal takes back."""
    key = (int(entry.msisdn), entry.ref)
    row = connection.execute("SELECT m.amount_minor, m.balance_type FROM operation o"
                             " JOIN movement m ON m.position = o.position"
                             " WHERE o.msisdn = ? AND o.op = ? AND m.kind = 'recharge'", key).fetchone()
    if row is None:
        return Refused("unknown_recharge", "the ledger has no such recharge")
    if connection.execute("SELECT 1 FROM movement WHERE msisdn = ? AND ref = ? AND kind = 'reversal'",
                          key).fetchone():
        return Refused("rejected", "the recharge is taken back already")
    return row


def _available(connection: Connection, entry: Entry, balance_type: str) -> tuple[int, int]:
    """Amount and expiry of a balance now; a bonus that has expired is booked away."""
    row = connection.execute("SELECT amount_minor, expires_at FROM balance"
                             " WHERE msisdn = ? AND balance_type = ?",
                             (int(entry.msisdn), balance_type)).fetchone()
    if row is None:
        return 0, 0
    amount_minor, expires_at = row
    if not 0 < expires_at <= entry.at:
        return amount_minor, expires_at
    if amount_minor:
        _move(connection, entry, EXPIRY, -amount_minor, balance_type, 0, expires_at)
    return 0, 0


def _move(connection: Connection, entry: Entry | Opening, kind: str, change_minor: int, balance_type: str,
          after_minor: int, expires_at: int) -> int:
    """Writes the balance and its movement; the movement's position."""
    msisdn = int(entry.msisdn)
    op, source, recharge_class, ref = "", LEDGER, "", ""
    if kind not in (EXPIRY, OPENING):
        op, source, recharge_class, ref = entry.op, entry.source, entry.recharge_class, entry.ref
    connection.execute("INSERT INTO balance (msisdn, balance_type, amount_minor, expires_at)"
                       " VALUES (?, ?, ?, ?) ON CONFLICT (msisdn, balance_type) DO UPDATE"
                       " SET amount_minor = excluded.amount_minor, expires_at = excluded.expires_at",
                       (msisdn, balance_type, after_minor, expires_at))
    return connection.execute("INSERT INTO movement (msisdn, op, kind, amount_minor, balance_type,"
                              " balance_minor, at, source, class, ref)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                              (msisdn, op, kind, change_minor, balance_type, after_minor, entry.at,
                               source, recharge_class, ref)).lastrowid


def _remember(connection: Connection, entry: Entry, answer: Done | Refused, position: int | None) -> None:
    """Keeps the answer; what was done once is never remembered as refused."""
    reason, text, balance_minor = "", "", None
    if isinstance(answer, Refused):
        reason, text = answer.reason, answer.text
    else:
        balance_minor = answer.balance_minor
    connection.execute("INSERT INTO operation (msisdn, op, at, position, balance_minor, reason, text)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (msisdn, op) DO UPDATE"
                       " SET at = excluded.at, position = excluded.position,"
                       " balance_minor = excluded.balance_minor, reason = excluded.reason,"
                       " text = excluded.text WHERE excluded.position IS NOT NULL",
                       (int(entry.msisdn), entry.op, entry.at, position, balance_minor, reason, text))


def _answered(connection: Connection, msisdn: str, op: str, since_at: int) -> Done | Refused | None:
    row = connection.execute("SELECT position, balance_minor, reason, text FROM operation"
                             " WHERE msisdn = ? AND op = ? AND at >= ?",
                             (int(msisdn), op, since_at)).fetchone()
    if row is None:
        return None
    position, balance_minor, reason, text = row
    return Refused(reason, text) if position is None else Done(reference(position), balance_minor)


def _look_up(connection: Connection, item: LookUp) -> Done | Refused | NotFound:
    return _answered(connection, item.msisdn, item.op, 0) or NotFound()


def _open(connection: Connection, item: Opening) -> bool:
    if abs(item.balance_minor) > AMOUNT_MINOR_MAX:
        raise OverflowError("the opening balance is beyond any account")
    msisdn = int(item.msisdn)
    if not connection.execute("INSERT INTO account (msisdn, kind, currency, blocked, activated_at)"
                              " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                              (msisdn, item.kind, item.currency, item.blocked, item.activated_at)).rowcount:
        return False
    if item.balance_minor:
        _move(connection, item, OPENING, item.balance_minor, MAIN, item.balance_minor, 0)
    return True


def _block(connection: Connection, item: Blocking) -> bool:
    return bool(connection.execute("UPDATE account SET blocked = ? WHERE msisdn = ? AND blocked <> ?",
                                   (item.blocked, int(item.msisdn), item.blocked)).rowcount)


_DO = {Entry: _post, Opening: _open, LookUp: _look_up, Blocking: _block}
