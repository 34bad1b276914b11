"""One subscriber's session with a handset: what he sees, what he types, and what his gateway may say again."""

from collections import deque

from twisted.internet.defer import Deferred, fail, succeed

from tectonics.domain.errors import TheirFault
from tectonics.simulators.ussd_smpp.voice import Screen
from tectonics.wire.smpp.pdus import DeliverSm


class NoScreen(TheirFault):
    """The session ended, or the network's patience did, before a screen came."""


class Handset:
    """A session. Screens come by `next`, in order; `type` and `dialled` answer with the one that follows."""

    def __init__(self, gateway, msisdn: str, code: str, correlator: int) -> None:
        self.msisdn, self.code, self.correlator = msisdn, code, correlator
        self.inputs: list[str] = []
        self.said: list[DeliverSm] = []  # all that the gateway has said for it
        self.seen: Screen | None = None
        self.over = ""  # why
        self.waits = False  # a menu is shown and nothing typed
        self._gateway = gateway
        self._screens: deque[Screen] = deque()
        self._next: Deferred[Screen] | None = None
        self._timer = None

    def next(self) -> Deferred[Screen]:
        """The next screen; fails with NoScreen."""
        if self._screens:
            return succeed(self._screens.popleft())
        if self.over:
            return fail(NoScreen(self.over))
        self._next = Deferred()
        if self._gateway.patience_s:
            self._timer = self._gateway.clock.callLater(self._gateway.patience_s, self.ended, "the network gave up waiting")
        return self._next

    def type(self, text: str) -> Deferred[Screen]:
        """Types an input; the screen that follows."""
        self.waits = False
        self.inputs.append(text)
        self._gateway.say(self, self._gateway.voice.typed(self.msisdn, self.code, self.inputs, self.correlator, self.seen))
        return self.next()

    def hang_up(self) -> None:
        """Leaves."""
        self._gateway.say(self, self._gateway.voice.hung_up(self.msisdn, self.correlator))
        self.ended("hung up")

    def again(self, number: int = -1) -> None:
        """The gateway says something again, the newest or an older one, in a PDU of its own."""
        self._gateway.say(self, self.said[number])

    # --- for the gateway

    def show(self, screen: Screen) -> None:
        """A screen arrives."""
        self.seen, self.waits = screen, screen.more
        if self._next is None:
            self._screens.append(screen)
        else:
            self._fire(screen)
        if not screen.more:
            self.ended("the last screen was shown")

    def ended(self, why: str) -> None:
        """The session is over."""
        if not self.over:
            self.over, self.waits = why, False
            self._gateway.forget(self)
        if self._next is not None:
            self._fire(NoScreen(why))

    def _fire(self, result) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        waiting, self._next = self._next, None
        if isinstance(result, NoScreen):
            waiting.errback(result)
        else:
            waiting.callback(result)
