"""A node with a call server beside it, and what became of one subscriber's calls."""

import json
from dataclasses import replace

from tectonics.domain.call import Rate
from tectonics.domain.call_rules import CallBackRules
from tectonics.domain.tariff import Destination
from tests.engine.call_server import FakeCallServer
from tests.engine.world import Node, StepClock, build, run, settle
from tests.workflows.world import MSISDN, POLICY, subscriber

FRANCE = Rate("france", 5, 60, 30, 10)  # a minute 0.60, 0.05 to begin with
RULES = CallBackRules(destinations=(Destination("france", ("33",), FRANCE),), talk_first_s=60, talk_more_s=60,
                      extend_before_s=20)
CALLS = replace(POLICY, call_back=RULES)
ANN, BOB = MSISDN, "33612345678"


class Calls:
    """One life after the other of a node whose exchange and billing outlive it."""

    def __init__(self, folder, balance_minor=1000, lease_s=30.0, kind="prepaid", capabilities=None, **script):
        self.exchange = FakeCallServer(StepClock(), **script)
        more = {} if capabilities is None else {"capabilities": capabilities}
        self.node = build(folder, policy=CALLS, balance_minor=balance_minor, exchange=self.exchange,
                          accounts=[subscriber(kind=kind)], **more)
        self.lives, self.folder, self.lease_s = 1, folder, lease_s

    @property
    def clock(self):
        return self.exchange.clock

    def another(self, origin="n1", kill=True):
        """A new life of the node, or another node over the same database."""
        if kill:
            self.node.process.kill()
        self.lives += 1
        node = Node(self.folder, self.clock, self.node.ledger, origin=origin, policy=CALLS, life=bytes([self.lives]),
                    lease_s=self.lease_s, exchange=self.exchange)
        run(self.clock, node.start())
        self.node = node
        return node

    def dial(self, text="0612345678", session="c1"):
        return run(self.clock, self.node.dial(text, session, code="*144#"))

    def wait(self, seconds):
        settle(self.node, seconds)

    def account(self):
        return run(self.clock, self.node.files.store.load(MSISDN)).account

    def call(self):
        return self.account().standing.call

    def tickets(self, origin="n1"):
        return [json.loads(line.line) for line in run(self.clock, self.node.files.tickets.read(origin, 0, 1000))]

    def types(self):
        return [one["type"] for one in self.tickets()]

    def balance(self):
        return run(self.clock, self.node.ledger.billing.balance(MSISDN)).amount_minor

    def outbox(self):
        return self.outbox_of(self.node)

    def outbox_of(self, node):
        return [row.command for row in run(self.clock, node.files.outbox.due(2**50, 100))]

    def told(self):
        return [one.key for one in self.node.inbox.sent]

    def over(self):
        """Nothing is left: no call, no command, no leg, and nobody was rung twice."""
        assert self.call() is None
        assert self.outbox() == []
        assert self.exchange.up() == []
        assert all(count == 1 for count in self.exchange.rung().values())
        assert run(self.clock, self.node.ledger.billing.audit()) == []
