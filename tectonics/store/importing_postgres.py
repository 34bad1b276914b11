"""The import's way into PostgreSQL: each chunk by COPY into a staging table, then one statement.

New accounts are inserted from the staging table where there are none, changed ones are updated where
their version is still the one that was read; both answer with the numbers that won, and only those
get their advances.  Rows go in the order of their numbers, as the daemons' do, so that two who write
the same ones wait for each other and do not deadlock; who is chosen as a victim all the same tries
again, TRIES_MAX times.  A daemon that wants a row of the chunk waits until its COMMIT.

On Citus the staging table stays where it was made and the INSERT spreads its rows; no statement calls
a function that a shard would have to.
"""

import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import psycopg2
from psycopg2 import errors

from tectonics.database.arrays import integer_array, text_array
from tectonics.database.postgres import WRITING, Address, Session, connect
from tectonics.domain.errors import TheirFault
from tectonics.domain.subscriber import Account
from tectonics.store import rows
from tectonics.store.importing import Settle
from tectonics.store.importing_merge import Change
from tectonics.store.postgres.opening import upgrade

CHUNK_ROWS = 5000
TRIES_MAX = 5
_AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)

_STAGING = """CREATE TEMPORARY TABLE import_staging (msisdn bigint, generation integer, barred smallint,
    profile text, standing text) ON COMMIT DELETE ROWS"""
_COPY = "COPY import_staging FROM STDIN"
_INSERT = """INSERT INTO account (msisdn, generation, barred, profile, standing, version, unit)
    SELECT msisdn, generation, barred, profile, standing, 1, 'import' FROM import_staging
    ON CONFLICT DO NOTHING RETURNING msisdn"""
_UPDATE = """UPDATE account SET generation = told.generation, barred = told.barred, profile = told.profile,
        standing = told.standing, version = told.expected + 1, unit = 'import'
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
        AS told (msisdn, generation, barred, profile, standing, expected)
    WHERE account.msisdn = told.msisdn AND account.version = told.expected RETURNING account.msisdn"""
_UPDATE_COLUMNS = (integer_array,) * 3 + (text_array,) * 2 + (integer_array,)
_ADVANCES = """INSERT INTO advance (msisdn, id, generation, state, unfinished, channel, trigger_id, requested_at,
        due_at, closed_at, amount_minor, fee_minor, outstanding_minor, body)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::text[],
        %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])"""
_ADVANCE_COLUMNS = (integer_array, text_array, integer_array, text_array, integer_array, text_array, text_array,
                    *(integer_array,) * 6, text_array)
_ACCOUNTS = "SELECT msisdn, generation, version, profile, standing FROM account WHERE msisdn = ANY (%s::bigint[])"
_ADVANCE_IDS = "SELECT msisdn, id FROM advance WHERE msisdn = ANY (%s::bigint[])"
_BOOKMARK = "SELECT value FROM bookmark WHERE name = %s"
_SET_BOOKMARK = """INSERT INTO bookmark (name, value) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
_FORGET = "DELETE FROM bookmark WHERE name = %s"
_POLICY = "SELECT version, document FROM policy_version ORDER BY version DESC LIMIT 1"


class PostgresTarget:
    """Fills importing.Target over one session, which nobody else uses."""

    def __init__(self, session: Session, chunk_rows: int = CHUNK_ROWS):
        self._session = session
        self._staged = False
        self.chunk_rows = chunk_rows

    def read(self, msisdns: Sequence[int]) -> Mapping[int, Account]:
        """See Target."""
        found = self._session.send(_ACCOUNTS, (integer_array(msisdns),))
        return {row[0]: rows.account_of(row[0], row[1:]) for row in found}

    def advance_ids(self, msisdns: Sequence[int]) -> Mapping[int, set[str]]:
        """See Target."""
        ids = defaultdict(set)
        if msisdns:
            for msisdn, advance_id in self._session.send(_ADVANCE_IDS, (integer_array(msisdns),)):
                ids[msisdn].add(advance_id)
        return ids

    def write(self, changes: Sequence[Change], settle: Settle, bookmark: str) -> None:
        """See Target."""
        if not self._staged:
            self._session.send(_STAGING)
            self._staged = True
        try:
            value = settle(self._begin(changes))
            if value is not None:
                self._session.send(_SET_BOOKMARK, (bookmark, value))
            self._session.send("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _begin(self, changes: Sequence[Change]) -> set[int]:
        """Writes the winners in a transaction that stays open; the numbers of the others."""
        for left in range(TRIES_MAX - 1, -1, -1):
            copy = self._session.send("BEGIN").copy_expert
            try:
                return self._apply(changes, copy)
            except _AGAIN:
                self._roll_back()
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _apply(self, changes: Sequence[Change], copy: Callable) -> set[int]:
        won = self._insert([change for change in changes if change.expected == 0], copy)
        won |= self._update([change for change in changes if change.expected])
        advances = [rows.advance_row(number, advance) for change in changes if change.advances
                    and (number := int(change.account.msisdn)) in won for advance in change.advances]
        if advances:
            self._session.send(_ADVANCES, _arrays(_ADVANCE_COLUMNS, advances))
        return {int(change.account.msisdn) for change in changes} - won

    def _insert(self, changes: list[Change], copy: Callable) -> set[int]:
        if not changes:
            return set()
        copy(_COPY, io.StringIO("".join(map(_copy_line, changes))))
        return {msisdn for msisdn, in self._session.send(_INSERT)}

    def _update(self, changes: list[Change]) -> set[int]:
        if not changes:
            return set()
        given = [(int(change.account.msisdn), *rows.account_columns(change.account), change.expected)
                 for change in changes]
        return {msisdn for msisdn, in self._session.send(_UPDATE, _arrays(_UPDATE_COLUMNS, given))}

    def _roll_back(self) -> None:
        """A connection that is gone has rolled back by itself."""
        try:
            self._session.send("ROLLBACK")
        except psycopg2.Error:
            self._session.close()

    def bookmark(self, name: str) -> str | None:
        """See Target."""
        row = self._session.send(_BOOKMARK, (name,)).fetchone()
        return None if row is None else row[0]

    def forget(self, name: str) -> None:
        """See Target."""
        self._session.send(_FORGET, (name,))

    def policy(self) -> tuple[int, dict] | None:
        """(version, document) of the policy in force; None where no daemon has run yet."""
        row = self._session.send(_POLICY).fetchone()
        return None if row is None else (row[0], json.loads(row[1]))

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()


def _copy_line(change: Change) -> str:
    """A row of COPY's text format; JSON holds no raw tab or line break, only backslashes to be doubled."""
    generation, barred, profile, standing = rows.account_columns(change.account)
    if "\\" in profile:
        profile = profile.replace("\\", "\\\\")
    return f"{change.account.msisdn}\t{generation}\t{barred}\t{profile}\t{standing}\n"


def _arrays(columns, given: list[tuple]) -> list[str]:
    return [write(column) for write, column in zip(columns, zip(*given, strict=True), strict=True)]


def open_postgres_target(address: Address, now: int) -> PostgresTarget:
    """The database at `address`, brought up to date; TheirFault when it can't be used."""
    upgrade(address, now)
    return open_postgres_reader(address)


def open_postgres_reader(address: Address) -> PostgresTarget:
    """For a dry run: the database as it is."""
    try:
        return PostgresTarget(connect(address, WRITING))
    except psycopg2.Error as error:
        raise TheirFault(f"the database cannot be used: {str(error).strip()}") from error
