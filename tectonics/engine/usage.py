"""What the service has lent today: known from the store, plus what is on its way there.

The caps of the service's day are checked against this figure.  Within a process it is exact: what
is being decided is reserved before it is written.  Between processes it is as old as the last
refresh, so that several nodes together may exceed a cap by what they lend within one refresh.

A clock that is put back over midnight leads into a day that had its share already: its figure is kept.
"""

from collections.abc import Callable

from tectonics.ports import Store

SERVICE = "advance"


class ServiceUsage:
    """The service's day."""

    def __init__(self, store: Store, day_of: Callable[[int], int]) -> None:
        self._store, self._day_of = store, day_of
        self._day = -1
        self._before = (-1, 0, 0)  # the day that was the last one, and what it had
        self._stored = (0, 0)
        self._since = (0, 0)  # written here since `_stored` was read
        self._reserved = (0, 0)
        self._sum = (0, 0)  # of the three

    def now(self, now: int) -> tuple[int, int]:
        """(count, amount_minor) lent today, reservations included."""
        day = self._day_of(now)
        if day == self._day:
            return self._sum
        if day == self._before[0]:
            return _sum(self._before[1:], _sum(self._since, self._reserved))  # to the safe side until the next refresh
        return self._reserved

    async def refresh(self, now: int) -> None:
        """Reads today's figure from the store."""
        day = self._day_of(now)
        before = self._since if day == self._day else (0, 0)
        stored = await self._store.usage(SERVICE, day)
        # What was written while we read may be in both; a cap errs to the safe side until next time.
        written = (self._since[0] - before[0], self._since[1] - before[1]) if day == self._day else (0, 0)
        if day != self._day:
            self._before = (self._day, *self._sum)
        self._day, self._stored, self._since = day, stored, written
        self._add_up()

    def reserve(self, count: int, amount_minor: int) -> None:
        """Before the unit is written; a negative count gives back."""
        if count or amount_minor:
            self._reserved = _sum(self._reserved, (count, amount_minor))
            self._add_up()

    def settle(self, count: int, amount_minor: int, written: bool) -> None:
        """After it: was it written?"""
        if count or amount_minor:
            self._reserved = _sum(self._reserved, (-count, -amount_minor))
            if written:
                self._since = _sum(self._since, (count, amount_minor))
            self._add_up()

    def _add_up(self) -> None:
        self._sum = _sum(_sum(self._stored, self._since), self._reserved)


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
