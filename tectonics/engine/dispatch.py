"""The one way through the house: load, decide, write as one unit, then let the commands go.

An event is decided on what the store holds now, or on what was seen a moment ago (known.py), which the
compare-and-set proves to be the same.  When another unit was faster (Conflict) it is loaded and
decided again, at most TRIES_MAX times, then answered "busy".  Nothing that the decision
asks for is done before its unit is durable; if the process dies before, nothing has happened, and if
it dies after, the command is found in the outbox.
A fault of ours in a workflow raises an alarm and stops that one event; the daemon goes on.
"""

from collections.abc import Callable
from functools import partial

from twisted.logger import Logger, LogLevel

from tectonics.domain.errors import Busy, OurFault, TheirFault
from tectonics.domain.events import Event
from tectonics.domain.messages import Catalogue
from tectonics.domain.msisdn import mask
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import TYPES
from tectonics.domain.trace import trace_of
from tectonics.domain.value import value
from tectonics.engine.counting import count_decision
from tectonics.engine.known import KnownAccounts, starts
from tectonics.engine.lanes import Lanes
from tectonics.engine.tracing import trace_of_event, traced
from tectonics.engine.units import asked_recharge, asked_triggers, trigger_of, unit_of
from tectonics.engine.usage import ServiceUsage
from tectonics.ports import Alarms, Clock, Committed, Duplicate, Ids, Loaded, Metrics, Policies, Store
from tectonics.ports.areas import area
from tectonics.workflows.decide import decide
from tectonics.workflows.decision import Context, Decision
from tectonics.workflows.recover import reversal_mark

TRIES_MAX = 8
_WRONG = frozenset({"failed", "unknown"})  # outcomes of tickets that the log tells of without being asked for details
log = Logger()
told = area(__name__)


@value
class Result:
    """What became of an event.

    `decision` None: nothing was written, because nothing was to be (`duplicate` False) or because the
    same request had been served before (then `answer` is what it got, None while it is being served).
    """

    decision: Decision | None
    duplicate: bool = False
    answer: bytes | None = None
    silence: str = ""  # why nothing was to be written, where that is counted


class Engine:
    """Dispatches events. `on_decided(event, decision, now)` hears each unit after it is durable,
    `on_dispatched(event, took_s, now)` each event when it is over, whatever became of it."""

    def __init__(self, store: Store, policies: Policies, catalogue: Catalogue, clock: Clock, ids: Ids,
                 metrics: Metrics, alarms: Alarms) -> None:
        self.store, self.policies, self.catalogue = store, policies, catalogue
        self.clock, self.ids, self.metrics, self.alarms = clock, ids, metrics, alarms
        self.usage = ServiceUsage(store, lambda now: policies.current.day(now))
        self.on_decided: list[Callable[[Event, Decision, int], None]] = []
        self.on_dispatched: list[Callable[[Event, float, int], None]] = []
        self.known = KnownAccounts()
        self._lanes = Lanes()
        self.dispatching = 0

    def now(self) -> int:
        """This moment in ms."""
        return int(self.clock.seconds() * 1000)

    def context(self, now: int | None = None) -> Context:
        """What workflows are given."""
        now = self.now() if now is None else now
        count, minor = self.usage.now(now)
        return Context(self.policies.current, self.catalogue, now, partial(self.ids.new, now), count, minor)

    async def dispatch(self, event: Event) -> Result:
        """Decides and writes one event. Fails with a TheirFault (Busy among them) or OurFault."""
        self.dispatching += 1
        begun_s = self.clock.seconds()
        try:
            turn = self._lanes.enter(event.msisdn)
            if turn is not None:
                await turn
            try:
                return await self._decide(event)
            finally:
                self._lanes.leave(event.msisdn)
        except TheirFault:
            raise
        except Exception as fault:
            self._ours(event, fault)
            raise OurFault(f"{type(event).__name__} failed, see the log") from fault
        finally:
            self.dispatching -= 1
            ended_s = self.clock.seconds()
            self.metrics.observe("tectonics_decide_seconds", ended_s - begun_s, type(event).__name__)
            for hear in self.on_dispatched:
                hear(event, ended_s - begun_s, int(ended_s * 1000))

    def _ours(self, event: Event, fault: Exception) -> None:
        name = type(event).__name__
        own = trigger_of(event)
        log.failure("{name} for {msisdn} failed", name=name, msisdn=mask(event.msisdn),
                    trace=trace_of(own.channel, own.id) if own else "")
        self.alarms.raise_alarm("internal_fault", f"{name}: {type(fault).__name__}: {fault}", name)

    async def _decide(self, event: Event) -> Result:
        known = self.known.take(event.msisdn)
        if known is not None and starts(event):
            result = await self._try(event, Loaded(known, {}))
            if result is not None and (result.duplicate or result.decision is not None):
                return result
            self.metrics.count("tectonics_units_total", "conflict")
        for _ in range(TRIES_MAX):
            loaded = await self.store.load(event.msisdn, asked_triggers(event), asked_recharge(event))
            own = trigger_of(event)
            if own is not None and own in loaded.answers:
                self.metrics.count("tectonics_units_total", "duplicate")
                return Result(None, True, loaded.answers[own])
            result = await self._try(event, loaded)
            if result is not None:
                return result
            self.metrics.count("tectonics_units_total", "conflict")
        raise Busy("this subscriber is being served elsewhere, try again")

    async def _try(self, event: Event, loaded: Loaded) -> Result | None:
        account = loaded.account or Account(event.msisdn)
        context = self.context()
        decision = decide(account, event, context, self._taken_back(event, loaded))
        if not isinstance(decision, Decision):
            return Result(None, silence=decision.reason if decision else "")
        trace = trace_of_event(event, account)
        decision = traced(decision, event, trace)
        lent = decision.lent_count, decision.lent_minor
        self.usage.reserve(*lent)
        written = False
        try:
            unit = unit_of(account, event, decision, context)
            outcome = await self.store.commit(unit)
            written = isinstance(outcome, Committed)
        finally:
            self.usage.settle(*lent, written)
        if isinstance(outcome, Duplicate):
            self.metrics.count("tectonics_units_total", "duplicate")
            return Result(None, True, outcome.answer)
        if not written:
            return None
        self.known.wrote(unit.account, decision.commands)
        self._decided(event, decision, context.now, trace)
        return Result(decision)

    @staticmethod
    def _taken_back(event: Event, loaded: Loaded) -> bool:
        feed, recharge = getattr(event, "feed", None), getattr(event, "id", "")
        return feed is not None and reversal_mark(feed, recharge) in loaded.answers

    def _decided(self, event: Event, decision: Decision, now: int, trace: str) -> None:
        level = LogLevel.info if any(TYPES[one.type][0] in _WRONG for one in decision.tickets) else LogLevel.debug
        if told.debug or level is LogLevel.info:
            log.emit(level, "{name} for {msisdn}: {text}", name=type(event).__name__, msisdn=mask(event.msisdn),
                     text=decision.text, trace=trace)
        count_decision(self.metrics, decision)
        for hear in self.on_decided:
            hear(event, decision, now)
