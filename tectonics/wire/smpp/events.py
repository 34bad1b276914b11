"""What a session reports to its owner."""

from typing import Any

from msgspec import Struct

from tectonics.wire.smpp.pdus import Answer, Bind, BindAnswer, Pdu, Request
from tectonics.wire.smpp.stream import Fault


class BindAsked(Struct, frozen=True):
    """An ESME wants to bind: `Smsc.accept` or `Smsc.refuse` it."""

    bind: Bind


class Bound(Struct, frozen=True):
    """The session is up; `answer` says whose it is and which version it speaks."""

    answer: BindAnswer


class BindRefused(Struct, frozen=True):
    """The SMSC does not let us in; `status` says why."""

    status: int


class Asked(Struct, frozen=True):
    """A request of the peer that waits for `Session.answer`."""

    request: Request


class Told(Struct, frozen=True):
    """A notice of the peer, which has no answer."""

    notice: Pdu


class Answered(Struct, frozen=True):
    """The peer's answer to a request of ours; `late`: after it had been reported as Unanswered."""

    token: Any
    request: Request
    answer: Answer
    late: bool = False


class Unanswered(Struct, frozen=True):
    """Nobody can say whether the peer has done what we asked for."""

    token: Any
    request: Request
    why: str


class Stray(Struct, frozen=True):
    """A PDU that has no place: an answer to nothing, a request that is already being answered. It was dropped."""

    pdu: Pdu


class Misplaced(Struct, frozen=True):
    """A request that is not allowed in this state, or is one too many; it was answered with `status`."""

    pdu: Pdu
    status: int


class Faulty(Struct, frozen=True):
    """A PDU that could not be read; it was answered as it had to be."""

    fault: Fault


class Closed(Struct, frozen=True):
    """The session is over: write what `take` still gives, then drop the connection."""

    why: str


Event = BindAsked | Bound | BindRefused | Asked | Told | Answered | Unanswered | Stray | Misplaced | Faulty | Closed
