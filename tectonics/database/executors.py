"""Executors: where a batch queue runs its work, and how the answer comes home.

An executor has `run(work, argument, done)`, which calls `work(argument)` once, elsewhere or later,
and then `done(result, error)` in the reactor's thread; and `close()`.  It runs one thing at a time
and in order.  Production uses a thread of its own (SQLite and a socket both release the interpreter
while they wait for the disk); tests and the simulation use the virtual clock, so that the same
queue can be stopped between any two of its steps.

The thread is a daemon: a process that leaves without `close` leaves as if it had been killed,
which every table of the house must survive anyway.
"""

from queue import SimpleQueue
from threading import Thread

JOIN_S = 5.0  # how long `close` waits for work that should be over already


def _attempt(work, argument):
    """Boundary: whatever the work raises is carried to `done`, so that no waiter is forgotten."""
    try:
        return work(argument), None
    except Exception as error:  # noqa: BLE001 named boundary
        return None, error


class ThreadExecutor:
    """One thread of its own; one `reactor.callFromThread` for each piece of work."""

    def __init__(self, reactor, name="tectonics-batch"):
        self._reactor = reactor
        self._jobs = SimpleQueue()  # bounded by its users: a batch queue has one batch under way
        self._thread = Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def run(self, work, argument, done):
        """Hands the work to the thread."""
        self._jobs.put((work, argument, done))

    def close(self):
        """Ends the thread after the work it has got."""
        self._jobs.put(None)
        self._thread.join(JOIN_S)

    def _loop(self):
        while (job := self._jobs.get()) is not None:
            work, argument, done = job
            self._reactor.callFromThread(done, *_attempt(work, argument))


class ClockExecutor:
    """Runs the work on a clock (task.Clock or the simulation's), `delay_s` after it was asked."""

    def __init__(self, clock, delay_s=0.0):
        self._clock = clock
        self._delay_s = delay_s

    def run(self, work, argument, done):
        """Schedules the work and its answer as one step of the clock."""
        self._clock.callLater(self._delay_s, self._step, work, argument, done)

    def close(self):
        """Nothing to end."""

    def _step(self, work, argument, done):
        done(*_attempt(work, argument))
