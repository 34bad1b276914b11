"""What waits to be served, and how much one source may ask.

Requests stand in one line and are served one a turn.  Before one is served the snapshot is prepared, a slice a turn.
Behind each turn the line rests four times as long as it took, so that a walk, however many rows it asks for at once,
takes at most a fifth of the daemon's time and dialogues go on between its steps.  A source that asks faster than its rate, or has WAITING_PER_SOURCE_MAX in the line, is not heard;
nor is anybody while the line holds WAITING_MAX.

Bounds: the line, and SOURCES_MAX sources whose rate is kept; beyond them the one silent for longest is forgotten.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable

from tectonics.ports import Clock

SOURCES_MAX = 1024
BURST_S = 2.0  # a full bucket holds so many seconds of its rate
WAITING_MAX = 128
WAITING_PER_SOURCE_MAX = 16
REST = 4.0
REST_S_MAX = 1.0  # also when the clock jumps


class Bucket:
    """`rate` a second, and `burst` at once."""

    __slots__ = ("_burst", "_filled_s", "_level", "_rate")

    def __init__(self, rate: float, burst: float, now_s: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._filled_s = burst, now_s

    def take(self, now_s: float) -> bool:
        """One more, if there is room."""
        self._level = min(self._burst, self._level + max(0.0, now_s - self._filled_s) * self._rate)
        self._filled_s = now_s
        if self._level < 1:
            return False
        self._level -= 1
        return True


class Rates:
    """`rate` messages a second of each source."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._sources: OrderedDict[str, Bucket] = OrderedDict()

    def admit(self, source: str, now_s: float) -> bool:
        """Whether the source may ask once more."""
        bucket = self._sources.pop(source, None) or Bucket(self._rate, max(1.0, self._rate * BURST_S), now_s)
        self._sources[source] = bucket
        if len(self._sources) > SOURCES_MAX:
            self._sources.popitem(last=False)
        return bucket.take(now_s)


class Line:
    """Serves (octets, address) one by one with `serve`, after `prepare()` has said, some turn, that all is ready."""

    def __init__(self, serve: Callable[[bytes, tuple], None], clock: Clock, prepare: Callable[[], bool] = lambda: True) -> None:
        self._serve, self._clock, self._prepare = serve, clock, prepare
        self._waiting: deque[tuple[bytes, tuple]] = deque()
        self._by_source: Counter[str] = Counter()
        self._timer = None
        self._rested_s = 0.0  # when the rest behind the last one is over

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, octets: bytes, address: tuple) -> bool:
        """False when there is no room."""
        if len(self._waiting) >= WAITING_MAX or self._by_source[address[0]] >= WAITING_PER_SOURCE_MAX:
            return False
        self._waiting.append((octets, address))
        self._by_source[address[0]] += 1
        self._set_out()
        return True

    def _set_out(self) -> None:
        if self._timer is None and self._waiting:
            wait_s = min(REST_S_MAX, max(0.0, self._rested_s - self._clock.seconds()))
            self._timer = self._clock.callLater(wait_s, self._turn)

    def _turn(self) -> None:
        self._timer = None
        began_s = self._clock.seconds()
        over = True  # where either fails, this one is not tried again
        try:
            over = self._prepare()
            if over:
                self._serve(*self._waiting[0])
        finally:
            if over:
                self._leave()
            now_s = self._clock.seconds()
            self._rested_s = now_s + REST * max(0.0, now_s - began_s)
            self._set_out()

    def _leave(self) -> None:
        """The first one goes."""
        _, address = self._waiting.popleft()
        self._by_source[address[0]] -= 1
        if not self._by_source[address[0]]:
            del self._by_source[address[0]]

    def stop(self) -> None:
        """What waits is forgotten."""
        self._waiting.clear()
        self._by_source.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
