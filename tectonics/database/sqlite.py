"""SQLite connections, opened so that what is committed survives the loss of power.

WAL lets one writer and many readers work at once; `synchronous=FULL` makes each COMMIT wait for the
disk (group commit pays for it).  Transactions are explicit (`BEGIN IMMEDIATE` takes the write lock
at once, so that a transaction never fails half-way for want of it).  A connection may be handed
from the thread that opens it to the one that works with it; only one uses it at a time.

Bounds: another process that holds the write lock is waited for BUSY_S, then the statement fails
with `sqlite3.OperationalError`.  Pages are cached up to WRITER_CACHE_KIB and READER_CACHE_KIB; what is not
there comes from the system's own cache.  The file and its WAL are readable by their owner only: they
hold who owes what.
"""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

BUSY_S = 5.0
STATEMENTS_MAX = 256  # prepared statements kept by a connection
WAL_PAGES = 8000  # a checkpoint each 32 MB: pages are rewritten less often than with the default's 4 MB
WAL_BYTES_MAX = 64 * 2**20  # the WAL file is cut back to this after a checkpoint
# of each connection, of which a daemon has five: small, so that it has its full size after minutes; with 32 MB each
# it served as many sessions
WRITER_CACHE_KIB = 8 * 1024
READER_CACHE_KIB = 2 * 1024


def open_connection(path: str | os.PathLike, kind: type = sqlite3.Connection) -> sqlite3.Connection:
    """A connection that reads and writes; makes the file where there is none."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = _connect(os.fspath(path), False, WRITER_CACHE_KIB, kind)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES_MAX}")
    return connection


def open_reader(path: str | os.PathLike, kind: type = sqlite3.Connection) -> sqlite3.Connection:
    """A connection that can only read, of a file that exists."""
    connection = _connect(f"file:{quote(str(Path(path).resolve()))}?mode=ro", True, READER_CACHE_KIB, kind)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _connect(name: str, uri: bool, cache_kib: int, kind: type) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=BUSY_S, isolation_level=None, uri=uri,
                                 check_same_thread=False, cached_statements=STATEMENTS_MAX, factory=kind)
    connection.execute(f"PRAGMA cache_size=-{cache_kib}")
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection
