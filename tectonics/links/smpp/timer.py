"""One delayed call that is easy to put off.

What waits for an answer is due later with every PDU that goes well.  So moving the time later does nothing at all:
the call comes too early, and who is called looks at the time and asks for the next.
"""

from collections.abc import Callable

from tectonics.ports import Clock


class Timer:
    """Calls `then` no later than it was asked to, perhaps earlier."""

    def __init__(self, clock: Clock, then: Callable[[], None]) -> None:
        self._clock = clock
        self._then = then
        self._call = None
        self._at = 0.0  # by the clock; what the call itself knows may be another clock's time

    def by(self, when: float | None) -> None:
        """Calls by that time of the clock; None: nothing is waited for."""
        if when is None or self._call is not None and self._at <= when:
            return
        self.stop()
        self._at = when
        self._call = self._clock.callLater(max(0.0, when - self._clock.seconds()), self._ring)

    def stop(self) -> None:
        """Forgets it."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _ring(self) -> None:
        self._call = None
        self._then()
