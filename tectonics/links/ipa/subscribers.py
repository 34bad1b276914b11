"""Whose IMSI this is: asked of the home location register over its control interface, and remembered for a while.

USSD through OsmoHLR names a subscriber by his IMSI alone; an account is kept by MSISDN.  What is asked while the
line is down waits for it, and what was asked over a connection that is lost is asked again: a question changes
nothing.  After ANSWER_S without an answer the register is unavailable for this question.

A number is remembered for `keep_s`, so a subscriber who gets another number at the register is taken for the old
one that long; that he has none is remembered for NONE_S at most, so that a new one is soon known.  Many who ask for
the same IMSI share one question.
Bounds: KEPT_MAX IMSIs remembered, the oldest is forgotten; ASKED_MAX asked at a time, the next is unavailable.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from tectonics.domain.outcome import Unavailable
from tectonics.links.ipa.line import Line
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.gsup.ctrl import Ctrl, CtrlTimes, Failed, Told, about, is_unknown, msisdn_in
from tectonics.wire.gsup.events import Down, Ignored, Up

ANSWER_S = 2.0
NONE_S = 10.0
KEPT_MAX = 100_000
ASKED_MAX = 1000
LOOKUPS = "tectonics_gsup_lookups_total"

log = Logger()
Answer = str | None | Unavailable  # the number as the register has it; None: there is none


@dataclass(slots=True)
class _Lookup:
    """An IMSI that is asked for, or waits for the line."""

    timer: object
    waiting: list[Deferred] = field(default_factory=list)


class Subscribers:
    """The subscribers of one register, over `endpoint`, its CTRL port."""

    def __init__(self, endpoint, *, clock: Clock, metrics: Metrics, alarms: Alarms, keep_s: float,
                 jitter: Callable[[], float], times: CtrlTimes | None = None) -> None:
        self._clock, self._metrics, self._keep_s = clock, metrics, keep_s
        self._ctrl = Ctrl(times or CtrlTimes(answer_s=ANSWER_S))
        self._line = Line("control", endpoint, self._ctrl, self._heard, clock=clock, metrics=metrics, alarms=alarms,
                          jitter=jitter)
        self._kept: OrderedDict[str, tuple[str | None, float]] = OrderedDict()  # and until when
        self._lookups: dict[str, _Lookup] = {}
        self._numbers: dict[int, str] = {}  # of questions on their way over this connection
        self.start, self.hurry, self.shown = self._line.start, self._line.hurry, self._line.shown

    def stop(self) -> Deferred[None]:
        """Disconnects; whoever waits is told that nothing is known."""
        for imsi in tuple(self._lookups):
            self._tell(imsi, Unavailable("stopping"))
        return self._line.stop()

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept, how much, its bound)."""
        return [("IMSIs remembered", len(self._kept), KEPT_MAX), ("IMSIs asked for", len(self._lookups), ASKED_MAX)]

    def msisdn(self, imsi: str) -> Deferred[Answer]:
        """The subscriber's number. Never fails."""
        known = self._kept.get(imsi)
        if known is not None and self._line.now() < known[1]:
            self._metrics.count(LOOKUPS, "kept")
            return succeed(known[0])
        lookup = self._lookups.get(imsi) or self._begin(imsi)
        if lookup is None:
            self._metrics.count(LOOKUPS, "unavailable")
            return succeed(Unavailable("too many subscribers are looked up"))
        lookup.waiting.append(Deferred())
        return lookup.waiting[-1]

    def _begin(self, imsi: str) -> _Lookup | None:
        if len(self._lookups) >= ASKED_MAX:
            return None
        late = Unavailable("the register does not answer")
        lookup = self._lookups[imsi] = _Lookup(self._clock.callLater(ANSWER_S, self._tell, imsi, late))
        if self._ctrl.up:
            self._ask(imsi)
        return lookup

    def _ask(self, imsi: str) -> None:
        self._numbers[self._ctrl.ask(about(imsi), self._line.now())] = imsi
        self._line.flush()

    def _heard(self, event) -> None:
        match event:
            case Up():
                for imsi in tuple(self._lookups):
                    self._ask(imsi)
            case Down():
                self._numbers.clear()
            case Told(number, value):
                self._learnt(number, msisdn_in(value))
            case Failed(number, why) if is_unknown(why):
                self._learnt(number, None)
            case Failed(number, why):
                log.warn("The HLR cannot say who a subscriber is: {why}", why=why[:200])  # noqa: G010
                self._tell(self._numbers.pop(number), Unavailable(why))
            case Ignored(why):
                log.debug("Something from the HLR's control port is ignored: {why}", why=why)

    def _learnt(self, number: int, msisdn: str | None) -> None:
        """Worth remembering, also when it comes too late for those who asked."""
        imsi = self._numbers.pop(number)
        keep_s = self._keep_s if msisdn else min(NONE_S, self._keep_s)
        self._kept[imsi] = msisdn, self._line.now() + keep_s
        self._kept.move_to_end(imsi)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        self._tell(imsi, msisdn)

    def _tell(self, imsi: str, answer: Answer) -> None:
        lookup = self._lookups.pop(imsi, None)
        if lookup is None:
            return
        if lookup.timer.active():
            lookup.timer.cancel()
        result = "unavailable" if isinstance(answer, Unavailable) else "found" if answer else "none"
        self._metrics.count(LOOKUPS, result)
        for waiting in lookup.waiting:
            waiting.callback(answer)
