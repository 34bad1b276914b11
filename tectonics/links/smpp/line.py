"""A session on its transport: octets in and out, the session's times on a clock, and an end that is kept to.

What the session reports is handed on, one event after the other; Closed is the last.  While the transport cannot take
more, nothing is sent and nothing is read: a peer that does not read is not listened to either, so that our answers to
it cannot pile up.

Leaving: nothing new is sent, what waits for its answer gets GRACE_S, then the session unbinds and gets UNBIND_S for
that.  A connection that does not close within CLOSE_S after it was told to is cut.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from zope.interface import implementer

from tectonics.links.smpp.timer import Timer
from tectonics.ports import Clock
from tectonics.wire.smpp import states
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import Closed, Event
from tectonics.wire.smpp.pdus import Answer, Bind, Request
from tectonics.wire.smpp.session import Limits

GRACE_S = 5.0
UNBIND_S = 2.0
CLOSE_S = 2.0
_SUBMITTING = (states.BOUND_TX, states.BOUND_TRX)


@implementer(IPushProducer)
class Line(Protocol):
    """One connection. `report(line, event)` hears what happens, `changed()` that there may be room again."""

    def __init__(self, bind: Bind, limits: Limits, clock: Clock, report: Callable[["Line", Event], None],
                 changed: Callable[[], None], lost: Callable[[], None]) -> None:
        self._bind, self._limits, self._clock = bind, limits, clock
        self._report, self._changed, self._lost = report, changed, lost
        self._session = Esme(clock.seconds(), limits)
        self._timer = Timer(clock, self._due)
        self._ending = Timer(clock, self._end_now)
        self._full = self._leaving = False

    # --- for the owner

    @property
    def state(self) -> str:
        """One of wire.smpp.states."""
        return self._session.state

    @property
    def room(self) -> int:
        """How many requests may be sent now."""
        if self._full or self._leaving or self._session.state not in _SUBMITTING:
            return 0
        return self._session.room

    @property
    def used(self) -> int:
        """How many wait for their answer."""
        return self._limits.window - self._session.room

    def send(self, request: Request, token: Any) -> None:
        """Sends a request while there is `room`; Answered or Unanswered comes with the token. Unsendable."""
        self._session.send(request, token, self._clock.seconds())
        self._flush()
        self._timer.by(self._session.due_at)

    def answer(self, request: Request, answer: Answer) -> None:
        """Answers a request that was reported; nothing where nobody waits for it any more. Unsendable."""
        if self._session.answer(request, answer):
            self._flush()

    def leave(self) -> None:
        """Ends in good order; Closed and the loss of the connection follow."""
        if self._leaving:
            return
        self._leaving = True
        self._ending.by(self._clock.seconds() + GRACE_S)
        self._unbind_when_done()

    def hang_up(self, why: str) -> None:
        """Ends at once."""
        self._go(self._session.close(why))

    # --- for the transport

    def connectionMade(self) -> None:
        """Asks to be let in."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._session.bind(self._bind, self._clock.seconds())
        self._go([])

    def dataReceived(self, data: bytes) -> None:
        """Hears the peer, and then no more of it while the transport is full."""
        self._go(self._session.receive(data, self._clock.seconds()))
        if self._full:
            self.transport.pauseProducing()

    def connectionLost(self, reason=connectionDone) -> None:
        """Whatever waited may have been done or not."""
        self._go(self._session.close(f"the connection was lost: {reason.getErrorMessage()}"))
        self._timer.stop()
        self._ending.stop()
        self._lost()

    def pauseProducing(self) -> None:
        """The transport is full, or TLS still shakes hands, for which it must go on to read: see dataReceived."""
        self._full = True

    def resumeProducing(self) -> None:
        """It is not any more."""
        self._full = False
        self.transport.resumeProducing()
        self._changed()

    def stopProducing(self) -> None:
        """The connection is lost, of which connectionLost tells."""

    # --- within

    def _go(self, events: list[Event]) -> None:
        self._flush()
        for event in events:
            if isinstance(event, Closed):
                self._close()
            self._report(self, event)
        if events:
            self._changed()
            self._unbind_when_done()
        self._timer.by(self._session.due_at)

    def _flush(self) -> None:
        octets = self._session.take()
        if octets:
            self.transport.write(octets)

    def _due(self) -> None:
        self._go(self._session.due(self._clock.seconds()))

    def _unbind_when_done(self) -> None:
        if self._leaving and not self.used and self._session.state not in (states.UNBINDING, states.CLOSED):
            self._unbind()

    def _unbind(self) -> None:
        self._ending.stop()
        self._ending.by(self._clock.seconds() + UNBIND_S)
        self._go(self._session.unbind(self._clock.seconds()))

    def _end_now(self) -> None:
        """The grace, the wait for unbind_resp or for the connection's end is over."""
        if self._session.state in states.BOUND:
            self._unbind()
        elif self._session.state == states.CLOSED:
            self.transport.abortConnection()
        else:
            self.hang_up("did not answer the unbind")

    def _close(self) -> None:
        self._ending.stop()
        self._ending.by(self._clock.seconds() + CLOSE_S)
        self.transport.unregisterProducer()
        self.transport.loseConnection()
