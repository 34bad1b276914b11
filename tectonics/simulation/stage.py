"""Where everybody meets: the world, its plan, the journal, and the few things that all of them need.

Peers, faults and people run on the host "people", which nothing ever kills; each is a coroutine that waits on
the world's clock.  A coroutine of ours that fails ends the run: it would be an error of the simulation.
"""

import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tectonics.domain.policy import Policy
from tectonics.simulation import tasks
from tectonics.simulation.books import Auditor
from tectonics.simulation.journal import Journal
from tectonics.simulation.plan import Plan
from tectonics.simulation.shape import PACES
from tectonics.simulation.world import World

FAILURES_MAX = 10
CONFIRMED, RECHARGE, REVERSAL = "confirmed", "recharge", "reversal"
WRITTEN = "written"  # a message of a subscriber, but a YES
ASKED, RINGS, PICKED_UP, HUNG_UP = "asked to be called", "rings", "picked up", "hung up"
SENT = "a form is sent"
RUNG, DECLINED = "a number of ours rings", "it was declined"
MAILED = "mailed"  # a mail is about to be brought
PAYMENT, REFUND = "payment", "refund"  # a recharge of who owes; a reversal of a recharge that has paid
MONEY = frozenset({CONFIRMED, RECHARGE, REVERSAL})
ORDER_S = 30.0


class Stage:
    """One run's world and whoever acts in it."""

    def __init__(self, world: World, plan: Plan, auditor: Auditor, decode_policy: Callable[[dict, int], Policy]) -> None:
        self.world, self.plan, self.auditor = world, plan, auditor
        self.journal = Journal()
        self.nodes = tuple(f"n{number}" for number in range(1, plan.nodes + 1))
        self.ending = False  # nobody begins anything new
        self.peaceful = False  # nothing of ours goes wrong any more
        self.failures: list[str] = []
        self.looking: Callable[[], None] = lambda: None  # holds the invariants against this moment
        self.feed = self.street = self.consumers = self.operators = None  # see cast.py
        self.centre = self.ussd = self.switch = self.telephones = self.balances = None  # where the plan has them
        self.carriers = self.visitors = None
        self.mail = None
        self._decode_policy = decode_policy
        self._policies: dict[int, Policy] = {}
        self._moments: list[tuple[frozenset[str], Deferred]] = []

    @property
    def lease_s(self) -> float:
        """How long a command is its owner's."""
        return PACES[self.plan.pace][1]

    @property
    def now_s(self) -> float:
        """Virtual seconds since the beginning."""
        return self.world.now

    def spawn(self, work: Coroutine) -> Deferred:
        """Lets `work` run beside everything else."""
        ended: Deferred = Deferred()
        tasks.start(work, lambda result: ended.callback(self._failed(result) if isinstance(result, Failure) else result))
        return ended

    def _failed(self, failure: Failure) -> None:
        if len(self.failures) < FAILURES_MAX:
            self.failures.append(failure.getTraceback())

    def sleep(self, seconds: float) -> tasks.Sleep:
        """To be awaited: so many virtual seconds."""
        return tasks.Sleep(self.world.call_later, seconds)

    def within(self, answer: Deferred, seconds: float) -> Deferred:
        """The answer, or None when it takes longer or fails."""
        told: Deferred = Deferred()
        timer = self.world.call_later(seconds, _tell, told, None)

        def heard(result):
            if not told.called:
                timer.cancel()
                told.callback(result)

        answer.addCallbacks(heard, lambda _: heard(None))
        return told

    # --- the moments at which a fault hurts most

    def happens(self, what: str) -> None:
        """One of the moments above: it is about to be sent."""
        if self.ending:
            return
        waiting, self._moments = self._moments, []
        for names, moment in waiting:
            if what in names:
                _tell(moment, None)
            else:
                self._moments.append((names, moment))

    def next(self, what: frozenset[str], within_s: float) -> Deferred[None]:
        """Fires when one of these happens the next time, at the latest after `within_s`; in the peace never."""
        moment: Deferred[None] = Deferred()
        self._moments.append((what, moment))
        self.world.call_later(within_s, lambda: None if self.ending else _tell(moment, None))
        return moment

    def look(self) -> None:
        """Asks every invariant now."""
        self.looking()

    # --- the prepaid system, from behind

    async def order(self, **faults) -> bool:
        """Tells the billing system what to do wrong, over any node that answers; in the peace nothing new.

        Whether anybody has answered.
        """
        if self.peaceful and any(faults.values()):
            return False
        for node in (*self.nodes, *self.nodes):
            if await self.within(self.world.control(node).call("billing.faults", faults), ORDER_S) is not None:
                return True
        return False

    def block(self, numbers: list[str], blocked: bool) -> None:
        """The prepaid system blocks accounts, or lets them go."""
        with closing(sqlite3.connect(self.world.ledger_path, isolation_level=None)) as ledger:
            ledger.executemany("UPDATE account SET blocked = ? WHERE msisdn = ?",
                               [(int(blocked), int(number)) for number in numbers])

    # --- the policies in force

    def policies(self) -> dict[int, Policy]:
        """Every version that the database holds."""
        for version, document in self.auditor.policies(max(self._policies, default=0)):
            self._policies[version] = self._decode_policy(document, version)
        return self._policies


def _tell(deferred: Deferred, result) -> None:
    if not deferred.called:
        deferred.callback(result)
