"""The acknowledged ticket stream (TCP 7071): bytes in, events out, both ends. No socket here.

Lines of UTF-8 ending in LF (CR LF is accepted).  A line that begins with `{` is a ticket; every
other line is a command:

    consumer: HELLO 1 <consumer> [after=<origin>:<seq>]   once, first; an empty <seq>: my cursor there
    server:   OK <origin> oldest=<seq> newest=<seq>       the cursor is within what is kept
              GAP <origin> oldest=<seq>                   tickets below are not kept any more
              {...}                                       a ticket
    consumer: ACK <origin>:<seq>                          this and all before are safe with me
    server:   PING          consumer: PONG                is the other end alive?
    server:   ERR <why>                                   one line, then the connection is closed

Each end only splits, parses and checks the order HELLO before the rest; numbers and cursors are
judged by tectonics.tickets.  A line has a bound for each direction; beyond it the stream cannot be
understood any more and BadMessage ends the connection.  Events that stood before the fault in the
same bytes are still delivered.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.lines import Lines

VERSION = 1
COMMAND_BYTES_MAX = 256  # a line from a consumer
TICKET_BYTES_MAX = 65536  # a line from the server
SEQ_MAX = 2**63 - 1

_NAME = r"[A-Za-z0-9_.-]{1,64}"
_SEQ = r"[0-9]{1,19}"
NAME = re.compile(_NAME, re.ASCII)  # of a consumer and of an origin
_HELLO = re.compile(rf"HELLO ([0-9]{{1,4}}) (\S+)(?: after=({_NAME}):({_SEQ})?)?", re.ASCII)
_ACK = re.compile(rf"ACK ({_NAME}):({_SEQ})", re.ASCII)
_OK = re.compile(rf"OK ({_NAME}) oldest=({_SEQ}) newest=({_SEQ})", re.ASCII)
_GAP = re.compile(rf"GAP ({_NAME}) oldest=({_SEQ})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hello:
    """A consumer introduces itself; `origin` empty: this process's; `after` None: my cursor."""

    consumer: str
    origin: str = ""
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything of `origin` up to and with `seq` is safe."""

    origin: str
    seq: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The consumer is alive."""


@dataclass(frozen=True, slots=True)
class Ok:
    """Tickets follow; numbers that are kept."""

    origin: str
    oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Tickets follow, but those below `oldest` are lost to this consumer."""

    origin: str
    oldest: int


@dataclass(frozen=True, slots=True)
class Ping:
    """The server asks whether the consumer is alive."""


@dataclass(frozen=True, slots=True)
class Err:
    """The server says why it closes."""

    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """One ticket, the JSON object without its newline."""

    line: bytes


class ServerSide:
    """What the server hears: Hello, then Ack and Pong."""

    def __init__(self) -> None:
        self._lines = Lines(COMMAND_BYTES_MAX + len(b"\r"))
        self._greeted = False

    def receive(self, data: bytes) -> Iterator[Hello | Ack | Pong]:
        """Events of the lines that `data` completes; BadMessage ends the connection."""
        for line in _whole(self._lines.feed(data), COMMAND_BYTES_MAX):
            event = _parse_command(_text(line))
            if isinstance(event, Hello) == self._greeted:
                raise BadMessage("HELLO was said already" if self._greeted else "say HELLO first")
            self._greeted = True
            yield event


class ClientSide:
    """What a consumer hears: Ok or Gap, then Record, Gap, Ping; Err at any time."""

    def __init__(self) -> None:
        self._lines = Lines(TICKET_BYTES_MAX + len(b"\r"))

    def receive(self, data: bytes) -> Iterator[Ok | Gap | Ping | Err | Record]:
        """Events of the lines that `data` completes; BadMessage when the server speaks nonsense."""
        for line in _whole(self._lines.feed(data), TICKET_BYTES_MAX):
            yield Record(line) if line.startswith(b"{") else _parse_answer(_text(line))


def encode(event: Hello | Ack | Pong | Ok | Gap | Ping | Err | Record) -> bytes:
    """The line of an event, with its newline.

    >>> encode(Hello("mediation", "n1", 41))
    b'HELLO 1 mediation after=n1:41\\n'
    """
    match event:
        case Record(line):
            return line + b"\n"
        case Hello(consumer, "", _):
            text = f"HELLO {VERSION} {consumer}"
        case Hello(consumer, origin, after):
            text = f"HELLO {VERSION} {consumer} after={origin}:{'' if after is None else after}"
        case Ack(origin, seq):
            text = f"ACK {origin}:{seq}"
        case Ok(origin, oldest, newest):
            text = f"OK {origin} oldest={oldest} newest={newest}"
        case Gap(origin, oldest):
            text = f"GAP {origin} oldest={oldest}"
        case Err(why):
            text = "ERR " + " ".join(why.split())[:COMMAND_BYTES_MAX]
        case _:
            text = type(event).__name__.upper()
    return text.encode() + b"\n"


def flag_repetition(line: bytes) -> bytes:
    """The ticket with `"dup":true` as its last field."""
    return line[:-1] + b',"dup":true}'


def _parse_command(text: str) -> Hello | Ack | Pong:
    if text == "PONG":
        return Pong()
    if match := _ACK.fullmatch(text):
        return Ack(match[1], _seq(match[2]))
    if match := _HELLO.fullmatch(text):
        if int(match[1]) != VERSION:
            raise BadMessage(f"version {match[1]} is not spoken here, only {VERSION}")
        if not NAME.fullmatch(match[2]):
            raise BadMessage("a consumer's name is 1 to 64 of A-Z a-z 0-9 _ . -")
        return Hello(match[2], match[3] or "", None if match[4] is None else _seq(match[4]))
    raise BadMessage("expected HELLO 1 <consumer> [after=<origin>:<seq>], ACK <origin>:<seq> or PONG")


def _parse_answer(text: str) -> Ok | Gap | Ping | Err:
    if text == "PING":
        return Ping()
    if match := _OK.fullmatch(text):
        return Ok(match[1], _seq(match[2]), _seq(match[3]))
    if match := _GAP.fullmatch(text):
        return Gap(match[1], _seq(match[2]))
    if text.startswith("ERR "):
        return Err(text[4:])
    raise BadMessage("expected OK, GAP, PING, ERR or a ticket")


def _seq(digits: str) -> int:
    seq = int(digits)
    if seq > SEQ_MAX:
        raise BadMessage("a ticket number has at most 63 bits")
    return seq


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise BadMessage("a command is not UTF-8") from None


def _whole(lines: Iterable[bytes | None], bytes_max: int) -> Iterator[bytes]:
    """The lines as long as none is too long, its ending not counted."""
    for line in lines:
        if line is None or len(line) > bytes_max:
            raise BadMessage(f"a line is longer than {bytes_max} bytes")
        yield line
