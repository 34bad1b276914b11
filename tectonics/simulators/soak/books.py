"""The databases as an auditor sees them: opened read-only, read with plain SQL, closed.

In what order were tickets committed?  One origin numbers its own in that order.  Between origins over one
PostgreSQL the number of the transaction that wrote a row (`xmin`) tells, for tickets of one subscriber:
a unit that won its compare-and-set had loaded the account before its transaction began, so it had begun
after the unit before it was committed, and whoever begins later has the higher number.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

WAIT_S = 10  # for a lock of SQLite, or a connection to PostgreSQL
Store = Path | str  # a file of SQLite, or the URL of a PostgreSQL
Rows = Callable[[str], list[tuple]]  # a statement's rows


@contextmanager
def read_store(store: Store) -> Iterator[Rows]:
    """The daemon's database."""
    with read_sqlite(store) if isinstance(store, Path) else _read_postgres(store) as rows:
        yield rows


@contextmanager
def read_sqlite(path: Path) -> Iterator[Rows]:
    """A file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=WAIT_S)) as connection:
        yield lambda statement: connection.execute(statement).fetchall()


def tickets_as_committed(store: Store) -> str:
    """The statement whose rows are (origin, seq, body), each subscriber's in the order of his units."""
    order = "seq" if isinstance(store, Path) else "xmin::text::bigint, origin, seq"
    return f"SELECT origin, seq, body FROM ticket ORDER BY {order}"


@contextmanager
def _read_postgres(url: str) -> Iterator[Rows]:
    with closing(psycopg2.connect(url, connect_timeout=WAIT_S)) as connection:
        connection.set_session(readonly=True, autocommit=True)
        with connection.cursor() as cursor:
            def rows(statement: str) -> list[tuple]:
                cursor.execute(statement)
                return cursor.fetchall()

            yield rows
