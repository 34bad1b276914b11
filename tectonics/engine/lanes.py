"""One lane per subscriber: events for the same number are decided one after the other here.

Safety does not depend on it (the store's compare-and-set does that, across processes too); it only
saves conflicts.  A lane holds at most WAITING_MAX events; a further one is told to come again.
"""

from collections import deque

from twisted.internet.defer import Deferred

from tectonics.domain.errors import Busy

WAITING_MAX = 64


class Lanes:
    """Who is being decided about, and who waits behind."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Deferred]] = {}

    def enter(self, msisdn: str) -> Deferred | None:
        """None when the lane is free (it is yours now), else a Deferred that fires when it is."""
        waiting = self._lanes.get(msisdn)
        if waiting is None:
            self._lanes[msisdn] = deque()
            return None
        if len(waiting) >= WAITING_MAX:
            raise Busy("too many requests for this subscriber at once")
        turn = Deferred()
        waiting.append(turn)
        return turn

    def leave(self, msisdn: str) -> None:
        """Hands the lane to the next in it."""
        waiting = self._lanes[msisdn]
        if waiting:
            waiting.popleft().callback(None)
        else:
            del self._lanes[msisdn]

    def __len__(self) -> int:
        return len(self._lanes)
