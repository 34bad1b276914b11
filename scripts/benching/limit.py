"""The limit: the same statements for the same sessions at the same concurrency, without the daemon.

The units that a session commits are prepared by the workflows before the clock starts.  Then so many
sessions at once go through the queues of the store and of the embedded ledger, in the order in which
the daemon would ask: no HTTP, no dialogue, no decisions, no metrics.  Prints sessions a second.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engines import fill_file
from people import accounts, configure, fill_ledger, numbers
from preparing import Preparation, Prepared

from tectonics.billing.embedded import EmbeddedBilling
from tectonics.config import Settings
from tectonics.daemon.clock import WallClock, now_ms
from tectonics.daemon.run import install_reactor, settle_memory
from tectonics.database.executors import ThreadExecutor
from tectonics.domain.subscriber import Account
from tectonics.store.opened import OpenedStore
from tectonics.store.sqlite_store import open_store


class Limit:
    """Sessions through the two files until the time is over."""

    def __init__(self, reactor, files: OpenedStore, billing: EmbeddedBilling, sessions: Iterator[Prepared],
                 seconds: float) -> None:
        self._now, self._files, self._billing, self._sessions = reactor.seconds, files, billing, sessions
        self._seconds = seconds
        self.done = 0
        self.took_s = 0.0

    async def run(self, concurrency: int) -> None:
        from twisted.internet.defer import Deferred, gatherResults

        begun_s = self._now()
        self._end_s = begun_s + self._seconds
        await gatherResults([Deferred.fromCoroutine(self._one_after_the_other()) for _ in range(concurrency)])
        self.took_s = self._now() - begun_s

    async def _one_after_the_other(self) -> None:
        for session in self._sessions:
            await self._session(session)
            self.done += 1
            if self._now() >= self._end_s:
                return

    async def _session(self, session: Prepared) -> None:
        """What the daemon asks of the two files, from the dialling to the short message."""
        store, msisdn = self._files.store, session.msisdn
        await store.load(msisdn, (session.trigger,))
        await self._billing.balance(msisdn)
        await self._billing.balance(msisdn)
        await store.commit(session.confirmed)
        await self._billing.credit(session.credit)
        await store.commit(session.credited)
        for notice in session.notices:
            await self._files.outbox.finish(msisdn, notice.op)


async def measure(reactor, directory: Path, seconds: float, concurrency: int, count: int) -> dict:
    """Fills two files of its own and runs."""
    clock = WallClock(reactor)
    settings, now = configure(directory), now_ms(clock)
    fill_file(directory / "limit/tectonics.db", settings, count, now)
    fill_ledger(directory / "limit/ledger.db", settings, numbers(count), now)
    preparation = Preparation(settings, now)
    sessions = [preparation.prepared(account) for account in stored(settings, count, now)]

    def executor() -> ThreadExecutor:
        return ThreadExecutor(reactor)

    files = open_store(directory / "limit/tectonics.db", "n1", clock, executor, now)
    billing = EmbeddedBilling(directory / "limit/ledger.db", clock, executor)
    limit = Limit(reactor, files, billing, iter(sessions), seconds)
    settle_memory()
    await limit.run(concurrency)
    await files.close()
    await billing.close()
    return {"sessions": limit.done, "seconds": limit.took_s}


def stored(settings: Settings, count: int, now: int) -> Iterator[Account]:
    """The accounts as they stand in the store."""
    return (replace(account, version=1) for account in accounts(settings, numbers(count), now))


def main() -> int:
    """Arguments: directory, seconds, concurrency, how many sessions to prepare."""
    directory, seconds, concurrency, count = sys.argv[1:]
    reactor = install_reactor()
    from twisted.internet.defer import Deferred

    codes = [1]

    def done(result: dict) -> None:
        json.dump(result, sys.stdout)
        codes[0] = 0

    def begin() -> None:
        measuring = measure(reactor, Path(directory), float(seconds), int(concurrency), int(count))
        work = Deferred.fromCoroutine(measuring)
        work.addCallbacks(done, lambda failure: failure.printTraceback(sys.stderr))
        work.addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    return codes[0]


if __name__ == "__main__":
    sys.exit(main())
