"""An ESME in memory at a simulated centre, on a virtual clock."""

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import Answered, Asked, Bound
from tectonics.wire.smpp.pdus import BindTransceiver, SubmitSm, answer_to
from tectonics.wire.smpp.session import Limits


class EsmeInMemory:
    """Answers what is delivered with `status`, unless that is None."""

    def __init__(self, centre: MessageCentre, clock: Clock, password: str = "secret", bind=BindTransceiver) -> None:
        self.session = Esme(clock.seconds(), Limits(window=1000, response_s=1e6, enquire_s=1e6))
        self.clock, self.transport, self.status = clock, StringTransport(), 0
        self.events: list = []
        self.octets = b""  # all that it heard
        self.protocol = centre.buildProtocol(None)
        self.protocol.makeConnection(self.transport)
        self.session.bind(bind("me", password), clock.seconds())
        self.exchange()

    def exchange(self) -> None:
        while True:
            said, heard = self.session.take(), self.transport.value()
            self.transport.clear()
            self.octets += heard
            if said:
                self.protocol.dataReceived(said)
            for event in self.session.receive(heard, self.clock.seconds()):
                self.events.append(event)
                if isinstance(event, Asked) and self.status is not None:
                    request = event.request
                    self.session.answer(request, answer_to(request.command, request.sequence, self.status))
            if not (said or heard):
                break
        if self.transport.disconnecting and self.protocol is not None:
            protocol, self.protocol = self.protocol, None
            protocol.connectionLost(Failure(ConnectionDone()))

    def submit(self, text: str = "hello", **fields) -> None:
        given = {"source_addr": "133", "destination_addr": "33600000001", "short_message": text.encode()}
        self.session.send(SubmitSm(**given | fields), text, self.clock.seconds())
        self.exchange()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.exchange()

    @property
    def bound(self) -> bool:
        return any(isinstance(event, Bound) for event in self.events)

    @property
    def answers(self) -> list:
        return [event.answer for event in self.events if isinstance(event, Answered)]

    @property
    def heard(self) -> list:
        return [event.request for event in self.events if isinstance(event, Asked)]
