"""Random histories of call-backs: answers that are lost, doubled or late, legs that nobody knows of, in any order.

A small ledger with holds and a small telephone network carry the commands out.  Whatever happens: nobody is rung without a
reservation or twice for one call, no more is taken than was held or than the tariff says, each call that was begun has
one last ticket, and when all has been told nothing is held and no telephone is off its hook.
"""

import random
from dataclasses import dataclass, field

import pytest

from tectonics.domain import call as calls
from tectonics.domain.call import Answered, Ended, NotAnswered
from tectonics.domain.commands import Connect, HangUp, Notify, Reserve, Ring, Settle, Talk
from tectonics.domain.events import (
    CallAsked,
    LegAnswered,
    LifecycleSeen,
    ReserveAnswered,
    SettleAnswered,
    TalkEnded,
    TalkExtended,
    Trigger,
)
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unknown
from tectonics.domain.tariff import price_minor
from tectonics.domain.value import replace
from tectonics.workflows.decide import decide
from tests.workflows.call_world import B, policy
from tests.workflows.world import MSISDN, NOW, context, subscriber

RULES = policy()
RULES = replace(RULES, call_back=replace(RULES.call_back, talk_most_s=300, limits=replace(
    RULES.call_back.limits, hour_max=None, day_max=None)))
LAST = ("callback.completed", "callback.refused", "callback.failed")


@dataclass
class Ledger:
    """A balance with holds, by session; answers again what it answered before."""

    balance: int
    holds: dict = field(default_factory=dict)
    closed: set = field(default_factory=set)
    answered: dict = field(default_factory=dict)
    taken: dict = field(default_factory=dict)

    def do(self, command):
        if command.op not in self.answered:
            self.answered[command.op] = self._reserve(command) if isinstance(command, Reserve) else self._settle(command)
        return self.answered[command.op]

    def _reserve(self, command):
        if command.session in self.closed:
            return Refused("rejected")
        if self.balance - sum(self.holds.values()) < command.amount_minor:
            return Refused("insufficient")
        self.holds[command.session] = self.holds.get(command.session, 0) + command.amount_minor
        return Done(command.op)

    def _settle(self, command):
        assert command.session not in self.closed, "settled twice"
        assert command.amount_minor <= self.holds.get(command.session, 0), "more than was held"
        self.closed.add(command.session)
        self.holds.pop(command.session, None)
        self.balance -= command.amount_minor
        self.taken[command.call] = command.amount_minor
        return Done(command.op)


