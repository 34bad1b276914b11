"""Retention on PostgreSQL: triggers go in chunks between the units, tickets a month at a time."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue
from tectonics.database.postgres import Session
from tectonics.store.postgres.partitions import drop_months, make_months
from tectonics.store.retention import Deleted, delete_triggers


class MonthlyRetention:
    """As store.retention.Retention; months are made and dropped on a connection of their own, beside the units."""

    def __init__(self, writes: BatchQueue, people: BatchQueue, connect: Callable[[], Session],
                 now_ms: Callable[[], int]):
        self._writes, self._people = writes, people
        self._connect, self._now_ms = connect, now_ms

    def run(self, triggers_before: int, tickets_before: int) -> Deferred[Deleted]:
        """Deletes what is older than these times (ms) and may go, and makes the coming months; how much went."""
        return Deferred.fromCoroutine(self._run(triggers_before, tickets_before))

    async def _run(self, triggers_before: int, tickets_before: int) -> Deleted:
        tickets = await self._people.submit(lambda _: self._months(tickets_before))
        return Deleted(await delete_triggers(self._writes, triggers_before), tickets)

    def _months(self, before: int) -> int:
        session = self._connect()
        try:
            make_months(session, self._now_ms())
            return drop_months(session, before)
        finally:
            session.close()
