"""The production clock and ids.

Twisted's asyncio reactor counts seconds since some start of its own; the house needs the time of
day.  `WallClock` takes the time of day once and then follows the monotonic clock, which NTP slews
but never steps, so that leases and deadlines never jump; the anchor is renewed only when the two
differ by more than ANCHOR_S (a machine that slept, a wrong clock that was set right).
"""

import os
import time

from tectonics.daemon.deadlines import Deadlines
from tectonics.ports import Clock

ANCHOR_S = 2.0
LOOK_S = 0.05  # between two comparisons
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


class WallClock:
    """Fills ports.Clock with the time of day."""

    def __init__(self, reactor, source=time) -> None:
        """`source` has the machine's clocks, `time()` and `monotonic()`."""
        self._source = source
        self.monotonic_s = source.monotonic  # seconds since some start, which nobody sets
        self._offset_s = source.time() - source.monotonic()
        self._look_at_s = 0.0  # when the two are compared next
        self._deadlines = Deadlines(reactor, source.monotonic)
        self.callLater = self._deadlines.call_later  # as IReactorTime; it comes up to a slot late

    def seconds(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        monotonic_s = self.monotonic_s()
        if monotonic_s >= self._look_at_s:
            self._compare(monotonic_s)
        return monotonic_s + self._offset_s

    def _compare(self, monotonic_s: float) -> None:
        self._look_at_s = monotonic_s + LOOK_S
        offset_s = self._source.time() - monotonic_s
        if abs(offset_s - self._offset_s) > ANCHOR_S:
            self._offset_s = offset_s


class RisingIds:
    """Fills ports.Ids: 10 characters of time, 8 of this process, 8 that count; sortable by time."""

    def __init__(self, process: bytes | None = None) -> None:
        self._process = _text(int.from_bytes(process or os.urandom(5), "big"), 8)
        self._count = 0
        self._moment, self._start = -1, ""  # the digits of the newest moment, and of this process
        self._thousand, self._middle = -1, ""  # the digits of the count but for its last two

    def new(self, now: int) -> str:
        """A new identity of the moment `now` (ms)."""
        self._count += 1
        if now != self._moment:  # many are made in the same millisecond
            self._moment, self._start = now, _text(now, 10) + self._process
        thousand, last = divmod(self._count, 1024)
        if thousand != self._thousand:
            self._thousand, self._middle = thousand, _text(thousand, 6)
        return self._start + self._middle + _PAIRS[last]


_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


def _text(number: int, places: int) -> str:
    """An even number of digits, two at a time."""
    digits = []
    for _ in range(places // 2):
        digits.append(_PAIRS[number & 1023])
        number >>= 10
    digits.reverse()
    return "".join(digits)


def now_ms(clock: Clock) -> int:
    """This moment in ms."""
    return int(clock.seconds() * 1000)
