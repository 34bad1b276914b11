"""Running coroutines, with no more than the engine needs: no cancelling, no context of its own.

A session runs half a dozen of them, and Deferred.fromCoroutine can do much more, which costs something each
time.  A Deferred that has no result yet gives itself to whoever runs the coroutine that awaits it
(Twisted's Deferred.__await__), and with its result the coroutine goes on.
"""

from collections.abc import Callable, Coroutine

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class _Run:
    """One coroutine under way; an object, since a function that refers to itself is garbage for the collector."""

    __slots__ = ("_done", "_work")

    def __init__(self, work: Coroutine, done: Callable[[object], None]) -> None:
        self._work, self._done = work, done

    def resume(self, result) -> None:
        work = self._work
        try:
            awaited = result.throwExceptionIntoGenerator(work) if isinstance(result, Failure) else work.send(result)
        except StopIteration as end:
            ended = end.value
        except Exception:  # noqa: BLE001 named boundary: it is carried to `done`, as by a Deferred
            ended = Failure()
        else:
            awaited.addBoth(self.resume)
            return
        self._done(ended)


def start(work: Coroutine, done: Callable[[object], None]) -> None:
    """Runs `work` to its end, now or later; then calls `done` with its result, a Failure where it raised."""
    _Run(work, done).resume(None)


def deferred(work: Coroutine) -> Deferred:
    """The result of `work`."""
    told: Deferred = Deferred()
    start(work, lambda result: told.errback(result) if isinstance(result, Failure) else told.callback(result))
    return told
