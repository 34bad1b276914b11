"""All calls of one socket: whoever is rung has a phone here, which does as the script of its number says.

The longest beginning of a number that has a script decides; the empty one is everybody else's.  A number that is rung twice
has two calls: who must never be rung twice is counted in `rung`.
Bound: CALLS_MAX calls are remembered, the oldest forgotten.
"""

import socket
from collections import Counter, deque
from collections.abc import Callable
from itertools import count

from twisted.internet.protocol import DatagramProtocol

from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.phone import CUT, OVER, RINGING, Phone
from tectonics.simulators.phones.script import Script
from tectonics.simulators.phones.wake import Wake
from tectonics.wire.sip import way
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.credentials import ANSWERS
from tectonics.wire.sip.dialog import Dialog
from tectonics.wire.sip.digest import GOOD, Guard
from tectonics.wire.sip.layer import (
    Acknowledged,
    Answered,
    Asked,
    Cancelled,
    Layer,
    Out,
    Serving,
    Unacknowledged,
    Write,
)
from tectonics.wire.sip.message import Request, Response, Unreadable, parse
from tectonics.wire.sip.session_timer import expiry_of
from tectonics.wire.sip.timers import TIMERS, Timers
from tectonics.wire.sip.uri import parse_uri
from tectonics.wire.sip.values import MAGIC, parse_address

CALLS_MAX = 20_000
BUFFER_OCTETS = 4 << 20  # of the socket; wished for
PORT_FIRST = 20_000


