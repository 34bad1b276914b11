"""The databases under the daemons: a file that each kill of a daemon leaves as it is, or a server that is killed too."""

import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import psycopg2

from tectonics.database import sqlite
from tectonics.database.migrate import upgrade
from tectonics.database.postgres import CHANGING, Address, connect
from tectonics.domain.subscriber import Account
from tectonics.store import bulk
from tectonics.store.postgres import bulk as postgres_bulk
from tectonics.store.postgres import opening
from tests.postgres_server import Server

WATCH_S = 0.05


class SqliteStore:
    """A file in the state directory of the only daemon."""

    victim = None

    def __init__(self, state: Path) -> None:
        self.books, self.settings = state / "tectonics.db", {"kind": "sqlite"}
        self.owners: dict[str, list[tuple[str, int]]] = {}

    def populate(self, accounts: Iterable[Account], now: int) -> None:
        """Makes the schema and inserts the accounts."""
        with closing(sqlite.open_connection(self.books)) as connection:
            upgrade(connection, "tectonics.store.migrations", now)
            bulk.insert_accounts(connection, accounts)

    def faults(self) -> list[str]:
        """What it logged that must not be."""
        return []

    def close(self) -> None:
        """Nothing is left to do."""


class PostgresStore:
    """A server of its own in a temporary directory, with fsync, as everywhere where money is."""

    def __init__(self) -> None:
        self._server = Server(fsync=True, log_min_messages="panic")
        self.books = self._server.url()
        self.settings = {"kind": "postgresql", "url": self.books}
        self.victim = ServerVictim(self._server)
        self._watcher = OutboxWatcher(self.books)
        self.owners = self._watcher.owners

    def populate(self, accounts: Iterable[Account], now: int) -> None:
        """Makes the schema and inserts the accounts."""
        opening.upgrade(Address(self.books), now)
        with closing(connect(Address(self.books), CHANGING)) as session:
            postgres_bulk.insert_accounts(session, accounts)
        self._watcher.start()

    def faults(self) -> list[str]:
        """What the server logged that must not be."""
        lines = self._server.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "PANIC" in line]

    def close(self) -> None:
        """Stops the server and deletes it."""
        self._watcher.stop()
        self._server.close()


class ServerVictim:
    """PostgreSQL, which `pg_ctl stop -m immediate` ends as a power failure would, without a checkpoint."""

    name = "postgres"
    turned_away = 0

    def __init__(self, server: Server) -> None:
        self.kills = 0
        self.turn = threading.Lock()
        self._server = server

    def start(self) -> None:
        """Recovers from the log, and serves when this returns."""
        self._server.start()

    def serves(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg2.connect(self._server.url(), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """See above. AssertionError when it had ended by itself."""
        try:
            self._server.stop("immediate")
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"PostgreSQL could not be stopped: {error}") from error
        self.kills += 1


class OutboxWatcher:
    """Looks into the outbox all the time and writes down who had each command, in turn.

    It sees only what lies there long enough; that is enough to see whether the same life ever has again
    what it lost to another.
    """

    def __init__(self, url: str) -> None:
        self.owners: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._url, self._over = url, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(WATCH_S):
            try:
                with closing(psycopg2.connect(self._url, connect_timeout=5)) as connection:
                    connection.autocommit = True
                    self._look_on(connection.cursor())
            except psycopg2.Error:
                continue  # it was killed, and comes back

    def _look_on(self, cursor) -> None:
        while not self._over.wait(WATCH_S):
            cursor.execute("SELECT op, owner, epoch FROM outbox")
            for op, owner, epoch in cursor:
                if self.owners[op][-1:] != [(owner, epoch)]:
                    self.owners[op].append((owner, epoch))
