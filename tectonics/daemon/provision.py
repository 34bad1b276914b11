"""Subscribers in a store and a ledger before any daemon serves them, and a shop that sells without one.

For proofs that begin with people who have a past (the simulation); a running daemon is told by its feeds.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tectonics.billing import ledger
from tectonics.billing.entries import SPEND, TILL, Entry, Opening
from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.outcome import Outcome
from tectonics.domain.subscriber import Account
from tectonics.store.bulk import insert_accounts
from tectonics.store.sqlite_store import MIGRATIONS

LEDGER_MIGRATIONS = "tectonics.billing.migrations"


def provision_store(path: Path, accounts: Iterable[Account], now: int) -> int:
    """Makes the store where there is none and puts the accounts in; how many were new."""
    with closing(open_connection(path)) as connection:
        upgrade(connection, MIGRATIONS, now)
        return insert_accounts(connection, accounts)


def provision_ledger(path: Path, openings: Iterable[Opening], now: int) -> int:
    """Makes the ledger where there is none and opens accounts in it; how many were new."""
    with closing(open_connection(path)) as connection:
        upgrade(connection, LEDGER_MIGRATIONS, now)
        return ledger.open_accounts(connection, openings)


class Shop:
    """Spends from the accounts of a ledger, as calls and messages do: past every daemon, straight in the file."""

    def __init__(self, path: Path) -> None:
        self._connection: sqlite3.Connection = open_connection(path)

    def spend(self, msisdn: str, amount_minor: int, at: int) -> Outcome:
        """What a call costs; refused where there is too little."""
        return ledger.apply(self._connection, [Entry(msisdn, "", SPEND, at, TILL, amount_minor)])[0]

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
