"""Small global tables: the numbered policies, and named positions that survive a restart.

A policy is only ever added, with the number after the newest; two who add at once are put in order
by the compare in the INSERT itself, and the second gets None.
"""

import json
import sqlite3
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.domain.ticket import Ticket
from tectonics.ports import PolicyVersion
from tectonics.store import rows
from tectonics.store.unit import Audited

_COLUMNS = "version, at, who, note, document"
_NEWEST = f"SELECT {_COLUMNS} FROM policy_version ORDER BY version DESC LIMIT ?"
_GET = f"SELECT {_COLUMNS} FROM policy_version WHERE version = ?"
_APPEND = f"""INSERT INTO policy_version ({_COLUMNS}) SELECT ?, ?, ?, ?, ?
    WHERE ? = (SELECT coalesce(max(version), 0) FROM policy_version)"""
_BOOKMARK = "SELECT value FROM bookmark WHERE name = ?"
_WRITE_BOOKMARK = """INSERT INTO bookmark (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


class SqlPolicyLog:
    """Fills ports.PolicyLog."""

    def __init__(self, writes: BatchQueue, reads: BatchQueue):
        self._writes = writes
        self._reads = reads

    def newest(self) -> Deferred[PolicyVersion | None]:
        """See ports.PolicyLog."""
        return self._reads.submit(partial(_first, statement=_NEWEST, value=1))

    def get(self, version: int) -> Deferred[PolicyVersion | None]:
        """See ports.PolicyLog."""
        return self._reads.submit(partial(_first, statement=_GET, value=version))

    def history(self, limit: int) -> Deferred[list[PolicyVersion]]:
        """See ports.PolicyLog; the newest first."""
        return self._reads.submit(partial(_versions, statement=_NEWEST, value=limit))

    def append(self, expected: int, document: dict, at: int, who: str, note: str,
               audit: Ticket | None = None) -> Deferred[PolicyVersion | None]:
        """See ports.PolicyLog."""
        version = PolicyVersion(expected + 1, at, who, note, document)
        job = partial(_append, version=version, expected=expected)
        return self._writes.submit(Audited(job, () if audit is None else (audit,)))

    def audit(self, ticket: Ticket) -> Deferred[None]:
        """See ports.PolicyLog."""
        return self._writes.submit(Audited(_nothing_else, (ticket,))).addCallback(lambda _: None)


class SqlBookmarks:
    """Fills ports.Bookmarks. Each origin has its own: a position in a file is a position on one machine."""

    def __init__(self, writes: BatchQueue, reads: BatchQueue, origin: str):
        self._writes = writes
        self._reads = reads
        self._origin = origin

    def read(self, name: str) -> Deferred[str | None]:
        """See ports.Bookmarks."""
        return self._reads.submit(partial(_bookmark, name=f"{self._origin}:{name}"))

    def write(self, name: str, value: str) -> Deferred[None]:
        """See ports.Bookmarks; durable when it is answered."""
        return self._writes.submit(partial(_write_bookmark, name=f"{self._origin}:{name}", value=value))


def _nothing_else(connection: sqlite3.Connection) -> bool:
    return True


def _versions(connection: sqlite3.Connection, statement: str, value: int) -> list[PolicyVersion]:
    return [PolicyVersion(version, at, who, note, json.loads(document))
            for version, at, who, note, document in connection.execute(statement, (value,))]


def _first(connection: sqlite3.Connection, statement: str, value: int) -> PolicyVersion | None:
    return next(iter(_versions(connection, statement, value)), None)


def _append(connection: sqlite3.Connection, version: PolicyVersion, expected: int) -> PolicyVersion | None:
    values = (version.version, version.at, version.who, version.note, rows.encode_text(version.document))
    return version if connection.execute(_APPEND, (*values, expected)).rowcount == 1 else None


def _bookmark(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute(_BOOKMARK, (name,)).fetchone()
    return row[0] if row else None


def _write_bookmark(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute(_WRITE_BOOKMARK, (name, value))
