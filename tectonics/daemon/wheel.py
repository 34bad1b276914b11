"""Timers that hardly ever fire: deadlines are set for every step and cancelled a moment later.

The reactor keeps its timers in a heap and looks at each again when it is due, cancelled or not.  Here a
timer of SLOT_S or longer joins the others of the same twentieth of a second in a list, for which the reactor
has one timer: setting one is an append, cancelling one a mark.  It fires at most SLOT_S late, never early.
Shorter delays go to the reactor as they are.

A call that raises is the reactor's to log, as always; those behind it in the slot come in its next turn.
Bound: what the askers have under way; a cancelled timer lets go of its function at once, and a few dozen
bytes remain until its slot is due.
"""

from collections import deque
from collections.abc import Callable

from twisted.internet.error import AlreadyCalled, AlreadyCancelled

SLOT_S = 0.05


class SlotCall:
    """A call that waits in a slot. It can be cancelled, not moved."""

    __slots__ = ("_at_s", "_call", "_cancelled")

    def __init__(self, at_s: float, call: tuple[Callable, tuple, dict]) -> None:
        self._at_s, self._call, self._cancelled = at_s, call, False

    def getTime(self) -> float:
        """When it is due, on the reactor's clock."""
        return self._at_s

    def active(self) -> bool:
        """Whether it still waits."""
        return self._call is not None

    def cancel(self) -> None:
        """It is not called; as IDelayedCall an error when there is nothing to cancel."""
        if self._call is None:
            raise AlreadyCancelled if self._cancelled else AlreadyCalled
        self._call, self._cancelled = None, True

    def run(self) -> None:
        """Calls it, unless it was cancelled."""
        if self._call is not None:
            (function, arguments, keywords), self._call = self._call, None
            function(*arguments, **keywords)


class TimerWheel:
    """callLater of IReactorTime over a reactor (or task.Clock) of its own."""

    def __init__(self, reactor) -> None:
        self._reactor = reactor
        self._slots: dict[int, deque[SlotCall]] = {}

    def call_later(self, delay_s: float, function: Callable, *arguments, **keywords):
        """Something with active() and cancel(); `function` is called after `delay_s`."""
        if delay_s < SLOT_S:
            return self._reactor.callLater(delay_s, function, *arguments, **keywords)
        now_s = self._reactor.seconds()
        call = SlotCall(now_s + delay_s, (function, arguments, keywords))
        number = int((now_s + delay_s) / SLOT_S) + 1
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = deque()
            self._reactor.callLater(number * SLOT_S - now_s, self._due, number)
        slot.append(call)
        return call

    def _due(self, number: int) -> None:
        self._run(self._slots.pop(number))

    def _run(self, calls: deque[SlotCall]) -> None:
        try:
            while calls:
                calls.popleft().run()
        finally:
            if calls:
                self._reactor.callLater(0, self._run, calls)
