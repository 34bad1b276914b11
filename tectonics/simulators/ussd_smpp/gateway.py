"""The gateway: the daemon binds to it, its subscribers dial.

A deliver_sm that was not answered, because the connection broke or the daemon told it to slow down, is said again, over
whatever connection there is, while its session lasts and for `patience_s` afterwards.  A screen for a session that is not there, or that shows a menu already, is refused.  What goes
wrong can be ordered (the kinds are those of the message centre's simulator):

    double                         a deliver_sm goes out twice, as it is
    cut                            the connection breaks in the middle of a deliver_sm
    throttle, queue_full, refuse   a screen is not taken
    lose_request, lose_answer      a screen is not answered; it was shown in the second case
    late                           a screen is shown, and answered `late_s` later
    silent                         the connection hears and says nothing any more

Bound: DELIVERIES_MAX PDUs wait for room in a window.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory

from tectonics.domain.dialects import Dialect
from tectonics.domain.errors import Busy
from tectonics.ports import Clock
from tectonics.simulators.moments import Moments
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.smsc.session import EsmeSession
from tectonics.simulators.ussd_smpp.handset import Handset
from tectonics.simulators.ussd_smpp.voice import Screen, Voice
from tectonics.wire.smpp import events
from tectonics.wire.smpp.codec import encode
from tectonics.wire.smpp.pdus import DataSm, DeliverSm, Request, SubmitSm, SubmitSmResp, answer_to
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.status import TRY_LATER, Status

DELIVERIES_MAX = 100_000
RETRY_S = 0.05


@dataclass(slots=True, eq=False)
class Said:
    """A PDU on its way to the daemon."""

    handset: Handset
    pdu: DeliverSm
    at_s: float


class UssdGateway(Factory):
    """Listens wherever it is given to an endpoint. `esmes`: passwords by system_id; none: everybody is let in.

    `patience_s` is how long the network waits for a screen, 0 for ever; `pushed(handset)` hears of sessions that the
    daemon began.
    """

    noisy = False

    def __init__(self, clock: Clock, dialect: Dialect, esmes: Mapping[str, str] | None = None, *, echo: bool = False,
                 faults: Faults | None = None, limits: Limits | None = None, patience_s: float = 0.0) -> None:
        self.clock, self.patience_s = clock, patience_s
        self.voice = Voice(dialect, echo)
        self.faults = faults or Faults()
        self.pushed: Callable[[Handset], None] | None = None
        self.counts: Counter[str] = Counter()
        self.sessions: list[EsmeSession] = []
        self.refused: list[int] = []  # statuses with which the daemon has refused what was said, but to slow down
        self._esmes, self._limits = esmes, limits or Limits(window=100, asked_max=10_000)
        self._handsets: dict[tuple[str, int], Handset] = {}
        self._waiting: deque[Said] = deque()
        self._numbers = 0
        self._closing: Deferred[None] | None = None
        self._moments = Moments(clock)

    # --- for who plays with it

    def dial(self, msisdn: str, code: str = "*133#") -> Handset:
        """Begins a session; its first screen comes by `next`."""
        self._numbers += 1
        handset = Handset(self, msisdn, code, self.voice.correlator(self._numbers))
        self._add(handset)
        self.say(handset, self.voice.dial(msisdn, code, handset.correlator))
        return handset

    def say(self, handset: Handset, pdu: DeliverSm) -> None:
        """Says something for a session, as soon as there is room. Busy."""
        if len(self._waiting) >= DELIVERIES_MAX:
            raise Busy(f"{DELIVERIES_MAX} PDUs wait")
        handset.said.append(pdu)
        self._waiting.append(Said(handset, pdu, self.clock.seconds()))
        self.deliver_waiting()

    def wait_for(self, met: Callable[[], bool]) -> Deferred[None]:
        """Fires as soon as `met()` holds; looked at after each event."""
        return self._moments.wait_for(met)

    def cut_all(self) -> None:
        """Breaks every connection."""
        for session in list(self.sessions):
            session.cut()

    def close(self) -> Deferred[None]:
        """Breaks every connection and ends every session; fires when all are gone."""
        self._moments.forget()
        self._waiting.clear()
        for handset in list(self._handsets.values()):
            handset.ended("the gateway closes")
        if not self.sessions:
            return succeed(None)
        self._closing = Deferred()
        self.cut_all()
        return self._closing

    def forget(self, handset: Handset) -> None:
        """A session is over."""
        if self._handsets.get((handset.msisdn, handset.correlator)) is handset:
            del self._handsets[handset.msisdn, handset.correlator]

    # --- for the connections

    def buildProtocol(self, addr) -> EsmeSession:
        """A connection."""
        return EsmeSession(self, self.clock, self._limits)

    def connected(self, session: EsmeSession) -> None:
        """The daemon is there."""
        self.sessions.append(session)

    def disconnected(self, session: EsmeSession) -> None:
        """And gone."""
        self.sessions.remove(session)
        if self._closing is not None and not self.sessions:
            self._closing.callback(None)
        self._moments.look()

    def happened(self, session: EsmeSession, event: events.Event) -> None:
        """What a session reports."""
        match event:
            case events.BindAsked(bind):
                self._bind(session, bind)
            case events.Asked(SubmitSm() | DataSm() as request):
                self._told(session, request)
            case events.Asked(request):
                session.answer(request, answer_to(request.command, request.sequence, Status.RINVCMDID))
            case events.Answered(late=True):
                self.counts["late answers"] += 1
            case events.Answered(said, _, answer):
                self._answered(said, answer.status)
            case events.Unanswered(said):
                self.counts["unanswered"] += 1
                self._waiting.appendleft(said)
            case _:
                self.counts[type(event).__name__.lower()] += 1
        self.deliver_waiting()
        self._moments.look()

    def deliver_waiting(self) -> None:
        """Says what there is room for."""
        while self._waiting:
            session = max(self.sessions, key=lambda one: one.room, default=None)
            if session is None or not session.room:
                return
            said = self._waiting.popleft()
            if not self.stale(said):
                self._deliver(session, said)

    def stale(self, said: Said) -> bool:
        """Whether it has waited for so long that the network knows nothing of its session any more."""
        return bool(self.patience_s and said.handset.over and self.clock.seconds() > said.at_s + self.patience_s)

    # --- within

    def _deliver(self, session: EsmeSession, said: Said) -> None:
        if self.faults.strikes(wrong.CUT):
            self._waiting.appendleft(said)
            session.cut(replace(said.pdu, sequence=1))
            return
        sequence = session.send(said.pdu, said)
        self.counts["said"] += 1
        if self.faults.strikes(wrong.DOUBLE):
            session.raw(encode(replace(said.pdu, sequence=sequence)))

    def _answered(self, said: Said, status: int) -> None:
        if status in TRY_LATER:
            self.counts["slowed"] += 1
            self._moments.later(RETRY_S, self._again, said)
        elif status != Status.ROK:
            self.refused.append(status)
            said.handset.ended(f"the daemon refused it with {status:#x}")

    def _again(self, said: Said) -> None:
        self._waiting.append(said)
        self.deliver_waiting()

    def _bind(self, session: EsmeSession, bind) -> None:
        session.system_id = bind.system_id
        known = self._esmes is None or self._esmes.get(bind.system_id) == bind.password
        if not known:
            self.counts["not let in"] += 1
            session.refuse(bind, Status.RBINDFAIL)
            return
        self.counts["bound"] += 1
        session.accept(bind, "gateway")

    def _told(self, session: EsmeSession, request: SubmitSm | DataSm) -> None:
        strikes = self.faults.strikes
        if strikes(wrong.SILENT):
            session.silent = True
            return
        for kind, status in ((wrong.THROTTLE, Status.RTHROTTLED), (wrong.QUEUE_FULL, Status.RMSGQFUL),
                             (wrong.REFUSE, Status.RSUBMITFAIL)):
            if strikes(kind):
                session.answer(request, answer_to(request.command, request.sequence, status))
                return
        if strikes(wrong.LOSE_REQUEST):
            return
        handset, screen = self._placed(request)
        self._answer(session, request, Status.ROK if handset is not None or screen is None else Status.RSUBMITFAIL)
        if handset is not None and screen is not None:
            self._show(handset, screen)

    def _placed(self, request: SubmitSm | DataSm) -> tuple[Handset | None, Screen | None]:
        """The handset that a screen is for, and the screen; no handset where it has no place, no screen for the end."""
        msisdn, correlator, screen = self.voice.read(request)
        handset = self._handsets.get((msisdn, correlator))
        if screen is None:
            if handset is not None:
                handset.ended("given up by the daemon")
            return handset, None
        if handset is None and self.pushed is not None and (screen.more or screen.notice):
            handset = Handset(self, msisdn, "*0#", correlator)
            self._add(handset)
            self.pushed(handset)
        if handset is None or handset.waits:
            self.counts["out of place"] += 1
            return None, screen
        return handset, screen

    def _show(self, handset: Handset, screen: Screen) -> None:
        self.counts["screens"] += 1
        if screen.notice and self.voice.dialect.ops_in.shown:
            self.say(handset, self.voice.confirmed(handset.msisdn, handset.correlator))
        handset.show(screen)

    def _answer(self, session: EsmeSession, request: Request, status: int) -> None:
        answer = answer_to(request.command, request.sequence, status)
        if isinstance(answer, SubmitSmResp) and not status:
            self._numbers += 1
            answer = replace(answer, message_id=f"{self._numbers:x}")
        if self.faults.strikes(wrong.LATE):
            self._moments.later(self.faults.late_s, session.answer, request, answer)
        elif not self.faults.strikes(wrong.LOSE_ANSWER):
            session.answer(request, answer)

    def _add(self, handset: Handset) -> None:
        key = (handset.msisdn, handset.correlator)
        before = self._handsets.get(key)
        if before is not None:
            before.ended("its correlator began another session")
        self._handsets[key] = handset
