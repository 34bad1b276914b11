"""Daemons over one PostgreSQL and one ledger, the people who use them, and the audit of what they leave.

The ledger is a process of its own.  People are threads that borrow and recharge at whichever daemon
they like and do not care what goes wrong; afterwards the books must agree to the cent.
"""

import json
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from tectonics.billing.entries import Opening
from tectonics.billing.ledger import open_accounts
from tectonics.database import migrate
from tectonics.database.postgres import CHANGING, Address, connect
from tectonics.database.sqlite import open_connection
from tectonics.domain.errors import TheirFault
from tectonics.domain.subscriber import Account, Profile
from tectonics.simulators.blocking_clients import FeedSender
from tectonics.simulators.daemon_process import CHECKOUT, CLI
from tectonics.simulators.ussd_gateway import BlockingGateway
from tectonics.store.postgres.bulk import insert_accounts
from tests.integration.clients import recharge, until

DAY_MS = 86_400_000
CREDITED = {"open", "overdue", "repaid", "written_off"}
PAYS_ALL = "50.00"


class Cluster:
    """`make_daemon` as in conftest; `people` numbers in the store and in the ledger."""

    def __init__(self, server, make_daemon, folder: Path, standbys=(), people: int = 20):
        self.server, self.database = server, server.new_database("empty_store")
        self.address = Address(server.url(self.database, *standbys))
        self.numbers = [str(33_610_000_000 + n) for n in range(people)]
        self.books, self.socket = folder / "ledger.db", folder / "ledger.sock"
        self._log = (folder / "ledger.log").open("wb")
        self._populate()
        self.ledger = subprocess.Popen([*CLI, "ledger", "--db", str(self.books), "--listen", f"unix:{self.socket}"],
                                       cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self.daemons = [make_daemon(self._settings(name)) for name in ("n1", "n2")]

    def _populate(self):
        now = int(time.time() * 1000)
        profile = Profile("prepaid", activated_at=now - 400 * DAY_MS)
        with closing(connect(self.address, CHANGING)) as session:
            insert_accounts(session, [Account(number, profile=profile) for number in self.numbers])
        with closing(open_connection(self.books)) as books:
            migrate.upgrade(books, "tectonics.billing.migrations", now)
            open_accounts(books, [Opening(number, "EUR", now, activated_at=now - 400 * DAY_MS)
                                  for number in self.numbers])

    def _settings(self, name):
        return {"node": {"name": name}, "store": {"kind": "postgresql", "url": self.address.url},
                "billing": {"kind": "ledger", "address": f"unix:{self.socket}",
                            "embedded": {"read_deadline_s": 1, "send_deadline_s": 1}},
                "outbox": {"lease_s": 5, "first_s": 0.1, "longest_s": 1, "poll_s": 0.2},
                "policy": {"currency": "EUR", "lending": {"balance_max": None, "recharges": None}},
                "demo": {"subscribers": False}, "log": {"level": "warn"}}

    def close(self):
        """Ends the ledger; conftest ends the daemons."""
        self.ledger.send_signal(signal.SIGCONT)
        self.ledger.kill()
        self.ledger.wait()
        self._log.close()

    def rows(self, statement):
        """What stands in the database of the daemons."""
        return self.server.execute(statement, self.database)

    def movements(self):
        """(msisdn, op, kind, amount_minor) of the ledger that we caused."""
        with closing(sqlite3.connect(self.books)) as books:
            return [(str(msisdn), *rest) for msisdn, *rest in books.execute(
                "SELECT msisdn, op, kind, amount_minor FROM movement WHERE source = 'lending'")]

    def settle(self, daemon=None):
        """Everybody pays back at `daemon`, and nothing is under way any more."""
        daemon = daemon or self.daemons[0]

        def paid(number):
            try:
                sender = FeedSender(daemon.address("feed"))
                answer = sender.send(recharge(f"last-{number}", PAYS_ALL, number))
                sender.close()
                return answer.startswith(("OK", "DUP"))
            except OSError:
                return False

        quiet = ("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM recovery WHERE unfinished = 1)"
                 " + (SELECT count(*) FROM advance WHERE state IN ('granting', 'unknown'))")
        until(lambda: self.rows(quiet) == [(0,)], 60)
        for number in self.numbers:
            until(lambda number=number: paid(number), 60)
        until(lambda: self.rows(quiet) == [(0,)], 60)

    def complaints(self):
        """Everything on which ledger, advances and tickets do not agree."""
        advances = [(str(msisdn), json.loads(body)) for msisdn, body in self.rows("SELECT msisdn, body FROM advance")]
        tickets = [json.loads(body) for body, in self.rows("SELECT body FROM ticket ORDER BY origin, seq")]
        return [*self._of_ledger(advances), *_of_tickets(advances, tickets), *_of_numbers(tickets),
                *_one_at_a_time(advances)]

    def _of_ledger(self, advances):
        moved = self.movements()
        credits = Counter(op for _, op, kind, _ in moved if kind == "credit")
        yield from (f"operation {op} was done {count} times" for op, count in credits.items() if count > 1)
        lent = {body["op"]: (msisdn, body["offer"]["amount_minor"]) for msisdn, body in advances
                if body["state"] in CREDITED}
        booked = {op: (msisdn, minor) for msisdn, op, kind, minor in moved if kind == "credit"}
        yield from (f"credit {op}: ledger {booked.get(op)}, advances {lent.get(op)}"
                    for op in booked.keys() | lent.keys() if booked.get(op) != lent.get(op))
        paid, taken = Counter(), Counter()
        for msisdn, body in advances:
            paid[msisdn] += body["principal_paid_minor"] + body["fee_paid_minor"]
        for msisdn, _, kind, minor in moved:
            taken[msisdn] -= minor if kind == "debit" else 0
        yield from (f"{msisdn} paid {paid[msisdn]}, the ledger took {taken[msisdn]}"
                    for msisdn in paid | taken if paid[msisdn] != taken[msisdn])
        yield from (f"advance {body['id']} of {msisdn} is {body['state']} in the end" for msisdn, body in advances
                    if body["state"] in ("granting", "unknown", "open", "overdue"))


def _of_tickets(advances, tickets):
    granted = Counter(one["advance"] for one in tickets if one["type"] == "advance.granted")
    expected = Counter(body["id"] for _, body in advances if body["state"] in CREDITED)
    yield from (f"advance {id} has {granted[id]} tickets of its grant" for id in granted | expected
                if granted[id] != expected[id])
    full = Counter(one["advance"] for one in tickets if one["type"] == "recovery.full")
    yield from (f"advance {id} was paid in full {full[id]} times" for id in expected if full[id] != 1)


def _of_numbers(tickets):
    for origin in {one["origin"] for one in tickets}:
        numbers = [one["seq"] for one in tickets if one["origin"] == origin]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"the tickets of {origin} have a hole or a number twice"


def _one_at_a_time(advances):
    """Nobody asked for an advance before the one before it was closed."""
    until_at = {}
    for msisdn, body in sorted(advances, key=lambda one: one[1]["requested_at"]):
        if body["state"] in CREDITED:
            if body["requested_at"] < until_at.get(msisdn, 0):
                yield f"{msisdn} had two advances at once: {body['id']}"
            until_at[msisdn] = body["closed_at"] or 2**62


class People:
    """Threads that borrow and recharge at any daemon until they are told to stop."""

    def __init__(self, cluster: Cluster, threads: int = 8, seed: int = 1):
        self._cluster, self._over = cluster, threading.Event()
        self.counts = Counter()
        self._threads = [threading.Thread(target=self._live, args=(random.Random(f"{seed}:{n}"),), daemon=True)
                         for n in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _live(self, chance):
        while not self._over.is_set():
            daemon, number = chance.choice(self._cluster.daemons), chance.choice(self._cluster.numbers)
            try:
                if chance.random() < 0.4:
                    self._recharge(daemon, number, chance)
                else:
                    self._borrow(daemon, number)
            except (OSError, TheirFault):
                self.counts["refused"] += 1  # a daemon or the database is away; people try elsewhere
                time.sleep(0.05)

    def _borrow(self, daemon, number):
        text = borrow(daemon, number)
        self.counts["granted" if text.startswith("You have received") else "not granted"] += 1

    def _recharge(self, daemon, number, chance):
        sender = FeedSender(daemon.address("feed"))
        try:
            answer = sender.send(recharge(f"r{chance.getrandbits(60)}", chance.choice(("1.00", "5.00")), number))
            self.counts["recharged" if answer.startswith("OK") else "not recharged"] += 1
        finally:
            sender.close()


def borrow(daemon, number):
    """Dials, chooses 2.00, confirms; the last screen."""
    gateway = BlockingGateway(*daemon.address("ussd_http"), timeout_s=12)
    try:
        more, text = gateway.dial(number)
        for typed in ("2", "1"):
            more, text = gateway.send(typed) if more else (more, text)
        return text
    finally:
        gateway.close()
