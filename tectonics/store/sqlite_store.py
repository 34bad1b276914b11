"""The store over SQLite: one file, one connection that writes, two that read, each behind a queue.

    units, outbox, cursors ──▶ writes (group commit)
    load, due, usage       ──▶ reads  (hot: one snapshot for many subscribers)
    lists, tickets, gauges ──▶ people (may take long without delaying the two above)

Opening brings the schema up to date and raises the origin's epoch; from then on a process of an
earlier life with the same origin can write nothing.  If the process dies, the file is what its
last COMMIT made it; nothing is repaired at the next start.

Bounds: QUEUE_MAX requests wait in each queue, the next fails with Busy.
"""

import os
import sqlite3
from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.database import migrate
from tectonics.database.batch import BatchQueue
from tectonics.database.sqlite import open_connection, open_reader
from tectonics.domain.errors import TheirFault
from tectonics.store import origin as origins
from tectonics.store.accounts import SqlStore
from tectonics.store.outbox import SqlOutbox
from tectonics.store.policy_log import SqlBookmarks, SqlPolicyLog
from tectonics.store.queries import SqlQueries
from tectonics.store.reader import Reader
from tectonics.store.retention import Retention
from tectonics.store.ticket_log import SqlTicketLog
from tectonics.store.writer import Batch, Writer

MIGRATIONS = "tectonics.store.migrations"
BATCH_MAX = 256
QUEUE_MAX = 10_000


class SqliteStore:
    """All ports of the store over one file; made by `open_store`."""

    log = Logger()

    def __init__(self, writer: Writer, readers: tuple[Reader, Reader], life: origins.Life, clock,
                 executor_factory: Callable, lease_ms: int, on_fenced: Callable[[], None]):
        self._workers = (writer, *readers)
        self._on_fenced = on_fenced
        self._told = False
        self._queues = {
            "writes": BatchQueue(writer.run, executor_factory(), BATCH_MAX, QUEUE_MAX, self._after),
            "reads": BatchQueue(readers[0].run, executor_factory(), BATCH_MAX, QUEUE_MAX),
            "people": BatchQueue(readers[1].run, executor_factory(), BATCH_MAX, QUEUE_MAX)}
        writes, reads, people = self._queues.values()
        self.origin = life.name
        self.epoch = life.epoch
        self.store = SqlStore(writes, reads)
        self.outbox = SqlOutbox(writes, reads, life, lease_ms)
        self.tickets = SqlTicketLog(life.name, writes, people)
        self.policies = SqlPolicyLog(writes, people)
        self.bookmarks = SqlBookmarks(writes, people)
        self.queries = SqlQueries(people, clock)
        self.retention = Retention(writes)

    def depths(self) -> dict[str, int]:
        """How many requests each queue has not answered yet."""
        return {name: queue.depth for name, queue in self._queues.items()}

    def close(self) -> Deferred[None]:
        """Answers what was taken, then closes the file."""
        return Deferred.fromCoroutine(self._close())

    async def _close(self):
        for queue in self._queues.values():
            await queue.close()
        for worker in self._workers:
            worker.close()

    def _after(self, batch: Batch) -> list:
        if batch.lines:
            self.tickets.publish(batch.lines)
        if batch.fenced and not self._told:
            self._told = True
            self.log.error("Another process has taken over the origin {origin}: nothing more is written",
                           origin=self.origin)
            self._on_fenced()
        return batch.answers


def open_store(path: str | os.PathLike, origin: str, clock, executor_factory: Callable, now_ms: int,
               lease_s: float = 30.0, on_fenced: Callable[[], None] = lambda: None) -> SqliteStore:
    """The store in the file `path`, in a new life of `origin`.

    `executor_factory()` gives an executor for each of three queues; `clock` ages the gauges; outbox
    rows stay ours for `lease_s`; `on_fenced` is called once, in the reactor's thread, when a newer
    process has taken the origin over.  TheirFault when the file is not one that this program can use.
    """
    connect = partial(open_connection, path)
    try:
        connection = connect()
        migrate.upgrade(connection, MIGRATIONS, now_ms)
        life = origins.claim(connection, origin)
        readers = Reader(open_reader(path)), Reader(open_reader(path))
    except (sqlite3.Error, OSError) as error:
        raise TheirFault(f"the database {path} cannot be opened: {error}") from error
    lease_ms = round(lease_s * 1000)
    writer = Writer(connect, life, lease_ms, connection)
    return SqliteStore(writer, readers, life, clock, executor_factory, lease_ms, on_fenced)
