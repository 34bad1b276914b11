"""The control interface of an Osmocom program, sans I/O: what a variable's value is, asked as text in IPA frames.

    GET 7 subscriber.by-imsi-001010000000001.info          we
    GET_REPLY 7 subscriber.by-imsi-... <value>             or  ERROR 7 <why>

It is used as a link is (`link.py`): `connected`, `receive`, `due` at `next_at`, and after each of them `take`.
The program answers at once and in order, so a question or a ping without an answer means that the connection
is dead.  A ping goes first, whose answer proves that the program is there, and again after each silence.

Bounds: a value keeps within a frame (ipa.PAYLOAD_BYTES_MAX); whoever asks bounds the questions under way.
Source: OsmoHLR user manual, chapters "Control interface" and "Osmocom Control Interface"; errors as OsmoHLR
1.5 words them.
"""

import re
from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire import ipa
from tectonics.wire.gsup.events import Down, Ignored, Up

EXTENSION_CTRL = 0x00
_NUMBERS = 2**31
_ANSWER = re.compile(r"(GET_REPLY|ERROR) (\d{1,10}) (.*)", re.DOTALL | re.ASCII)
_MSISDN = re.compile(r"^msisdn\t([^\s]{1,32})$", re.MULTILINE | re.ASCII)
_NOT_THERE = ("No such subscriber", "Invalid value part")


@dataclass(frozen=True, slots=True)
class CtrlTimes:
    """How long is waited, in seconds: for an answer of any kind, and in silence before a ping."""

    answer_s: float = 2.0
    ping_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Told:
    """The value of what was asked as `number`."""

    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no value for what was asked as `number`; `why` is the program's word."""

    number: int
    why: str


class Ctrl:
    """Questions to one program, over one connection after the other."""

    def __init__(self, times: CtrlTimes) -> None:
        self._times = times
        self._frames = ipa.Frames()
        self._unwritten = bytearray()
        self._asked: dict[int, float] = {}  # number -> when the answer is late; the oldest first
        self._last = 0
        self._pinged = False
        self._silent_at = float("inf")  # when a ping is due, or its answer late
        self.up = False

    @property
    def next_at(self) -> float:
        """When `due` has something to do; infinity without a connection."""
        return min(self._silent_at, next(iter(self._asked.values()), float("inf")))

    def connected(self, now: float) -> None:
        """A connection was made; what was asked over the one before is forgotten."""
        self.disconnected()
        self._ping(now)

    def disconnected(self) -> None:
        """The connection is gone, and every question with it."""
        self._frames = ipa.Frames()
        self._unwritten.clear()
        self._asked.clear()
        self._silent_at = float("inf")
        self._pinged = self.up = False

    def take(self) -> bytes:
        """What is to be written to the connection now."""
        data = bytes(self._unwritten)
        self._unwritten.clear()
        return data

    def ask(self, variable: str, now: float) -> int:
        """Asks for a value, and says under which number; the link must be up."""
        self._last = self._last % _NUMBERS + 1
        self._asked[self._last] = now + self._times.answer_s
        text = f"GET {self._last} {variable}"
        self._write(ipa.EXTENDED, bytes([EXTENSION_CTRL]) + text.encode())
        return self._last

    def receive(self, data: bytes, now: float) -> list:
        """What happened by `data`, in order: Up, Told, Failed, Ignored."""
        events = []
        for frame in self._frames.feed(data):
            try:
                events += self._read(frame, now)
            except BadMessage as error:
                events.append(Ignored(str(error)))
        return events

    def due(self, now: float) -> list:
        """Pings, or says that the connection is Down."""
        if now < self.next_at:
            return []
        late = now >= next(iter(self._asked.values()), float("inf"))
        if late or self._pinged:
            why = "the peer answers no question" if late else "the peer answers no ping"
            self.disconnected()
            return [Down(why)]
        self._ping(now)
        return []

    def _read(self, frame: ipa.Frame | None, now: float) -> list:
        if frame is None:
            raise BadMessage("a frame is too long")
        if frame.protocol == ipa.CCM:
            return self._controlled(ipa.decode_ccm(frame.payload), now)
        if frame.protocol != ipa.EXTENDED or frame.payload[:1] != bytes([EXTENSION_CTRL]):
            raise BadMessage(f"frames of protocol {frame.protocol:#04x} that are not CTRL are not spoken here")
        return self._answered(frame.payload[1:], now)

    def _controlled(self, message: ipa.Ccm, now: float) -> list:
        match message:
            case ipa.Ping():
                self._write(ipa.CCM, ipa.encode_ccm(ipa.Pong()))
                return []
            case ipa.Pong() if self._pinged:
                self._heard(now)
                first, self.up = not self.up, True
                return [Up()] if first else []
        raise BadMessage("an answer to nothing that we asked")

    def _answered(self, payload: bytes, now: float) -> list:
        match = _ANSWER.fullmatch(payload.decode("utf-8", "replace"))
        number = int(match[2]) if match else 0
        if number not in self._asked:
            raise BadMessage("not an answer to anything that we asked")
        del self._asked[number]
        if self.up:
            self._heard(now)
        if match[1] == "ERROR":
            return [Failed(number, match[3])]
        return [Told(number, match[3].partition(" ")[2])]

    def _heard(self, now: float) -> None:
        self._pinged = False
        self._silent_at = now + self._times.ping_s

    def _ping(self, now: float) -> None:
        self._pinged = True
        self._silent_at = now + self._times.answer_s
        self._write(ipa.CCM, ipa.encode_ccm(ipa.Ping()))

    def _write(self, protocol: int, payload: bytes) -> None:
        self._unwritten += ipa.encode_frame(protocol, payload)


def about(imsi: str) -> str:
    """The variable that holds what a home location register knows of a subscriber."""
    return f"subscriber.by-imsi-{imsi}.info"


def msisdn_in(info: str) -> str | None:
    """The MSISDN in what a register knows, as it stands there; None where it has none.

    >>> msisdn_in("\\nid\\t1\\nimsi\\t001010000000001\\nmsisdn\\t33600000001\\nnam_cs\\t1")
    '33600000001'
    """
    found = _MSISDN.search(info)
    return found[1] if found else None


def is_unknown(why: str) -> bool:
    """Whether an error means that there is no such subscriber, and not that the register could not be asked."""
    return why.startswith(_NOT_THERE)
