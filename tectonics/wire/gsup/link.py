"""The link under an entity, sans I/O: who we are, keep-alive, and GSUP messages out of frames.

`connected`, then `receive` with whatever arrives, `due` when `next_at` has come, and after each of them
`take` what is to be written.  Times are seconds on any clock that only rises.

The server asks who we are as soon as it accepts us.  OsmoHLR never confirms our answer; and where a connection
of that name is there already, perhaps one of ours whose end it has not noticed, it routes to that one, and never
to us, not even when that one is gone.  A ping is answered all the same.  So a note to ourselves goes behind the
answer: a message whose destination is our own name (the register passes it on by its name, as it passes sessions
on).  What comes back then proves that we are routed to, and the link is up.  Where nothing comes in time the link
is down, and the next connection asks again.  The note of another process of our name may come too; it says nothing.

Both sides may ping; a link on which nothing is heard for as long as a ping and its answer may take is down.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire import ipa
from tectonics.wire.gsup import message as gsup
from tectonics.wire.gsup.events import Down, Event, Ignored, Up


@dataclass(frozen=True, slots=True)
class Times:
    """How long the link waits, in seconds: until it is up, between pings, for a ping's answer."""

    identity_s: float = 10.0
    ping_s: float = 30.0
    pong_s: float = 10.0


NOTE_IMSI = "0" * 15  # nobody's


class Link:
    """One connection after the other to one server, under one name."""

    def __init__(self, name: str, times: Times) -> None:
        self._identity = {
            ipa.SERIAL_NUMBER: name, ipa.UNIT_NAME: name, ipa.LOCATION_1: "", ipa.LOCATION_2: "",
            ipa.EQUIPMENT_VERSION: "", ipa.SOFTWARE_VERSION: "tectonics", ipa.MAC_ADDRESS: "00:00:00:00:00:00",
            ipa.UNIT_ID: "0/0/0"}
        routed = name.encode() + b"\0"
        self._note = gsup.Message(gsup.PROC_SS_REQUEST, NOTE_IMSI, 0, gsup.State.CONTINUE, source=routed, destination=routed)
        self._times = times
        self._frames = ipa.Frames()
        self._unwritten = bytearray()
        self._deadline = float("inf")
        self._pinged = False
        self._introduced = self._answers = False
        self.up = False

    @property
    def next_at(self) -> float:
        """When `due` has something to do; infinity without a connection."""
        return self._deadline

    def connected(self, now: float) -> None:
        """A connection was made; what was left of the one before is forgotten."""
        self.disconnected()
        self._deadline = now + self._times.identity_s

    def disconnected(self) -> None:
        """The connection is gone, and what was not written with it."""
        self._frames = ipa.Frames()
        self._unwritten.clear()
        self._deadline = float("inf")
        self._pinged = self._introduced = self._answers = self.up = False

    def take(self) -> bytes:
        """What is to be written to the connection now."""
        data = bytes(self._unwritten)
        self._unwritten.clear()
        return data

    def send(self, message: gsup.Message) -> None:
        """Writes a message; the link must be up for it to find its way."""
        self._write(ipa.EXTENDED, bytes([ipa.EXTENSION_GSUP]) + gsup.encode(message))

    def receive(self, data: bytes, now: float) -> Iterator[gsup.Message | Event]:
        """The messages and events that `data` completes, one by one, so that answers are written in their order."""
        for frame in self._frames.feed(data):
            self._heard(now)
            try:
                yield from self._read(frame, now)
            except BadMessage as error:
                yield Ignored(str(error))

    def due(self, now: float) -> list[Event]:
        """Pings, or says that the link is down."""
        if now < self._deadline:
            return []
        if not self.up or self._pinged:
            why = self._complaint()
            self.disconnected()
            return [Down(why)]
        self._pinged = True
        self._deadline = now + self._times.pong_s
        self._control(ipa.Ping())
        return []

    def _complaint(self) -> str:
        if not self._introduced:
            return "the peer did not ask who we are"
        return "the peer answers no ping" if self.up or not self._answers else "the peer routes our name to another connection"

    def _heard(self, now: float) -> None:
        if self.up:
            self._pinged = False
            self._deadline = now + self._times.ping_s

    def _read(self, frame: ipa.Frame | None, now: float) -> list[gsup.Message | Event]:
        if frame is None:
            raise BadMessage("a frame is too long")
        if frame.protocol == ipa.CCM:
            return self._controlled(ipa.decode_ccm(frame.payload), now)
        if frame.protocol != ipa.EXTENDED or frame.payload[:1] != bytes([ipa.EXTENSION_GSUP]):
            raise BadMessage(f"frames of protocol {frame.protocol:#04x} that are not GSUP are not spoken here")
        if not self._introduced:
            raise BadMessage("a message before the peer asked who we are")
        message = gsup.decode(frame.payload[1:])
        if message.type == gsup.ROUTING_ERROR:
            raise BadMessage("the peer cannot route what we said")
        return [*self._known(now), *([] if message == self._note else [message])]

    def _controlled(self, message: ipa.Ccm, now: float) -> list[Event]:
        match message:
            case ipa.Ping():
                self._control(ipa.Pong())
            case ipa.IdentityRequest(tags):
                self._introduce(tags)
            case ipa.Pong() | ipa.IdentityAck() if self._introduced:
                self._answers = True
            case _:
                raise BadMessage("an answer to nothing that we asked")
        return []

    def _introduce(self, tags: tuple[int, ...]) -> None:
        asked = {tag: self._identity[tag] for tag in tags if tag in self._identity}
        self._control(ipa.IdentityResponse(asked | {ipa.SERIAL_NUMBER: self._identity[ipa.SERIAL_NUMBER]}))
        if not self._introduced:
            self._introduced = True
            self._control(ipa.Ping())
            self.send(self._note)

    def _known(self, now: float) -> list[Event]:
        if self.up:
            return []
        self.up = True
        self._heard(now)
        return [Up()]

    def _control(self, message: ipa.Ccm) -> None:
        self._write(ipa.CCM, ipa.encode_ccm(message))

    def _write(self, protocol: int, payload: bytes) -> None:
        self._unwritten += ipa.encode_frame(protocol, payload)
