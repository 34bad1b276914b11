"""The newest tickets kept in memory in front of a TicketLog, itself a TicketLog.

Files and consumers that keep up all read the same few hundred newest tickets; serving them from
memory spares the database one query each for every batch.  What is not here any more comes from
the log, so nothing depends on this memory and losing it (a crash) costs nothing.  Its bound is
`lines_max` tickets; beyond it the oldest leave.  It holds this process's own origin only.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from twisted.internet.defer import Deferred, succeed

from tectonics.ports import TicketLine, TicketLog


class RecentTickets:
    """A TicketLog that answers from memory where it can.  One per process, in front of all readers."""

    def __init__(self, log: TicketLog, lines_max: int = 4096) -> None:
        self.origin = log.origin
        self._log = log
        self._lines: deque[TicketLine] = deque(maxlen=lines_max)
        self.read_time = log.read_time
        self.span = log.span
        self.cursor = log.cursor
        self.acknowledge = log.acknowledge
        self.cursors = log.cursors
        log.subscribe(self._committed)
        self.subscribe = log.subscribe  # who comes later hears later: what he is told is readable here

    def read(self, origin: str, after: int, limit: int) -> Deferred[list[TicketLine]]:
        """As TicketLog.read."""
        if origin == self.origin and self._lines and after >= self._lines[0].seq - 1:
            start = max(0, after - self._lines[0].seq + 1)
            return succeed(list(islice(self._lines, start, start + limit)))
        return self._log.read(origin, after, limit)

    def _committed(self, lines: Sequence[TicketLine]) -> None:
        if self._lines and lines and lines[0].seq != self._lines[-1].seq + 1:
            self._lines.clear()
        self._lines.extend(lines)
