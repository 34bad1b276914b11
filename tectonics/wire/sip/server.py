"""Server transactions: a request of a peer until its answer is safe (RFC 3261, section 17.2; RFC 6026, section 7.1).

    INVITE   proceeding --2xx--> accepted (repeats it until the ACK has come) --> terminated
                 |--3xx-6xx--> completed (repeats it) --ACK--> confirmed -------> terminated
    others   trying --1xx--> proceeding --final--> completed (answers repetitions) --> terminated
    no ACK for 64 T1: TimedOut, terminated

That a 2xx is repeated until its ACK is the user's duty by section 13.3.1.4; it is done here, because nobody who
answers calls wants it otherwise.  The ACK of a 2xx is a transaction of its own: the dialog tells by `acknowledged`.
"""

from tectonics.wire.sip.events import Event, Heard, Send, TimedOut
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.timers import TIMERS, Repetition, Timers

TRYING, PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED = (
    "trying", "proceeding", "completed", "confirmed", "accepted", "terminated")


class ServerTransaction:
    """One request. `reliable` where the transport loses nothing."""

    def __init__(self, request: Request, reliable: bool = False, timers: Timers = TIMERS) -> None:
        self.request, self.invite = request, request.method == "INVITE"
        self.state = PROCEEDING if self.invite else TRYING
        self.answer: Response | None = None  # the newest
        self._reliable, self._timers = reliable, timers
        self._until: float | None = None
        self._repetition: Repetition | None = None

    @property
    def due_at(self) -> float | None:
        """When `due` must be called; None: never."""
        repeated_at = self._repetition.due_at if self._repetition is not None else None
        return min((at for at in (self._until, repeated_at) if at is not None), default=None)

    def respond(self, response: Response, now: float) -> list[Event]:
        """The user's answer; nothing happens where a final one was given already."""
        if self.state not in (TRYING, PROCEEDING):
            return []
        self.answer = response
        if not response.final:
            self.state = PROCEEDING
        elif not self.invite:
            self._stay(COMPLETED, now, 0 if self._reliable else self._timers.patience_s)
        else:
            accepted = response.status < 300
            self._stay(ACCEPTED if accepted else COMPLETED, now, self._timers.patience_s)
            if accepted or not self._reliable:
                self._repetition = Repetition(now, self._timers.t1_s, self._timers.t2_s)
        return [Send(response)]

    def receive(self, request: Request, now: float) -> list[Event]:
        """The request has come again, or the ACK of a refusal."""
        if request.method == "ACK":
            if self.state == COMPLETED and self.invite:
                self._repetition = None
                self._stay(CONFIRMED, now, 0 if self._reliable else self._timers.t4_s)
                return [Heard(request)]
            return []
        again = self.answer is not None and self.state in (PROCEEDING, COMPLETED, ACCEPTED)
        return [Send(self.answer)] if again else []

    def acknowledged(self) -> None:
        """The ACK of our 2xx has come."""
        if self.state == ACCEPTED:
            self._repetition = None

    def due(self, now: float) -> list[Event]:
        """Does what is due by now."""
        if self._until is not None and now >= self._until:
            unheard = self.invite and self._repetition is not None or self.invite and self.state == COMPLETED
            self.end()
            return [TimedOut()] if unheard else []
        if self._repetition is not None and self._repetition.due_at is not None and now >= self._repetition.due_at:
            self._repetition.again(now)
            return [Send(self.answer)]
        return []

    def _stay(self, state: str, now: float, seconds: float) -> None:
        self.state, self._until = (state, now + seconds) if seconds else (TERMINATED, None)

    def end(self) -> None:
        """It is given up."""
        self.state, self._until, self._repetition = TERMINATED, None, None
