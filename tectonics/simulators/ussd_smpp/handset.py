"""One subscriber's session with a handset: what he sees, what he types, and what his gateway may say again."""

from functools import partial

from twisted.internet.defer import Deferred

from tectonics.simulators.screens import Screens
from tectonics.simulators.ussd_smpp.voice import Screen
from tectonics.wire.smpp.pdus import DeliverSm


class Handset:
    """A session. Screens come by `next`, in order; `type` and `dialled` answer with the one that follows."""

    def __init__(self, gateway, msisdn: str, code: str, correlator: int) -> None:
        self.msisdn, self.code, self.correlator = msisdn, code, correlator
        self.inputs: list[str] = []
        self.said: list[DeliverSm] = []  # all that the gateway has said for it
        self.seen: Screen | None = None
        self.waits = False  # a menu is shown and nothing typed
        self._gateway = gateway
        self._screens = Screens(gateway.clock, gateway.patience_s, partial(self.ended, "the network gave up waiting"))
        self.next = self._screens.next

    @property
    def over(self) -> str:
        """Why it is; empty while it goes on."""
        return self._screens.over

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
        self._screens.show(screen)
        if not screen.more:
            self.ended("the last screen was shown")

    def ended(self, why: str) -> None:
        """The session is over."""
        if not self.over:
            self.waits = False
            self._gateway.forget(self)
        self._screens.ended(why)
