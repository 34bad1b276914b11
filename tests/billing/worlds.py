"""What the billing tests share: a ledger on the virtual clock, and recorders of what it was told."""

from collections import deque

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from tectonics.billing.embedded import OPENLY, EmbeddedBilling
from tectonics.billing.entries import Opening
from tectonics.database.executors import ClockExecutor
from tectonics.domain.commands import Credit, Debit, Reserve, Settle

A, B = "33600000001", "33600000002"
START_S = 1_800_000_000


class Counts:
    """Metrics that remember."""

    def __init__(self):
        self.counted = {}
        self.observed = []

    def count(self, name, *labels, by=1):
        self.counted[(name, *labels)] = self.counted.get((name, *labels), 0) + by

    def gauge(self, name, value, *labels):
        self.counted[(name, *labels)] = value

    def observe(self, name, seconds, *labels):
        self.observed.append((name, *labels))


class Bells:
    """Alarms that remember."""

    def __init__(self):
        self.raised = {}

    def raise_alarm(self, kind, text, about=""):
        self.raised[(kind, about)] = text

    def clear(self, kind, about=""):
        self.raised.pop((kind, about), None)

    def active(self):
        return list(self.raised)


class Shelf:
    """Bookmarks that live as long as the test."""

    def __init__(self):
        self.values = {}

    def read(self, name):
        return succeed(self.values.get(name))

    def write(self, name, value):
        self.values[name] = value
        return succeed(None)


class Ears:
    """An Intake that remembers; `answers` may hold what the next events are answered with."""

    def __init__(self, *answers):
        self.heard = []
        self.answers = deque(answers)
        self.full = False
        self._seen = set()

    def feed(self, event):
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, Deferred):
            self.heard.append(event)
            return answer
        if isinstance(answer, Exception):
            failed = Deferred()
            failed.errback(answer)
            return failed
        self.heard.append(event)
        key = (event.feed, event.id)
        again = key in self._seen
        self._seen.add(key)
        return succeed("DUP" if again else "OK")

    def backlogged(self):
        return self.full


def clock_at_start():
    clock = Clock()
    clock.advance(START_S)
    return clock


def billing_on(clock, path, metrics=None, capabilities=OPENLY, **more):
    return EmbeddedBilling(path, clock, lambda: ClockExecutor(clock), metrics, capabilities, **more)


def with_accounts(clock, billing):
    for msisdn, minor in ((A, 100), (B, 0)):
        now_of(clock, billing.open_account(Opening(msisdn, "EUR", 0, balance_minor=minor)))
    return billing


def now_of(clock, answer):
    """The result of a Deferred that needs no time but the ledger's own steps."""
    results = []
    answer.addBoth(results.append)
    for _ in range(20):
        if results:
            break
        clock.advance(0)
    assert results, "no answer yet"
    if hasattr(results[0], "raiseException"):
        results[0].raiseException()
    return results[0]


def credit(op, amount_minor=200, msisdn=A, **more):
    return Credit(op, msisdn, amount_minor, "EUR", **more)


def debit(op, amount_minor=50, msisdn=A):
    return Debit(op, msisdn, amount_minor, "EUR", "", "r")


def reserve(op, amount_minor=60, session="s1", valid_s=600, msisdn=A):
    return Reserve(op, msisdn, amount_minor, "EUR", "", session, "call", valid_s)


def settle(op, amount_minor=0, session="s1", msisdn=A):
    return Settle(op, msisdn, amount_minor, "EUR", "", session, "call")
