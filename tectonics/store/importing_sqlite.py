"""The import's way into SQLite: chunks of rows in one transaction each, beside a daemon or without.

BEGIN IMMEDIATE takes the write lock, so versions are compared once for the whole chunk and hold
until COMMIT.  A daemon that writes waits for at most one chunk; between two chunks the lock is free
while the next rows are parsed.  Numbers are handed over as one JSON array: one statement, one plan,
whatever the size of the chunk.
"""

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tectonics.database import migrate
from tectonics.database.sqlite import open_connection, open_reader
from tectonics.domain.errors import TheirFault
from tectonics.domain.subscriber import Account
from tectonics.store import rows
from tectonics.store.importing import Settle
from tectonics.store.importing_merge import Change
from tectonics.store.sqlite_store import MIGRATIONS

CHUNK_ROWS = 4000

_THESE = "IN (SELECT value FROM json_each(?))"
_ACCOUNTS = f"SELECT msisdn, generation, version, profile, standing FROM account WHERE msisdn {_THESE}"
_VERSIONS = f"SELECT msisdn, version FROM account WHERE msisdn {_THESE}"
_ADVANCE_IDS = f"SELECT msisdn, id FROM advance WHERE msisdn {_THESE}"
_INSERT = """INSERT INTO account (generation, barred, profile, standing, version, unit, msisdn)
    VALUES (?, ?, ?, ?, ?, 'import', ?)"""
_UPDATE = """UPDATE account SET generation = ?, barred = ?, profile = ?, standing = ?, version = ?, unit = 'import'
    WHERE msisdn = ? AND version = ?"""
_ADVANCE = """INSERT INTO advance (msisdn, id, generation, state, unfinished, channel, trigger_id, requested_at,
        due_at, closed_at, amount_minor, fee_minor, outstanding_minor, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_BOOKMARK = "SELECT value FROM bookmark WHERE name = ?"
_SET_BOOKMARK = """INSERT INTO bookmark (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
_FORGET = "DELETE FROM bookmark WHERE name = ?"
_POLICY = "SELECT version, document FROM policy_version ORDER BY version DESC LIMIT 1"


class SqliteTarget:
    """Fills importing.Target over one connection."""

    def __init__(self, connection: sqlite3.Connection, chunk_rows: int = CHUNK_ROWS):
        self._connection = connection
        self.chunk_rows = chunk_rows

    def read(self, msisdns: Sequence[int]) -> Mapping[int, Account]:
        """See Target."""
        found = self._connection.execute(_ACCOUNTS, (json.dumps(msisdns),))
        return {row[0]: rows.account_of(row[0], row[1:]) for row in found}

    def advance_ids(self, msisdns: Sequence[int]) -> Mapping[int, set[str]]:
        """See Target."""
        ids = defaultdict(set)
        if msisdns:
            for msisdn, advance_id in self._connection.execute(_ADVANCE_IDS, (json.dumps(msisdns),)):
                ids[msisdn].add(advance_id)
        return ids

    def write(self, changes: Sequence[Change], settle: Settle, bookmark: str) -> None:
        """See Target."""
        connection = self._connection
        prepared = [(int(change.account.msisdn), change, rows.account_columns(change.account),
                     [rows.advance_row(int(change.account.msisdn), advance) for advance in change.advances])
                    for change in changes]
        connection.execute("BEGIN IMMEDIATE")
        try:
            value = settle(self._apply(prepared))
            if value is not None:
                connection.execute(_SET_BOOKMARK, (bookmark, value))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _apply(self, prepared: list[tuple]) -> set[int]:
        """Writes the winners; the numbers of the others."""
        connection = self._connection
        versions = dict(connection.execute(_VERSIONS, (json.dumps([number for number, *_ in prepared]),)))
        won = [one for one in prepared if versions.get(one[0], 0) == one[1].expected]
        connection.executemany(_INSERT, ((*columns, 1, number) for number, change, columns, _ in won
                                         if change.expected == 0))
        connection.executemany(_UPDATE, ((*columns, change.expected + 1, number, change.expected)
                                         for number, change, columns, _ in won if change.expected))
        connection.executemany(_ADVANCE, (row for *_, advances in won for row in advances))
        return {one[0] for one in prepared} - {one[0] for one in won} if len(won) < len(prepared) else set()

    def bookmark(self, name: str) -> str | None:
        """See Target."""
        row = self._connection.execute(_BOOKMARK, (name,)).fetchone()
        return None if row is None else row[0]

    def forget(self, name: str) -> None:
        """See Target."""
        self._connection.execute(_FORGET, (name,))

    def policy(self) -> tuple[int, dict] | None:
        """(version, document) of the policy in force; None where no daemon has run yet."""
        row = self._connection.execute(_POLICY).fetchone()
        return None if row is None else (row[0], json.loads(row[1]))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def open_sqlite_target(path: str | os.PathLike, now: int) -> SqliteTarget:
    """The file at `path`, made and brought up to date where need be; TheirFault when it can't be used."""
    try:
        connection = open_connection(path)
        migrate.upgrade(connection, MIGRATIONS, now)
    except (sqlite3.Error, OSError) as error:
        raise TheirFault(f"the database {path} cannot be opened: {error}") from error
    return SqliteTarget(connection)


def open_sqlite_reader(path: str | os.PathLike) -> SqliteTarget | None:
    """For a dry run; None where there is no file."""
    if not os.path.exists(path):
        return None
    try:
        return SqliteTarget(open_reader(path))
    except sqlite3.Error as error:
        raise TheirFault(f"the database {path} cannot be opened: {error}") from error
