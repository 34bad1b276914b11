"""The screens of one session on a handset, in their order, for whoever waits for the next one.

Bound: what comes unasked is kept until it is asked for; a session has few screens, and ends.
"""

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed

from tectonics.domain.errors import TheirFault


class NoScreen(TheirFault):
    """The session ended, or the network's patience did, before a screen came."""


class Screens:
    """`gave_up` hears that nothing came for `patience_s`; 0: it is waited for however long it takes."""

    def __init__(self, clock, patience_s: float, gave_up: Callable[[], None]) -> None:
        self.over = ""  # why
        self._clock, self._patience_s, self._gave_up = clock, patience_s, gave_up
        self._screens: deque = deque()
        self._next: Deferred | None = None
        self._timer = None

    def next(self) -> Deferred:
        """The next screen; fails with NoScreen."""
        if self._screens:
            return succeed(self._screens.popleft())
        if self.over:
            return fail(NoScreen(self.over))
        self._next = Deferred()
        if self._patience_s:
            self._timer = self._clock.callLater(self._patience_s, self._gave_up)
        return self._next

    def show(self, screen) -> None:
        """It arrives."""
        if self._next is None:
            self._screens.append(screen)
        else:
            self._waiting().callback(screen)

    def skip(self) -> None:
        """Nobody wants those any more that have come."""
        self._screens.clear()

    def ended(self, why: str) -> None:
        """No more will come; who waits is told so."""
        self.over = self.over or why
        if self._next is not None:
            self._waiting().errback(NoScreen(why))

    def _waiting(self) -> Deferred:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        waiting, self._next = self._next, None
        return waiting
