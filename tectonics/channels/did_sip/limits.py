"""How often one caller's rings count, and how many calls a trunk may begin.

A caller who rings the same number again within `repeat_s` of his last ring, or more than `per_hour` times in an hour, is
declined at once.  A trunk has a bucket of as many calls as it may begin in a second.  Seconds are those of the exchange.
Bound: CALLERS_MAX callers and as many rings, of which the oldest are forgotten first; then these ring once more.
"""

from collections import OrderedDict

CALLERS_MAX = 50_000
HOUR_S = 3600.0


class Bucket:
    """`per_second` calls a second, and as many at once after a second of silence."""

    def __init__(self, per_second: int) -> None:
        self._rate, self._left, self._at_s = float(per_second), float(per_second), 0.0

    def take(self, now: float) -> bool:
        """Whether there is room for one more."""
        self._left = min(self._rate, self._left + max(0.0, now - self._at_s) * self._rate)
        self._at_s = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Callers:
    """Who rang when."""

    def __init__(self, repeat_s: float, per_hour: int) -> None:
        self._repeat_s, self._per_hour = repeat_s, per_hour
        self._rings: OrderedDict[tuple[str, str], float] = OrderedDict()  # (caller, DID) -> when, in that order
        self._hours: OrderedDict[str, tuple[float, int]] = OrderedDict()  # caller -> since when, how many

    def __len__(self) -> int:
        return max(len(self._rings), len(self._hours))

    def refused(self, caller: str, did: str, now: float) -> str:
        """Why this ring does not count: a word for the counter; empty where it does."""
        last = self._rings.get((caller, did))
        if last is not None and now < last + self._repeat_s:
            return "repeated"
        since, count = self._hours.get(caller, (now, 0))
        return "limited" if now < since + HOUR_S and count >= self._per_hour else ""

    def rings(self, caller: str, did: str, now: float) -> None:
        """He rings, and it counts."""
        since, count = self._hours.pop(caller, (now, 0))
        self._hours[caller] = (since, count + 1) if now < since + HOUR_S else (now, 1)
        self._rings.pop((caller, did), None)
        self._rings[caller, did] = now
        for table in (self._rings, self._hours):
            if len(table) > CALLERS_MAX:
                table.popitem(last=False)

    def rang_for_nothing(self, caller: str, did: str) -> None:
        """He hung up so soon that the ring does not count after all; it does for the hour."""
        self._rings.pop((caller, did), None)
