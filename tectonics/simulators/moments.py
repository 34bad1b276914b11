"""What a simulator does later, and who waits until something is true of it.

Conditions are looked at after each event and each delayed call, whenever `look` is called.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed

from tectonics.ports import Clock


class Moments:
    """The delayed calls and the watchers of one simulator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._later: set = set()
        self._watchers: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def wait_for(self, met: Callable[[], bool]) -> Deferred[None]:
        """Fires as soon as `met()` holds."""
        if met():
            return succeed(None)
        self._watchers.append((met, Deferred()))
        return self._watchers[-1][1]

    def later(self, seconds: float, do: Callable, *arguments) -> None:
        """Does it then, unless all is forgotten before."""
        def now() -> None:
            self._later.discard(call)
            do(*arguments)
            self.look()
        call = self._clock.callLater(seconds, now)
        self._later.add(call)

    def look(self) -> None:
        """Fires those who wait for what is true now."""
        if self._watchers:
            ready = [one for one in self._watchers if one[0]()]
            self._watchers = [one for one in self._watchers if one not in ready]
            for _, waiting in ready:
                waiting.callback(None)

    def forget(self) -> None:
        """Nothing of what was to come happens."""
        for call in self._later:
            call.cancel()
        self._later.clear()