class Switch(DatagramProtocol):
    """`written(octets, (host, port))` puts a datagram on the way; a socket does that itself."""

    noisy = False

    def __init__(self, clock, host: str = "127.0.0.1", port: int = 5060, line: Line | None = None,
                 written: Callable | None = None, timers: Timers = TIMERS) -> None:
        self.clock, self.host, self.port, self.line, self._written = clock, host, port, line or Line(), written
        self.scripts: dict[str, Script] = {"": Script()}
        self.phones: deque[Phone] = deque(maxlen=CALLS_MAX)
        self.rung: Counter[str] = Counter()
        self.options = True  # whether it answers them
        self.away = False  # whether it answers anything
        self.on_rung: Callable[[Phone], None] = _unheard  # an INVITE has come that is no repetition
        self.on_over: Callable[[Phone], None] = _unheard
        self.sent: Callable[[], float] = clock.seconds  # when the datagram at hand was sent; a socket does not know better
        self._by_call: dict[str, Phone] = {}
        self._firsts: dict[tuple, Phone] = {}  # of each INVITE, who was rung by it first; not the switch's memory, but a witness's
        self.sent_at = 0.0  # when the message at hand was sent
        self._silent: set[str] = set()
        self._timers, self._layer, self._wake = timers, Layer(timers), Wake(clock, self._due)
        self._guard = Guard("phones", b"phones")
        self._branches = count(1)

    # --- the socket

    def startProtocol(self) -> None:
        """It is open."""
        self.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
        here = self.transport.getHost()
        self.host, self.port, self._written = here.host, here.port, self.transport.write

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """A datagram has come; it arrives as the line says."""
        try:
            message = parse(datagram)
        except Unreadable:
            return
        self._witness(message)
        for delay_s in self._delays(message):
            self._soon(delay_s, self._arrived, message, addr, self.sent())

    def _arrived(self, message: Request | Response, addr: tuple[str, int], sent_at: float) -> None:
        if self._is_deaf(message):
            return
        self.sent_at = sent_at
        if isinstance(message, Request):
            message = way.arrived(message, *addr)
            addr = way.back(message.vias[0], *addr)
        self._do(self._layer.receive(message, addr, self.seconds()))

    def write(self, message: Request | Response, place: tuple[str, int]) -> None:
        """Puts it on the way."""
        if self._is_deaf(message):
            return
        for delay_s in self._delays(message):
            self._soon(delay_s, self._written, message.encode(), place)

    def _is_deaf(self, message: Request | Response) -> bool:
        deaf = self.away or message.call_id in self._silent
        if deaf:
            self._missed(message)
        return deaf

    def _delays(self, message: Request | Response) -> list[float]:
        delays = self.line.delays(message)
        if not delays:
            self._missed(message)
        return delays

    def _missed(self, message: Request | Response) -> None:
        phone = self._by_call.get(message.call_id)
        if phone is not None:
            phone.missed += 1

    def _soon(self, delay_s: float, what, *told) -> None:
        if delay_s:
            self.clock.callLater(delay_s, what, *told)
        else:
            what(*told)

    # --- what phones use

    @property
    def shown(self) -> str:
        """host:port"""
        return f"{self.host}:{self.port}"

    @property
    def timers(self) -> Timers:
        """How long it waits for what."""
        return self._timers

    def seconds(self) -> float:
        """The time."""
        return self.clock.seconds()

    def later(self, delay_s: float, what, *told):
        """Calls it then."""
        return self.clock.callLater(delay_s, what, *told)

    def via(self) -> str:
        """A new transaction's."""
        return f"SIP/2.0/UDP {self.shown};rport;branch={MAGIC}p{self.port}-{next(self._branches)}"

    def respond(self, serving: Serving, response: Response) -> None:
        """Answers a request."""
        self._do(self._layer.respond(serving, response, self.seconds()))

    def send(self, request: Request, place: tuple[str, int], phone: Phone) -> None:
        """Asks something."""
        self._do(self._layer.send(request, place, phone, self.seconds()))

    def next_hop(self, dialog: Dialog, otherwise: tuple[str, int]) -> tuple[str, int]:
        """Where requests of a dialog go."""
        uri = parse_address(dialog.routes[0]).uri if dialog.routes else parse_uri(str(dialog.target))
        return (uri.host, uri.port or way.PORT) if uri.host[:1].isdigit() else otherwise

    def silence(self, phone: Phone) -> None:
        """Nothing is heard of that call any more."""
        self._silent.add(phone.call_id)

    # --- messages

    def _do(self, out: list[Out]) -> None:
        for one in out:
            match one:
                case Write(message, place):
                    self.write(message, place)
                case Asked(serving):
                    self._asked(serving)
                case Cancelled(serving):
                    phone = self._by_call.get(serving.request.call_id)
                    if phone is not None and phone.serving is serving:
                        phone.withdrawn()
                case Acknowledged(request):
                    phone = self._by_call.get(request.call_id)
                    if phone is not None:
                        phone.acknowledged(request)
                case Unacknowledged(serving):
                    phone = self._by_call.get(serving.request.call_id)
                    if phone is not None and phone.serving is serving:
                        phone.unacknowledged()
                case Answered(phone, request, response):
                    phone.answered(request, response)
        self._wake.at(self._layer.due_at)

    def _asked(self, serving: Serving) -> None:
        request = serving.request
        phone = self._by_call.get(request.call_id)
        if request.to.tag:
            if phone is None:
                self.respond(serving, answer(request, 481, "x"))
            else:
                phone.asked(serving)
        elif request.method == "INVITE":
            self._rung(serving)
        elif request.method != "OPTIONS" or self.options:
            self.respond(serving, answer(request, 200 if request.method == "OPTIONS" else 405, "x"))

    def _rung(self, serving: Serving) -> None:
        request = serving.request
        uri = parse_uri(request.uri)
        number = uri.number.removeprefix("+") or uri.user
        script = self.scripts[max((one for one in self.scripts if number.startswith(one)), key=len)]
        refused = self._refused(request, script)
        if refused is not None:
            self.respond(serving, refused)
            return
        phone = Phone(self, serving, script, number, PORT_FIRST + 2 * len(self.phones))
        phone.copy_of = self._behind(phone)
        self.rung[number] += 1
        self.phones.append(phone)
        self._by_call[request.call_id] = phone
        if len(self._by_call) > CALLS_MAX:
            self._by_call.pop(next(iter(self._by_call)))
        self.on_rung(phone)
        phone.begin()

    def _witness(self, message: Request | Response) -> None:
        """An ACK, also one that is lost or late, tells when a final answer had been heard."""
        first = self._firsts.get(_invite_of(message)) if isinstance(message, Request) and message.method == "ACK" else None
        if first is not None:
            first.heard_at = min(first.heard_at or self.sent(), self.sent())

    def _behind(self, phone: Phone) -> Phone | None:
        """Whose INVITE has come once more, though its transaction is gone: it was sent while nobody had heard a final answer.

        Until then, and for 64 T1 at most, an INVITE is sent again (RFC 3261, section 17.1.1.2); behind that it is another ring.
        """
        name = _invite_of(phone.invite)
        first = self._firsts.get(name)
        if first is None or first.ended_by == CUT:
            self._firsts[name] = phone
            if len(self._firsts) > CALLS_MAX:
                self._firsts.pop(next(iter(self._firsts)))
            return None
        same = first.invite.vias[0].branch == phone.invite.vias[0].branch
        until = first.heard_at or first.sent_at + self._timers.patience_s
        return first if same and phone.sent_at < until else None

    def _refused(self, request: Request, script: Script) -> Response | None:
        asked = expiry_of(request)
        if script.least and asked is not None and asked.interval_s < script.least:
            return answer(request, 422, "x", (("Min-SE", str(script.least)),))
        if not script.empty and request.body and b"m=" not in request.body:
            return answer(request, 488, "x")
        return self.challenge(request, script) if script.password else None

    def challenge(self, request: Request, script: Script) -> Response | None:
        """A 407; None where the request has what it asks for."""
        header = request.header(ANSWERS[407][1])
        verdict, _ = self._guard.judge(header, request.method, script.user, script.password, self.seconds())
        if verdict == GOOD:
            return None
        said = tuple((ANSWERS[407][0], value) for _, value in self._guard.challenges(self.seconds()))
        return answer(request, 407, "x", said)

    # --- time

    def _due(self) -> None:
        self._do(self._layer.due(self.seconds()))

    # --- for who looks on

    def of(self, number: str) -> Phone:
        """The newest call of a number; IndexError where it was never rung."""
        return [one for one in self.phones if one.number == number][-1]

    @property
    def open(self) -> list[Phone]:
        """Phones that ring or are up."""
        return [one for one in self.phones if one.state != OVER]

    @property
    def ringing(self) -> list[Phone]:
        """Phones that ring."""
        return [one for one in self.phones if one.state == RINGING]

    def restart(self) -> None:
        """It knows of no call any more, and has told nobody."""
        for phone in self.open:
            phone.cut()
        self._by_call.clear()
        self._silent.clear()
        self._layer = Layer(self._timers)

    def close(self) -> None:
        """No more timers."""
        for phone in self.phones:
            phone.stop()
        self._wake.stop()


def _invite_of(request: Request) -> tuple:
    """What an INVITE and each ACK of it have in common, that of a 2xx too, whose branch is another one."""
    via = request.vias[0]
    return request.call_id, request.sender.tag, request.cseq.number, via.host, via.port


def _unheard(phone: Phone) -> None:
    """Nobody wants to know."""
