"""What the prepaid network tells: each record is applied exactly once, however often it is sent.

`OK` is answered when the unit is durable.  Records of one subscriber are decided in the order in
which they arrive; different subscribers' records run side by side.  Balances go their own way (balances.py).
"""

from twisted.internet.defer import Deferred

from tectonics.domain.errors import Busy
from tectonics.domain.events import BalanceSeen, FeedEvent
from tectonics.engine.balances import Balances
from tectonics.engine.dispatch import Engine
from tectonics.engine.pace import Limits
from tectonics.engine.running import deferred


class EngineIntake:
    """Fills ports.Intake."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine, self._limits = engine, limits
        self._balances = Balances(engine, limits)
        self._at_work = 0

    def feed(self, event: FeedEvent) -> Deferred[str]:
        """`OK` once durable, `DUP` when seen before."""
        return deferred(self._feed(event))

    @property
    def at_work(self) -> int:
        """Records that are being decided; at most twice feed_max."""
        return self._at_work

    def backlogged(self) -> bool:
        """True while a feed should read no further."""
        return self._at_work >= self._limits.feed_max

    async def _feed(self, event: FeedEvent) -> str:
        if self._at_work >= 2 * self._limits.feed_max:
            raise Busy("too many records at once, send it again")
        self._at_work += 1
        try:
            if isinstance(event, BalanceSeen):
                return "DUP" if await self._balances.seen(event) else "OK"
            result = await self._engine.dispatch(event)
        finally:
            self._at_work -= 1
        return "DUP" if result.duplicate else "OK"