@dataclass
class World:
    """One subscriber, his money, the telephones, and everything that has been told."""

    ledger: Ledger
    account: object = field(default_factory=subscriber)
    now: int = NOW
    money: list = field(default_factory=list)  # commands that were not sent yet
    unknown: list = field(default_factory=list)  # those whose answer was lost
    orders: list = field(default_factory=list)  # commands for the call server
    up: set = field(default_factory=set)  # legs
    rung: list = field(default_factory=list)
    told: list = field(default_factory=list)  # events, to be told again
    tickets: list = field(default_factory=list)
    talked: dict = field(default_factory=dict)
    asked: int = 0

    def write(self, event):
        self.told.append(event)
        decision = decide(self.account, event, context(self.now, RULES))
        if decision is None:
            return
        self.account = decision.account
        self.tickets += decision.tickets
        self.money = [c for c in self.money if c.op not in decision.finished]
        self.unknown = [c for c in self.unknown if c.op not in decision.finished]
        for command in decision.commands:
            self._order(command)

    def _order(self, command):
        if isinstance(command, Reserve | Settle):
            self.money.append(command)
        elif not isinstance(command, Notify):
            if isinstance(command, Ring):
                held = self.ledger.answered.values()
                assert any(isinstance(outcome, Done) for outcome in held), "rung without a reservation"
            self.orders.append(command)

    # --- steps

    def ask(self):
        self.asked += 1
        available = self.ledger.balance - sum(self.ledger.holds.values())
        self.write(CallAsked(MSISDN, Trigger("ussd", f"s{self.asked}"), self.now, "0612345678", B,
                             Balance(available, self.now)))

    def pay(self, fate):
        if not self.money:
            return
        command = self.money.pop(0)
        if fate == "unheard":
            self.unknown.append(command)
            return self.answer(command, Unknown("lost"))
        outcome = self.ledger.do(command)
        if fate == "lost":
            self.unknown.append(command)
            outcome = Unknown("lost")
        self.answer(command, outcome)

    def resolve(self):
        if self.unknown:
            command = self.unknown.pop(0)
            self.answer(command, self.ledger.answered.get(command.op, NotFound()), "look-up")

    def answer(self, command, outcome, by=""):
        kind = ReserveAnswered if isinstance(command, Reserve) else SettleAnswered
        self.write(kind(MSISDN, self.now, command.call, command.op, outcome, by))

    def serve(self, fate):
        if not self.orders:
            return
        command = self.orders.pop(0)
        match command:
            case HangUp():
                self.up -= {leg for leg, _ in command.legs}
            case Talk():
                self._talk(command, fate)
            case Ring() | Connect():
                self._leg(command, fate)

    def _leg(self, command, fate):
        assert command.op not in self.rung, "rung twice"
        self.rung.append(command.op)
        if fate in ("answered", "unseen"):
            self.up.add(command.op)
        cause = calls.GONE if fate == "unseen" else fate if fate in (calls.BUSY, calls.NO_ANSWER) else calls.BY_A
        result = Answered(self.now, "h") if fate == "answered" else NotAnswered(self.now, cause)
        self.write(LegAnswered(MSISDN, self.now, command.call, command.op, result))

    def _talk(self, command, fate):
        call = self.account.standing.call
        until = call.until_at if call is not None and call.id == command.call else command.until_at
        self.now = min(self.now, until)
        cause = fate if fate in (calls.BY_A, calls.BY_B, calls.LOST) else calls.LIMIT
        self.talked[command.call] = self.now
        if cause != calls.LOST:
            self.up -= {command.a_leg, command.b_leg}
        self.write(TalkEnded(MSISDN, self.now, command.call, command.op, Ended(self.now, cause)))

    def extend(self):
        call = self.account.standing.call
        if call is not None:
            self.write(TalkExtended(MSISDN, self.now, call.id))

    def wait(self, by_s):
        self.now += by_s * 1000

    def again(self, which):
        """Something is told once more. A leg that is told to be up again is."""
        if not self.told:
            return
        event = self.told[which % len(self.told)]
        if isinstance(event, CallAsked):
            return
        if isinstance(event, LegAnswered) and isinstance(event.result, Answered):
            self.up.add(event.op)
        self.write(event)

    def go_on(self, paid, served, after_s):
        """The next thing that would happen, some time later."""
        self.now += after_s * 1000
        if self.money:
            self.pay(paid)
        elif self.orders:
            self.serve(served)
        else:
            self.ask()

    def recycle(self):
        self.write(LifecycleSeen(MSISDN, "tcp", f"l{self.now}", self.now, self.now, "recycled"))

    def peace(self):
        """Everything is carried out and told."""
        for _ in range(200):
            if not (self.money or self.unknown or self.orders):
                return
            self.pay("done")
            self.resolve()
            self.serve("answered" if self.asked % 2 else calls.BUSY)
        raise AssertionError("it never ends")


PAID = ("done", "done", "done", "done", "lost", "unheard")
SERVED = ("answered", "answered", "answered", "answered", "answered", calls.BUSY, "unseen", calls.BY_A, calls.LOST)


def steps_of(chance):
    """What happens, mostly what would; each with its arguments."""
    for _ in range(chance.randint(5, 60)):
        name = chance.choice(("go_on",) * 12 + ("ask", "pay", "resolve", "extend", "extend", "wait", "again", "recycle"))
        arguments = {"go_on": (chance.choice(PAID), chance.choice(SERVED), chance.randint(0, 60)),
                     "pay": (chance.choice(PAID),), "wait": (chance.randint(0, 90),),
                     "again": (chance.randint(0, 99),)}.get(name, ())
        yield name, arguments


@pytest.mark.parametrize("seed", range(400))
def test_whatever_happens(seed):
    chance = random.Random(seed)
    balance, steps = chance.randint(10, 300), steps_of(chance)
    world = World(Ledger(balance))
    for name, arguments in steps:
        getattr(world, name)(*arguments)
        assert world.ledger.balance >= sum(world.ledger.holds.values()) >= 0
    world.peace()
    assert world.account.standing.call is None
    assert world.ledger.holds == {} and world.up == set()
    begun = {t.fields["call"] for t in world.tickets if "call" in t.fields}
    last = [t for t in world.tickets if t.type in LAST and "call" in t.fields]
    assert sorted(t.fields["call"] for t in last) == sorted(begun)
    for ticket in last:
        taken = world.ledger.taken.get(ticket.fields["call"], 0)
        assert ticket.fields.get("amount", "0.00") == f"{taken / 100:.2f}"
        assert taken == (price_minor(RULES.call_back.destinations[0].rate, ticket.fields["duration_s"])
                         if ticket.type == "callback.completed" else 0)
    assert world.ledger.balance == balance - sum(world.ledger.taken.values())
