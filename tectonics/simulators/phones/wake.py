"""The one timer of a socket: it rings when the transactions next have something to do."""

from collections.abc import Callable

from tectonics.ports import Clock


class Wake:
    """Calls `due` at the earliest of the moments that were asked for since it last rang."""

    def __init__(self, clock: Clock, due: Callable[[], None]) -> None:
        self._clock, self._due, self._timer = clock, due, None

    def at(self, due_s: float | None) -> None:
        """Rings then at the latest; None: nothing new is to be waited for."""
        if self._timer is not None and self._timer.active():
            if due_s is None or self._timer.getTime() <= due_s:
                return
            self._timer.cancel()
        if due_s is not None:
            self._timer = self._clock.callLater(max(0.0, due_s - self._clock.seconds()), self._due)

    def stop(self) -> None:
        """It rings no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
