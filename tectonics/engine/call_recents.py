"""Who was called back to which number in the last hour: what a limit per number, or per range of numbers, needs to know.

Only in memory, of this process: after a restart, and for calls that other nodes began, it knows nothing, so a limit
over all subscribers is kept per process and not to the unit.  Those of one subscriber stand in his account.
Bound: CALLS_MAX calls; the oldest is forgotten first, as is one that is older than an hour.
"""

from collections import Counter, deque

from tectonics.domain.numbers import Number

HOUR_MS = 3_600_000
CALLS_MAX = 100_000  # about 0.2 kB each


class CallRecents:
    """One of a process; moments are in ms."""

    def __init__(self) -> None:
        self._begun: deque[tuple[int, Number]] = deque()
        self._numbers: Counter[str] = Counter()
        self._ranges: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._begun)

    def begins(self, number: Number, now: int) -> None:
        """Somebody is going to be connected with it."""
        self._begun.append((now, number))
        self._numbers[number.digits] += 1
        self._ranges[number.range] += 1
        self._forget(now)

    def count(self, number: Number, now: int) -> tuple[int, int]:
        """Calls of the last hour to that number, and to its range."""
        self._forget(now)
        return self._numbers[number.digits], self._ranges[number.range]

    def _forget(self, now: int) -> None:
        while self._begun and (self._begun[0][0] <= now - HOUR_MS or len(self._begun) > CALLS_MAX):
            _, number = self._begun.popleft()
            _take(self._numbers, number.digits)
            _take(self._ranges, number.range)


def _take(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
