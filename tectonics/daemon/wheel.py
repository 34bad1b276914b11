"""Timers that hardly ever fire: deadlines are set for every step and cancelled a moment later.

The reactor keeps its timers in a heap and looks at each again when it is due, cancelled or not.  Here a
timer of SLOT_S or longer joins the others of the same twentieth of a second, for which the reactor has one
timer: setting one is an entry in a table, cancelling one takes it out again.  It fires at most SLOT_S
late, never early.  Shorter delays go to the reactor as they are.

A call that raises is the reactor's to log, as always; those behind it in the slot come in its next turn.
Bound: what the askers have under way; nothing remains of a cancelled timer.
"""

from collections import deque
from collections.abc import Callable

from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall
from zope.interface import implementer

SLOT_S = 0.05


@implementer(IDelayedCall)
class SlotCall:
    """A call that waits in a slot; IDelayedCall, because twisted.web moves its time-outs and a
    ClientService that is stopped between two attempts insists on one."""

    __slots__ = ("_at_s", "_call", "_cancelled", "_wheel", "slot")

    def __init__(self, wheel: "TimerWheel", at_s: float, call: tuple[Callable, tuple, dict]) -> None:
        self._wheel, self._at_s, self._call, self._cancelled = wheel, at_s, call, False
        self.slot: dict[SlotCall, None] | None = None

    def getTime(self) -> float:
        """When it is due, on the reactor's clock."""
        return self._at_s

    def active(self) -> bool:
        """Whether it still waits."""
        return self._call is not None

    def cancel(self) -> None:
        """It is not called; as IDelayedCall an error when there is nothing to cancel."""
        self._require_waiting()
        self._call, self._cancelled = None, True
        if self.slot is not None:
            self.slot.pop(self, None)

    def reset(self, delay_s: float) -> None:
        """It is called that long after now; to move it later costs nothing until its slot is due."""
        self._require_waiting()
        self._at_s = self._wheel.moved(self, self._at_s, delay_s)

    def delay(self, longer_s: float) -> None:
        """It is called that much later than it would have been."""
        self.reset(self._at_s + longer_s - self._wheel.seconds())

    def _require_waiting(self) -> None:
        if self._call is None:
            raise AlreadyCancelled if self._cancelled else AlreadyCalled

    def run(self) -> None:
        """Calls it, unless it was cancelled."""
        if self._call is not None:
            (function, arguments, keywords), self._call = self._call, None
            function(*arguments, **keywords)


class TimerWheel:
    """callLater of IReactorTime over a reactor (or task.Clock) of its own."""

    def __init__(self, reactor) -> None:
        self._reactor = reactor
        self._slots: dict[int, dict[SlotCall, None]] = {}  # in the order in which they were set

    def call_later(self, delay_s: float, function: Callable, *arguments, **keywords):
        """Something with active() and cancel(); `function` is called after `delay_s`."""
        if delay_s < SLOT_S:
            return self._reactor.callLater(delay_s, function, *arguments, **keywords)
        call = SlotCall(self, self.seconds() + delay_s, (function, arguments, keywords))
        self._put(call)
        return call

    def seconds(self) -> float:
        """The reactor's clock."""
        return self._reactor.seconds()

    def moved(self, call: SlotCall, was_s: float, delay_s: float) -> float:
        """When a call is due now; one that is due earlier than it was gets an earlier place as well."""
        at_s = self.seconds() + max(0, delay_s)
        if at_s < was_s:
            self._reactor.callLater(max(0, delay_s), self._run, deque([call]))
        return at_s

    def _put(self, call: SlotCall) -> None:
        number = int(call.getTime() / SLOT_S) + 1
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = {}
            self._reactor.callLater(max(0, number * SLOT_S - self.seconds()), self._due, number)
        call.slot = slot
        slot[call] = None

    def _due(self, number: int) -> None:
        slot = self._slots.pop(number)
        calls = deque(slot)
        slot.clear()  # calls know their slot: no ring of references is left behind
        self._run(calls)

    def _run(self, calls: deque[SlotCall]) -> None:
        now_s = self.seconds()
        try:
            while calls:
                call = calls.popleft()
                if call.active() and call.getTime() > now_s:
                    self._put(call)
                else:
                    call.run()
        finally:
            if calls:
                self._reactor.callLater(0, self._run, calls)
