"""An account at a peer: its sessions side by side, its pace, what becomes of its PDUs, and the alarm when none is bound.

What the peer puts off (ESME_RTHROTTLED, ESME_RMSGQFUL) slows the whole account down and goes back to where it waited;
every other refusal is for good.  A request whose answer does not come is Lost: the peer may have it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.logger import Logger

from tectonics.config.smpp import SmppAccount
from tectonics.links.smpp.errands import Errand
from tectonics.links.smpp.line import Line
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected
from tectonics.links.smpp.pace import Pace
from tectonics.links.smpp.peer import Peer
from tectonics.links.smpp.seat import Seat
from tectonics.links.smpp.words import command_word
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.smpp import events, status
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.pdus import (
    Answer,
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    MessageAnswer,
    Pdu,
    Request,
    answer_to,
)
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.status import SLOW_DOWN, Status

DOWN_S = 5.0  # so long may no session be bound before there is an alarm
ASKED_MAX = 200  # requests of the peer that wait for our answer, each session
BIND_S = 30.0
IN, OUT = "in", "out"
_BINDS: dict[str, type[Bind]] = {
    "transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}

_log = Logger()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all accounts of a channel share."""

    clock: Clock
    metrics: Metrics
    alarms: Alarms
    jitter: Callable[[], float]
    heard: Callable[[Peer, Request], object]
    late: Callable[[Request, str, str], None]
    put_back: Callable[[Errand], None]
    gone: Callable[[Peer], None]
    changed: Callable[[], None]  # there may be room to send now


