"""One end of an SMPP session, without a socket or a clock: octets and times in, events and octets out.

The owner writes what `take()` gives after every call, calls `due(now)` at `due_at`, and drops the connection when
it hears Closed.  Times are seconds of any clock that only rises.

    enquire_link    answered at once; sent when nothing was heard for `enquire_s`; silence then ends the session
    a request       of ours waits for its answer `response_s`, then is Unanswered; an answer after that is late
    a request       of the peer waits for our answer; above `asked_max` of them it is told to try later
    a bad PDU       is answered with its status or a generic_nack, and the session goes on where the stream can

Bounds: `window` requests of ours and `asked_max` of the peer's; one unfinished PDU. The octets to be written grow
with what the peer sends, so an owner whose socket is full stops reading.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tectonics.domain.errors import Busy
from tectonics.wire.smpp import states
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.events import (
    Answered,
    Asked,
    Closed,
    Event,
    Faulty,
    Misplaced,
    Stray,
    Told,
    Unanswered,
)
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.pdus import (
    Answer,
    Bind,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Notice,
    Pdu,
    Request,
    Unbind,
    UnbindResp,
    answer_to,
)
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.stream import Fault, Stream
from tectonics.wire.smpp.window import Waiting, Window, fits


class Limits(Struct, frozen=True):
    """How long and how much."""

    window: int = 10
    asked_max: int = 100
    bind_s: float = 30.0
    response_s: float = 30.0
    enquire_s: float = 55.0


class NotAllowed(Busy):
    """The session is not, or not any more, in a state for this."""


class Session:
    """What both ends do; see Esme and Smsc."""

    side = ""  # states.ESME or states.SMSC
    peer = ""
    try_later = Status.RX_T_APPN  # what a peer is told that asks too much at once

    def __init__(self, now: float, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.state = states.OPEN
        self._window = Window(self.limits.window)
        self._asked: dict[int, Request] = {}
        self._stream = Stream()
        self._out = bytearray()
        self._heard_at = now
        self._enquired_at: float | None = None

    # --- what the owner does ----------------------------------------------------------------------

    def take(self) -> bytes:
        """What is to be written now."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    @property
    def room(self) -> int:
        """How many requests may be sent now, if the state allows them."""
        return self._window.room

    @property
    def unanswered(self) -> int:
        """How many requests of the peer wait for our answer."""
        return len(self._asked)

    def send(self, request: Request, token: Any, now: float) -> int:
        """Sends a request, whose outcome is reported with `token`; its sequence number.

        NotAllowed in this state; WindowFull; Unsendable.
        """
        self._check(request)
        return self._ask(request, token, now + self.limits.response_s)

    def tell(self, notice: Notice) -> None:
        """Sends what has no answer. NotAllowed; Unsendable."""
        self._check(notice)
        self._write(replace(notice, sequence=self._window.next_sequence()))

    def answer(self, request: Request, answer: Answer) -> bool:
        """Answers a request of an Asked event; False where nobody waits for it any more. Unsendable."""
        if not fits(request, type(answer)):
            raise Unsendable(f"{_named(answer)} is no answer to {_named(request)}")
        if self._asked.get(request.sequence) is not request:
            return False
        self._write(replace(answer, sequence=request.sequence))
        del self._asked[request.sequence]
        return True

    def unbind(self, now: float) -> list[Event]:
        """Says good-bye; Closed follows when the peer has agreed or does not answer, at once where nobody is bound."""
        if self.state in states.BOUND:
            self.state = states.move(self.state, "unbind")
            self._ask(Unbind(), None, now + self.limits.response_s, own=True)
            return []
        return [] if self.state == states.UNBINDING else self.close("unbound")

    def close(self, why: str) -> list[Event]:
        """The connection was lost or is given up; whatever waited is Unanswered."""
        if self.state == states.CLOSED:
            return []
        self.state = states.move(self.state, "closed")
        self._asked.clear()
        left = [Unanswered(one.token, one.request, why) for one in self._window.abandon() if _reported(one)]
        return [*left, Closed(why)]

    # --- what the peer does -----------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> list[Event]:
        """What the octets mean."""
        events: list[Event] = []
        for found in self._stream.feed(data):
            if self.state == states.CLOSED:
                break
            self._heard_at, self._enquired_at = now, None
            events += self._fault(found) if isinstance(found, Fault) else self._hear(found, now)
        return events

    def _hear(self, pdu: Pdu, now: float) -> list[Event]:
        match pdu:
            case EnquireLink():
                self._write(EnquireLinkResp(sequence=pdu.sequence))
                return []
            case EnquireLinkResp():
                return []
            case Unbind():
                return self._peer_unbinds(pdu)
            case Answer():
                return self._answered(pdu, now)
        status = self._refusal(pdu)
        if status is None:
            return self._accepted(pdu)
        if status == Status.ROK:
            return [Stray(pdu)]
        if isinstance(pdu, Request):
            self._write(answer_to(pdu.command, pdu.sequence, status))
        return [Misplaced(pdu, status)]

    def _refusal(self, pdu: Pdu) -> Status | None:
        """With what a request is refused; ROK: it is dropped without a word; None: it is not."""
        if pdu.sequence in self._asked and isinstance(pdu, Request):
            return Status.ROK  # sent again: the answer to the first will do for both
        if type(pdu) not in states.SAYS[self.peer]:
            return Status.RINVCMDID
        if isinstance(pdu, Bind) and self.state != states.OPEN:
            return Status.RALYBND
        if self.state == states.UNBINDING:
            return self.try_later
        if not states.may_say(self.peer, type(pdu), self.state):
            return Status.RINVBNDSTS
        full = isinstance(pdu, Request) and len(self._asked) >= self.limits.asked_max
        return self.try_later if full else None

    def _accepted(self, pdu: Pdu) -> list[Event]:
        if isinstance(pdu, Notice):
            return [Told(pdu)]
        self._asked[pdu.sequence] = pdu
        return [Asked(pdu)]

    def _answered(self, answer: Answer, now: float) -> list[Event]:
        waiting, late = self._window.answered(answer.sequence, type(answer))
        match waiting:
            case None:
                return [Stray(answer)]
            case Waiting(request=Unbind()):
                return self.close("unbound")
            case Waiting(request=Bind()):
                return self._bind_answered(waiting.request, answer)
        return [Answered(waiting.token, waiting.request, answer, late)]

    def _bind_answered(self, bind: Bind, answer: Answer) -> list[Event]:
        return [Stray(answer)]

    def _peer_unbinds(self, unbind: Unbind) -> list[Event]:
        if self.state in (states.OPEN, states.BINDING):
            self._write(UnbindResp(sequence=unbind.sequence, status=Status.RINVBNDSTS))
            return [Misplaced(unbind, Status.RINVBNDSTS)]
        self._write(UnbindResp(sequence=unbind.sequence))
        return self.close("unbound by the peer")

    def _fault(self, fault: Fault) -> list[Event]:
        if fault.fatal:
            self._write(GenericNack(sequence=fault.sequence, status=fault.status))
            return [Faulty(fault), *self.close(fault.text)]
        if fault.is_answer:
            return [Faulty(fault), *self._unreadable(fault)]
        self._write(answer_to(fault.command, fault.sequence, fault.status))
        return [Faulty(fault)]

    def _unreadable(self, fault: Fault) -> list[Event]:
        """An answer that cannot be read settles nothing, but ends the waiting."""
        answer = type(answer_to(fault.command, fault.sequence, fault.status))
        waiting, late = self._window.answered(fault.sequence, answer)
        if waiting is None or late:
            return []
        if not _reported(waiting):
            return self.close(f"unreadable answer: {fault.text}")
        return [Unanswered(waiting.token, waiting.request, f"unreadable answer: {fault.text}")]

    # --- what time does ---------------------------------------------------------------------------

    @property
    def due_at(self) -> float | None:
        """When `due` must be called next, unless something happens before."""
        if self.state == states.CLOSED:
            return None
        times = [self._window.due_at, self._silence_at, self._patience_at]
        return min((time for time in times if time is not None), default=None)

    def due(self, now: float) -> list[Event]:
        """Does what is due by now."""
        events: list[Event] = []
        for one in self._window.expired(now):
            if not _reported(one):
                return [*events, *self.close(f"{_named(one.request)} was not answered")]
            events.append(Unanswered(one.token, one.request, "not answered in time"))
        if self._patience_at is not None and now >= self._patience_at:
            return [*events, *self.close(f"not bound within {self.limits.bind_s:g} s")]
        if self._silence_at is not None and now >= self._silence_at:
            return [*events, *self._silent(now)]
        return events

    @property
    def _patience_at(self) -> float | None:
        """Until when the peer must be bound."""
        return None

    @property
    def _silence_at(self) -> float | None:
        if self.state not in states.BOUND:
            return None
        if self._enquired_at is not None:
            return self._enquired_at + self.limits.response_s
        return self._heard_at + self.limits.enquire_s

    def _silent(self, now: float) -> list[Event]:
        if self._enquired_at is not None:
            return self.close("the peer is silent")
        self._enquired_at = now
        self._write(EnquireLink(sequence=self._window.next_sequence()))
        return []

    # --- the small things -------------------------------------------------------------------------

    def _check(self, pdu: Pdu) -> None:
        if not states.may_say(self.side, type(pdu), self.state):
            raise NotAllowed(f"{_named(pdu)} is not for an {self.side} that is {self.state}")

    def _ask(self, request: Request, token: Any, until: float, own: bool = False) -> int:
        numbered = replace(request, sequence=self._window.next_sequence())
        octets = encode(numbered)
        self._window.add(Waiting(token, numbered, until), own)
        self._out += octets
        return numbered.sequence

    def _write(self, pdu: Pdu) -> None:
        self._out += encode(pdu)


def _reported(waiting: Waiting) -> bool:
    """Whether it is the owner's request, and not the session's own bind or unbind."""
    return not isinstance(waiting.request, Bind | Unbind)


def _named(pdu: Pdu) -> str:
    return type(pdu).__name__
