"""The open loop: sessions arrive at a rate of their own, whether or not those before them were answered.

So it shows what a closed loop hides: what a daemon does with more than it can serve.  The arrivals are a
Poisson process from a seed.  The latency of a dial begins when it was due, not when it was sent: a
generator that falls behind makes the figures worse, never better, and shows by how much (LATE).

Every arrival between `begin_s` and `end_s` has one outcome, however late it comes.  At most `under_way_max`
sessions are under way, one connection each; what arrives above it is not sent and counted UNSENT: a gateway
with no line left, whose subscriber gets nothing.  What has no answer `LAST_S` after the end is cut off and
counted as `nothing`.  Who is told "busy" dials again in a later session, once all others have had their turn.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator

from twisted.internet.defer import Deferred

from tectonics.simulators.gateway_wire import Pool
from tectonics.simulators.load import BUSY, GRANTED, Counted, Marks, Session, outcome_of
from tectonics.simulators.ussd_gateway import Steps

UNSENT, LATE = "unsent", "late"
TICK_S = 0.001  # what is due within it is sent together
LAST_S = 15.0


def arrivals(per_second: float, begin_s: float, end_s: float, seed: int) -> Iterator[float]:
    """The moments of a Poisson process, in order."""
    chance, moment_s = random.Random(seed), begin_s
    while (moment_s := moment_s + chance.expovariate(per_second)) < end_s:
        yield moment_s


class OfferedLoad:
    """Begins a session at each of the moments `due`; `granted` holds who got an advance."""

    def __init__(self, clock, now: Callable[[], float], pool: Pool, subscribers: Iterator[str], counted: Counted,
                 marks: Marks, prefix: str, under_way_max: int, code: str = "*133#") -> None:
        self.granted: list[str] = []
        self.exhausted = False
        self.done: Deferred[None] = Deferred()
        self._clock, self._now, self._pool = clock, now, pool
        self._subscribers, self._counted, self._marks = subscribers, counted, marks
        self._prefix, self._under_way_max, self._code = prefix, under_way_max, code
        self._again: deque[str] = deque()  # told "busy"; at most as many as there are subscribers
        self._under_way = self._begun = 0
        self._last = None

    def run(self, due: Iterator[float]) -> Deferred[None]:
        """Fires when the last session has ended."""
        self._due = due
        self._next_s = next(due, None)
        self._tick()
        return self.done

    def _tick(self) -> None:
        now_s = self._now()
        while self._next_s is not None and self._next_s <= now_s:
            self._arrive(self._next_s, now_s)
            self._next_s = next(self._due, None)
        if self._next_s is not None:
            self._clock.callLater(max(TICK_S, self._next_s - now_s), self._tick)
            return
        self._last = self._clock.callLater(LAST_S, self._pool.close)
        self._look_whether_over()

    def _arrive(self, due_s: float, now_s: float) -> None:
        if self._under_way >= self._under_way_max:
            self._counted.session(due_s, [], UNSENT)
            return
        msisdn = next(self._subscribers, None) or (self._again.popleft() if self._again else None)
        if msisdn is None:
            self.exhausted = True
            return
        if self._counted.begin_s <= due_s:
            self._counted.sample(LATE, now_s - due_s)
        self._begun += 1
        self._under_way += 1
        steps = Steps(msisdn, self._code, f"{self._prefix}{self._begun}")
        Session(self._now, self._pool, steps, due_s,
                lambda *answered: self._ended(due_s, *answered))

    def _ended(self, due_s: float, steps: Steps, latencies_s: list[float], status: int, body: bytes) -> None:
        outcome = outcome_of(self._marks, len(latencies_s), status, body)
        if outcome == GRANTED:
            self.granted.append(steps.msisdn)
        elif outcome == BUSY:
            self._again.append(steps.msisdn)
        self._counted.session(due_s, latencies_s, outcome)
        self._under_way -= 1
        self._look_whether_over()

    def _look_whether_over(self) -> None:
        if self._last is None or self._under_way:
            return
        if self._last.active():
            self._last.cancel()
        if not self.done.called:
            self.done.callback(None)
