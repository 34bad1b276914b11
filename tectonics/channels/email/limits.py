"""How often: a thing is counted by who does it, and starts anew an hour after its first time.

Bound: WHO_MAX are remembered, the oldest is forgotten first; an address that is forgotten begins anew.
"""

from collections import OrderedDict

WHO_MAX = 50_000
HOUR_S = 3600.0


class Hourly:
    """At most `times` an hour for each; seconds are those of one clock."""

    def __init__(self, times: int) -> None:
        self._times = times
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()  # who -> since when, how often; oldest first

    def __len__(self) -> int:
        return len(self._seen)

    def may(self, who: str, now_s: float) -> bool:
        """Whether once more is within the limit."""
        since_s, count = self._seen.get(who, (now_s, 0))
        return count < self._times or now_s >= since_s + HOUR_S

    def note(self, who: str, now_s: float) -> None:
        """It was done."""
        since_s, count = self._seen.get(who, (now_s, 0))
        if now_s >= since_s + HOUR_S:
            del self._seen[who]
            since_s, count = now_s, 0
        self._seen[who] = since_s, count + 1
        if len(self._seen) > WHO_MAX:
            self._seen.popitem(last=False)

    def forget(self, who: str) -> None:
        """What he did does not count."""
        self._seen.pop(who, None)
