"""One connection that one mail goes out by.

    220 ──▶ EHLO ──▶ [STARTTLS ──▶ EHLO] ──▶ [AUTH PLAIN] ──▶ MAIL ──▶ RCPT ──▶ DATA ──▶ the mail ──▶ QUIT
Each answer that is not the expected one ends it: 4xx means later, 5xx means never (RFC 5321, section 4.2.1).  A password
goes out over encryption only.  A connection that is lost after the mail and before its answer leaves open whether the
peer has it; sent again it bears the same Message-ID.
"""

from base64 import b64encode

from msgspec import Struct

from tectonics.domain.errors import BadMessage
from tectonics.wire.smtp.syntax import Reply, extensions, parse_reply, stuffed

INPUT_MAX = 64 * 1024
_LATER, _NEVER = 451, 554


class Envelope(Struct, frozen=True):
    """A mail to be sent, with whom it is from and for."""

    sender: str  # empty: nobody wants to know if it cannot be delivered
    recipient: str
    content: bytes


class Login(Struct, frozen=True):
    """Who we are to the peer."""

    user: str
    password: str


class Secure(Struct, frozen=True):
    """The peer is ready for encryption; `Client.secured` goes on afterwards."""


class Over(Struct, frozen=True):
    """What became of it; `out` may hold a last word, then close."""

    reply: Reply

    @property
    def is_sent(self) -> bool:
        """Whether the peer has taken it."""
        return self.reply.code == 250


Event = Secure | Over


class Client:
    """`must_encrypt`: by STARTTLS, or nothing is sent; `encrypted`: it is so from the start. Sends what is in `out`."""

    def __init__(self, name: str, envelope: Envelope, must_encrypt: bool = False, encrypted: bool = False,
                 login: Login | None = None) -> None:
        self._name, self._envelope, self._login = name, envelope, login
        self._must_encrypt, self._encrypted = must_encrypt, encrypted
        self.out = bytearray()
        self._input = bytearray()
        self._lines: list[str] = []
        self._state, self._expects = "greeting", 220
        self._offers: dict[str, str] = {}
        self.over: Over | None = None

    def receive(self, data: bytes) -> list[Event]:
        """What came, in pieces of any size."""
        self._input += data
        events: list[Event] = []
        while self.over is None and not events:
            try:
                reply = self._reply()
            except BadMessage as error:
                return [self._end(Reply(_LATER, str(error)))]
            if reply is None:
                break
            events += self._take(reply)
        return events

    def secured(self) -> None:
        """Encryption has begun."""
        self._encrypted = True
        self._input.clear()  # nobody signed what came before
        self._say("ehlo", 250, f"EHLO {self._name}")

    def _reply(self) -> Reply | None:
        while (end := self._input.find(b"\r\n")) >= 0:
            self._lines.append(self._input[:end].decode("ascii", "replace"))
            del self._input[:end + 2]
            reply = parse_reply(self._lines)
            if reply is not None:
                self._offers = extensions(self._lines) if self._state == "ehlo" else self._offers
                self._lines = []
                return reply
        if len(self._input) > INPUT_MAX:
            raise BadMessage("an answer without end")
        return None

    def _take(self, reply: Reply) -> list[Event]:
        if reply.code != self._expects:
            unexpected = reply.code < 400
            return [self._end(Reply(_NEVER, f"unexpected: {reply.code} {reply.text}") if unexpected else reply)]
        return _STEPS[self._state](self, reply)

    def _greeted(self, reply: Reply) -> list[Event]:
        return self._say("ehlo", 250, f"EHLO {self._name}")

    def _introduced(self, reply: Reply) -> list[Event]:
        if self._must_encrypt and not self._encrypted:
            if "STARTTLS" not in self._offers:
                return [self._end(Reply(_LATER, "the peer offers no STARTTLS"))]
            return self._say("starttls", 220, "STARTTLS")
        if self._login is not None:
            if not self._encrypted:
                return [self._end(Reply(_LATER, "no password goes out without encryption"))]
            plain = f"\0{self._login.user}\0{self._login.password}".encode()
            return self._say("auth", 235, f"AUTH PLAIN {b64encode(plain).decode('ascii')}")
        return self._admitted(reply)

    def _admitted(self, reply: Reply) -> list[Event]:
        return self._say("mail", 250, f"MAIL FROM:<{self._envelope.sender}>")

    def _from_taken(self, reply: Reply) -> list[Event]:
        return self._say("rcpt", 250, f"RCPT TO:<{self._envelope.recipient}>")

    def _to_taken(self, reply: Reply) -> list[Event]:
        return self._say("data", 354, "DATA")

    def _goes(self, reply: Reply) -> list[Event]:
        self.out += stuffed(self._envelope.content)
        self._state, self._expects = "content", 250
        return []

    def _sent(self, reply: Reply) -> list[Event]:
        return [self._end(reply)]

    def _secure(self, reply: Reply) -> list[Event]:
        return [Secure()]

    def _say(self, state: str, expects: int, line: str) -> list[Event]:
        self._state, self._expects = state, expects
        self.out += f"{line}\r\n".encode()
        return []

    def _end(self, reply: Reply) -> Over:
        if self._state != "greeting":
            self.out += b"QUIT\r\n"
        self.over = Over(reply)
        return self.over


_STEPS = {"greeting": Client._greeted, "ehlo": Client._introduced, "starttls": Client._secure,
          "auth": Client._admitted, "mail": Client._from_taken, "rcpt": Client._to_taken, "data": Client._goes,
          "content": Client._sent}
