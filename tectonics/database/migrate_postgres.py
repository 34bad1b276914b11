"""The migration runner for PostgreSQL: the same numbered files as SQLite's, in a folder of their own.

Each file runs in one transaction together with its row in `schema_version`, under an advisory lock, so
two daemons that start at once are put in order and the second finds nothing left to do; a process that
dies here leaves the version before or the version after.

During an upgrade an older daemon works on the newer schema.  A migration that it can live with (a table
or a column with a default more, never less) says so in its first line, `-- usable from schema 3`: the
oldest program that may use what it leaves.  Without the line it is only for its own.  A program refuses
a schema that is no longer usable for it, and leaves it as it is.
"""

import re

import psycopg2

from tectonics.database.migrate import read_scripts
from tectonics.database.postgres import Session
from tectonics.domain.errors import TheirFault

_LOCK = 0x7EC70C5  # any number, as long as it stays the same
_USABLE = re.compile(r"-- usable from schema (\d+)$", re.MULTILINE)
_VERSIONS = """CREATE TABLE IF NOT EXISTS schema_version (
    version integer PRIMARY KEY, name text NOT NULL, usable_from integer NOT NULL, at bigint NOT NULL)"""


def upgrade(session: Session, package: str, now: int) -> int:
    """Applies what is missing of the SQL files in `package`; the version that the database now has.

    That may be newer than ours, if ours is still usable. TheirFault when it is not one for this program.
    """
    scripts = read_scripts(package)
    version = check(session, package)
    for number in range(version + 1, len(scripts) + 1):
        _apply(session, package, number, scripts[number - 1], now)
    return max(version, len(scripts))


def check(session: Session, package: str) -> int:
    """The database's version, 0 when it is empty; TheirFault unless this program can use it or upgrade it."""
    known = [name for name, _ in read_scripts(package)]
    occupied = session.execute("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
                               " LIMIT 1").fetchone()  # before `applied`: another process may be upgrading
    applied = _applied(session)
    names = [name for name, _ in applied]
    if occupied and not applied:
        raise TheirFault("the database holds something else: name another one, or another schema")
    if names[:len(known)] != known[:len(names)]:
        raise TheirFault(f"the database is of another kind ({names[0]}): name another one")
    needed = max((usable_from for _, usable_from in applied[len(known):]), default=0)
    if needed > len(known):
        raise TheirFault(f"the database has schema {len(names)}, which needs a tectonics that knows schema"
                         f" {needed}; this one knows up to {len(known)}: run the newer one")
    return len(names)


def _apply(session, package, number, script, now):
    name, text = script
    session.send("BEGIN")
    try:
        session.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        if check(session, package) < number:
            usable = _USABLE.search(text)
            session.send(_VERSIONS)
            session.send(text)
            session.execute("INSERT INTO schema_version (version, name, usable_from, at) VALUES (?, ?, ?, ?)",
                            (number, name, int(usable[1]) if usable else number, now))
        session.send("COMMIT")
    except (psycopg2.Error, TheirFault):
        if session.in_transaction:
            session.send("ROLLBACK")
        raise


def _applied(session) -> list[tuple[str, int]]:
    """(name, usable from), in order."""
    if session.execute("SELECT to_regclass('schema_version')").fetchone()[0] is None:
        return []
    return session.execute("SELECT name, usable_from FROM schema_version ORDER BY version").fetchall()
