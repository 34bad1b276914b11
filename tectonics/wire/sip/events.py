"""What a transaction asks its owner to do, or tells him."""

from msgspec import Struct

from tectonics.wire.sip.message import Request, Response


class Send(Struct, frozen=True):
    """Write this to where the transaction's messages go."""

    message: Request | Response


class Heard(Struct, frozen=True):
    """A message that is for the transaction's user."""

    message: Request | Response


class TimedOut(Struct, frozen=True):
    """Nobody answered in time: a client's request, or the ACK that a server's final answer waits for."""


Event = Send | Heard | TimedOut
