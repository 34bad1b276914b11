"""A node on the virtual clock: the real engine, store and embedded billing, killed at will.

Every piece of database work takes two steps of the clock, one in which it happens and one in which
its answer arrives, so that a node can be stopped between any two awaits: before a commit, after it
and before anybody knows of it, after the billing system has moved money and before it has said so.
"""

import json
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tectonics.billing.booking import BookingIntake
from tectonics.billing.embedded import Deadlines, EmbeddedBilling
from tectonics.billing.entries import Opening
from tectonics.daemon.clock import RisingIds
from tectonics.daemon.core import Rooms, build_core, start_core
from tectonics.database.sqlite import open_connection
from tectonics.domain.events import Recharged
from tectonics.domain.numbers import MOBILE, Number
from tectonics.domain.outcome import Done, Refused
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Dialled, Style
from tectonics.engine.pace import Limits, OutboxPace
from tectonics.engine.timers import mark_overdue
from tectonics.ports import Capabilities
from tectonics.store.bulk import insert_accounts
from tectonics.store.sqlite_store import open_store
from tests.workflows.world import CATALOGUE, DAY, MSISDN, NOW, POLICY, subscriber

STYLE = Style(septets_max=2000, ucs2_max=900)
OPEN = Capabilities(deduplicates=True, window_s=86400, readable_back=True, sessions=True)


class SteppedExecutor:
    """An executor of the virtual clock whose work and answer are two steps."""

    def __init__(self, clock):
        self._clock = clock

    def run(self, work, argument, done):
        self._clock.callLater(0, self._work, work, argument, done)

    def _work(self, work, argument, done):
        try:
            result = work(argument), None
        except Exception as error:  # noqa: BLE001 as the real executors do
            result = None, error
        self._clock.callLater(0, done, *result)

    def close(self):
        pass


class Counted:
    """Metrics and alarms that only remember."""

    def __init__(self):
        self.counts, self.raised, self.observed = {}, {}, []

    def count(self, name, *labels, by=1):
        self.counts[name, labels] = self.counts.get((name, labels), 0) + by

    def gauge(self, name, value, *labels):
        pass

    def observe(self, name, seconds, *labels):
        self.observed.append((name, round(seconds, 3), *labels))

    def raise_alarm(self, kind, text, about=""):
        self.raised[kind, about] = text

    def clear(self, kind, about=""):
        self.raised.pop((kind, about), None)

    def active(self):
        return []


class Inbox:
    """A messenger that keeps what was sent."""

    def __init__(self):
        self.sent = []

    def send(self, command):
        self.sent.append(command)
        answer = Deferred()
        answer.callback(Done())
        return answer


FAR = 2**50  # ms
UNREACHABLE = Refused("unreachable", "nobody is there")


class StepClock(Clock):
    """task.Clock that can be driven one call at a time."""

    def __init__(self):
        super().__init__()
        self.rightNow = NOW / 1000

    def step(self):
        """Runs the earliest call; False when there is none."""
        calls = self.getDelayedCalls()
        if not calls:
            return False
        earliest = min(calls, key=lambda call: call.getTime())
        self.rightNow = max(self.rightNow, earliest.getTime())
        self.calls.remove(earliest)
        earliest.called = 1
        earliest.func(*earliest.args, **earliest.kw)
        return True


class Process:
    """A process's share of the clock, perhaps of one that is ahead: killed, nothing of it ever runs again."""

    def __init__(self, clock, ahead_s=0.0):
        self._clock, self._calls, self._dead, self.ahead_s = clock, [], False, ahead_s

    def seconds(self):
        return self._clock.seconds() + self.ahead_s

    def callLater(self, delay, call, *args, **kwargs):
        if self._dead:
            return Dead()
        self._calls = [c for c in self._calls if c.active()]
        self._calls.append(self._clock.callLater(delay, call, *args, **kwargs))
        return self._calls[-1]

    def kill(self):
        self._dead = True
        for call in self._calls:
            if call.active():
                call.cancel()


class Dead:
    """What a dead process gets when it wants to be called."""

    def active(self):
        return False


class Plan:
    """A numbering plan in which every row of digits is a mobile number of country 33."""

    def read(self, text, of):
        digits = text.removeprefix("+")
        if not digits.isdecimal():
            return None
        return Number(digits if text.startswith("+") else f"33{digits.removeprefix('0')}", "FR", MOBILE)


class DecodedPolicy:
    """Decodes the one policy that the test uses, whatever the document says."""

    def __init__(self, policy: Policy):
        self.policy = policy

    def __call__(self, document, version):
        return replace(self.policy, version=version)


