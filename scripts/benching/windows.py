"""Windows in turns: one load goes on, and something else happens in some of its windows and not in the others.

The order is without, with, with, without, and so on: neither side profits where the machine becomes slower with time,
and a bad second of the machine spoils one window and not a side.  The beginning of a window is left out, in which the
window before it still has its effect.
"""

from collections import Counter
from collections.abc import Iterator

from tectonics.simulators.load import Counted

WINDOW_S = 2.0
SETTLE_S = 0.2


def is_with(window: int) -> bool:
    """Whether it happens in the window of this number, from 0."""
    return window % 4 in (1, 2)


def moments(begin_s: float, end_s: float, every_s: float) -> Iterator[float]:
    """When to do what is done every so often in the windows with it; the first one half a period after their beginning."""
    for window in range(int((end_s - begin_s) / WINDOW_S)):
        if is_with(window):
            for turn in range(int(WINDOW_S / every_s)):
                yield begin_s + window * WINDOW_S + (turn + 0.5) * every_s


class Windows:
    """As Counted, with one for each window."""

    def __init__(self, begin_s: float, end_s: float) -> None:
        self.begin_s, self.end_s = begin_s, end_s
        starts = [begin_s + window * WINDOW_S for window in range(int((end_s - begin_s) / WINDOW_S))]
        self._counted = [Counted(start_s + SETTLE_S, start_s + WINDOW_S) for start_s in starts]

    def session(self, moment_s: float, latencies_s: list[float], outcome: str) -> None:
        """A session, and the moment at which it counts."""
        window = int((moment_s - self.begin_s) // WINDOW_S)
        if 0 <= window < len(self._counted):
            self._counted[window].session(moment_s, latencies_s, outcome)

    def sample(self, name: str, latency_s: float) -> None:
        """Nothing else is kept."""

    @property
    def outcomes(self) -> Counter[str]:
        """Of all windows."""
        return sum((one.outcomes for one in self._counted), Counter())

    def latencies_ms(self) -> list[dict[str, list[float]]]:
        """Window by window."""
        return [{step: values.tolist() for step, values in one.latencies_ms.items()} for one in self._counted]
