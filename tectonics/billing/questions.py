"""What is asked of a billing system: each question is answered by its deadline, counted and timed.

An answer that comes after the deadline is dropped: whoever asked has been told `late` already, and
a write that was told Unknown is settled by a look-up, never by a straggler.  Bound: `pending_max`
questions wait at a time; the next is answered at once with what the caller says (`full`), without
having been asked.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from tectonics.domain.errors import Busy
from tectonics.domain.outcome import Done, NotFound, Refused, Unavailable, Unknown
from tectonics.ports import Clock, Metrics

BUSY = Refused("busy", "the billing system has too much to do; nothing was sent")
NO_SESSIONS = Refused("rejected", "this billing system has no session credit control")
LATE = Unknown("the billing system did not answer in time")
BUSY_ENQUIRY = Unavailable("the billing system has too much to do")
LATE_ENQUIRY = Unavailable("the billing system did not answer in time")

_LABELS = {Done: "done", Refused: "refused", Unknown: "unknown", NotFound: "not_found",
           Unavailable: "unavailable"}


class Uncounted:
    """Metrics of a process that shows none."""

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Ignored."""

    def gauge(self, name: str, value: float, *labels: str) -> None:
        """Ignored."""

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Ignored."""


class Questions:
    """The questions under way."""

    log = Logger()

    def __init__(self, clock: Clock, metrics: Metrics, pending_max: int = 10_000):
        self._clock = clock
        self._metrics = metrics
        self._pending_max = pending_max
        self.pending = 0

    def ask(self, operation: str, question: Callable[[], Deferred], deadline_s: float, late,
            full) -> Deferred:
        """The answer of `question()`, or `late` after `deadline_s`, or `full` where it was not asked.

        The Deferred never fails: Busy is `full`, any other failure is logged and answered with
        `late`, since nobody knows what became of the question.
        """
        if self.pending >= self._pending_max:
            self._metrics.count("tectonics_billing_requests_total", operation, _label(full))
            return succeed(full)
        self.pending += 1
        told, started = Deferred(), self._clock.seconds()
        waiting = True

        def tell(answer):
            nonlocal waiting
            if waiting:
                waiting = False
                if timer.active():
                    timer.cancel()
                self._told(operation, answer, started)
                told.callback(answer)

        def tell_failure(failure):
            if not failure.check(Busy):
                self.log.failure("A question to the billing system failed: {operation}", failure,
                                 operation=operation)
            tell(full if failure.check(Busy) else late)

        timer = self._clock.callLater(deadline_s, tell, late)
        question().addCallbacks(tell, tell_failure)
        return told

    def _told(self, operation, answer, started):
        self.pending -= 1
        self._metrics.count("tectonics_billing_requests_total", operation, _label(answer))
        self._metrics.observe("tectonics_billing_seconds", self._clock.seconds() - started, operation)


def _label(answer) -> str:
    return _LABELS.get(type(answer), "ok")
