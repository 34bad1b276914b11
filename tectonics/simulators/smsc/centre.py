"""The message centre: who may bind, what was submitted, what is to be delivered.

A submit is answered with an id and, where it was asked for, followed by a receipt.  A delivery goes to the receiving
session with the fewest under way; what is refused for now, not answered or cut off is delivered again.

Bounds: the newest KEPT_MAX submits are remembered; DELIVERIES_MAX deliveries wait, the next is refused with Busy; each
is tried TRIES_MAX times.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.protocol import Factory

from tectonics.domain.errors import Busy
from tectonics.ports import Clock
from tectonics.simulators.moments import Moments
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.smsc.mobile import mobile
from tectonics.simulators.smsc.receipts import SPELLINGS, Style, receipt, wanted
from tectonics.simulators.smsc.session import GARBAGE, EsmeSession
from tectonics.wire.smpp import events, states
from tectonics.wire.smpp.pdus import Bind, DataSm, DataSmResp, Request, SubmitSm, SubmitSmResp, answer_to
from tectonics.wire.smpp.session import Limits
from tectonics.wire.smpp.status import TRY_LATER, Status

KEPT_MAX = 20_000
DELIVERIES_MAX = 10_000
TRIES_MAX = 5
UNANSWERED = -1  # what a delivery ends with when no status came


@dataclass(slots=True)
class Submitted:
    """A message that was taken."""

    number: int
    id: str  # as it was answered
    system_id: str
    pdu: SubmitSm | DataSm
    at_s: float
    session: EsmeSession


@dataclass(slots=True, eq=False)
class Delivery:
    """A PDU to be delivered; `done` fires with the status of its answer, or UNANSWERED after the last try."""

    pdu: Request
    system_id: str = ""  # to whom; empty: whoever receives
    tries: int = 0
    statuses: list[int] = field(default_factory=list)
    done: Deferred[int] = field(default_factory=Deferred)


class MessageCentre(Factory):
    """Listens wherever it is given to an endpoint. `esmes`: passwords by system_id; none: everybody is let in.

    `fate(submitted)` is the state that a message comes to, and its receipt is sent `receipt_s` later;
    `on_submit(submitted)` hears of each.
    """

    noisy = False

    def __init__(self, clock: Clock, esmes: Mapping[str, str] | None = None, *, faults: Faults | None = None,
                 style: Style | None = None, limits: Limits | None = None, receipt_s: float = 0.05,
                 retry_s: float = 0.5, system_id: str = "simulator", per_second: int = 0) -> None:
        self.faults = faults or Faults()
        self.style = style or Style()
        self.fate: Callable[[Submitted], str] = lambda submitted: "DELIVRD"
        self.on_submit: Callable[[Submitted], None] | None = None
        self.sessions: list[EsmeSession] = []
        self.submitted: deque[Submitted] = deque(maxlen=KEPT_MAX)
        self.counts: Counter[str] = Counter()  # what happened, by words: bound, refused, submitted, RTHROTTLED, ...
        self.events: deque = deque(maxlen=KEPT_MAX)  # faults, strays and ends of the sessions, as they came
        self._clock, self._esmes, self._system_id = clock, esmes, system_id
        self._limits = limits or Limits(window=50, asked_max=10_000)
        self.receipt_s, self._retry_s = receipt_s, retry_s
        self._per_second, self._second = per_second, (0, 0)
        self._number = 0
        self._waiting: deque[Delivery] = deque()
        self._moments = Moments(clock)  # late answers, receipts, repetitions
        self._closing: list[Deferred[None]] = []

    # --- for tests and control

    def message(self, text: str, source: str, destination: str = "133", *, to: str = "", **how) -> Deferred[list[int]]:
        """A subscriber writes; the statuses of its parts. `how` is of mobile.mobile. Busy when too many wait."""
        return gatherResults([self.deliver(pdu, to) for pdu in mobile(text, source, destination, **how)])

    def deliver(self, pdu: Request, to: str = "") -> Deferred[int]:
        """Delivers any PDU to the ESME `to`, or to any that receives; the status of its last answer."""
        if len(self._waiting) >= DELIVERIES_MAX:
            raise Busy(f"{DELIVERIES_MAX} deliveries wait")
        delivery = Delivery(pdu, to)
        self._waiting.append(delivery)
        if self.faults.strikes(wrong.DOUBLE):
            self._waiting.append(Delivery(pdu, to))
        self.deliver_waiting()
        return delivery.done

    def receipt(self, submitted: Submitted, state: str = "DELIVRD", error: int = 0, style: Style | None = None,
                ) -> Deferred[int]:
        """Tells what became of a message, whether asked or not."""
        self.counts["receipts"] += 1
        return self.deliver(receipt(style or self.style, submitted.number, state, error, submitted.pdu),
                            submitted.system_id)

    def wait_for(self, met: Callable[[], bool]) -> Deferred[None]:
        """Fires as soon as `met()` holds; looked at after each event."""
        return self._moments.wait_for(met)

    @property
    def bound(self) -> list[EsmeSession]:
        """The sessions that are bound."""
        return [session for session in self.sessions if session.state in states.BOUND]

    def cut_all(self) -> None:
        """Breaks every connection."""
        for session in list(self.sessions):
            session.cut()

    def close(self) -> Deferred[None]:
        """Breaks every connection and forgets what was to come; fires when all are gone."""
        self._moments.forget()
        self._waiting.clear()
        if not self.sessions:
            return succeed(None)
        self._closing.append(Deferred())
        self.cut_all()
        return self._closing[-1]

    # --- for the sessions

    def buildProtocol(self, addr) -> EsmeSession:
        """A connection."""
        return EsmeSession(self, self._clock, self._limits)

    def connected(self, session: EsmeSession) -> None:
        """An ESME is there."""
        self.sessions.append(session)
        self.counts["connected"] += 1
        self._moments.look()

    def disconnected(self, session: EsmeSession) -> None:
        """And gone."""
        self.sessions.remove(session)
        if not self.sessions:
            for closing in self._closing:
                closing.callback(None)
            self._closing.clear()
        self._moments.look()

    def happened(self, session: EsmeSession, event: events.Event) -> None:
        """What a session reports."""
        match event:
            case events.BindAsked(bind):
                self._bind(session, bind)
            case events.Asked(SubmitSm() | DataSm() as request):
                self._submit(session, request)
            case events.Asked(request):
                session.answer(request, answer_to(request.command, request.sequence, Status.RINVCMDID))
            case events.Answered(late=True):  # it is being delivered again already
                self.counts["late answers"] += 1
            case events.Answered(delivery, _, answer):
                self._delivered(delivery, answer.status)
            case events.Unanswered(delivery):
                self._delivered(delivery, UNANSWERED)
            case _:
                self.counts[type(event).__name__.lower()] += 1
                self.events.append((session, event))
        self._moments.look()

    def deliver_waiting(self) -> None:
        """Delivers what there is room for."""
        for _ in range(len(self._waiting)):
            if not any(one.room for one in self.sessions):
                return
            delivery = self._waiting.popleft()
            able = [one for one in self.sessions if one.room and delivery.system_id in ("", one.system_id)]
            if able:
                delivery.tries += 1
                max(able, key=lambda one: one.room).send(delivery.pdu, delivery)
            else:
                self._waiting.append(delivery)

    # --- within

    def _bind(self, session: EsmeSession, bind: Bind) -> None:
        session.system_id = bind.system_id
        known = self._esmes is None or bind.system_id in self._esmes
        if not known or self._esmes and self._esmes[bind.system_id] != bind.password:
            self.counts["refused"] += 1
            session.refuse(bind, Status.RINVPASWD if known else Status.RINVSYSID)
            return
        self.counts["bound"] += 1
        session.accept(bind, self._system_id)
        self.deliver_waiting()

    def _submit(self, session: EsmeSession, request: SubmitSm | DataSm) -> None:
        strikes = self.faults.strikes
        if strikes(wrong.SILENT):
            session.silent = True
            return
        status = self._refusal(strikes)
        if status:
            self.counts[Status(status).name] += 1
            session.answer(request, answer_to(request.command, request.sequence, status))
        elif not strikes(wrong.LOSE_REQUEST):
            self._take(session, request)

    def _refusal(self, strikes: Callable[[str], bool]) -> int:
        if strikes(wrong.THROTTLE) or self._too_fast():
            return Status.RTHROTTLED
        if strikes(wrong.QUEUE_FULL):
            return Status.RMSGQFUL
        return Status.RSUBMITFAIL if strikes(wrong.REFUSE) else Status.ROK

    def _too_fast(self) -> bool:
        if not self._per_second:
            return False
        second, count = int(self._clock.seconds()), self._second[1] + 1
        self._second = (second, count if second == self._second[0] else 1)
        return self._second[1] > self._per_second

    def _take(self, session: EsmeSession, request: SubmitSm | DataSm) -> None:
        self._number += 1
        id = SPELLINGS[self.style.answered](self._number)
        taken = Submitted(self._number, id, session.system_id, request, self._clock.seconds(), session)
        self.submitted.append(taken)
        self.counts["submitted"] += 1
        made = SubmitSmResp if isinstance(request, SubmitSm) else DataSmResp
        answer = made(message_id=id, sequence=request.sequence)
        if self.style.before_answer:
            self._end(taken)
        self._answer(session, request, answer)
        if not self.style.before_answer and request.registered_delivery & 0x03:
            self._moments.later(self.receipt_s, self._end, taken)
        if self.on_submit is not None:
            self.on_submit(taken)

    def _answer(self, session: EsmeSession, request: Request, answer: SubmitSmResp | DataSmResp) -> None:
        strikes = self.faults.strikes
        if strikes(wrong.CUT):
            session.cut(answer)
        elif strikes(wrong.GARBAGE):
            session.raw(GARBAGE)
        elif strikes(wrong.LATE):
            self._moments.later(self.faults.late_s, session.answer, request, answer)
        elif not strikes(wrong.LOSE_ANSWER):
            session.answer(request, answer)

    def _end(self, submitted: Submitted) -> None:
        state = self.fate(submitted)
        if wanted(submitted.pdu.registered_delivery, state):
            self.receipt(submitted, state)

    def _delivered(self, delivery: Delivery, status: int) -> None:
        delivery.statuses.append(status)
        if (status == UNANSWERED or status in TRY_LATER) and delivery.tries < TRIES_MAX:
            self._moments.later(self._retry_s, self._again, delivery)
        else:
            self.counts["delivered" if status == Status.ROK else "undelivered"] += 1
            delivery.done.callback(status)
        self.deliver_waiting()

    def _again(self, delivery: Delivery) -> None:
        self._waiting.append(delivery)
        self.deliver_waiting()
