"""The two engines under a measurement: how each is made, filled, read afterwards, and what its limit is.

Both have the same few methods.  SQLite is a file in the state directory of the only daemon.  PostgreSQL is
a server of its own in a temporary directory, set as docs/postgresql.md recommends, with its data on the
same disk; its subscribers are made by the server itself, in chunks, so that 30 million take minutes.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import machine
import pgbench
from people import FIRST_MSISDN, accounts, numbers, pattern

from tectonics.config import Settings
from tectonics.database import sqlite
from tectonics.database.migrate import upgrade
from tectonics.database.postgres import CHANGING, Address, connect
from tectonics.store import bulk, rows
from tectonics.store.postgres import opening
from tests.postgres_server import Server

LIMIT_S = 3.0  # of SQLite's limit, at most
LIMIT_SESSIONS_PER_SECOND = 10_000  # prepared for each second of it; more than it can do
CHUNK = 1_000_000  # subscribers in one statement
LOAD_WAL = "2GB"  # kept while the subscribers are made: the log need not be larger than the table
SETTINGS = {"max_wal_size": "16GB", "checkpoint_timeout": "30min", "checkpoint_completion_target": "0.9",
            "wal_compression": "lz4", "full_page_writes": "on", "synchronous_commit": "on",
            "max_connections": "300", "autovacuum_naptime": "1min", "log_min_messages": "warning"}

_ACCOUNTS = """INSERT INTO account (msisdn, generation, barred, profile, standing, version, unit)
    SELECT msisdn, ?, ?, ?, ?, 1, 'import' FROM generate_series(?::bigint, ?::bigint) AS all_of_them (msisdn)"""


class SqliteEngine:
    """A file in the state directory of one daemon; its threads are the daemon's."""

    name = "sqlite"
    about = "WAL, synchronous=FULL"

    def __init__(self, directory: Path) -> None:
        self._directory, self.settings = directory, {"kind": "sqlite"}
        self._books = directory / "state-n1/tectonics.db"

    def fill(self, settings: Settings, count: int, now: int) -> None:
        """Makes the schema and `count` subscribers."""
        fill_file(self._books, settings, count, now)

    def connection(self):
        """For whoever reads what the daemons left."""
        return sqlite.open_connection(self._books)

    def cpu_s(self, pids: list[int]) -> float:
        """Of the database: all threads of the daemon but its first."""
        return sum(machine.process_cpu_s(pid) - machine.main_thread_cpu_s(pid) for pid in pids)

    def settle(self) -> None:
        """Nothing is left to write."""

    def limit(self, settings: Settings, seconds: float, concurrency: int, subscribers: int, now: int) -> dict:
        """The same statements without the daemon, in a process of its own: sessions and seconds."""
        seconds = min(LIMIT_S, seconds)
        given = (self._directory, seconds, concurrency, int(seconds * LIMIT_SESSIONS_PER_SECOND))
        answer = subprocess.run([sys.executable, Path(__file__).with_name("limit.py"), *map(str, given)],
                                stdout=subprocess.PIPE, check=True)
        return json.loads(answer.stdout)

    def close(self) -> None:
        """The directory is the caller's."""


class PostgresEngine:
    """A server of its own; every daemon is a client."""

    name = "postgres"

    def __init__(self, directory: Path) -> None:
        memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        chosen = SETTINGS | {"shared_buffers": f"{memory_mb // 4}MB"}
        self._server = Server(fsync=True, **chosen)
        self.settings = {"kind": "postgresql", "url": self._server.url()}
        version, = self._server.execute("SHOW server_version")[0]
        self.about = f"PostgreSQL {version.split()[0]}, " + ", ".join(
            f"{name}={chosen[name]}" for name in ("shared_buffers", "max_wal_size", "checkpoint_timeout",
                                                  "wal_compression", "full_page_writes", "synchronous_commit"))

    def fill(self, settings: Settings, count: int, now: int) -> None:
        """Makes the schema and `count` subscribers; ends with a vacuum and a checkpoint."""
        opening.upgrade(Address(self._server.url()), now)
        self._log_at_most(LOAD_WAL)
        one = rows.account_columns(pattern(settings, now))
        with closing(self.connection()) as session:
            for first in range(0, count, CHUNK):
                last = min(first + CHUNK, count) - 1
                session.execute(_ACCOUNTS, (*one, FIRST_MSISDN + first, FIRST_MSISDN + last))
            session.send("VACUUM (ANALYZE) account")
        self._log_at_most(SETTINGS["max_wal_size"])
        self.settle()

    def connection(self):
        """For whoever reads what the daemons left."""
        return connect(Address(self._server.url()), CHANGING)

    def cpu_s(self, pids: list[int]) -> float:
        """Of the server and all its children."""
        return machine.tree_cpu_s(self._server.pid)

    def settle(self) -> None:
        """Everything on the disk: what is measured next begins as what was measured before."""
        self._server.execute("CHECKPOINT")

    def limit(self, settings: Settings, seconds: float, concurrency: int, subscribers: int, now: int) -> dict:
        """pgbench with the same statements, each for one session: sessions and seconds."""
        return pgbench.run(self._server, settings, seconds, concurrency, subscribers, now)

    def close(self) -> None:
        """Stops the server and deletes it."""
        self._server.close()

    def _log_at_most(self, size: str) -> None:
        self._server.execute(f"ALTER SYSTEM SET max_wal_size = '{size}'")
        self._server.execute("SELECT pg_reload_conf()")


def fill_file(path: Path, settings: Settings, count: int, now: int) -> None:
    """An SQLite store with `count` subscribers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite.open_connection(path)) as store:
        upgrade(store, "tectonics.store.migrations", now)
        bulk.insert_accounts(store, accounts(settings, numbers(count), now))


ENGINES = {engine.name: engine for engine in (SqliteEngine, PostgresEngine)}
