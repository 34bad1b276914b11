"""One daemon over time, as `top` has seen it: its newest view, whether it is away, and a short history.

Pure: what is read and when comes in as arguments.  Bound: HISTORY_MAX points; the oldest is forgotten.
"""

from collections import deque
from dataclasses import dataclass

from tectonics.cli.top.rates import Rate, View, difference
from tectonics.wire.sample import Sample

HISTORY_MAX = 300


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of the history; all None while the daemon was away."""

    came_s: Rate = None
    granted_s: Rate = None
    p99_ms: float | None = None


class Watched:
    """A daemon. `name` is what it is called before it has said its own; `trouble` is empty, or why nothing is heard."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.view: View | None = None
        self.trouble = ""
        self.history: deque[Point] = deque(maxlen=HISTORY_MAX)
        self._last: Sample | None = None
        self._last_s = 0.0

    def took(self, sample: Sample, at_s: float) -> None:
        """A sample came, at this moment of a monotonic clock."""
        self.view = view = difference(self._last, sample, at_s - self._last_s)
        self._last, self._last_s, self.trouble = sample, at_s, ""
        self.name = view.node
        if view.elapsed_s is not None:
            self.history.append(Point(view.came_s, view.granted_s, view.steps.within_ms(0.99)))

    def lost(self, why: str) -> None:
        """Nothing is heard of it; what it showed last stays to be seen, with the reason."""
        self.trouble = why
        self.history.append(Point())

    def frozen(self) -> "Watched":
        """A copy, which goes on to show this."""
        copy = Watched(self.name)
        copy.view, copy.trouble = self.view, self.trouble
        copy.history.extend(self.history)
        return copy
