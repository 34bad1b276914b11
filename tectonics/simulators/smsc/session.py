"""One ESME's connection to the centre: octets in and out, the session's times, and the faults of a connection."""

from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from zope.interface import implementer

from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.events import Closed
from tectonics.wire.smpp.pdus import Answer, Bind, Pdu, Request
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.smsc import Smsc

GARBAGE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
RECEIVING = (states.BOUND_RX, states.BOUND_TRX)


@implementer(IPushProducer)
class EsmeSession(Protocol):
    """What one ESME says goes to `centre.happened(self, event)`; what is to be said to it comes by the methods."""

    def __init__(self, centre, clock, limits: Limits) -> None:
        self.system_id = ""  # once it has asked to bind
        self.silent = self.closed = self.full = False
        self._centre, self._clock = centre, clock
        self._session = Smsc(clock.seconds(), limits)
        self._timer, self._timer_at = None, 0.0

    @property
    def room(self) -> int:
        """How many deliveries it may be sent now."""
        receives = self._session.state in RECEIVING and not (self.silent or self.full or self.closed)
        return self._session.room if receives else 0

    @property
    def state(self) -> str:
        """One of wire.smpp.states."""
        return self._session.state

    def accept(self, bind: Bind, system_id: str) -> None:
        """Lets it in."""
        self._session.accept(bind, system_id)
        self._go([])

    def refuse(self, bind: Bind, status: int) -> None:
        """Does not, and hangs up."""
        self._session.refuse(bind, status)
        self._go(self._session.close("refused"))

    def send(self, request: Request, token: Any) -> int:
        """Delivers, while there is `room`; the PDU's sequence number."""
        sequence = self._session.send(request, token, self._clock.seconds())
        self._go([])
        return sequence

    def answer(self, request: Request, answer: Answer) -> None:
        """Answers what was submitted; nothing if nobody waits."""
        self._session.answer(request, answer)
        self._go([])

    def raw(self, octets: bytes) -> None:
        """Says anything."""
        self.transport.write(octets)

    def cut(self, pdu: Pdu | None = None) -> None:
        """Breaks the connection, in the middle of `pdu`."""
        if pdu is None:
            self.transport.abortConnection()
            return
        octets = encode(pdu)
        self.raw(octets[:len(octets) * 2 // 3])
        self._go(self._session.close("cut"))

    def unbind(self) -> None:
        """Says good-bye."""
        self._go(self._session.unbind(self._clock.seconds()))

    # --- for the transport

    def connectionMade(self) -> None:
        """Waits for a bind."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._centre.connected(self)
        self._wait()

    def dataReceived(self, data: bytes) -> None:
        """Hears the ESME, unless it has been told to be silent."""
        if not (self.silent or self.closed):
            self._go(self._session.receive(data, self._clock.seconds()))
        if self.full:
            self.transport.pauseProducing()

    def connectionLost(self, reason=connectionDone) -> None:
        """The ESME is gone."""
        self._go(self._session.close("the connection was lost"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._centre.disconnected(self)

    def pauseProducing(self) -> None:
        """The transport is full: nothing more is delivered, and soon nothing heard."""
        self.full = True

    def resumeProducing(self) -> None:
        """It is not any more."""
        self.full = False
        self.transport.resumeProducing()
        self._centre.deliver_waiting()

    def stopProducing(self) -> None:
        """Of this connectionLost tells."""

    # --- within

    def _go(self, events: list) -> None:
        self._flush()
        for event in events:
            if isinstance(event, Closed):
                self.closed = True
                self.transport.unregisterProducer()
                self.transport.loseConnection()
            self._centre.happened(self, event)
        self._wait()

    def _flush(self) -> None:
        octets = self._session.take()
        if octets and not self.silent:
            self.transport.write(octets)

    def _wait(self) -> None:
        due_at = self._session.due_at
        if due_at is None or self._timer is not None and self._timer_at <= due_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due_at
        self._timer = self._clock.callLater(max(0.0, due_at - self._clock.seconds()), self._due)

    def _due(self) -> None:
        self._timer = None
        self._go(self._session.due(self._clock.seconds()))
