"""One connection that mail comes in by: commands are answered here, a whole mail waits for the owner's verdict.

    greeting ──▶ EHLO ──▶ [STARTTLS ──▶ EHLO] ──▶ MAIL ──▶ RCPT ──▶ DATA ──▶ the mail ──▶ verdict ──┐
                            ▲                                                                    │
                            └────────────────────────────────────────────────────────────────────┘
One mail has one recipient; who names more is told to send it once more to each (452).  While a verdict is awaited nothing
further is read, so answers stand in the order of what they answer, however many commands came at once (RFC 2920).
What came with STARTTLS but before the encryption is thrown away and the connection with it: nobody signed that.

Nothing is decided by what a peer promises: SIZE is believed only where it is too large.  A mail that is too large is
read to its end without being kept, so that its sender is told 552 and does not come again; up to READ_OFF_MAX.
Bounds: LINE_MAX octets of a command, ERRORS_MAX commands that are refused, COMMANDS_MAX in all, AHEAD_MAX octets ahead.
"""

from collections.abc import Callable

from msgspec import Struct

from tectonics.domain.errors import BadMessage
from tectonics.wire.smtp.syntax import Reply, has_lone_ends, parse_path

LINE_MAX = 1000
ERRORS_MAX, COMMANDS_MAX = 10, 500
AHEAD_MAX = 256 * 1024
READ_OFF_MAX = 128 * 1024 * 1024
_END = b"\r\n.\r\n"
_PARAMETERS = {"SIZE", "BODY"}
_INJECTED = "4.7.0 nothing may follow STARTTLS before the encryption"


class Mail(Struct, frozen=True):
    """A mail that came in whole; `Server.verdict` answers it."""

    sender: str  # of the envelope; empty: nobody wants an answer
    recipient: str
    content: bytes


class Refused(Struct, frozen=True):
    """Something was refused that is worth counting: a word."""

    why: str


class StartTls(Struct, frozen=True):
    """The peer waits for encryption to begin, once what stands in `out` has been sent; then `Server.secured`."""


class Close(Struct, frozen=True):
    """Send what stands in `out`, then close."""


Event = Mail | Refused | StartTls | Close


