"""The migration runner: numbered SQL files in a package folder bring a database up to date.

Files are called `0001_first.sql`, `0002_...sql` without gaps and are never edited once released.
Each runs in one transaction together with its row in `schema_version`, so a process that dies here
leaves a database of the version before, or of the version after.  Two processes that upgrade at
once are put in order by the write lock; the second finds nothing left to do.

A database of a newer program, or of another part of the house, is refused and left as it is.
Before a database that holds something is changed it is copied to `<file>.v<version>.backup`.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from tectonics.domain.errors import OurFault, TheirFault

_NAME = re.compile(r"(\d{4})_\w+\.sql")
_VERSIONS = """CREATE TABLE IF NOT EXISTS schema_version (
    version integer PRIMARY KEY, name text NOT NULL, at integer NOT NULL)"""


def upgrade(connection: sqlite3.Connection, package: str, now: int) -> int:
    """Applies what is missing of the SQL files in `package`; the version that the database now has.

    `now` is written beside each version. TheirFault when the database is not one that this program
    can use; its text says what to do.
    """
    scripts = read_scripts(package)
    version = _checked(connection, scripts)
    if version == len(scripts):
        return version
    if version:
        back_up(connection, f"{_path(connection)}.v{version}.backup")
    for number, (name, script) in enumerate(scripts[version:], version + 1):
        _apply(connection, scripts, number, name, script, now)
    return len(scripts)


def current_version(connection: sqlite3.Connection) -> int:
    """The newest migration that the database has had; 0 for an empty one."""
    applied = _applied(connection)
    return len(applied)


def newest_version(package: str) -> int:
    """The version that `upgrade` leads to."""
    return len(read_scripts(package))


def back_up(connection: sqlite3.Connection, path: str) -> None:
    """A consistent copy of the whole database under `path`, while others go on writing."""
    part = f"{path}.part"
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    copy = sqlite3.connect(part)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    os.replace(part, path)


def _apply(connection, scripts, number, name, script, now):
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _checked(connection, scripts) < number:
            connection.execute(_VERSIONS)
            for statement in _statements(name, script):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version (version, name, at) VALUES (?, ?, ?)",
                               (number, name, now))
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def check(connection: sqlite3.Connection, package: str) -> int:
    """The database's version; TheirFault unless `upgrade` can use it or bring it up to date."""
    return _checked(connection, read_scripts(package))


def _checked(connection, scripts) -> int:
    """The database's version; TheirFault unless its history is a beginning of ours."""
    applied = _applied(connection)
    known = [name for name, _ in scripts]
    if not applied and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise TheirFault(f"{_path(connection)} is a database of something else: name another file")
    if len(applied) > len(known) and applied[:len(known)] == known:
        raise TheirFault(f"{_path(connection)} has schema {len(applied)} and this program knows up to"
                         f" {len(known)}: run the newer tectonics, or restore the backup made before it")
    if applied != known[:len(applied)]:
        raise TheirFault(f"{_path(connection)} is another kind of database ({applied[0]}): name another file")
    return len(applied)


def _applied(connection) -> list[str]:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone():
        return []
    return [name for name, in connection.execute("SELECT name FROM schema_version ORDER BY version")]


def read_scripts(package: str) -> list[tuple[str, str]]:
    """(name, text) of the migrations in `package`, in order."""
    found = sorted((match[0], entry.read_text(encoding="utf-8")) for entry in files(package).iterdir()
                   if (match := _NAME.fullmatch(entry.name)))
    numbers = [int(name[:4]) for name, _ in found]
    if not found or numbers != list(range(1, len(found) + 1)):
        raise OurFault(f"{package} holds migrations {numbers}, not 1, 2, 3...")
    return found


def _statements(name: str, script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise OurFault(f"{name} does not end with a whole statement")


def _path(connection) -> str:
    return next((path for _, name, path in connection.execute("PRAGMA database_list") if name == "main"), "")
