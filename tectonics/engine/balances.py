"""Balances that the feed tells: most say nothing to anybody, some lead to an advertisement.

They are facts of a moment and thousands come in a second, so each costs as little as it can: one above every
campaign's limit is answered at once and never looked at again; one below it is decided like any event, but only
while there is room, because advertising is what is shed first: above `adverts_max` decisions of this kind, or
while half as much is under way as turns dials away, it is let go (counted, never repeated).

The trigger of a record that led to a message is in the database.  Of the others the newest RECENT_MAX are
remembered here, so that a record that comes again is told from a new one; one that is older is looked at anew,
and the caps of the subscriber hold all the same.
"""

from collections import OrderedDict

from tectonics.domain.events import BalanceSeen
from tectonics.engine.dispatch import Engine
from tectonics.engine.pace import Limits
from tectonics.workflows.advertise import concerns

RECENT_MAX = 20_000


class Balances:
    """Takes BalanceSeen; True when the record had been seen before."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine, self._limits = engine, limits
        self._recent: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.at_work = 0

    async def seen(self, event: BalanceSeen) -> bool:
        """Decides about one record; nothing of it fails for want of room."""
        if (event.feed, event.id) in self._recent:
            return True
        if not concerns(event, self._engine.policies.current):
            self._remember(event)
            return False
        if self._crowded():
            self._engine.metrics.count("tectonics_shed_total", "advert")
            self._remember(event)
            return False
        return await self._decide(event)

    def _crowded(self) -> bool:
        return self.at_work >= self._limits.adverts_max \
            or self._engine.dispatching >= self._limits.dialogues_max // 2 + self.at_work

    async def _decide(self, event: BalanceSeen) -> bool:
        self.at_work += 1
        try:
            result = await self._engine.dispatch(event)
        finally:
            self.at_work -= 1
        if result.silence:
            self._engine.metrics.count("tectonics_adverts_total", result.silence)
        self._remember(event)
        return result.duplicate

    def _remember(self, event: BalanceSeen) -> None:
        self._recent[event.feed, event.id] = None
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
