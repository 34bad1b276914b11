"""What happens because time passes: a timer is a row in the database, found by looking regularly.

Each duty runs at its own interval, never twice at once, and a duty that fails is logged, alarmed
and tried again at its next turn.
"""

from collections.abc import Callable, Coroutine

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.events import AdvanceDue
from tectonics.engine.dispatch import Engine
from tectonics.ports import Alarms, Clock

DUE_MAX = 200  # advances marked overdue per turn; the rest waits for the next
log = Logger()


class Duty:
    """One thing that is done every `interval_s`."""

    def __init__(self, name: str, interval_s: float, work: Callable[[], Coroutine], clock: Clock,
                 alarms: Alarms) -> None:
        self._name, self._interval_s, self._work = name, interval_s, work
        self._clock, self._alarms = clock, alarms
        self._call = None
        self._running: Deferred | None = None
        self._stopped = False

    def start(self) -> None:
        """The first turn is one interval from now."""
        self._call = self._clock.callLater(self._interval_s, self._turn)

    def _turn(self) -> None:
        self._running = Deferred.fromCoroutine(self._work())
        self._running.addCallbacks(self._succeeded, self._failed)
        self._running.addCallback(lambda _: self._next())

    def _succeeded(self, _) -> None:
        for kind in ("internal_fault", "store_fault"):
            self._alarms.clear(kind, self._name)

    def _failed(self, failure) -> None:
        if failure.check(TheirFault):
            log.error("{name} failed: {why}", name=self._name, why=failure.getErrorMessage())
        else:
            log.failure("{name} failed", failure, name=self._name)
        kind = "store_fault" if failure.check(OurFault, TheirFault) else "internal_fault"
        self._alarms.raise_alarm(kind, f"{self._name}: {failure.getErrorMessage()}", self._name)

    def _next(self) -> None:
        self._running = None
        if not self._stopped:
            self.start()

    def stop(self) -> Deferred:
        """No further turn; fires when the one that is running has finished."""
        self._stopped = True
        if self._call is not None and self._call.active():
            self._call.cancel()
        finished = Deferred()
        if self._running is None:
            finished.callback(None)
        else:
            self._running.addBoth(lambda _: finished.callback(None))
        return finished


async def mark_overdue(engine: Engine) -> None:
    """Advances whose due date has passed."""
    now = engine.now()
    for msisdn, advance_id in await engine.store.due_advances(now, DUE_MAX):
        await engine.dispatch(AdvanceDue(msisdn, now, advance_id))