class Ledger:
    """The prepaid billing, a process of its own: it outlives the node, or dies with it."""

    def __init__(self, path, capabilities, clock):
        self.path, self.capabilities, self.clock = path, capabilities, clock
        self.start()

    def start(self):
        self.process = Process(self.clock)
        self.billing = EmbeddedBilling(self.path, self.process, lambda: SteppedExecutor(self.process),
                                       Counted(), self.capabilities, Deadlines(2.0, 10.0))

    def restart(self):
        self.process.kill()
        self.start()


class Node:
    """One life of a daemon."""

    def __init__(self, folder, clock, ledger, origin="n1", policy=POLICY, life=b"\1", lease_s=30.0,
                 exchange=None, ahead_s=0.0):
        self.folder, self.clock, self.ledger, self.exchange = folder, clock, ledger, exchange
        self.process = Process(clock, ahead_s)
        self.metrics, self.inbox = Counted(), Inbox()
        self.files = open_store(folder / "store.db", origin, self.process,
                                lambda: SteppedExecutor(self.process), int(clock.seconds() * 1000), lease_s)
        rooms = Rooms(self.files.store, self.files.outbox, self.files.policies, self.files.queries,
                      ledger.billing, self.inbox, self.process, clock.seconds, RisingIds(life), self.metrics, self.metrics,
                      exchange and exchange.line(self.process), Plan())
        self.core = build_core(rooms, CATALOGUE, DecodedPolicy(policy), ("*133#", "*144#"), Limits(),
                               OutboxPace(lease_s=lease_s), 2.0)
        self.feed = BookingIntake(ledger.billing, self.core.intake, "EUR")

    def start(self):
        return Deferred.fromCoroutine(self._start())

    async def _start(self):
        await self.core.policies.start({})
        await start_core(self.core)

    def dial(self, text="", session="s1", msisdn=MSISDN, style=STYLE, step=None, code="*133#"):
        dialled = Dialled(session, msisdn, code, text, self.core.engine.now(), step)
        return self.core.sessions.step(style, dialled)

    def recharge(self, id="r1", amount=500, msisdn=MSISDN):
        now = self.core.engine.now()
        return self.feed.feed(Recharged(msisdn, "tcp", id, now, now, amount, "EUR"))

    def tick(self):
        """What the timers do every second."""
        for work in (self.core.outbox.poll, self.core.outbox.adopt, lambda: mark_overdue(self.core.engine)):
            Deferred.fromCoroutine(work()).addErrback(lambda failure: failures.append(failure))


failures = []


def run(clock, deferred, steps=10_000):
    """Drives the clock until the Deferred has fired; its result, or its failure raised."""
    results = []
    deferred.addBoth(results.append)
    while not results and steps and clock.step():
        steps -= 1
    assert results, "nothing happened any more"
    if hasattr(results[0], "raiseException"):
        results[0].raiseException()
    return results[0]


def settle(node, seconds=120, every=1.0):
    """Lets time pass with the timers ticking."""
    end = node.clock.seconds() + seconds
    while node.clock.seconds() < end:
        node.tick()
        drain(node.clock, node.clock.seconds() + every)


def drain(clock, until):
    """Runs everything that is due before `until`, and moves the clock there."""
    while clock.getDelayedCalls() and min(c.getTime() for c in clock.getDelayedCalls()) <= until:
        clock.step()
    clock.rightNow = max(clock.rightNow, until)


def opening(msisdn=MSISDN, balance_minor=0):
    """A ledger account for a subscriber of the tests."""
    return Opening(msisdn, "EUR", NOW, "prepaid", balance_minor, NOW - 400 * DAY)


def build(folder, capabilities=OPEN, policy=POLICY, balance_minor=0, accounts=None, exchange=None):
    """A clock, a ledger with the subscriber in it, and a started node over a store that knows him."""
    clock = exchange.clock if exchange else StepClock()
    ledger = Ledger(folder / "ledger.db", capabilities, clock)
    accounts = accounts or [subscriber()]
    for account in accounts:
        run(clock, ledger.billing.open_account(opening(account.msisdn, balance_minor)))
    node = Node(folder, clock, ledger, policy=policy, exchange=exchange)
    connection = open_connection(folder / "store.db")
    insert_accounts(connection, accounts)
    connection.close()
    run(clock, node.start())
    return node


def borrow(node):
    """The first offer is agreed to; the last screen."""
    for text in ("", "2", "2*1"):
        screen = run(node.clock, node.dial(text))
    return screen


def types(node, origin="n1"):
    """Of the tickets of an origin."""
    return [json.loads(line.line)["type"] for line in run(node.clock, node.files.tickets.read(origin, 0, 1000))]


def kinds(node):
    """Of the movements of the subscriber's balance."""
    return [movement.kind for movement in reversed(run(node.clock, node.ledger.billing.movements(MSISDN, 100)))]
