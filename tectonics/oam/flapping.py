"""Flapping: which alarms come and go more often than anybody wants to be told.

An alarm flaps while it has been raised more than `raises` times within `window_s`.  Only the newest moments of each are
kept, one more than `raises`: whether the oldest of them is still within the window is the whole question.

Bound: TRACKED_MAX alarms; beyond it the one that was raised longest ago is forgotten.
"""

from collections import deque
from dataclasses import dataclass

TRACKED_MAX = 1000


@dataclass(frozen=True, slots=True)
class Damping:
    """How alarms are damped, in seconds."""

    hold_s: float = 10.0  # a clear takes effect when the alarm has not been raised again for so long
    raises: int = 5  # more than these within the window are flapping
    window_s: float = 300.0


class Raises:
    """When each alarm was raised."""

    def __init__(self, damping: Damping) -> None:
        self._damping = damping
        self._moments: dict[str, deque[float]] = {}  # the one that was raised longest ago first

    def add(self, id: str, now_s: float) -> None:
        """It is raised now."""
        moments = self._moments.pop(id, None)
        if moments is None:
            moments = deque(maxlen=self._damping.raises + 1)
            if len(self._moments) >= TRACKED_MAX:
                del self._moments[next(iter(self._moments))]
        moments.append(now_s)
        self._moments[id] = moments

    def flaps(self, id: str, now_s: float) -> bool:
        """Whether it was raised too often lately."""
        moments = self._moments.get(id, ())
        return len(moments) > self._damping.raises and now_s - moments[0] < self._damping.window_s

    def calm_s(self, id: str, now_s: float) -> float:
        """In how many seconds it has not been raised for a window."""
        moments = self._moments.get(id)
        return max(0.0, moments[-1] + self._damping.window_s - now_s) if moments else 0.0
