"""What the store's tests are made of: a store on the virtual clock, and short ways to say a unit."""

from dataclasses import replace

from twisted.internet.task import Clock

from tectonics.database.executors import ClockExecutor
from tectonics.domain.advance import GRANTING, Advance, Offer
from tectonics.domain.commands import Credit, Notify
from tectonics.domain.events import Trigger
from tectonics.domain.recharge import WAITING, Recovery
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.ports import Unit
from tectonics.store.sqlite_store import open_store

NOW = 1_790_000_000_000
MSISDN = "33600000001"
OFFER = Offer("t2", "standard", 1, 200, 20, "EUR", "main", 0, 604_800)


class World:
    """A file, a clock, and as many stores over it as a test opens. A store that is dropped was killed."""

    def __init__(self, folder):
        self.path = folder / "store.db"
        self.clock = Clock()

    def open(self, origin="n1", now=NOW, **options):
        return open_store(self.path, origin, self.clock, lambda: ClockExecutor(self.clock), now, **options)

    def wait(self, deferred):
        """The deferred's value, or its exception raised; fails when it does not come."""
        got = []
        deferred.addBoth(got.append)
        self.clock.advance(0)
        assert got, "no answer"
        if hasattr(got[0], "raiseException"):
            got[0].raiseException()
        return got[0]

    def wait_all(self, deferreds):
        """Values, or exceptions as values, in order."""
        got = [[] for _ in deferreds]
        for deferred, into in zip(deferreds, got, strict=True):
            deferred.addBoth(into.append)
        self.clock.advance(0)
        return [getattr(one[0], "value", one[0]) for one in got]


def advance(number, state=GRANTING, **changes):
    values = {"id": f"A{number}", "generation": 1, "state": state, "offer": OFFER, "op": f"TEC-{number}",
              "channel": "ussd", "trigger": f"s{number}", "requested_at": NOW + number,
              "due_at": NOW + 604_800_000, "credit_expires_at": 0}
    return Advance(**{**values, **changes})


def recovery(number, state=WAITING, **changes):
    values = {"id": f"R{number}", "generation": 1, "state": state, "feed": "tcp", "recharge": f"r{number}",
              "recharge_at": NOW, "budget_minor": 500, "created_at": NOW + number}
    return Recovery(**{**values, **changes})


def credit(number, msisdn=MSISDN):
    return Credit(f"TEC-{number}", msisdn, 200, "EUR", advance=f"A{number}")


def notify(number, msisdn=MSISDN):
    return Notify(f"TEC-N{number}", msisdn, "granted", "You have 2.00", "en")


def ticket(number, msisdn=MSISDN, at=NOW):
    return Ticket(f"T{number}", "advance.granted", at, msisdn, {"amount": "2.00", "currency": "EUR"})


def trigger(number):
    return Trigger("ussd", f"s{number}")


def unit(number, expected=0, msisdn=MSISDN, account=None, **parts):
    """A unit of `msisdn` that expects that version."""
    account = account or Account(msisdn)
    return Unit(f"U{number}", NOW, expected, replace(account, version=expected), **parts)
