"""Running the coroutines of people, peers and faults: there are thousands, and Deferred.fromCoroutine can do more
than they need, which costs something each time.

A coroutine awaits Deferreds, or a `Sleep` on the world's clock, which is nothing but a call of the timeline.
"""

from collections.abc import Callable, Coroutine, Generator

from twisted.python.failure import Failure


class Sleep:
    """Awaited by a coroutine that `start` runs: it goes on so many virtual seconds later."""

    __slots__ = ("_call_later", "_seconds")

    def __init__(self, call_later: Callable, seconds: float) -> None:
        self._call_later, self._seconds = call_later, seconds

    def __await__(self) -> Generator:
        return (yield self)

    def addBoth(self, resume: Callable[[object], None]) -> None:
        """As a Deferred's."""
        self._call_later(self._seconds, resume, None)


def start(work: Coroutine, done: Callable[[object], None]) -> None:
    """Runs `work` to its end, now or later; then calls `done` with its result, a Failure where it raised."""
    _Run(work, done).resume(None)


class _Run:
    """One coroutine under way."""

    __slots__ = ("_done", "_work")

    def __init__(self, work: Coroutine, done: Callable[[object], None]) -> None:
        self._work, self._done = work, done

    def resume(self, result) -> None:
        work = self._work
        try:
            awaited = result.throwExceptionIntoGenerator(work) if isinstance(result, Failure) else work.send(result)
        except StopIteration as end:
            ended = end.value
        except Exception:  # noqa: BLE001 named boundary: it is carried to `done`
            ended = Failure()
        else:
            awaited.addBoth(self.resume)
            return
        self._done(ended)
