"""The transactions of one daemon, driven by its sockets and its clock.

    octets ──▶ from a peer that we know? ──▶ a message? ──▶ room for it? ──▶ transactions ──▶ the user is asked
                 no: dropped, or 403            no: 400          no: 503

Only peers that the user names are read at all: what a stranger sends costs a look at his address.  Who is answered is
answered at the address that he sent from (wire/sip/way.py).  400, 403 and 503 keep no state, so that a flood
cannot fill memory with them; the ACKs that they bring are passed over.

Time never goes back here, whatever the machine's clock does: transactions would wait for the difference.
Bounds: those of wire/sip/layer.py; a datagram or message as wire/sip/message.py has it.
"""

from typing import Any, Protocol

from msgspec import Struct
from twisted.internet.error import MessageLengthError
from twisted.logger import Logger

from tectonics.domain.errors import BadMessage
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.sip import way
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.layer import (
    TRANSACTIONS_MAX,
    Acknowledged,
    Answered,
    Asked,
    Cancelled,
    Layer,
    Out,
    Serving,
    Stray,
    Unacknowledged,
    Unanswered,
    Write,
)
from tectonics.wire.sip.message import Request, Response, Unreadable, parse
from tectonics.wire.sip.timers import TIMERS, Timers

MESSAGES, DROPPED = "tectonics_sip_messages_total", "tectonics_sip_dropped_total"
METHODS = frozenset({"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "UPDATE", "PRACK", "MESSAGE",
                     "NOTIFY", "SUBSCRIBE", "PUBLISH", "REFER"})  # what a counter names
_BLANK = b"\r\n\0 \t"  # datagrams that keep a way through an address translator open

log = Logger()


class Place(Struct, frozen=True):
    """Where answers go: an address, or a connection; `peer` is the user's name for who is there."""

    peer: str
    host: str
    port: int
    line: Any = None  # with `send(octets)`; None: a datagram


class User(Protocol):
    """Who is asked. Called in the reactor's thread; answers by Exchange.respond, now or later."""

    def peer(self, host: str) -> str:
        """The name of who may speak from this address; empty: nobody."""

    def turned_away(self, request: Request, peer: str) -> Response | None:
        """The answer to a new request that is not even looked at, and kept nowhere; None: it is."""

    def asked(self, serving: Serving) -> None:
        """A new request."""

    def cancelled(self, serving: Serving) -> None:
        """A pending INVITE is no longer wanted."""


class Caller(Protocol):
    """Who sends requests, by Exchange.send; `token` is what it gave with one."""

    def answered(self, token: Any, request: Request, response: Response) -> None:
        """A response, provisional or final; a 2xx to an INVITE as often as it comes."""

    def unanswered(self, token: Any, request: Request) -> None:
        """Nobody answered."""

    def acknowledged(self, request: Request) -> None:
        """The ACK of a 2xx of ours."""

    def unacknowledged(self, serving: Serving) -> None:
        """It has not come."""

    def stray(self, response: Response, place: Place) -> None:
        """A response to an INVITE that is not known here (any more)."""


