"""Our descriptions to one leg: one session, whose version rises when something is different (RFC 3264, section 8)."""

from tectonics.callservers.sip import naming
from tectonics.wire.sip.message import Message
from tectonics.wire.sip.sdp import (
    TYPE,
    Description,
    Origin,
    black_hole,
    declined,
    nothing,
    parse_sdp,
    spoken_by,
)
from tectonics.wire.sip.text import BadText


class Describing:
    """`version`: the newest that was told, where the session is older than we are."""

    def __init__(self, leg: str, host: str, version: int = 0) -> None:
        self.sent: Description | None = None  # the newest
        self._origin = Origin(naming.session_id(leg), host)
        self._version, self._told = version, b""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the media lines that the session has."""
        return self.sent.kinds if self.sent is not None else ()

    def spoken(self, description: Description) -> bytes:
        """That as our next description."""
        plain = spoken_by(description, self._origin, 0).encode()
        if plain != self._told:
            self._version, self._told = self._version + 1, plain
        self.sent = spoken_by(description, self._origin, self._version)
        return self.sent.encode()

    def silenced(self, offer: bytes) -> bytes:
        """Accepts an offer, and its media nowhere; without an offer: no media. BadText."""
        return self.spoken(black_hole(parse_sdp(offer), self._origin) if offer else nothing(self._origin))

    def declining(self, ours: bytes, theirs: bytes) -> bytes:
        """The answer that an ACK must bring to an offer that came in a 2xx; nothing where ours came in the INVITE."""
        return b"" if ours or not theirs else self.spoken(declined(parse_sdp(theirs), self._origin))


def body_of(message: Message) -> bytes:
    """Its description; empty where there is none. BadText where the body is something else, or is none."""
    if not message.body:
        return b""
    kind = (message.header("Content-Type") or "").partition(";")[0].strip().lower()
    if kind != TYPE:
        raise BadText("a body is no session description")
    parse_sdp(message.body)
    return message.body
