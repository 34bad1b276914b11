"""A trunk that rings at us: calls are placed over one socket, and how each try was answered is written down.

A call may be tried more than once, one try after the other or at the same moment, as proxies do that fork or fail over: the same
Call-ID under another branch.  What a client must do is done (wire/sip/client.py): an INVITE is repeated until something is
heard, a final answer is acknowledged, a CANCEL waits for a provisional one (RFC 3261, section 9.1).  A 401 is answered where the
trunk has a password, unless the call has the wrong one.

Bound: whoever places calls gives each up in the end, by `give_up`.
"""

import socket
from collections.abc import Callable
from itertools import count

from msgspec import Struct, field
from twisted.internet.protocol import DatagramProtocol

from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.wake import Wake
from tectonics.wire.sip.credentials import credentials
from tectonics.wire.sip.layer import Answered, Layer, Out, Unanswered, Write
from tectonics.wire.sip.message import Request, Response, Unreadable, parse
from tectonics.wire.sip.timers import TIMERS, Timers
from tectonics.wire.sip.values import MAGIC

BUFFER_OCTETS = 4 << 20  # of the socket; wished for
NOBODY = 0  # the status of a try that nobody answered
_INVITE = """INVITE sip:{did}@{host}:{port} SIP/2.0\r
Via: {via}\r
Max-Forwards: 70\r
From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag={tag}\r
To: <sip:{did}@{host}>\r
Call-ID: {call_id}\r
CSeq: {number} INVITE\r
Contact: <sip:trunk@{shown}>\r
{headers}Content-Length: 0\r
\r
"""


class Dialled(Struct, frozen=True):
    """Who calls whom; `headers` are whole lines that tell who calls."""

    call_id: str
    did: str
    headers: tuple[str, ...] = ()
    password: str = ""  # that this call is placed with; empty: none is told


class Try(Struct, eq=False):
    """One way of one call; moments are the clock's seconds."""

    dialled: Dialled
    place: tuple[str, int]
    begun_at: float
    statuses: list[tuple[float, int]] = field(default_factory=list)
    ended_at: float = 0.0
    number: int = 1  # of the CSeq
    hangs_up: bool = False
    cancelled: bool = False
    request: Request | None = None

    @property
    def final(self) -> int:
        """How it was answered in the end; 0: not at all, or not yet."""
        return next((status for _, status in self.statuses if status >= 200), NOBODY)

    @property
    def rang_s(self) -> float:
        """How long he heard it ring."""
        rang = next((at for at, status in self.statuses if 180 <= status < 200), 0.0)
        return (self.ended_at - rang) if rang and self.ended_at else 0.0


class Trunk(DatagramProtocol):
    """`user` is its name where it proves itself.

    `on_heard(one, status)` hears of each answer, also of one that nobody waits for but that may cost or ring; `on_end(one)` of
    each try that is over.
    """

    noisy = False

    def __init__(self, clock, user: str = "", line: Line | None = None, timers: Timers = TIMERS) -> None:
        self._clock, self._user, self.line = clock, user, line or Line()
        self.on_end: Callable[[Try], None] = lambda one: None
        self.on_heard: Callable[[Try, int], None] = lambda one, status: None
        self.strays = 0  # answers to what is over
        self._layer, self._wake = Layer(timers), Wake(clock, self._due)
        self._numbers = count(1)
        self._shown, self._written = "127.0.0.1:5060", None

    # --- the socket

    def startProtocol(self) -> None:
        """It is open."""
        self.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
        here = self.transport.getHost()
        self._shown, self._written = f"{here.host}:{here.port}", self.transport.write

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """A datagram has come; it arrives as the line says."""
        try:
            message = parse(datagram)
        except Unreadable:
            return
        for delay_s in self.line.delays(message):
            self._soon(delay_s, self._arrived, message, addr)

    def _arrived(self, message: Request | Response, addr: tuple[str, int]) -> None:
        self._do(self._layer.receive(message, addr, self._clock.seconds()))

    def _write(self, message: Request | Response, place: tuple[str, int]) -> None:
        for delay_s in self.line.delays(message):
            self._soon(delay_s, self._written, message.encode(), place)

    def _soon(self, delay_s: float, what, *told) -> None:
        if delay_s:
            self._clock.callLater(delay_s, what, *told)
        else:
            what(*told)

    # --- calls

    def call(self, dialled: Dialled, place: tuple[str, int]) -> Try:
        """Places a call, or places it once more by another way."""
        one = Try(dialled, place, self._clock.seconds())
        self._invite(one)
        return one

    def hang_up(self, one: Try) -> None:
        """The caller does, as soon as that can be said."""
        one.hangs_up = True
        self._cancel(one)

    def _cancel(self, one: Try) -> None:
        if one.hangs_up and not one.cancelled and one.statuses and not one.final:
            one.cancelled = True
            self._do(self._layer.cancel(one.request, one, self._clock.seconds()))

    def give_up(self, one: Try) -> None:
        """Nobody waits for an answer any more."""
        self.hang_up(one)
        self._end(one)

    def _invite(self, one: Try, *proof: str) -> None:
        told, number = one.dialled, next(self._numbers)
        via = f"SIP/2.0/UDP {self._shown};rport;branch={MAGIC}{number}.{self._shown}"
        headers = "".join(f"{line}\r\n" for line in (*told.headers, *proof))
        one.request = parse(_INVITE.format(
            did=told.did, host=one.place[0], port=one.place[1], via=via, tag=f"t{told.call_id[:20]}", call_id=told.call_id,
            number=one.number, shown=self._shown, headers=headers).encode())
        self._do(self._layer.send(one.request, one.place, one, self._clock.seconds()))

    # --- answers

    def _do(self, out: list[Out]) -> None:
        for done in out:
            match done:
                case Write(message, place):
                    self._write(message, place)
                case Answered(one, request, response) if request is one.request:
                    self._answered(one, response)
                case Unanswered(one, request) if request is one.request:
                    self._end(one)
                case Answered() | Unanswered():
                    pass  # of a CANCEL, or of an INVITE without the password
                case _:
                    self.strays += 1
        self._wake.at(self._layer.due_at)

    def _answered(self, one: Try, response: Response) -> None:
        if one.ended_at:
            self._answered_late(one, response.status)
            return
        proof = credentials(one.request, response, self._user, one.dialled.password) \
            if response.status == 401 and one.number == 1 and one.dialled.password else None
        if proof is not None:
            one.number += 1
            self._invite(one, "{}: {}".format(*proof))
            return
        one.statuses.append((self._clock.seconds(), response.status))
        if response.status >= 200:
            self._end(one)
        self._cancel(one)
        self.on_heard(one, response.status)

    def _answered_late(self, one: Try, status: int) -> None:
        """He waits no more; but a 2xx may cost him something."""
        if status < 300:
            one.statuses.append((self._clock.seconds(), status))
            self._cancel(one)
            self.on_heard(one, status)

    def _end(self, one: Try) -> None:
        if not one.ended_at:
            one.ended_at = self._clock.seconds()
            self.on_end(one)

    # --- time

    def _due(self) -> None:
        self._do(self._layer.due(self._clock.seconds()))

    def close(self) -> None:
        """No more timers."""
        self._wake.stop()
