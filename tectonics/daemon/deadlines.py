"""Many deadlines, few timers: calls that are due about the same moment share one call of the reactor.

Nearly every timer of the daemon is a deadline that is cancelled a tenth of a second later because the
answer came.  The reactor's own timers cost more than what they guard (a heap, a call of the event loop
for each), so calls that are `COARSE_S` or more away wait in slots of `SLOT_S`: setting one is an entry in
a dict, cancelling it takes the entry out, and only the first of a slot asks the reactor.  A call comes up
to one slot late, never early.  What is due sooner goes to the reactor itself.

Bound: as many entries as calls that are under way, and slots as far as the farthest of them.
"""

from collections.abc import Callable

from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall
from zope.interface import implementer

COARSE_S = 0.2
SLOT_S = 0.02


@implementer(IDelayedCall)
class Deadline:
    """One call that waits."""

    __slots__ = ("_arguments", "_call", "_cancelled", "_deadlines", "_keywords", "_waiting", "_when")

    def __init__(self, deadlines: "Deadlines", delay_s: float, call: Callable, arguments: tuple,
                 keywords: dict) -> None:
        self._deadlines, self._call, self._arguments, self._keywords = deadlines, call, arguments, keywords
        self._cancelled = False
        self._when, self._waiting = deadlines.enter(self, delay_s)

    def active(self) -> bool:
        """Whether it still waits."""
        return self in self._waiting

    def cancel(self) -> None:
        """It will not be called; AlreadyCalled or AlreadyCancelled when it waits no longer."""
        self._leave()
        self._cancelled = True
        self._call = self._arguments = self._keywords = None

    def reset(self, secondsFromNow: float) -> None:
        """It is due that long from now instead; fails as `cancel`."""
        self._leave()
        self._when, self._waiting = self._deadlines.enter(self, secondsFromNow)

    def delay(self, secondsLater: float) -> None:
        """It is due that much later; fails as `cancel`."""
        self.reset(self._when + secondsLater - self._deadlines.now())

    def getTime(self) -> float:
        """When it is due, in the time of the clock that made it."""
        return self._when

    def ring(self) -> None:
        """Calls."""
        self._call(*self._arguments, **self._keywords)

    def _leave(self) -> None:
        if self not in self._waiting:
            raise AlreadyCancelled if self._cancelled else AlreadyCalled
        del self._waiting[self]


class Deadlines:
    """The calls of one reactor. `now()` is a clock that never goes back, in seconds."""

    def __init__(self, reactor, now: Callable[[], float]) -> None:
        self._reactor, self.now = reactor, now
        self._slots: dict[int, dict[Deadline, None]] = {}

    def call_later(self, delay_s: float, call: Callable, *arguments, **keywords):
        """As IReactorTime.callLater."""
        if delay_s < COARSE_S:
            return self._reactor.callLater(delay_s, call, *arguments, **keywords)
        return Deadline(self, delay_s, call, arguments, keywords)

    def enter(self, deadline: Deadline, delay_s: float) -> tuple[float, dict[Deadline, None]]:
        """Puts it into the slot after its moment: (when it is due, the slot)."""
        now = self.now()
        when = now + delay_s
        slot = int(when / SLOT_S) + 1
        waiting = self._slots.get(slot)
        if waiting is None:
            waiting = self._slots[slot] = {}
            self._reactor.callLater(max(0.0, slot * SLOT_S - now), self._ring, slot)
        waiting[deadline] = None
        return when, waiting

    def _ring(self, slot: int) -> None:
        """One a call of the reactor, so that a fault in one stops no other, and each may still be cancelled."""
        waiting = self._slots[slot]
        deadline = next(iter(waiting), None)
        waiting.pop(deadline, None)
        if waiting:
            self._reactor.callLater(0, self._ring, slot)
        else:
            del self._slots[slot]
        if deadline is not None:
            deadline.ring()
