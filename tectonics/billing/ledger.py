"""The prepaid ledger's writes: pure functions over one SQLite connection, a batch at a time.

One batch is one transaction (group commit).  Each entry checks everything first and writes after
that, so in the ordinary run it is all or nothing without a savepoint; where the database itself
objects, the batch is rolled back and each of its items is done again in a transaction of its own,
so that one cannot take its neighbours down.  What sessions hold is not there for a debit or a spend;
what is answered as the balance after an operation is what is available.

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

from tectonics.billing import holds
from tectonics.billing import ledger_rows as rows
from tectonics.billing.entries import (
    CREDIT,
    DEBIT,
    EXPIRY,
    LENDING,
    MAIN,
    OPENING,
    RECHARGE,
    REVERSAL,
    SPEND,
    Blocking,
    Entry,
    Hold,
    LookUp,
    Opening,
    Settlement,
)
from tectonics.domain.errors import OurFault
from tectonics.domain.money import AMOUNT_MINOR_MAX
from tectonics.domain.outcome import Done, NotFound, Refused
from tectonics.domain.policy import BALANCE_TYPES

OPENINGS_PER_TRANSACTION = 10_000

# what the database or a value that does not fit it may raise before COMMIT
IMPOSSIBLE = (sqlite3.Error, OverflowError, ValueError)

Item = Entry | Hold | Settlement | Opening | LookUp | Blocking


def apply(connection: Connection, items: Sequence[Item]) -> list:
    """Does the items in order in one transaction; one answer for each.

    Entry, Hold and Settlement: Done or Refused. Opening and Blocking: whether anything changed.
    LookUp: Done, Refused or NotFound.  An OurFault in the place of an answer is one that the database made impossible.
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
    known = rows.known(connection, entry)
    if known is not None:
        return known
    answer, position = _book(connection, entry)
    if entry.op and (position is not None or entry.source == LENDING):
        rows.remember(connection, entry, answer, position)
    return answer


def _book(connection: Connection, entry: Entry) -> tuple[Done | Refused, int | None]:
    """The answer to an entry that is done now, and the position of its movement if it has one."""
    account = rows.account(connection, entry.msisdn, entry.at, entry.balance_type)
    refusal = rows.barred(account, entry.currency, entry.kind == REVERSAL) or _misfit(entry)
    if refusal is not None:
        return refusal, None
    amount_minor = _reversible(connection, entry) if entry.kind == REVERSAL else entry.amount_minor
    if isinstance(amount_minor, Refused):
        return amount_minor, None
    if amount_minor <= 0:
        return Refused("rejected", "the amount must be more than zero"), None
    _, _, held_minor, before_minor, expires_at = account
    if 0 < expires_at <= entry.at:
        before_minor, expires_at = _expire(connection, entry, before_minor, expires_at)
    change_minor = amount_minor if entry.kind in (CREDIT, RECHARGE) else -amount_minor
    after_minor = before_minor + change_minor
    available_minor = after_minor - held_minor
    if entry.kind in (DEBIT, SPEND) and available_minor < 0:
        return Refused("insufficient", "the balance is too low"), None
    if abs(after_minor) > AMOUNT_MINOR_MAX:
        return Refused("rejected", "the balance would be beyond any account"), None
    if entry.balance_type != MAIN:
        expires_at = max(expires_at, entry.expires_at)
    position = rows.move(connection, entry, entry.kind, change_minor, entry.balance_type, after_minor, expires_at)
    return Done(rows.reference(position), available_minor if entry.balance_type == MAIN else None), position


def _misfit(entry: Entry) -> Refused | None:
    if entry.balance_type not in BALANCE_TYPES:
        return Refused("rejected", "the account has no such balance")
    if entry.balance_type != MAIN and entry.kind != CREDIT:
        return Refused("rejected", "only the main balance moves that way")
    return None


def _reversible(connection: Connection, entry: Entry) -> int | Refused:
    """The amount of the recharge that the reversal takes back."""
    key = (int(entry.msisdn), entry.ref)
    row = connection.execute("SELECT m.amount_minor FROM operation o"
                             " JOIN movement m ON m.position = o.position"
                             " WHERE o.msisdn = ? AND o.op = ? AND m.kind = 'recharge'", key).fetchone()
    if row is None:
        return Refused("unknown_recharge", "the ledger has no such recharge")
    if connection.execute("SELECT 1 FROM movement WHERE msisdn = ? AND ref = ? AND kind = 'reversal'",
                          key).fetchone():
        return Refused("rejected", "the recharge is taken back already")
    return row[0]


def _expire(connection: Connection, entry: Entry, amount_minor: int, expires_at: int) -> tuple[int, int]:
    """Books a bonus away whose time is over; the amount and expiry that are left."""
    if amount_minor:
        rows.move(connection, entry, EXPIRY, -amount_minor, entry.balance_type, 0, expires_at)
    return 0, 0


def _look_up(connection: Connection, item: LookUp) -> Done | Refused | NotFound:
    return rows.answered(connection, item.msisdn, item.op, 0) or NotFound()


def _open(connection: Connection, item: Opening) -> bool:
    if abs(item.balance_minor) > AMOUNT_MINOR_MAX:
        raise OverflowError("the opening balance is beyond any account")
    msisdn = int(item.msisdn)
    if not connection.execute("INSERT INTO account (msisdn, kind, currency, blocked, activated_at)"
                              " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                              (msisdn, item.kind, item.currency, item.blocked, item.activated_at)).rowcount:
        return False
    if item.balance_minor:
        rows.move(connection, item, OPENING, item.balance_minor, MAIN, item.balance_minor, 0)
    return True


def _block(connection: Connection, item: Blocking) -> bool:
    return bool(connection.execute("UPDATE account SET blocked = ? WHERE msisdn = ? AND blocked <> ?",
                                   (item.blocked, int(item.msisdn), item.blocked)).rowcount)


_DO = {Entry: _post, Hold: holds.hold, Settlement: holds.settle, Opening: _open, LookUp: _look_up, Blocking: _block}
