"""The embedded ledger's own till as a feed: its recharges and reversals become events, each at least once,
and what is spent tells a balance.

A cursor (ports.Bookmarks) holds the position of the last movement whose event is durable.  It is
written after that, so a process that dies here tells the last page again, which is answered DUP.
What the daemon itself credited, and what other feeds booked, has another source and is not told.

Bounds: PAGE movements are under way at a time.  An event that the intake refuses for good is
counted, logged and left behind; after any other failure the page is told again, in order, after a
pause that doubles up to RETRY_S_MAX, and an alarm stands while that lasts.
"""

from twisted.internet.defer import DeferredList, ensureDeferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from tectonics.billing.entries import REVERSAL, SPEND, TILL_FEED, Movement
from tectonics.domain.errors import Busy, TheirFault
from tectonics.domain.events import BalanceSeen, FeedEvent, Recharged, Reversed
from tectonics.domain.msisdn import mask
from tectonics.ports import Alarms, Bookmarks, Clock, Intake, Metrics

PAGE = 100
POLL_S = 1.0
RETRY_S_MAX = 30.0
BOOKMARK = f"feed:{TILL_FEED}"
RECORDS = "tectonics_feed_records_total"


class EmbeddedFeed:
    """Feeds `intake` from the ledger's till; `start` and `stop` it."""

    log = Logger()

    def __init__(self, ledger, intake: Intake, bookmarks: Bookmarks, clock: Clock, metrics: Metrics,
                 alarms: Alarms, currency: str, poll_s: float = POLL_S):
        self._ledger = ledger
        self._intake = intake
        self._bookmarks = bookmarks
        self._clock = clock
        self._metrics = metrics
        self._alarms = alarms
        self._currency = currency
        self._poll_s = poll_s
        self._running = False
        self._under_way = False
        self._woken = False
        self._timer = None
        self._pause_s = POLL_S

    def start(self) -> None:
        """Tells what was booked since the cursor, and from now on whatever is booked."""
        self._running = True
        if hasattr(self._ledger, "watch_till"):
            self._ledger.watch_till(self.wake)
        self.wake()

    def stop(self) -> None:
        """Tells no more; a page under way is finished or told again after the next start."""
        self._running = False
        self._cancel()

    def wake(self) -> None:
        """Something was booked: look now."""
        if self._under_way:
            self._woken = True
        elif self._running:
            self._cancel()
            self._under_way = True
            ensureDeferred(self._catch_up()).addCallbacks(self._rest, self._failed)

    def _cancel(self):
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _rest(self, _):
        self._pause_s = POLL_S
        self._alarms.clear("feed_lag", TILL_FEED)
        self._wait(0 if self._woken else self._poll_s)

    def _failed(self, failure):
        """Boundary: whatever stopped the page, it is told again."""
        if not failure.check(TheirFault):
            self.log.failure("The feed of the embedded till failed and tries again", failure)
        self._alarms.raise_alarm(
            "feed_lag", f"recharges of the embedded till wait: {failure.getErrorMessage()}", TILL_FEED)
        self._wait(self._pause_s)
        self._pause_s = min(self._pause_s * 2, RETRY_S_MAX)

    def _wait(self, pause_s):
        self._under_way = self._woken = False
        if self._running:
            self._timer = self._clock.callLater(pause_s, self.wake)

    async def _catch_up(self) -> None:
        position = int(await self._bookmarks.read(BOOKMARK) or 0)
        while self._running:
            while self._intake.backlogged():
                await deferLater(self._clock, POLL_S)
            page = await self._ledger.till_after(position, PAGE)
            if not page:
                return
            await self._tell(page)
            position = page[-1].position
            await self._bookmarks.write(BOOKMARK, str(position))

    async def _tell(self, page: list[Movement]) -> None:
        """Returns when every event of the page is durable or refused for good; else raises."""
        told = [self._intake.feed(self._event(movement)) for movement in page]
        results = await DeferredList(told, consumeErrors=True)
        for movement, (taken, answer) in zip(page, results, strict=True):
            if not taken and (answer.check(Busy) or not answer.check(TheirFault)):
                answer.raiseException()
            self._metrics.count(RECORDS, TILL_FEED, answer.lower() if taken else "err")
            if not taken:
                self.log.error("Movement {position} of the till for {who} is not taken: {why}",
                               position=movement.position, who=mask(movement.msisdn),
                               why=answer.getErrorMessage())

    def _event(self, movement: Movement) -> FeedEvent:
        now = int(self._clock.seconds() * 1000)
        if movement.kind == SPEND:
            return BalanceSeen(movement.msisdn, TILL_FEED, f"spend:{movement.position}", now, movement.balance_minor)
        id = movement.op.removeprefix(f"{TILL_FEED}:")
        if movement.kind == REVERSAL:
            return Reversed(movement.msisdn, TILL_FEED, id, now, movement.ref.removeprefix(f"{TILL_FEED}:"))
        return Recharged(movement.msisdn, TILL_FEED, id, now, movement.at, movement.amount_minor,
                         self._currency, movement.recharge_class)