class Exchange:
    """All transactions over all sockets. `refuses`: strangers are told 403, else nothing."""

    def __init__(self, user: User, clock: Clock, metrics: Metrics, alarms: Alarms, *, refuses: bool = False,
                 timers: Timers = TIMERS, transactions_max: int = TRANSACTIONS_MAX, caller: Caller | None = None) -> None:
        self._caller = caller
        self._user, self._clock, self._metrics, self._alarms = user, clock, metrics, alarms
        self._refuses, self._most = refuses, transactions_max
        self._layer = Layer(timers, transactions_max)
        self._call, self._call_at = None, 0.0
        self._last_s, self._late_s = clock.seconds(), 0.0
        self.datagrams: Any = None  # with `write(octets, (host, port))`, while the socket is open

    def __len__(self) -> int:
        return len(self._layer)

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("SIP transactions", len(self._layer), self._most)]

    def now(self) -> float:
        """The transactions' time in seconds."""
        seconds = self._clock.seconds()
        self._late_s += max(0.0, self._last_s - seconds)
        self._last_s = seconds
        return seconds + self._late_s

    def stop(self) -> None:
        """No more timers."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    # --- what comes

    def datagram(self, octets: bytes, host: str, port: int) -> None:
        """Octets have come by UDP."""
        peer = self._user.peer(host)
        if not peer and not self._refuses:
            self.drop("stranger")
            return
        if not octets.strip(_BLANK):
            self.drop("blank")
            return
        try:
            self.message(parse(octets), peer, host, port)
        except Unreadable as error:
            self.unreadable(error, peer, host, port)

    def message(self, message: Request | Response, peer: str, host: str, port: int, line: Any = None) -> None:
        """A message has come, over a connection where `line` is given."""
        if isinstance(message, Response):
            self._metrics.count(MESSAGES, peer or "-", "in", str(message.status))
            if peer:
                self._do(self._layer.receive(message, Place(peer, host, port, line), self.now()))
            else:
                self.drop("stranger")
            return
        self._metrics.count(MESSAGES, peer or "-", "in", message.method if message.method in METHODS else "other")
        message = way.arrived(message, host, port)
        place = _place(message, peer, host, port, line)
        if not peer:
            self.drop("stranger")
            self._say(message, 403, place)
            return
        away = None if self._layer.known(message) else self._user.turned_away(message, peer)
        if away is not None:
            self._write(away, place)
        else:
            self._do(self._layer.receive(message, place, self.now(), line is not None))

    def unreadable(self, error: Unreadable, peer: str, host: str, port: int, line: Any = None) -> None:
        """What came is no message; its sender is told where he could be made out."""
        self.drop("unreadable" if peer else "stranger")
        log.debug("What {peer} sent cannot be read: {why}", peer=peer or "a stranger", why=str(error))
        request = error.request
        if not error.status or request is None or not peer:
            return
        try:
            request = way.arrived(request, host, port)
            self._say(request, error.status, _place(request, peer, host, port, line), _plain(str(error)))
        except (BadMessage, IndexError, StopIteration):
            return  # not even its Via

    def _say(self, request: Request, status: int, place: Place, reason: str = "") -> None:
        if request.method != "ACK":
            self._write(answer(request, status, "none", reason=reason), place)

    def drop(self, why: str) -> None:
        """Something is thrown away."""
        self._metrics.count(DROPPED, why)

    # --- what goes

    def respond(self, serving: Serving, response: Response) -> None:
        """The user's answer."""
        self._do(self._layer.respond(serving, response, self.now()))

    def send(self, request: Request, place: Place, token: Any) -> None:
        """A request of the caller's, whose answers come with `token`. Busy at the bound."""
        self._do(self._layer.send(request, place, token, self.now(), place.line is not None))

    def cancel(self, invite: Request, token: Any) -> None:
        """A pending INVITE is not wanted any more; nothing happens before its first answer."""
        self._do(self._layer.cancel(invite, token, self.now()))

    def write(self, message: Request | Response, place: Place) -> None:
        """Once, as it is: the ACK of a 2xx."""
        self._write(message, place)

    def _do(self, out: list[Out]) -> None:
        for one in out:
            match one:
                case Write(message, place):
                    self._write(message, place)
                case Asked(serving):
                    self._ask(self._user.asked, serving)
                case Cancelled(serving):
                    self._ask(self._user.cancelled, serving)
                case Unacknowledged(serving):
                    self.drop("unacknowledged")
                    self._tell("unacknowledged", serving)
                case Answered(token, request, response):
                    self._tell("answered", token, request, response)
                case Unanswered(token, request):
                    self._tell("unanswered", token, request)
                case Acknowledged(request):
                    self._tell("acknowledged", request)
                case Stray(response, place):
                    self._tell("stray", response, place)
        self._wake()

    def _tell(self, what: str, *told) -> None:
        if self._caller is not None:
            self._guarded(getattr(self._caller, what), *told)

    def _ask(self, what, serving: Serving) -> None:
        status, reason = self._guarded(what, serving)
        if status:
            self.respond(serving, answer(serving.request, status, "none", reason=reason))

    def _guarded(self, what, *told) -> tuple[int, str]:
        """A fault of the user's costs this message alone; the status and reason for a request that failed, or 0."""
        try:
            what(*told)
        except BadMessage as error:
            self.drop("unreadable")
            return 400, _plain(str(error))
        except Exception as error:  # noqa: BLE001 - boundary: a bug must not end the socket
            log.failure("A SIP message failed: a fault of ours")
            self._alarms.raise_alarm("internal_fault", f"SIP: {type(error).__name__}", "sip")
            return 500, ""
        return 0, ""

    def _write(self, message: Request | Response, place: Place) -> None:
        kind = message.method if isinstance(message, Request) else str(message.status)
        self._metrics.count(MESSAGES, place.peer or "-", "out", kind)
        try:
            if place.line is not None:
                place.line.send(message.encode())
            elif self.datagrams is not None:
                self.datagrams.write(message.encode(), (place.host, place.port))
        except (OSError, MessageLengthError) as error:  # as if it were lost: it is repeated, or asked for again
            self.drop("unsent")
            log.debug("An answer to {peer} could not be sent: {why}", peer=place.peer, why=str(error))

    # --- time

    def _wake(self) -> None:
        due_at = self._layer.due_at
        if due_at is None or self._call is not None and self._call_at <= due_at:
            return
        self.stop()
        self._call_at = due_at
        self._call = self._clock.callLater(max(0.0, due_at - self.now()), self._due)

    def _due(self) -> None:
        self._call = None
        self._do(self._layer.due(self.now()))
        self._wake()


def _place(request: Request, peer: str, host: str, port: int, line: Any) -> Place:
    if line is not None:
        return Place(peer, host, port, line)
    return Place(peer, *way.back(request.vias[0], host, port))


def _plain(text: str) -> str:
    """A reason phrase: our own sentence, its signs kept to what a status line may hold."""
    return "".join(one if one.isascii() and one.isprintable() else "?" for one in text)[:80]
