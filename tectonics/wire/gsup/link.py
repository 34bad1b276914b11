"""The link under an entity, sans I/O: who we are, keep-alive, and GSUP messages out of frames.

`connected`, then `receive` with whatever arrives, `due` when `next_at` has come, and after each of them
`take` what is to be written.  Times are seconds on any clock that only rises.

The server asks who we are as soon as it accepts us.  OsmoHLR never confirms our answer, and until it has read
it nothing is routed to us; so a ping goes behind the answer, and what comes back then proves that the link is
up.  Both sides may ping; a link on which nothing is heard for as long as a ping and its answer may take is down.
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


class Link:
    """One connection after the other to one server, under one name."""

    def __init__(self, name: str, times: Times) -> None:
        self._identity = {
            ipa.SERIAL_NUMBER: name, ipa.UNIT_NAME: name, ipa.LOCATION_1: "", ipa.LOCATION_2: "",
            ipa.EQUIPMENT_VERSION: "", ipa.SOFTWARE_VERSION: "tectonics", ipa.MAC_ADDRESS: "00:00:00:00:00:00",
            ipa.UNIT_ID: "0/0/0"}
        self._times = times
        self._frames = ipa.Frames()
        self._unwritten = bytearray()
        self._deadline = float("inf")
        self._pinged = False
        self._introduced = False
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
        self._pinged = self._introduced = self.up = False

    def take(self) -> bytes:
        """What is to be written to the connection now."""
        data = bytes(self._unwritten)
        self._unwritten.clear()
        return data

    def send(self, message: gsup.Message) -> None:
        """Writes a message; the link must be up."""
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
            why = "the peer answers no ping" if self._introduced else "the peer did not ask who we are"
            self.disconnected()
            return [Down(why)]
        self._pinged = True
        self._deadline = now + self._times.pong_s
        self._control(ipa.Ping())
        return []

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
        return [*self._known(now), gsup.decode(frame.payload[1:])]

    def _controlled(self, message: ipa.Ccm, now: float) -> list[Event]:
        match message:
            case ipa.Ping():
                self._control(ipa.Pong())
            case ipa.IdentityRequest(tags):
                self._introduce(tags)
            case ipa.Pong() | ipa.IdentityAck() if self._introduced:
                return self._known(now)
            case _:
                raise BadMessage("an answer to nothing that we asked")
        return []

    def _introduce(self, tags: tuple[int, ...]) -> None:
        asked = {tag: self._identity[tag] for tag in tags if tag in self._identity}
        self._control(ipa.IdentityResponse(asked | {ipa.SERIAL_NUMBER: self._identity[ipa.SERIAL_NUMBER]}))
        if not self._introduced:
            self._introduced = True
            self._control(ipa.Ping())

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
