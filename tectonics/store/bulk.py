"""The bulk import: new subscribers in chunks, the one write that is not a unit (ARCHITECTURE, section 2).

It only inserts.  Rows that exist are left alone, so it may run beside a working daemon and may be
repeated after a crash: each chunk is one transaction.  Unfinished advances of an imported account
are inserted with it (demonstrations and measurements begin with some).
"""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice

from tectonics.domain.subscriber import Account
from tectonics.store import rows

CHUNK = 5000  # accounts in one transaction: the writer waits for at most one

_ACCOUNT = """INSERT INTO account (generation, barred, profile, standing, version, unit, msisdn)
    VALUES (?, ?, ?, ?, 1, 'import', ?) ON CONFLICT DO NOTHING"""
_ADVANCE = """INSERT INTO advance (msisdn, id, generation, state, unfinished, channel, trigger_id, requested_at,
        due_at, closed_at, amount_minor, fee_minor, outstanding_minor, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""


def insert_accounts(connection: sqlite3.Connection, accounts: Iterable[Account]) -> int:
    """Inserts those that do not exist, at version 1; how many that were."""
    remaining, total = iter(accounts), 0
    while chunk := list(islice(remaining, CHUNK)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            total += insert_chunk(connection, chunk)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    return total


def insert_chunk(connection: sqlite3.Connection, accounts: Sequence[Account]) -> int:
    """The same for one chunk, within the caller's transaction."""
    before = connection.total_changes
    owing = [account for account in accounts if account.advances]
    known = {account.msisdn for account in owing if connection.execute(
        "SELECT 1 FROM account WHERE msisdn = ?", (int(account.msisdn),)).fetchone()}
    connection.executemany(_ACCOUNT, ((*rows.account_columns(account), int(account.msisdn))
                                      for account in accounts))
    inserted = connection.total_changes - before
    connection.executemany(_ADVANCE, (rows.advance_row(int(account.msisdn), advance) for account in owing
                                      if account.msisdn not in known for advance in account.advances))
    return inserted
