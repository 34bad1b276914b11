"""The end of an SMPP session that is bound to: a message centre or a USSD gateway, as the simulators play it."""

from tectonics.wire.smpp import states
from tectonics.wire.smpp.events import BindAsked, Event
from tectonics.wire.smpp.pdus import VERSION, Answer, Bind, Pdu, answer_to
from tectonics.wire.smpp.session import Limits, NotAllowed, Session
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag, Tlv


class Smsc(Session):
    """A short message service centre. Who is not bound `bind_s` after the connection began is dropped."""

    side, peer = states.SMSC, states.ESME
    try_later = Status.RTHROTTLED

    def __init__(self, now: float, limits: Limits | None = None) -> None:
        super().__init__(now, limits)
        self._opened_at = now
        self._binding: Bind | None = None

    def accept(self, bind: Bind, system_id: str) -> None:
        """Lets the ESME of a BindAsked event in. NotAllowed where it does not wait any more; Unsendable."""
        answer = type(answer_to(bind.command, 0, 0))
        version = Tlv(Tag.SC_INTERFACE_VERSION, VERSION)
        self._decide(bind, answer(system_id, sequence=bind.sequence, tlvs=(version,)), states.BOUND_BY[type(bind)])

    def refuse(self, bind: Bind, status: int) -> None:
        """Does not; it may try again. NotAllowed where it does not wait any more."""
        self._decide(bind, answer_to(bind.command, bind.sequence, status), "refused")

    def _decide(self, bind: Bind, answer: Answer, happening: str) -> None:
        if self._binding is not bind:
            raise NotAllowed("this bind is not, or not any more, waiting for an answer")
        self._write(answer)
        self.state = states.move(self.state, happening)
        self._binding = None

    def _accepted(self, pdu: Pdu) -> list[Event]:
        if not isinstance(pdu, Bind):
            return super()._accepted(pdu)
        self.state = states.move(self.state, "bind")
        self._binding = pdu
        return [BindAsked(pdu)]

    def close(self, why: str) -> list[Event]:
        """Also forgets who wanted to bind."""
        self._binding = None
        return super().close(why)

    @property
    def _patience_at(self) -> float | None:
        waiting = self.state in (states.OPEN, states.BINDING)
        return self._opened_at + self.limits.bind_s if waiting else None
