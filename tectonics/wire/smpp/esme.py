"""The end of an SMPP session that binds: ours, towards an SMSC or a USSD gateway."""

from tectonics.wire.smpp import states
from tectonics.wire.smpp.events import BindRefused, Bound, Event
from tectonics.wire.smpp.pdus import Answer, Bind, BindAnswer
from tectonics.wire.smpp.session import Session


class Esme(Session):
    """An external short message entity."""

    side, peer = states.ESME, states.SMSC

    def bind(self, bind: Bind, now: float) -> None:
        """Asks to be let in: Bound, BindRefused or Closed follows. Unsendable; NotAllowed when it has asked."""
        self._check(bind)
        self._ask(bind, None, now + self.limits.bind_s, own=True)
        self.state = states.move(self.state, "bind")

    def _bind_answered(self, bind: Bind, answer: Answer) -> list[Event]:
        if answer.status or not isinstance(answer, BindAnswer):
            self.state = states.move(self.state, "refused")
            return [BindRefused(answer.status)]
        self.state = states.move(self.state, states.BOUND_BY[type(bind)])
        return [Bound(answer)]
