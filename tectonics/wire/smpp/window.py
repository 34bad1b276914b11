"""Requests that wait for their answer: numbered, at most so many at once, each until a time.

What is not answered in time is given up, but remembered for a while, so that an answer that comes after all
is known for what it is.

Bounds: `size` requests wait (and one more of the session's own, so that a full window can still unbind);
LATE_MAX given up are remembered, the oldest is forgotten first.
"""

from typing import Any

from msgspec import Struct

from tectonics.domain.errors import Busy
from tectonics.wire.smpp.codec import SEQUENCE_MAX
from tectonics.wire.smpp.pdus import ANSWER, Answer, GenericNack, Request

LATE_MAX = 1000


class WindowFull(Busy):
    """As many requests are waiting for their answer as may."""


class Waiting(Struct, frozen=True):
    """A request that was sent."""

    token: Any
    request: Request
    until: float  # on the caller's clock, seconds


class Window:
    """The requests of one end of a session."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._last = 0
        self._waiting: dict[int, Waiting] = {}  # in the order of `until`, as all wait equally long
        self._late: dict[int, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many more may be sent now."""
        return max(0, self.size - len(self._waiting))

    def next_sequence(self) -> int:
        """A number that nothing waits under: 1 to 0x7FFFFFFF, then 1 again (SMPP 3.4 section 3.2)."""
        while True:
            self._last = self._last % SEQUENCE_MAX + 1
            if self._last not in self._waiting and self._last not in self._late:
                return self._last

    def add(self, waiting: Waiting, own: bool = False) -> None:
        """Waits for the answer; WindowFull when too many do. `own`: a request of the session itself."""
        if len(self._waiting) >= self.size + own:
            raise WindowFull(f"{self.size} requests wait for their answer")
        self._waiting[waiting.request.sequence] = waiting

    def answered(self, sequence: int, answer: type[Answer]) -> tuple[Waiting | None, bool]:
        """The request with that number which such an answer can be meant for, and whether it was given up."""
        for table, late in ((self._waiting, False), (self._late, True)):
            found = table.get(sequence)
            if found is not None and fits(found.request, answer):
                del table[sequence]
                return found, late
        return None, False

    def expired(self, now: float) -> list[Waiting]:
        """Gives up what has waited long enough."""
        over = []
        for waiting in self._waiting.values():
            if waiting.until > now:
                break
            over.append(waiting)
        for waiting in over:
            del self._waiting[waiting.request.sequence]
            self._late[waiting.request.sequence] = waiting
        while len(self._late) > LATE_MAX:
            del self._late[next(iter(self._late))]
        return over

    def abandon(self) -> list[Waiting]:
        """Gives everything up, for the connection is gone."""
        left = list(self._waiting.values())
        self._waiting.clear()
        self._late.clear()
        return left

    @property
    def due_at(self) -> float | None:
        """When `expired` next finds something."""
        return next((waiting.until for waiting in self._waiting.values()), None)


def fits(request: Request, answer: type[Answer]) -> bool:
    """Whether that is how such a request is answered: by its own answer, or by a generic_nack."""
    return answer.command in (request.command | ANSWER, GenericNack.command)
