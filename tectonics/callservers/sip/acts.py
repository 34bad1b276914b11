"""What legs want done, in order; who drives them does it (switchboard.py)."""

from typing import Any

from msgspec import Struct

from tectonics.links.sip.exchange import Place
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.message import Request, Response


class Me(Struct, frozen=True):
    """How we are reached, and how long things may take."""

    host: str
    port: int
    answer_s: float = 4.0
    session_s: float = 300.0

    @property
    def shown(self) -> str:
        """host:port"""
        return f"{self.host}:{self.port}"

    @property
    def contact(self) -> tuple[str, str]:
        """Our Contact."""
        return "Contact", f"<sip:tectonics@{self.shown}>"

    def via(self, branch: str) -> str:
        """Our Via of a transaction."""
        return f"SIP/2.0/UDP {self.shown};rport;branch={branch}"


class Ask(Struct, frozen=True):
    """Begin a transaction; `token` comes back with its answers."""

    request: Request
    place: Place
    token: Any


class Withdraw(Struct, frozen=True):
    """Cancel a pending INVITE of ours."""

    invite: Request


class Put(Struct, frozen=True):
    """Write it once: the ACK of a 2xx."""

    message: Request
    place: Place


class Reply(Struct, frozen=True):
    """Answer a peer's request."""

    serving: Serving
    response: Response


Act = Ask | Withdraw | Put | Reply
