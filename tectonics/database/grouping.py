"""Waiting lines of their own for what cannot share a transaction cheaply, served by one batch queue.

A batch is taken from one group only: the one whose oldest request waits longest.  So no group starves
however busy the others are, and requests of one group keep their order.  Requests of different groups
may overtake each other.

Bounds: the queue's; there are as many lines as there are groups with somebody waiting.
"""

from collections.abc import Callable, Hashable

from tectonics.database.batch import Line


class Groups:
    """A waiting line for BatchQueue; `group` tells an item's group, in the reactor's thread, and never raises.

    When `group` changes its mind about an item's kind, what waits already stays where it is.
    """

    def __init__(self, group: Callable[[object], Hashable]):
        self._group = group
        self._lines: dict[Hashable, Line] = {}  # of (arrival, request); none is empty
        self._arrivals = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, request: tuple) -> None:
        """`request` is (item, Deferred)."""
        self._arrivals += 1
        self._count += 1
        self._lines.setdefault(self._group(request[0]), Line()).append((self._arrivals, request))

    def take(self, count_max: int) -> list[tuple]:
        """The next batch, at most so many; somebody must be waiting."""
        group, line = min(self._lines.items(), key=_oldest)
        taken = line.take(count_max)
        if not line:
            del self._lines[group]
        self._count -= len(taken)
        return [request for _, request in taken]


def _oldest(entry: tuple[Hashable, Line]) -> int:
    return entry[1][0][0]
