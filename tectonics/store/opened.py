"""An opened store: the ports over the three queues, whatever engine is behind them.

    units, outbox, cursors ──▶ writes (group commit)
    load, due, usage       ──▶ reads  (hot: many subscribers at once)
    lists, tickets, gauges ──▶ people (may take long without delaying the two above)

An engine gives three workers: one that writes batches (answering `writer.Batch`) and two that answer
batches of questions; where it can, a third of these, who relieves the first.  Each works on an executor of its own, one
batch at a time.

`group` tells which writes may share a transaction, where not all should (postgres/shards.py).

Bounds: QUEUE_MAX requests wait in each queue, the next fails with Busy; BATCH_MAX share a transaction.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.database.batch import BatchQueue, Lane, Relief
from tectonics.database.grouping import Groups
from tectonics.domain.subscriber import Account
from tectonics.store import bulk
from tectonics.store.accounts import SqlStore
from tectonics.store.mailboxes import SqlAddresses
from tectonics.store.messages import SqlMessages
from tectonics.store.nodes import SqlNodes
from tectonics.store.origin import Life
from tectonics.store.outbox import SqlOutbox
from tectonics.store.policy_log import SqlBookmarks, SqlPolicyLog
from tectonics.store.queries import SqlQueries
from tectonics.store.retention import Retention
from tectonics.store.ticket_log import SqlTicketLog
from tectonics.store.writer import Batch

BATCH_MAX = 256
RELIEF_S = 0.005  # who has waited for that long while others are read is read over a connection of his own
QUEUE_MAX = 10_000


class Worker(Protocol):
    """Works on batches, in one thread at a time."""

    def run(self, items: list): ...

    def close(self) -> None: ...


class OpenedStore:
    """All ports of the store over one database; made by an engine's `open_store`."""

    log = Logger()

    def __init__(self, writer: Worker, readers: tuple[Worker, ...], life: Life, clock,
                 executor_factory: Callable, lease_ms: int, on_fenced: Callable[[], None],
                 on_fault: Callable[[str], None] = lambda text: None,
                 retention: Callable[[BatchQueue, BatchQueue], object] = lambda writes, people: Retention(writes),
                 group: Callable[[object], Hashable] | None = None):
        self._workers = (writer, *readers)
        self._on_fenced, self._on_fault = on_fenced, on_fault
        hot, listing, *more = readers
        relief = Relief(Lane(more[0].run, executor_factory()), clock, RELIEF_S) if more else None
        self._told, self._fault = False, ""
        self._queues = {
            "writes": BatchQueue(writer.run, executor_factory(), BATCH_MAX, QUEUE_MAX, self._after,
                                 None if group is None else Groups(group)),
            "reads": BatchQueue(hot.run, executor_factory(), BATCH_MAX, QUEUE_MAX, relief=relief),
            "people": BatchQueue(listing.run, executor_factory(), BATCH_MAX, QUEUE_MAX)}
        writes, reads, people = self._queues.values()
        self.origin = life.name
        self.epoch = life.epoch
        self.store = SqlStore(writes, reads)
        self.outbox = SqlOutbox(writes, reads, life, lease_ms)
        self.messages = SqlMessages(writes, reads, life)
        self.addresses = SqlAddresses(writes, reads)
        self.tickets = SqlTicketLog(life.name, writes, people)
        self.policies = SqlPolicyLog(writes, people)
        self.bookmarks = SqlBookmarks(writes, people, life.name)
        self.nodes = SqlNodes(writes, people, life)
        self.queries = SqlQueries(people, clock)
        self._writes = writes
        self.retention = retention(writes, people)

    def insert(self, accounts: Sequence[Account]) -> Deferred[int]:
        """Inserts those that do not exist, at most bulk.CHUNK of them; how many that were."""
        return self._writes.submit(partial(bulk.insert_chunk, accounts=accounts))

    def loads(self) -> list[tuple[str, int, int]]:
        """(queue, how many requests it has not answered yet, its bound)."""
        return [(f"store {name}", queue.depth, QUEUE_MAX + BATCH_MAX) for name, queue in self._queues.items()]

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
        if batch.fault != self._fault:
            self._fault = batch.fault
            self._on_fault(batch.fault)
        if batch.fenced and not self._told:
            self._told = True
            self.log.error("Another process has taken over the origin {origin}: nothing more is written",
                           origin=self.origin)
            self._on_fenced()
        return batch.answers
