"""The one clock of the world: everything that is going to happen, in order.

A heap of calls ordered by (time, sequence), so that what is due at the same moment happens in the order
in which it was asked for.  Each call belongs to a process; a dead process's calls never run.  One call is
one step, and between any two steps everything stands still: there a process can be killed, the databases
read, the clock of a machine moved.

A call that raises is a fault of ours: it is told to `on_fault` and the world goes on, as a reactor does.
"""

from collections.abc import Callable
from heapq import heappop, heappush

from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer


class Killed(BaseException):
    """The process that executes this has just died; nothing of it may go on."""


@implementer(IDelayedCall)
class Call:
    """One thing that is going to happen."""

    __slots__ = ("_arguments", "_due_s", "_function", "_keywords", "_timeline", "cancelled", "process")

    def __init__(self, timeline: "Timeline", due_s: float, process, function: Callable | None, arguments: tuple,
                 keywords: dict) -> None:
        self._timeline, self._due_s, self.process = timeline, due_s, process
        self._function, self._arguments, self._keywords = function, arguments, keywords
        self.cancelled = function is None

    def active(self) -> bool:
        """Whether it is still to come."""
        return self._function is not None

    def cancel(self) -> None:
        """It will not happen."""
        if self._function is None:
            raise AlreadyCancelled if self.cancelled else AlreadyCalled
        self._function = self._arguments = self._keywords = None
        self.cancelled = True

    def getTime(self) -> float:
        """When it is due."""
        return self._due_s

    def reset(self, seconds: float) -> None:
        """So long from now instead."""
        self._move(self._timeline.now_s + seconds)

    def delay(self, seconds: float) -> None:
        """So much later than it was due."""
        self._move(self._due_s + seconds)

    def _move(self, due_s: float) -> None:
        if self._function is None:
            raise AlreadyCancelled if self.cancelled else AlreadyCalled
        self._due_s = due_s
        self._timeline.push(self)


class Nature:
    """Whose step it is when it is no process's: machines are mended, programs started. It never dies."""

    alive, dying = True, False
    steps, last_step = 0, -1
    name = "world"


class Timeline:
    """All calls; `now_s` is the true time in seconds since the world began."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.steps = 0
        self.nature = Nature()
        self.current = None  # the process whose step it is
        self.on_fault: Callable[[object, Failure], None] = lambda process, failure: failure.raiseException()
        self._heap: list[tuple[float, int, Call]] = []
        self._sequence = 0

    def call(self, delay_s: float, process, function: Callable, *arguments, **keywords) -> Call:
        """Lets it happen in the name of `process`, which must be alive, `delay_s` from now."""
        due_s = self.now_s + delay_s
        if not process.alive:
            return Call(self, due_s, process, None, arguments, keywords)
        call = Call(self, due_s, process, function, arguments, keywords)
        self._sequence = sequence = self._sequence + 1
        heappush(self._heap, (due_s, sequence, call))
        return call

    def push(self, call: Call) -> None:
        """Puts a call that was moved in its new place."""
        self._sequence += 1
        heappush(self._heap, (call.getTime(), self._sequence, call))

    def step(self, until_s: float = float("inf")) -> bool:
        """The next thing that is due by then; False when there is none."""
        heap = self._heap
        while heap and heap[0][0] <= until_s:
            due_s, _, call = heappop(heap)
            function, process = call._function, call.process
            if function is not None and due_s == call._due_s and process.alive:  # else cancelled, moved, or of the dead
                self.now_s = max(self.now_s, due_s)
                call._function = None
                self._happen(process, function, call._arguments, call._keywords)
                return True
        return False

    def _happen(self, process, function: Callable, arguments: tuple, keywords: dict) -> None:
        self.steps += 1
        process.steps += 1
        if process.steps == process.last_step:
            process.die()
            return
        self.current = process
        try:
            function(*arguments, **keywords)
        except Killed:
            process.die()
        except Exception:  # noqa: BLE001 named boundary, as in a reactor
            self.on_fault(process, Failure())
        self.current = None
        if process.dying:
            process.die()

    def run_until(self, until_s: float) -> None:
        """Everything that is due by then; afterwards it is then."""
        while self.step(until_s):
            pass
        self.now_s = max(self.now_s, until_s)
