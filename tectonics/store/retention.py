"""Retention: old triggers, tickets and messages leave the database, in bounded chunks between the units.

A trigger is kept as long as its advance is unfinished: the same request must get the same answer.
A message is kept as long as its command is in the outbox: it tells what must not be sent again.
A ticket is kept until every consumer that has ever acknowledged its origin has passed it; a
consumer that never comes back therefore keeps them, which its lag alarm tells.
Each chunk is one item of the writer's queue, so a subscriber waits for at most CHUNK deletions.
If the process dies here, the chunks that were committed stay deleted.
"""

import sqlite3
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred

from tectonics.database.batch import BatchQueue

CHUNK = 500

_TRIGGERS = """DELETE FROM trigger_seen WHERE (msisdn, channel, id) IN
    (SELECT t.msisdn, t.channel, t.id FROM trigger_seen t WHERE t.seen_at < ? AND t.seen_at >= ? AND NOT EXISTS
        (SELECT 1 FROM advance a WHERE a.msisdn = t.msisdn AND a.unfinished = 1 AND a.trigger_id = t.id)
    ORDER BY t.seen_at LIMIT ?) RETURNING seen_at"""
_MESSAGES = """DELETE FROM message WHERE (msisdn, op, part) IN
    (SELECT m.msisdn, m.op, m.part FROM message m WHERE m.created_at < ? AND m.created_at >= ? AND NOT EXISTS
        (SELECT 1 FROM outbox o WHERE o.msisdn = m.msisdn AND o.op = m.op)
    ORDER BY m.created_at LIMIT ?) RETURNING created_at"""
_OLDEST = "SELECT seq, at FROM ticket WHERE origin = ? ORDER BY seq LIMIT ?"
_TICKETS = "DELETE FROM ticket WHERE origin = ? AND seq <= ?"
_PASSED = "SELECT min(seq) FROM consumer_cursor WHERE origin = ?"
_ORIGINS = "SELECT name FROM origin ORDER BY name"


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many rows one run of the retention deleted."""

    triggers: int = 0
    tickets: int = 0


class Retention:
    """Deletes through the writer's queue."""

    def __init__(self, writes: BatchQueue):
        self._writes = writes

    def run(self, triggers_before: int, tickets_before: int) -> Deferred[Deleted]:
        """Deletes what is older than these times (ms) and may go; how much that was."""
        return Deferred.fromCoroutine(self._run(triggers_before, tickets_before))

    async def _run(self, triggers_before: int, tickets_before: int) -> Deleted:
        return Deleted(await delete_triggers(self._writes, triggers_before), await self._tickets(tickets_before))

    async def _tickets(self, before: int) -> int:
        total = 0
        for origin, in await self._writes.submit(_origins):
            job = partial(_delete_tickets, origin=origin, before=before)
            while deleted := await self._writes.submit(job):
                total += deleted
        return total


async def delete_triggers(writes: BatchQueue, before: int) -> int:
    """All that may go."""
    return await _delete(writes, _TRIGGERS, before)


async def delete_messages(writes: BatchQueue, before: int) -> int:
    """All that may go."""
    return await _delete(writes, _MESSAGES, before)


async def _delete(writes: BatchQueue, statement: str, before: int) -> int:
    """The scan goes on where the last chunk ended, so that kept rows are not read again."""
    total, since = 0, 0
    while True:
        deleted, since = await writes.submit(partial(_delete_chunk, statement=statement, before=before, since=since))
        total += deleted
        if deleted < CHUNK:
            return total


def _origins(connection: sqlite3.Connection) -> list[tuple[str]]:
    return connection.execute(_ORIGINS).fetchall()


def _delete_chunk(connection: sqlite3.Connection, statement: str, before: int, since: int) -> tuple[int, int]:
    deleted = [at for at, in connection.execute(statement, (before, since, CHUNK))]
    return len(deleted), max(deleted, default=since)


def _delete_tickets(connection: sqlite3.Connection, origin: str, before: int) -> int:
    """Only from the oldest on: a young or unread ticket stops it, so that what is kept has no hole."""
    passed = connection.execute(_PASSED, (origin,)).fetchone()[0]
    last = 0
    for seq, at in connection.execute(_OLDEST, (origin, CHUNK)):
        if at >= before or (passed is not None and seq > passed):
            break
        last = seq
    return connection.execute(_TICKETS, (origin, last)).rowcount