class Server:
    """`accepts(address)` tells None for a recipient of ours, else the reply; what is to be sent gathers in `out`."""

    def __init__(self, name: str, size_max: int, accepts: Callable[[str], Reply | None], can_encrypt: bool) -> None:
        self._name, self._size_max, self._accepts, self._can_encrypt = name, size_max, accepts, can_encrypt
        self.out = bytearray()
        self.encrypted = False
        self._input = bytearray()
        self._greeted = self._waits = self._closed = self._securing = False
        self._sender: str | None = None
        self._recipient = ""
        self._content: bytearray | None = None  # while DATA is under way; begins with CR LF
        self._searched = self._read_off = 0
        self._errors = self._commands = 0
        self._events: list[Event] = []

    @property
    def waits(self) -> bool:
        """Whether a verdict is awaited, so that nothing more should be read."""
        return self._waits

    def begin(self) -> None:
        """Greets."""
        self._say(220, f"{self._name} ESMTP")

    def receive(self, data: bytes) -> list[Event]:
        """What came, in pieces of any size."""
        if self._closed:
            return []
        self._input += data
        if self._securing and data:
            self._end(421, _INJECTED, "injected")
        if self._waits and len(self._input) > AHEAD_MAX:
            self._end(421, "4.7.0 too much at once", "ahead")
        return self._go_on()

    def verdict(self, reply: Reply) -> list[Event]:
        """Answers the mail, and goes on with what has come since."""
        self._waits = False
        self._say(reply.code, reply.text)
        return self._go_on()

    def secured(self) -> None:
        """Encryption has begun: everything before it is forgotten (RFC 3207, section 4.2)."""
        self.encrypted, self._greeted, self._securing = True, False, False
        self._forget()

    # --- lines and mails

    def _go_on(self) -> list[Event]:
        while not (self._waits or self._closed):
            done = self._read_line() if self._content is None else self._read_content()
            if not done:
                break
        events, self._events = self._events, []
        return events

    def _read_line(self) -> bool:
        end = self._input.find(b"\r\n", 0, LINE_MAX + 2)
        if end < 0:
            if len(self._input) > LINE_MAX:
                self._end(500, "5.5.2 the line is too long", "line")
            return False
        line = bytes(self._input[:end])
        del self._input[:end + 2]
        self._commands += 1
        if self._commands > COMMANDS_MAX:
            self._end(421, "4.7.0 too many commands, come again", "commands")
        elif not line.isascii() or any(octet < 32 for octet in line):
            self._wrong(500, "5.5.2 plain ASCII is expected")
        else:
            self._command(line.decode("ascii"))
        return True

    def _read_content(self) -> bool:
        self._content += self._input
        self._input.clear()
        end = self._content.find(_END, self._searched)
        if end >= 0:
            self._input += self._content[end + len(_END):]
            content, too_large = self._content[:end + 2], self._read_off or end > self._size_max
            self._content = None
            self._whole(bytes(content), bool(too_large))
            return True
        self._searched = max(0, len(self._content) - len(_END) + 1)
        if len(self._content) > self._size_max + len(_END):
            self._read_off += self._searched
            del self._content[:self._searched]
            self._searched = 0
            if self._read_off > READ_OFF_MAX:
                self._end(552, "5.3.4 the mail is too large", "size")
        return False

    def _whole(self, content: bytes, too_large: bool) -> None:
        sender, recipient = self._sender, self._recipient
        self._forget()
        if too_large:
            self._refuse(552, f"5.3.4 the mail is larger than {self._size_max} octets", "size")
        elif has_lone_ends(content):
            self._refuse(550, "5.6.0 a line ends with CR LF, neither stands alone", "lone_ends")
        else:
            self._waits = True
            self._events.append(Mail(sender, recipient, content.replace(b"\r\n.", b"\r\n")[2:]))

    # --- commands

    def _command(self, line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        do = _COMMANDS.get(word.upper())
        if do is None:
            self._wrong(500, "5.5.1 there is no such command")
        else:
            do(self, rest.strip())

    def _ehlo(self, rest: str) -> None:
        if not rest:
            self._wrong(501, "5.5.4 who are you?")
            return
        self._greeted = True
        self._forget()
        offers = ["PIPELINING", f"SIZE {self._size_max}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self._can_encrypt and not self.encrypted:
            offers.append("STARTTLS")
        lines = [self._name, *offers]
        self.out += "".join(f"250-{line}\r\n" for line in lines[:-1]).encode("ascii")
        self._say(250, lines[-1])

    def _helo(self, rest: str) -> None:
        self._greeted = bool(rest)
        self._forget()
        self._say(*(250, self._name) if rest else (501, "5.5.4 who are you?"))

    def _starttls(self, rest: str) -> None:
        if rest or not self._can_encrypt or self.encrypted:
            self._wrong(501 if rest else 503, "5.5.1 not now")
        elif self._input:
            self._end(421, _INJECTED, "injected")
        else:
            self._securing = True
            self._say(220, "2.0.0 go ahead")
            self._events.append(StartTls())

    def _mail(self, rest: str) -> None:
        if not self._greeted or self._sender is not None:
            self._wrong(503, "5.5.1 not now")
            return
        try:
            sender, parameters = parse_path(rest, "FROM")
        except BadMessage as error:
            self._wrong(501, f"5.5.4 {error}")
            return
        size = parameters.get("SIZE", "0")
        if parameters.keys() - _PARAMETERS:
            self._wrong(555, "5.5.4 a parameter is not supported")
        elif not (size.isdigit() and len(size) <= 20):
            self._wrong(501, "5.5.4 SIZE is a number")
        elif int(size) > self._size_max:
            self._refuse(552, f"5.3.4 the mail is larger than {self._size_max} octets", "size")
        else:
            self._sender = sender
            self._say(250, "2.1.0 and for whom?")

    def _rcpt(self, rest: str) -> None:
        if self._sender is None:
            self._wrong(503, "5.5.1 MAIL comes first")
            return
        try:
            recipient, parameters = parse_path(rest, "TO")
        except BadMessage as error:
            self._wrong(501, f"5.5.4 {error}")
            return
        reply = self._accepts(recipient)
        if parameters:
            self._wrong(555, "5.5.4 a parameter is not supported")
        elif reply is not None:
            self._events.append(Refused("recipient"))
            self._wrong(reply.code, reply.text)
        elif self._recipient:
            self._say(452, "4.5.3 one recipient at a time, send it again to the others")
        else:
            self._recipient = recipient
            self._say(250, "2.1.5 yes")

    def _data(self, rest: str) -> None:
        if not self._recipient or rest:
            self._wrong(503, "5.5.1 RCPT comes first")
            return
        self._content, self._searched, self._read_off = bytearray(b"\r\n"), 0, 0
        self._say(354, "end with a dot")

    def _rset(self, rest: str) -> None:
        self._forget()
        self._say(250, "2.0.0 forgotten")

    def _noop(self, rest: str) -> None:
        self._say(250, "2.0.0 still here")

    def _vrfy(self, rest: str) -> None:
        self._say(252, "2.5.0 write and see")

    def _quit(self, rest: str) -> None:
        self._end(221, "2.0.0 good-bye")

    # --- answers

    def _forget(self) -> None:
        self._sender, self._recipient = None, ""

    def _say(self, code: int, text: str) -> None:
        self.out += Reply(code, text).encode()

    def _refuse(self, code: int, text: str, why: str) -> None:
        self._say(code, text)
        self._events.append(Refused(why))

    def _wrong(self, code: int, text: str) -> None:
        self._errors += 1
        if self._errors > ERRORS_MAX:
            self._end(421, "4.7.0 too many errors", "errors")
        else:
            self._say(code, text)

    def _end(self, code: int, text: str, why: str = "") -> None:
        self._say(code, text)
        if why:
            self._events.append(Refused(why))
        self._closed = True
        self._content = None
        self._input.clear()
        self._events.append(Close())


_COMMANDS: dict[str, Callable[[Server, str], None]] = {
    "EHLO": Server._ehlo, "HELO": Server._helo, "STARTTLS": Server._starttls, "MAIL": Server._mail,
    "RCPT": Server._rcpt, "DATA": Server._data, "RSET": Server._rset, "NOOP": Server._noop, "VRFY": Server._vrfy,
    "QUIT": Server._quit}
