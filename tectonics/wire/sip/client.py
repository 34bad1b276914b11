"""Client transactions: a request of ours until its final answer (RFC 3261, section 17.1; RFC 6026, section 7.2).

    INVITE   calling --1xx--> proceeding --3xx-6xx--> completed (repeats its ACK) --> terminated
                |                |--2xx--> accepted (passes repeated 2xx on) ------> terminated
    others   trying --1xx--> proceeding --final--> completed (swallows repetitions) --> terminated
    nobody answers for 64 T1: TimedOut, terminated

Sans-I/O: the owner writes what is to be sent, calls `due(now)` at `due_at`, and forgets what is terminated.
"""

from tectonics.wire.sip.events import Event, Heard, Send, TimedOut
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.timers import TIMERS, Repetition, Timers

CALLING, TRYING, PROCEEDING, COMPLETED, ACCEPTED, TERMINATED = (
    "calling", "trying", "proceeding", "completed", "accepted", "terminated")


class ClientTransaction:
    """One request. `reliable` where the transport loses nothing (TCP, TLS)."""

    def __init__(self, request: Request, now: float, reliable: bool = False, timers: Timers = TIMERS) -> None:
        self.request, self.invite = request, request.method == "INVITE"
        self.state = CALLING if self.invite else TRYING
        self._reliable, self._timers = reliable, timers
        self._until: float | None = now + timers.patience_s
        self._repetition = Repetition(now, timers.t1_s, timers.patience_s if self.invite else timers.t2_s)
        if reliable:
            self._repetition.over()
        self._ack: Request | None = None

    def begin(self) -> list[Event]:
        """The first sending."""
        return [Send(self.request)]

    @property
    def due_at(self) -> float | None:
        """When `due` must be called; None: never."""
        times = [at for at in (self._until, self._repetition.due_at) if at is not None]
        return min(times, default=None)

    def is_refused_and(self, response: Response) -> bool:
        """Whether a 2xx comes behind the refusal of an INVITE: it is of another telephone, and this transaction has nothing to do with it."""
        return self.invite and self.state == COMPLETED and 200 <= response.status < 300

    def receive(self, response: Response, now: float) -> list[Event]:
        """A response to this request has come."""
        if self.state == TERMINATED:
            return []
        if not response.final:
            return self._provisional(response, now)
        if self.invite:
            return self._final_to_invite(response, now)
        if self.state == COMPLETED:
            return []
        self._rest(COMPLETED, now, 0 if self._reliable else self._timers.t4_s)
        return [Heard(response)]

    def _provisional(self, response: Response, now: float) -> list[Event]:
        if self.state not in (CALLING, TRYING, PROCEEDING):
            return []
        if self.invite:
            self._repetition.over()
            self._until = None  # how long a phone may ring is the user's affair
        elif self.state == TRYING and not self._reliable:
            self._repetition = Repetition(now, self._timers.t2_s, self._timers.t2_s)
        self.state = PROCEEDING
        return [Heard(response)]

    def _final_to_invite(self, response: Response, now: float) -> list[Event]:
        if response.status < 300:
            if self.state in (CALLING, PROCEEDING):
                self._rest(ACCEPTED, now, self._timers.patience_s)
            return [Heard(response)] if self.state == ACCEPTED else []
        if self.state == COMPLETED:
            return [Send(self._ack)]
        if self.state not in (CALLING, PROCEEDING):
            return []
        self._ack = acknowledgement(self.request, response)
        self._rest(COMPLETED, now, 0 if self._reliable else self._timers.completed_s)
        return [Send(self._ack), Heard(response)]

    def _rest(self, state: str, now: float, seconds: float) -> None:
        """Stays for repetitions, then is gone."""
        self._repetition.over()
        self.state, self._until = (state, now + seconds) if seconds else (TERMINATED, None)

    def due(self, now: float) -> list[Event]:
        """Does what is due by now."""
        if self._until is not None and now >= self._until:
            unanswered = self.state in (CALLING, TRYING, PROCEEDING)
            self.end()
            return [TimedOut()] if unanswered else []
        if self._repetition.due_at is not None and now >= self._repetition.due_at:
            self._repetition.again(now)
            return [Send(self.request)]
        return []

    def cancelled(self, now: float) -> None:
        """A CANCEL goes out: the final answer is waited for no longer than for any request (section 9.1)."""
        if self.state == PROCEEDING:
            self._until = now + self._timers.patience_s

    def end(self) -> None:
        """It is given up, or its transport has failed."""
        self.state, self._until = TERMINATED, None
        self._repetition.over()


def acknowledgement(invite: Request, response: Response) -> Request:
    """The ACK of a refusal: it belongs to the INVITE's transaction (section 17.1.1.3)."""
    kept = [("Via", invite.all("Via")[0])]
    kept += [("Route", value) for value in invite.all("Route")]
    kept += [("Max-Forwards", "70"), ("From", invite.header("From")), ("To", response.header("To")),
             ("Call-ID", invite.call_id), ("CSeq", f"{invite.cseq.number} ACK")]
    return Request("ACK", invite.uri, tuple(kept))


def cancellation(invite: Request) -> Request:
    """The CANCEL of a pending INVITE (section 9.1)."""
    kept = [("Via", invite.all("Via")[0])]
    kept += [("Route", value) for value in invite.all("Route")]
    kept += [("Max-Forwards", "70"), ("From", invite.header("From")), ("To", invite.header("To")),
             ("Call-ID", invite.call_id), ("CSeq", f"{invite.cseq.number} CANCEL")]
    return Request("CANCEL", invite.uri, tuple(kept))