class Account:
    """One account and its sessions. Unsendable where its name or password does not fit into a bind."""

    def __init__(self, section: SmppAccount, endpoint: IStreamClientEndpoint, password: str,
                 around: Surroundings) -> None:
        self.section = section
        self.name = section.name
        self.pace = Pace(section.per_second, section.throttle_s)
        self._around = around
        self._bind = _BINDS[section.bind](section.system_id, password, section.system_type)
        encode(self._bind)
        self._seats = [Seat(f"{self.name}/{number}", endpoint, self._make, around.clock, section.reconnect_s,
                            around.jitter) for number in range(1, section.sessions + 1)]
        self._raising = None  # the alarm that will be raised
        self._stopping = False

    # --- for the binds

    @property
    def submits(self) -> bool:
        """Whether it may carry what we send."""
        return self.section.bind != "receiver"

    @property
    def bound(self) -> int:
        """How many sessions are bound."""
        return sum(seat.peer is not None for seat in self._seats)

    def has(self, peer: Peer) -> bool:
        """Whether that session is bound."""
        return any(seat.peer is peer for seat in self._seats)

    def free(self) -> Iterable[tuple[Peer, Line]]:
        """The bound sessions that have room for a request."""
        return [(seat.peer, seat.line) for seat in self._seats if seat.peer is not None and seat.line.room]

    def start(self) -> None:
        """Connects all its sessions."""
        self._watch()
        for seat in self._seats:
            seat.start()

    def stop(self) -> Deferred:
        """Ends all in good order."""
        self._stopping = True
        self._forget_alarm()
        return gatherResults([seat.stop() for seat in self._seats])

    def send(self, line: Line, errand: Errand) -> None:
        """Sends it over a session that has room."""
        self.pace.spend(self._around.clock.seconds())
        try:
            line.send(errand.request, errand)
        except Unsendable as error:
            _log.error("a PDU for {name} cannot be written: {why}", name=self.name, why=str(error))
            self._refused(errand, Status.RSUBMITFAIL)
            return
        self._count(OUT, errand.request)

    def show(self) -> list[dict]:
        """Its sessions, for people."""
        now = self._around.clock.seconds()
        return [{"account": self.name, "session": seat.name, "address": self.section.address, "state": seat.state,
                 "since": int(seat.since_s * 1000), "why": seat.why, "window": self.section.window,
                 "used": seat.line.used if seat.peer is not None else 0,
                 "paused": self.pace.paused(now)} for seat in self._seats]

    def level(self) -> None:
        """Shows how full its windows are."""
        used = sum(seat.line.used for seat in self._seats if seat.peer is not None)
        self._around.metrics.gauge("tectonics_smpp_window", used, self.name)

    # --- its sessions

    def _make(self, seat: Seat) -> Line:
        section = self.section
        limits = Limits(section.window, ASKED_MAX, BIND_S, section.response_s, section.enquire_s)
        return Line(self._bind, limits, self._around.clock, lambda line, event: self._happened(seat, line, event),
                    self._around.changed, seat.lost)

    def _happened(self, seat: Seat, line: Line, event: events.Event) -> None:
        match event:
            case events.Answered():
                self._answered(event)
            case events.Unanswered(errand, _, why):
                self._around.metrics.count("tectonics_smpp_lost_total", self.name)
                errand.done.callback(Lost(self.name, why))
            case events.Asked(request):
                self._asked(seat.peer, request)
            case events.Told(pdu) | events.Stray(pdu) | events.Misplaced(pdu, _):
                self._around.metrics.count("tectonics_smpp_misplaced_total", self.name, command_word(type(pdu)))
            case events.Faulty(fault):
                self._around.metrics.count("tectonics_smpp_bad_pdus_total", self.name)
                _log.debug("{name} sent what cannot be read: {text}", name=seat.name, text=fault.text)
            case events.Bound(answer):
                self._up(seat, line, answer)
            case events.BindRefused(refusal):
                line.hang_up(f"the bind was refused: {status.name(refusal)}")
            case events.Closed(why):
                self._down(seat, why)

    def _up(self, seat: Seat, line: Line, answer: Answer) -> None:
        seat.bound(Peer(self.section, seat.name, lambda request, answer: self._say(line, request, answer)))
        _log.info("{name} is bound to {system_id}", name=seat.name, system_id=answer.system_id)
        self._forget_alarm()
        self._around.alarms.clear("bind_down", self.name)
        self._around.metrics.gauge("tectonics_smpp_bound", self.bound, self.name)

    def _down(self, seat: Seat, why: str) -> None:
        peer = seat.peer
        seat.ended(why)
        self._around.metrics.gauge("tectonics_smpp_bound", self.bound, self.name)
        if peer is not None:
            _log.info("{name} is over: {why}", name=seat.name, why=why)
            self._around.gone(peer)
            self._watch()

    # --- its PDUs

    def _answered(self, event: events.Answered) -> None:
        self._count(IN, event.answer)
        if event.late:
            self._late(event)
            return
        errand, answer = event.token, event.answer
        if answer.status in SLOW_DOWN:
            self._around.metrics.count("tectonics_smpp_throttled_total", self.name)
            self.pace.throttled(self._around.clock.seconds())
            self._around.put_back(errand)
        elif answer.status or not isinstance(answer, MessageAnswer):
            self._refused(errand, answer.status or Status.RUNKNOWNERR)
        else:
            self.pace.went_well(self._around.clock.seconds())
            errand.done.callback(Accepted(self.name, answer.message_id))

    def _late(self, event: events.Answered) -> None:
        self._around.metrics.count("tectonics_smpp_late_total", self.name)
        if not event.answer.status and isinstance(event.answer, MessageAnswer):
            maybeDeferred(self._around.late, event.request, self.name, event.answer.message_id).addErrback(
                self._our_fault)

    def _refused(self, errand: Errand, refusal: int) -> None:
        self._around.metrics.count("tectonics_smpp_rejected_total", self.name, status.name(refusal))
        errand.done.callback(Rejected(self.name, refusal))

    def _asked(self, peer: Peer, request: Request) -> None:
        """Boundary: what the channel does wrong with one request is answered, and does not end the session."""
        self._count(IN, request)
        maybeDeferred(self._around.heard, peer, request).addErrback(self._unserved, peer, request)

    def _unserved(self, failure, peer: Peer, request: Request) -> None:
        self._our_fault(failure)
        peer.answer(request, answer_to(request.command, request.sequence, Status.RX_T_APPN))

    def _our_fault(self, failure) -> None:
        _log.failure("What {name} said could not be served.", failure, name=self.name)
        self._around.alarms.raise_alarm("internal_fault", f"SMPP: {failure.type.__name__}", self.name)

    def _say(self, line: Line, request: Request, answer: Answer) -> None:
        line.answer(request, answer)
        self._count(OUT, answer)

    def _count(self, direction: str, pdu: Pdu) -> None:
        self._around.metrics.count("tectonics_smpp_pdus_total", self.name, direction, command_word(type(pdu)))

    # --- its alarm

    def _watch(self) -> None:
        if self._raising is None and not self.bound and not self._stopping:
            self._raising = self._around.clock.callLater(DOWN_S, self._raise)

    def _raise(self) -> None:
        self._raising = None
        why = next((seat.why for seat in self._seats if seat.why), "no answer yet")
        self._around.alarms.raise_alarm("bind_down", f"{self.name} has no session: {why}", self.name)

    def _forget_alarm(self) -> None:
        if self._raising is not None:
            self._raising.cancel()
            self._raising = None
