"""Rings are told to the engine until it has taken them.

A caller whose ring is lost hears nothing and rings again; still, while the engine is busy a ring is told again after
AGAIN_S, then twice as long, TRIES_MAX times in all.  It bears the same id each time, so it counts once.
They are in memory: if the process dies, so do the rings that were not taken; no money is concerned.
Bound: WAITING_MAX rings that are not taken yet; a further one is lost and counted.
"""

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from tectonics.domain.errors import Busy
from tectonics.domain.msisdn import mask
from tectonics.domain.trace import trace_of
from tectonics.ports import Alarms, Clock, Correspondence, Metrics, ShortMessage

TRIES_MAX, AGAIN_S = 5, 1.0
WAITING_MAX = 2000
RINGS = "tectonics_did_rings_told_total"
log = Logger()


class Telling:
    """Of one channel."""

    def __init__(self, correspondence: Correspondence, clock: Clock, metrics: Metrics, alarms: Alarms) -> None:
        self._correspondence, self._clock, self._metrics, self._alarms = correspondence, clock, metrics, alarms
        self._again: dict[object, ShortMessage] = {}  # delayed call -> what it tells
        self._at_work = 0
        self._stopped: Deferred[None] | None = None

    def __len__(self) -> int:
        return self._at_work + len(self._again)

    def tell(self, message: ShortMessage) -> None:
        """Now; it is taken later."""
        if len(self) >= WAITING_MAX:
            self._lost(message, "too many rings wait")
            return
        self._try(message, 1)

    def stop(self) -> Deferred[None]:
        """Fires when those at work are taken; who waits for another try is lost."""
        self._stopped = Deferred()
        for call, message in tuple(self._again.items()):
            call.cancel()
            self._lost(message, "the daemon stops")
        self._again.clear()
        self._see_stopped()
        return self._stopped

    def _try(self, message: ShortMessage, tries: int) -> None:
        self._at_work += 1
        telling = maybeDeferred(self._correspondence.received, message)
        telling.addCallbacks(lambda _: self._metrics.count(RINGS, "taken"), self._failed,
                             errbackArgs=(message, tries))
        telling.addBoth(self._over)

    def _over(self, _) -> None:
        self._at_work -= 1
        self._see_stopped()

    def _see_stopped(self) -> None:
        if self._stopped is not None and not self._at_work and not self._stopped.called:
            self._stopped.callback(None)

    def _failed(self, failure, message: ShortMessage, tries: int) -> None:
        if failure.check(Busy) is None:
            log.failure("A ring could not be told: a fault of ours", failure, trace=trace_of(message.channel, message.id))
            self._alarms.raise_alarm("internal_fault", f"a ring: {failure.getErrorMessage()}", "did_sip")
            self._metrics.count(RINGS, "failed")
        elif tries >= TRIES_MAX or self._stopped is not None:
            self._lost(message, failure.getErrorMessage())
        else:
            self._metrics.count(RINGS, "again")
            self._later(message, tries)

    def _later(self, message: ShortMessage, tries: int) -> None:
        def again() -> None:
            del self._again[call]
            self._try(message, tries + 1)

        call = self._clock.callLater(AGAIN_S * 2 ** (tries - 1), again)
        self._again[call] = message

    def _lost(self, message: ShortMessage, why: str) -> None:
        self._metrics.count(RINGS, "lost")
        log.info("A ring of {msisdn} is lost: {why}", msisdn=mask(message.msisdn), why=why,
                 trace=trace_of(message.channel, message.id))
