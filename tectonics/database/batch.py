"""The batch queue: many small requests become few transactions (group commit), without a thread.

What is submitted while a batch is under way forms the next one.  So an idle queue has no delay,
a busy one pays one fsync for up to `batch_max` requests, and no timer is needed.  The next batch is
started before the answers of the last are handed out: the disk works while the reactor does.
One batch is under way at a time; where the work allows it (reads), a relief takes the next one over a connection of its own
when somebody has waited long, as for reads that wait for the disk.
Who shares a batch is the waiting line's to say: first come first served, or in groups (grouping.py).

Bounds: `queue_max` requests wait; the next one fails with Busy at once and changed nothing.
`batch_max` limits how long one transaction holds the write lock.
If the process dies here, requests that were not answered may or may not be in the database: that is
for the caller's compare-and-set to find out.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from tectonics.domain.errors import Busy, OurFault


class Line(deque):
    """Who waits: first come, first served."""

    def take(self, count_max: int) -> list:
        """The next batch, at most so many."""
        return [self.popleft() for _ in range(min(count_max, len(self)))]


@dataclass(frozen=True, eq=False)
class Lane:
    """Who works on batches, one at a time."""

    run: Callable[[list], list]
    executor: object


@dataclass(frozen=True, eq=False)
class Relief:
    """Who takes the next batch as well when somebody has waited for `after_s`."""

    lane: Lane
    clock: object
    after_s: float


class BatchQueue:
    """Collects items, runs them in lists, answers each by itself.

    `run(list)` is called through the executor, one batch at a time, and returns one result for each
    item; a result that is an Exception fails that one Deferred.  If `run` raises, the whole batch
    fails with OurFault and the log has the cause.  `after`, where given, turns what `run` returned
    into that list, in the reactor's thread, before anybody is answered.  `line` is the waiting line, `relief` a second
    worker.
    """

    log = Logger()

    def __init__(self, run: Callable[[list], list], executor, batch_max: int = 256,
                 queue_max: int = 10_000, after: Callable[[object], list] | None = None, line=None,
                 relief: Relief | None = None):
        self._lanes = [Lane(run, executor)] + ([relief.lane] if relief else [])
        self._relief, self._timer = relief, None
        self._batch_max = batch_max
        self._queue_max = queue_max
        self._after = after
        self._waiting = Line() if line is None else line  # of (item, Deferred), at most queue_max
        self._under_way: dict[Lane, int] = {}  # how many items each works on
        self._answering = False
        self._closed: Deferred | None = None

    @property
    def depth(self) -> int:
        """How many items have not been answered."""
        return len(self._waiting) + sum(self._under_way.values())

    def submit(self, item) -> Deferred:
        """The item's own result; fails with Busy at the bound or when the queue is closing."""
        if self._closed is not None:
            return fail(Busy("the database queue is closing"))
        if len(self._waiting) >= self._queue_max:
            return fail(Busy("the database queue is full"))
        answer = Deferred()
        self._waiting.append((item, answer))
        if not self._under_way:
            self._start(self._lanes[0])
        self._watch()
        return answer

    def close(self) -> Deferred:
        """Takes nothing more; fires when everything taken has been answered."""
        if self._closed is not None:
            return succeed(None)
        self._closed = Deferred()
        if not self._under_way and not self._answering:
            self._drained()
        return self._closed

    def _start(self, lane):
        batch = self._waiting.take(self._batch_max)
        self._under_way[lane] = len(batch)
        lane.executor.run(lane.run, [item for item, _ in batch], partial(self._finished, lane, batch))

    def _watch(self):
        """Somebody waits, and the relief could work."""
        if self._relief is not None and self._timer is None and self._waiting and len(self._under_way) == 1:
            self._timer = self._relief.clock.callLater(self._relief.after_s, self._relieve)

    def _relieve(self):
        self._timer = None
        if self._waiting and len(self._under_way) == 1:
            self._start(next(lane for lane in self._lanes if lane not in self._under_way))
        self._watch()

    def _finished(self, lane, batch, result, error):
        results = self._results(batch, result, error)
        del self._under_way[lane]
        if self._waiting and not self._under_way:
            self._start(self._lanes[0])
        self._watch()
        self._answering = True
        for (_, answer), value in zip(batch, results, strict=True):
            if isinstance(value, Exception):
                answer.errback(value)
            else:
                answer.callback(value)
        self._answering = False
        if self._closed is not None and not self._under_way:
            self._drained()

    def _results(self, batch, result, error) -> list:
        if error is not None:
            self.log.error("A batch of {count} failed: {error!r}", count=len(batch), error=error)
            return [OurFault(f"the database failed: {error}") for _ in batch]
        results = result if self._after is None else self._after(result)
        if len(results) != len(batch):
            self.log.error("A batch of {count} got {got} results", count=len(batch), got=len(results))
            return [OurFault("the database gave answers that do not fit") for _ in batch]
        return results

    def _drained(self):
        if self._timer is not None:
            self._timer.cancel()
        for lane in self._lanes:
            lane.executor.close()
        self._closed.callback(None)
