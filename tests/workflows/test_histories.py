"""Subscribers with random histories: whatever happens in whatever order, the money is right.

A tiny prepaid ledger carries out the commands of the workflows; the outcome it reports may be lost
(Unknown) and is read back later.  After every step the rules hold; when everything has been
resolved and enough has been recharged, what was recovered is what was lent plus its fees.
"""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.domain import advance as adv
from tectonics.domain.commands import Credit, Debit, Notify
from tectonics.domain.events import (
    AdvanceDue,
    BorrowConfirmed,
    CreditAnswered,
    DebitAnswered,
    Recharged,
    RefundAnswered,
    Reversed,
    Trigger,
)
from tectonics.domain.money import parse_minor
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unknown
from tectonics.domain.policy import segment_of
from tectonics.workflows import lending
from tectonics.workflows.decide import decide
from tests.workflows.world import DAY, GOLD, MSISDN, NOW, POLICY, STANDARD, context, empty, subscriber

FREE = replace(POLICY, lending=replace(POLICY.lending, recharges=None, tenure_days_min=0))


@dataclass
class World:
    """One subscriber, his prepaid account, and everything that has been written."""

    account: object
    now: int = NOW
    balance: int = 0
    moved: dict = field(default_factory=dict)  # op -> signed amount that the ledger moved
    waiting: list = field(default_factory=list)  # commands not carried out yet
    unknown: list = field(default_factory=list)  # commands whose outcome was lost
    tickets: list = field(default_factory=list)
    advances: dict = field(default_factory=dict)
    recharges: list = field(default_factory=list)

    def write(self, event, **more):
        decision = decide(self.account, event, context(self.now, FREE), **more)
        if decision is None:
            return
        self.account = decision.account
        self.tickets += decision.tickets
        self.advances |= {a.id: a for a in decision.account.advances}
        self.waiting += [c for c in decision.commands if not isinstance(c, Notify)]
        self.check()

    def check(self):
        segment = segment_of(self.account, FREE, self.now)
        if segment.ceiling_minor is not None:
            assert self.account.exposed_minor <= segment.ceiling_minor
        assert len(self.account.mine) <= segment.open_max
        for advance in self.advances.values():
            assert 0 <= advance.principal_paid_minor <= advance.offer.amount_minor
            assert 0 <= advance.fee_paid_minor <= advance.offer.fee_minor
        assert self.balance >= 0

    def borrow(self, number):
        choices = lending.choices(self.account, context(self.now, FREE))
        offer = next((c.offer for c in choices if c.number == number), None)
        if offer is not None:
            trigger = Trigger("ussd", f"s{self.now}")
            self.write(BorrowConfirmed(MSISDN, trigger, self.now, offer, empty(self.now)))

    def recharge(self, amount):
        self.balance += amount
        id = f"r{len(self.recharges)}"
        self.recharges.append((id, amount))
        self.write(Recharged(MSISDN, "tcp", id, self.now, self.now, amount, "EUR"))

    def reverse(self, which):
        """Takes a recharge back, if the balance still has it together with what it paid."""
        if not self.recharges:
            return
        id, amount = self.recharges.pop(which % len(self.recharges))
        paid = sum(r.amount_minor for r in self.account.recoveries
                   if r.recharge == id and r.state in ("done", "debiting", "unknown"))
        if self.balance >= amount - paid and paid <= amount:
            self.write(Reversed(MSISDN, "tcp", f"x{id}{self.now}", self.now, id))

    def spend(self, amount):
        self.balance -= min(amount, self.balance)

    def carry_out(self, fate):
        """The ledger does, or refuses, or does and its answer is lost, or never hears."""
        if not self.waiting:
            return
        command = self.waiting.pop(0)
        if fate == "unheard":
            self.unknown.append(command)
            return self.answer(command, Unknown("lost"))
        outcome = self.ledger(command)
        if fate == "lost":
            self.unknown.append(command)
            outcome = Unknown("lost")
        self.answer(command, outcome)

    def ledger(self, command):
        assert command.op not in self.moved, "the same operation was done twice"
        amount = command.amount_minor if isinstance(command, Credit) else -command.amount_minor
        if self.balance + amount < 0:
            return Refused("insufficient")
        self.balance += amount
        self.moved[command.op] = amount
        return Done(command.op)

    def answer(self, command, outcome, by=""):
        if isinstance(command, Debit):
            event = DebitAnswered(MSISDN, self.now, command.recovery, command.op, outcome,
                                  Balance(self.balance, self.now), by)
        elif command.recovery:
            event = RefundAnswered(MSISDN, self.now, command.recovery, command.op, outcome, by)
        else:
            event = CreditAnswered(MSISDN, self.now, command.advance, command.op, outcome, by)
        self.write(event)

    def read_back(self):
        if self.unknown:
            command = self.unknown.pop(0)
            self.answer(command, Done(command.op) if command.op in self.moved else NotFound(), "look-up")

    def due(self):
        for advance in self.account.mine:
            self.write(AdvanceDue(MSISDN, self.now, advance.id))

    def settle(self):
        """Faults stop: everything under way is carried out and read back."""
        while self.waiting or self.unknown:
            self.carry_out("done")
            self.read_back()


