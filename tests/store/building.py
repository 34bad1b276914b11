"""What the store's tests are made of: a store on the virtual clock, and short ways to say a unit."""

from contextlib import closing
from dataclasses import replace

from twisted.internet.task import Clock

from tectonics.database.executors import ClockExecutor
from tectonics.database.postgres import CHANGING, connect
from tectonics.database.sqlite import open_connection
from tectonics.domain.advance import GRANTING, Advance, Offer
from tectonics.domain.commands import Credit, Notify
from tectonics.domain.events import Trigger
from tectonics.domain.recharge import WAITING, Recovery
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.ports import Unit
from tectonics.store import bulk
from tectonics.store.postgres import bulk as postgres_bulk
from tectonics.store.postgres import opening as postgres
from tectonics.store.sqlite_store import open_store

NOW = 1_790_000_000_000
MSISDN = "33600000001"
OFFER = Offer("t2", "standard", 1, 200, 20, "EUR", "main", 0, 604_800)


class Stores:
    """A clock, a database, and as many stores over it as a test opens. A store that is dropped was killed."""

    def __init__(self):
        self.clock = Clock()

    def open(self, origin="n1", now=NOW, **options):
        """A store in a new life of `origin`."""
        return self._open(origin, self.clock, lambda: ClockExecutor(self.clock), now, **options)

    def open_on(self, reactor, executor_factory, origin):
        """The same in real time."""
        return self._open(origin, reactor, executor_factory, NOW)

    def _open(self, *arguments, **options):
        raise NotImplementedError

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


class World(Stores):
    """On SQLite, in the file `path`."""

    def __init__(self, folder):
        super().__init__()
        self.path = folder / "store.db"

    def _open(self, *arguments, **options):
        return open_store(self.path, *arguments, **options)

    def insert(self, accounts):
        """The bulk import; how many were new."""
        with closing(open_connection(self.path)) as connection:
            return bulk.insert_accounts(connection, accounts)

    def query(self, statement, values=()):
        """What is in the tables."""
        with closing(open_connection(self.path)) as connection:
            return connection.execute(statement, values).fetchall()


class ServerWorld(Stores):
    """On PostgreSQL, in the database at `address`."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def cut(self):
        """Ends every connection to the database but this one, as a restart of the server does."""
        self.query("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                   " WHERE datname = current_database() AND pid <> pg_backend_pid()")

    def clear(self):
        """Empties the tables that hold something of subscribers."""
        with closing(connect(self.address, CHANGING)) as session:
            session.send("TRUNCATE account, advance, recovery, trigger_seen, outbox, message, ticket, origin, service_usage")

    def _open(self, *arguments, **options):
        return postgres.open_store(self.address, *arguments, **options)

    def insert(self, accounts):
        """The bulk import; how many were new."""
        with closing(connect(self.address, CHANGING)) as session:
            return postgres_bulk.insert_accounts(session, accounts)

    def query(self, statement, values=()):
        """What is in the tables."""
        with closing(connect(self.address, CHANGING)) as session:
            return session.execute(statement, values).fetchall()


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