STEPS = st.one_of(
    st.tuples(st.just("borrow"), st.integers(1, 4)),
    st.tuples(st.just("recharge"), st.integers(1, 1500)),
    st.tuples(st.just("spend"), st.integers(1, 2000)),
    st.tuples(st.just("carry_out"), st.sampled_from(["done", "done", "lost", "unheard"])),
    st.tuples(st.just("read_back")),
    st.tuples(st.just("due")),
    st.tuples(st.just("wait"), st.integers(1, 9 * DAY)),
)


def total(world, kind, name="amount"):
    return sum(parse_minor(t.fields[name], "EUR") for t in world.tickets if t.type in kind)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([STANDARD.name, GOLD.name]), st.lists(STEPS, max_size=60))
def test_money_is_right_whatever_happens(segment, steps):
    world = World(replace(subscriber(segment=segment)))
    for name, *arguments in steps:
        if name == "wait":
            world.now += arguments[0]
        else:
            getattr(world, name)(*arguments)
    world.settle()
    _agrees(world)
    for _ in range(40):  # enough recharges pay everything
        world.now += 1000
        world.recharge(1000)
        world.settle()
    _agrees(world)
    assert world.account.exposed_minor == 0
    granted = [a for a in world.advances.values() if a.granted_at is not None]
    assert all(a.state == adv.REPAID for a in granted)
    recovered = total(world, ("recovery.full", "recovery.partial"))
    assert recovered == sum(a.offer.total_minor for a in granted)


def _agrees(world):
    """Ledger, advances and tickets tell the same story to the cent."""
    granted = [a for a in world.advances.values() if a.granted_at is not None]
    credited = sum(m for m in world.moved.values() if m > 0)
    debited = -sum(m for m in world.moved.values() if m < 0)
    assert credited == total(world, ("advance.granted",)) == sum(a.offer.amount_minor for a in granted)
    assert debited == total(world, ("recovery.full", "recovery.partial")) \
        == sum(a.principal_paid_minor + a.fee_paid_minor for a in granted)
    parts = total(world, ("recovery.full", "recovery.partial"), "principal_paid") \
        + total(world, ("recovery.full", "recovery.partial"), "fee_paid")
    assert parts == debited


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(STEPS, st.tuples(st.just("reverse"), st.integers(0, 9))), max_size=50))
def test_reversals_return_exactly_what_was_taken(steps):
    world = World(subscriber(segment="gold"))
    world.recharge(2000)
    for name, *arguments in steps:
        if name == "wait":
            world.now += arguments[0]
        else:
            getattr(world, name)(*arguments)
    world.settle()
    granted = [a for a in world.advances.values() if a.granted_at is not None]
    refunded = total(world, ("recovery.reversed",))
    recovered = total(world, ("recovery.full", "recovery.partial"))
    assert recovered - refunded == sum(a.principal_paid_minor + a.fee_paid_minor for a in granted)
    assert sum(world.moved.values()) == total(world, ("advance.granted",)) - recovered + refunded
